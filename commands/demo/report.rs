//! `demo` off a terminal: the fleet, the alerts and the summary at the end; or a picture of one moment.

use std::process::ExitCode;

use gpuhm::event::{Alert, GpuNow, Status};
use gpuhm::pipeline::Clock;
use gpuhm::pipeline::clock::monotonic;
use gpuhm::store::Store;
use gpuhm::view::tui::Settings;
use gpuhm::view::{alerts, fleet};

use super::{DRAIN, Demo, Format, LIMIT, Options};
use crate::exit::{BAD_NEWS, Failure, Outcome, UNREACHABLE};
use crate::look::Picture;
use crate::out::Out;
use crate::process::{Progress, Signals};
use crate::run::{self, print, summary};

/// GPUs the table shows at the end: those with open alerts first, then the worst. A screen holds no more.
const SHOWN: usize = 24;

/// Off a terminal: the fleet, the alerts and the summary, at the end.
pub(super) fn report(demo: &Demo, options: &Options, signals: &Signals) -> Outcome {
    let output = options.output.unwrap_or(Format::Text);
    let limit = options.limit.unwrap_or(LIMIT);
    if output == Format::Text {
        let (gpus, hosts) = (options.sim.gpus, options.sim.hosts);
        tracing::info!("{gpus} GPUs on {hosts} hosts, simulated, {} s after their history", limit.as_secs());
    }
    let started = monotonic();
    demo.limit(limit, &signals.stop)?;
    let (ran, _) = demo.setup(DRAIN, Some(Progress::new("demo", demo.common.quiet)))?.run(signals)?;
    let summary = summary(&ran, started.elapsed());
    if output == Format::Text {
        table(&mut *demo.store()?, &demo.clock)?;
    }
    print(&summary, if output == Format::Json { run::Format::Json } else { run::Format::Text })?;
    Ok(match () {
        () if ran.cut => ExitCode::from(UNREACHABLE),
        () if !summary.differences.is_empty() => ExitCode::from(BAD_NEWS),
        () => signals.one_shot(),
    })
}

/// The screen as it stands so long after the history, as text or as a picture.
pub(super) fn picture(demo: &Demo, options: &Options, signals: &Signals) -> Outcome {
    demo.setup(DRAIN, Some(Progress::new("demo", demo.common.quiet)))?.run(signals)?;
    let mut store = demo.store()?;
    let at = demo.clock.now();
    let read = demo.watcher(options.look.refresh()).of(store.fleet()?, at);
    let settings = Settings { title: String::new(), demo: true, size: options.size, ..options.look.settings() };
    let kind = if options.output == Some(Format::Svg) { Picture::Svg } else { Picture::Text };
    let mut out = Out::new();
    out.line(&options.look.picture(read, settings, kind, at))?;
    out.flush()?;
    Ok(signals.one_shot())
}

/// The fleet table and the alerts.
fn table(store: &mut dyn Store, clock: &Clock) -> Result<(), Failure> {
    let found = store.fleet()?;
    let open: Vec<&Alert> = found.alerts.iter().filter(|alert| alert.is_open()).collect();
    let troubled =
        |gpu: &GpuNow| open.iter().any(|alert| alert.gpu.as_ref().is_some_and(|at| at.gpu_uuid == gpu.uuid()));
    let points = |gpu: &GpuNow| gpu.health.as_ref().map_or(100, |health| health.score);
    let mut rows: Vec<GpuNow> = found.gpus.iter().filter(|gpu| !gpu.is_replaced()).cloned().collect();
    rows.sort_by_key(|gpu| (!troubled(gpu), points(gpu)));
    let all = rows.len();
    rows.truncate(SHOWN);
    let mut out = Out::new();
    out.line(&fleet::table(&rows, clock.now()))?;
    if all > rows.len() {
        out.line(&format!(
            "… and {} GPUs more, that score as well or better and have no open alerts",
            all - rows.len()
        ))?;
    }
    let firing = found.alerts.iter().filter(|alert| alert.status == Status::Firing).count();
    out.line(&format!("\n{} alerts, {} open, {} suppressed", found.alerts.len(), open.len(), firing - open.len()))?;
    for alert in found.alerts.iter().rev() {
        out.line(&alerts::line(alert))?;
    }
    out.line("")?;
    out.flush()
}
