//! `gpuhm demo`: the whole pipeline on a simulated fleet in a home of its own, with the live view in front.
//!
//! Two hours of history go through the same stages first, driven as fast as the machine can; then the fleet's clock runs,
//! `--speed` times as fast as the wall's, and the script breaks things. Off a terminal it ends by itself with the summary.
//! It ignores every setting of a real installation and leaves nothing behind.

use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Args;
use gpuhm::bus::Bus;
use gpuhm::event::time::{HOUR, MINUTE};
use gpuhm::event::{Alert, GpuNow, Status, Time};
use gpuhm::pipeline::clock::{monotonic, wall};
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::whole::Outcome as Ran;
use gpuhm::pipeline::{Clock, Flag};
use gpuhm::source::sim::{Sim, story};
use gpuhm::store::Store;
use gpuhm::view::tui::{Model, Msg, Progress as Far, Settings};
use gpuhm::view::{alerts, fleet};

use super::collect::SourceOptions;
use super::exit::{BAD_NEWS, Failure, Outcome, UNREACHABLE};
use super::options::{self, BusOptions, CommonOptions, SimOptions, Speed, StoreOptions, ms};
use super::out::Out;
use super::process::{Progress, Signals};
use super::run::{Format, Setup, print, summary};
use super::watch::{Watcher, outward, tick};
use super::{open, screen, top};

/// Flags of `demo`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How long it runs after the history, by the wall clock [default: 20s off a terminal, else until q]
    #[arg(long = "for", value_name = "D", value_parser = options::interval)]
    limit: Option<Duration>,
    /// How fast simulated time runs after the history
    #[arg(long, value_name = "N", default_value = "60", value_parser = options::speed)]
    speed: Speed,
    /// How much history goes through the stages first
    #[arg(long, value_name = "D", default_value = "2h", value_parser = options::duration)]
    history: Duration,
    /// Off a terminal: text, or json, the summary alone (gpuhm.summary/1)
    #[arg(short, long, value_enum)]
    output: Option<Format>,
    #[command(flatten)]
    sim: SimOptions,
    #[command(flatten)]
    look: top::Look,
}

/// GPUs the table shows at the end: those with open alerts first, then the worst. A screen holds no more.
const SHOWN: usize = 24;
/// How long it runs off a terminal, unless said otherwise.
const LIMIT: Duration = Duration::from_secs(20);
/// How often a fleet's past is scored, by its clock, ms.
const SCORE_PAST: i64 = 15 * MINUTE;
/// How long the stages may go on after the end: what is shown must be all there is; who presses q does not wait.
const DRAIN: Duration = Duration::from_secs(20);
const DRAIN_SEEN: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(10);
/// Simulated ms that a sample may be late on screen, for each unit of speed: the pipeline's own second.
const LATE_MS: f64 = 3000.0;

/// A demo that is set up.
struct Demo {
    common: CommonOptions,
    options: SourceOptions,
    clock: Arc<Clock>,
    bus: Arc<dyn Bus>,
    live: Time,
    history: i64,
}

/// Runs `demo`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    let signals = Signals::listen()?;
    let home = tempfile::Builder::new().prefix("gpuhm-demo-").tempdir()?;
    // A home of its own, and nothing of what the environment chooses.
    let own = CommonOptions { home: Some(home.path().to_owned()), ..common.clone() };
    let seen = Out::is_terminal() && options.output.is_none();
    let demo = Demo::new(own, options)?;
    if seen { show(&demo, options, &signals) } else { report(&demo, options, &signals) }
}

impl Demo {
    fn new(common: CommonOptions, options: &Options) -> Result<Demo, Failure> {
        let step = ms(INTERVAL);
        let live = wall().floor(step);
        let history = Time(ms(options.history)).floor(step).ms();
        let past = live.plus(-history);
        let clock = Arc::new(match options.speed {
            Speed::Times(speed) => Clock::rising(past, live, speed),
            Speed::Max => Clock::driven(past),
        });
        let bus = open::bus(&common, &BusOptions { bus: None }, &clock, &Retry::never())?;
        let options = SourceOptions {
            source: "sim".to_owned(),
            interval: INTERVAL,
            speed: options.speed,
            from: Some(past),
            // Time without waiting has no end of its own: an hour and a quarter is the length of the script.
            ticks: (options.speed == Speed::Max)
                .then_some(u64::try_from((history + HOUR + 15 * MINUTE) / step).unwrap_or(1)),
            sim: SimOptions { ..options.sim.clone() },
        };
        Ok(Demo { common, options, clock, bus, live, history })
    }

    /// The fleet with the script, or with the faults that were asked for: those count from the end of the history.
    fn source(&self) -> Result<Sim, Failure> {
        let fleet = self.options.fleet()?;
        let faults = if self.options.sim.fault.is_empty() {
            story(fleet.gpus, fleet.hosts, self.history)
        } else {
            fleet.faults.iter().map(|fault| fault.later(self.history)).collect()
        };
        self.options.sim(gpuhm::source::sim::Options { faults, ..fleet })
    }

    fn setup(&self, drain: Duration, progress: Option<Progress>) -> Result<Setup<'_>, Failure> {
        Ok(Setup {
            bus: Arc::clone(&self.bus),
            stores: open::stores(&self.common, &StoreOptions { store: None }, &Retry::never())?,
            source: Box::new(self.source()?),
            clock: Arc::clone(&self.clock),
            options: &self.options,
            lateness: 30_000,
            limit: None,
            drain,
            progress,
            instance: "demo".to_owned(),
            driven: Some(SCORE_PAST),
        })
    }

    fn store(&self) -> Result<Box<dyn Store>, Failure> {
        open::store_to_read(&self.common, &StoreOptions { store: None })
    }

    /// How much of the history has been collected.
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    fn part(&self) -> f64 {
        let done = self.clock.now().since(self.live.plus(-self.history));
        if self.history == 0 { 1.0 } else { (done as f64 / self.history as f64).clamp(0.0, 1.0) }
    }

    /// Sets `stop` so long after the history has ended.
    fn limit(&self, limit: Duration, stop: &Flag) {
        let (clock, stop) = (Arc::clone(&self.clock), stop.clone());
        let max = self.options.speed == Speed::Max;
        std::thread::spawn(move || {
            while !max && clock.is_driven() {
                if !gpuhm::pipeline::clock::nap(Duration::from_millis(50), &stop) {
                    return;
                }
            }
            if gpuhm::pipeline::clock::nap(limit, &stop) {
                stop.set();
            }
        });
    }
}

/// Off a terminal: the fleet, the alerts and the summary, at the end.
fn report(demo: &Demo, options: &Options, signals: &Signals) -> Outcome {
    let output = options.output.unwrap_or(Format::Text);
    let limit = options.limit.unwrap_or(LIMIT);
    if output == Format::Text {
        let (gpus, hosts) = (options.sim.gpus, options.sim.hosts);
        tracing::info!("{gpus} GPUs on {hosts} hosts, simulated, {} s after their history", limit.as_secs());
    }
    let started = monotonic();
    demo.limit(limit, &signals.stop);
    let (ran, _) = demo.setup(DRAIN, Some(Progress::new("demo", demo.common.quiet)))?.run(signals)?;
    let summary = summary(&ran, started.elapsed());
    if output == Format::Text {
        table(&mut *demo.store()?, &demo.clock)?;
    }
    print(&summary, output)?;
    Ok(match () {
        () if ran.cut => ExitCode::from(UNREACHABLE),
        () if !summary.differences.is_empty() => ExitCode::from(BAD_NEWS),
        () => signals.one_shot(),
    })
}

/// On a terminal: the live view in front, the pipeline behind it.
fn show(demo: &Demo, options: &Options, signals: &Signals) -> Outcome {
    let settings = Settings {
        title: "demo".to_owned(),
        demo: true,
        grace_ms: match options.speed {
            Speed::Times(speed) => gpuhm::event::values::whole((speed * LATE_MS).round()).unwrap_or(0),
            Speed::Max => HOUR,
        },
        ..options.look.settings()
    };
    let mut model = Model::new(settings, demo.live.plus(-demo.history));
    let (to, inbox) = channel();
    let (ask, asked) = channel();
    if let Some(limit) = options.limit {
        demo.limit(limit, &signals.stop);
    }
    let ran: Mutex<Option<Result<Ran, Failure>>> = Mutex::new(None);
    let shown = std::thread::scope(|scope| {
        let ran = &ran;
        let watcher = Watcher {
            open: {
                let common = demo.common.clone();
                Box::new(move || open::store_to_read(&common, &StoreOptions { store: None }))
            },
            bus: Some(Arc::clone(&demo.bus)),
            place: "ok".to_owned(),
            clock: Arc::clone(&demo.clock),
            refresh: options.look.refresh(),
        };
        scope.spawn(|| {
            let worked = demo.setup(DRAIN_SEEN, None).and_then(|setup| setup.run(signals)).map(|(ran, _)| ran);
            if worked.is_err() {
                // Nothing more comes: whoever looks at it should be told, not left with a picture that stands still.
                signals.stop.set();
            }
            if let Ok(mut slot) = ran.lock() {
                *slot = Some(worked);
            }
        });
        let (reader, clock, progress) = (to.clone(), to.clone(), to);
        scope.spawn(move || watcher.run(&reader, &asked));
        scope.spawn(move || tick(&demo.clock, &clock));
        scope.spawn(move || history(demo, &progress));
        let shown = screen::run(&mut model, inbox, |effect| outward(effect, &ask), &signals.stop);
        drop(ask);
        signals.stop.set();
        shown
    });
    shown?;
    if let Some(result) = ran.into_inner().ok().flatten() {
        let ran = result?;
        tracing::info!("demo: {} samples of {} GPUs; its files are gone", ran.collected.collected, ran.gpus);
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells the view how far the history is.
fn history(demo: &Demo, to: &Sender<Msg>) {
    while demo.clock.is_driven() {
        let word = "two hours of history through every stage".to_owned();
        if to.send(Msg::Progress(Some(Far { part: demo.part(), word }))).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    drop(to.send(Msg::Progress(None)));
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
        out.line(&format!("… and {} GPUs more, with higher scores and without open alerts", all - rows.len()))?;
    }
    let firing = found.alerts.iter().filter(|alert| alert.status == Status::Firing).count();
    out.line(&format!("\n{} alerts, {} open, {} suppressed", found.alerts.len(), open.len(), firing - open.len()))?;
    for alert in found.alerts.iter().rev() {
        out.line(&alerts::line(alert))?;
    }
    out.line("")?;
    out.flush()
}
