//! `gpuhm demo`: the whole pipeline on a simulated fleet in a home of its own, and what it found.
//!
//! It ignores every setting of a real installation and leaves nothing behind.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use gpuhm::event::Alert;
use gpuhm::pipeline::Clock;
use gpuhm::pipeline::clock::{monotonic, wall};
use gpuhm::pipeline::retry::Retry;
use gpuhm::store::{AlertFilter, Store};
use gpuhm::view::{alerts, fleet};

use super::collect::SourceOptions;
use super::exit::{BAD_NEWS, Failure, Outcome, UNREACHABLE};
use super::open;
use super::options::{self, BusOptions, CommonOptions, SimOptions, Speed, StoreOptions};
use super::out::Out;
use super::process::{Progress, Signals};
use super::run::{Format, Setup, print, summary};

/// Flags of `demo`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How long it runs, by the wall clock
    #[arg(long = "for", value_name = "D", default_value = "20s", value_parser = options::interval)]
    limit: Duration,
    /// How fast simulated time runs
    #[arg(long, value_name = "N", default_value = "60", value_parser = options::speed)]
    speed: Speed,
    /// text, or json: the summary alone (gpuhm.summary/1)
    #[arg(short, long, value_enum, default_value = "text")]
    output: Format,
    #[command(flatten)]
    sim: SimOptions,
}

/// What breaks in front of a newcomer unless --fault says otherwise: kind, host from 1, GPU, and when, by simulated
/// time, 60 s a second.
const SCRIPT: [(&str, u32, u32, &str); 7] = [
    ("ecc_dbe", 2, 3, "1m"),
    ("xid=79", 5, 1, "2m"),
    ("row_remap_failed", 7, 0, "3m"),
    ("hw_thermal", 3, 4, "11m"),
    ("power_brake", 1, 6, "12m"),
    ("gpu_lost", 6, 2, "5m"),
    ("counter_reset", 2, 3, "15m"),
];
/// GPUs the table shows at the end: those with open alerts first, then the hottest. A screen holds no more.
const SHOWN: usize = 24;

/// Runs `demo`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    let signals = Signals::listen()?;
    let home = tempfile::Builder::new().prefix("gpuhm-demo-").tempdir()?;
    let source_options = SourceOptions {
        source: "sim".to_owned(),
        interval: Duration::from_secs(10),
        speed: options.speed,
        from: None,
        ticks: None,
        sim: SimOptions { fault: script(options), ..options.sim.clone() },
    };
    let source = source_options.open()?;
    let clock = match options.speed {
        Speed::Times(speed) => Arc::new(Clock::scaled(wall(), speed)),
        Speed::Max => source_options.clock(&*source),
    };
    // A home of its own, and nothing of what the environment chooses.
    let own = CommonOptions { home: Some(home.path().to_owned()), ..common.clone() };
    let (at_home, store) = (BusOptions { bus: None }, StoreOptions { store: None });
    let bus = open::bus(&own, &at_home, &clock, &Retry::never())?;
    if options.output == Format::Text {
        tracing::info!(
            "{} GPUs on {} hosts, simulated, {} s",
            options.sim.gpus,
            options.sim.hosts,
            options.limit.as_secs()
        );
    }
    let started = monotonic();
    let at = Arc::clone(&clock);
    let setup = Setup {
        bus,
        stores: open::stores(&own, &store, &Retry::never())?,
        source,
        clock,
        options: &source_options,
        lateness: 30_000,
        limit: Some(options.limit),
        drain: Duration::from_secs(20),
        progress: Some(Progress::new("demo", common.quiet)),
        instance: "demo".to_owned(),
        driven: None,
    };
    let (ran, _) = setup.run(&signals)?;
    let summary = summary(&ran, started.elapsed());
    if options.output == Format::Text {
        let mut store = open::store_to_read(&own, &store)?;
        report(&mut *store, &at)?;
    }
    print(&summary, options.output)?;
    Ok(match () {
        () if ran.cut => ExitCode::from(UNREACHABLE),
        () if !summary.differences.is_empty() => ExitCode::from(BAD_NEWS),
        () => signals.one_shot(),
    })
}

fn script(options: &Options) -> Vec<String> {
    if !options.sim.fault.is_empty() {
        return options.sim.fault.clone();
    }
    // A smaller fleet has fewer places, so that several faults meet in one; it must not look healthy for that.
    let hosts = options.sim.hosts.max(1);
    let per_host = (options.sim.gpus / hosts).max(1);
    let place = |(kind, host, gpu, after): &(&str, u32, u32, &str)| {
        format!("{kind}@{}/{}+{after}", (host - 1) % hosts + 1, gpu % per_host)
    };
    SCRIPT.iter().map(place).collect()
}

/// The fleet table and the alerts.
fn report(store: &mut dyn Store, clock: &Clock) -> Result<(), Failure> {
    let mut rows = store.fleet()?.gpus;
    let alerts = store.alerts(AlertFilter::Newest(200))?;
    let open: Vec<&Alert> = alerts.iter().filter(|alert| alert.status == gpuhm::event::Status::Firing).collect();
    let troubled = |row: &gpuhm::event::GpuNow| {
        open.iter().any(|alert| alert.gpu.as_ref().is_some_and(|gpu| gpu.gpu_uuid == row.latest.gpu_uuid))
    };
    let heat = |row: &gpuhm::event::GpuNow| row.latest.values.real(gpuhm::metric::ids::GPU_TEMP).unwrap_or_default();
    rows.sort_by(|a, b| troubled(b).cmp(&troubled(a)).then(heat(b).total_cmp(&heat(a))));
    let all = rows.len();
    rows.truncate(SHOWN);
    let mut out = Out::new();
    out.line(&fleet::table(&rows, clock.now()))?;
    if all > rows.len() {
        out.line(&format!("… and {} GPUs more, cooler and without open alerts", all - rows.len()))?;
    }
    out.line(&format!("\n{} alerts, {} open", alerts.len(), open.len()))?;
    for alert in alerts.iter().rev() {
        out.line(&alerts::line(alert))?;
    }
    out.line("")?;
    out.flush()
}
