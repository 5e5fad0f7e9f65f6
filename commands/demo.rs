//! `gpuhm demo`: the whole pipeline on a simulated fleet in a home of its own, with the live view in front.
//!
//! Two hours of history go through the same stages first, driven as fast as the machine can; then the fleet's clock runs,
//! `--speed` times as fast as the wall's, and the script breaks things. Off a terminal it ends by itself with the summary.
//! It ignores every setting of a real installation and leaves nothing behind.

mod live;
mod report;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use clap::{Args, ValueEnum};
use gpuhm::bus::Bus;
use gpuhm::event::Time;
use gpuhm::event::time::{HOUR, MINUTE};
use gpuhm::pipeline::clock::{nap, wall};
use gpuhm::pipeline::pulse::Beats;
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::{Clock, Flag};
use gpuhm::source::sim::{Sim, story};
use gpuhm::store::Store;

use super::exit::{Failure, Outcome};
use super::look::{Look, size};
use super::open;
use super::options::{self, CommonOptions, SimOptions, Speed, StoreOptions, ms};
use super::out::Out;
use super::process::{Progress, Signals, thread};
use super::run::Setup;
use super::source::SourceOptions;
use super::watch::Watcher;

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
    /// No live view, but the screen as it stands so long after the history, at a time that never changes
    #[arg(long, value_name = "D", value_parser = options::duration, conflicts_with_all = ["limit", "speed"])]
    at: Option<Duration>,
    /// With --at: columns and rows of the screen
    #[arg(long, value_name = "WxH", default_value = "120x36", value_parser = size, requires = "at")]
    size: (u16, u16),
    /// Off a terminal: text, or json, the summary alone (gpuhm.summary/1); with --at text or svg
    #[arg(short, long, value_enum)]
    output: Option<Format>,
    #[command(flatten)]
    sim: SimOptions,
    #[command(flatten)]
    look: Look,
}

/// What is printed where no one watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// The summary alone.
    Json,
    /// A picture of the screen.
    Svg,
}

/// When a picture's history ends: 2026-01-01T00:00:00Z.
const PICTURED: Time = Time(1_767_225_600_000);
/// How often the fleet of a picture is scored, by its clock, ms.
const SCORE_PICTURED: i64 = 5 * MINUTE;

/// How long it runs off a terminal, unless said otherwise.
const LIMIT: Duration = Duration::from_secs(20);
/// Length of the script, ms.
const SCRIPT: i64 = HOUR + 15 * MINUTE;
/// How often a fleet's past is scored, by its clock, ms.
const SCORE_PAST: i64 = 15 * MINUTE;
/// How long the stages may go on after the end: what is shown must be all there is; who presses q does not wait.
const DRAIN: Duration = Duration::from_secs(20);
const DRAIN_SEEN: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(10);

/// A demo that is set up.
struct Demo {
    common: CommonOptions,
    options: SourceOptions,
    clock: Arc<Clock>,
    bus: Arc<dyn Bus>,
    live: Time,
    history: i64,
    /// How often passes run while the clock is driven, ms.
    driven: i64,
}

/// Runs `demo`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    let signals = Signals::listen_on_a_terminal()?;
    let home = tempfile::Builder::new().prefix("gpuhm-demo-").tempdir()?;
    // A home of its own, and nothing of what the environment chooses.
    let own = CommonOptions { home: Some(home.path().to_owned()), ..common.clone() };
    let seen = Out::is_terminal() && options.output.is_none();
    match (options.at, options.output) {
        (None, Some(Format::Svg)) => return Err(Failure::usage("-o svg: say of which moment, with --at")),
        (Some(_), Some(Format::Json)) => return Err(Failure::usage("-o json: --at gives a picture, text or svg")),
        _ => {}
    }
    let demo = Demo::new(own, options)?;
    match options.at {
        Some(_) => report::picture(&demo, options, &signals),
        None if seen => live::show(&demo, options, &signals),
        None => report::report(&demo, options, &signals),
    }
}

impl Demo {
    fn new(common: CommonOptions, options: &Options) -> Result<Demo, Failure> {
        let step = ms(INTERVAL);
        let live = if options.at.is_some() { PICTURED } else { wall().floor(step) };
        let speed = if options.at.is_some() { Speed::Max } else { options.speed };
        let history = Time(ms(options.history)).floor(step).ms();
        let past = live.plus(-history);
        let clock = Arc::new(match speed {
            Speed::Times(speed) => Clock::rising(past, live, speed),
            Speed::Max => Clock::driven(past),
        });
        let bus = open::small_bus(&common, &clock)?;
        let driven = if options.at.is_some() { SCORE_PICTURED } else { SCORE_PAST };
        // Time without waiting has no end of its own: unless said otherwise it is the script's.
        let rest = options.at.map_or(SCRIPT, ms);
        let options = SourceOptions {
            speed,
            from: Some(past),
            ticks: (speed == Speed::Max).then(|| u64::try_from((history + rest) / step).unwrap_or(1).max(1)),
            ..SourceOptions::simulated(options.sim.clone(), INTERVAL)
        };
        Ok(Demo { common, options, clock, bus, live, history, driven })
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
            pace: self.options.pace(),
            clock: Arc::clone(&self.clock),
            options: &self.options,
            lateness: 30_000,
            limit: None,
            drain,
            progress,
            instance: "demo".to_owned(),
            driven: Some(self.driven),
            pulse: Beats::default(),
            reload: Default::default(),
        })
    }

    fn store(&self) -> Result<Box<dyn Store>, Failure> {
        open::store_to_read(&self.common, &StoreOptions { store: None })
    }

    /// What reads the store for the view.
    fn watcher(&self, refresh: u64) -> Watcher {
        let common = self.common.clone();
        Watcher {
            open: Box::new(move || open::store_to_read(&common, &StoreOptions { store: None })),
            open_bus: Box::new(|| None),
            bus: Some(Arc::clone(&self.bus)),
            file: None,
            clock: Arc::clone(&self.clock),
            shown: Arc::new(AtomicI64::new(self.live.plus(-self.history).ms())),
            refresh,
        }
    }

    /// The store, for who keeps it small.
    fn store_to_keep(&self) -> Result<Box<dyn Store>, Failure> {
        open::store(&self.common, &StoreOptions { store: None }, &Retry::never())
    }

    /// How much of the history has been collected.
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    fn part(&self) -> f64 {
        let done = self.clock.now().since(self.live.plus(-self.history));
        if self.history == 0 { 1.0 } else { (done as f64 / self.history as f64).clamp(0.0, 1.0) }
    }

    /// Sets `stop` so long after the history has ended.
    fn limit(&self, limit: Duration, stop: &Flag) -> Result<(), Failure> {
        let (clock, stop) = (Arc::clone(&self.clock), stop.clone());
        let max = self.options.speed == Speed::Max;
        thread("--for", move || {
            while !max && clock.is_driven() {
                if !nap(Duration::from_millis(50), &stop) {
                    return;
                }
            }
            if nap(limit, &stop) {
                stop.set();
            }
        })?;
        Ok(())
    }
}
