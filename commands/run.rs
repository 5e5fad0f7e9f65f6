//! `gpuhm run`: every stage in one process, from a source to the store, with a summary at the end.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use clap::{Args, ValueEnum};
use gpuhm::bus::Bus;
use gpuhm::event::time::MINUTE;
use gpuhm::pace::Pace;
use gpuhm::pipeline::clock::{monotonic, nap};
use gpuhm::pipeline::judging::{Every, Judging};
use gpuhm::pipeline::passes::Passes;
use gpuhm::pipeline::pulse::Beats;
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::sink::BusSink;
use gpuhm::pipeline::whole::{Outcome as Ran, Whole};
use gpuhm::pipeline::{Clock, Collect, Flag};
use gpuhm::source::Source;
use gpuhm::store::Store;
use gpuhm::view::summary::{Alerts, Summary};

use super::collect::{labels, watch};
use super::exit::{BAD_NEWS, Failure, Outcome, UNREACHABLE};
use super::open;
use super::options::{BusOptions, CommonOptions, MemberOptions, Speed, StoreOptions, duration, lateness, ms};
use super::out::Out;
use super::process::{LONG_PATIENCE, Progress, Signals, keep, thread};
use super::service::{Plan, Service, WatchOptions};
use super::source::SourceOptions;

/// Flags of `run`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Stop after this long, by the wall clock
    #[arg(long = "for", value_name = "D", value_parser = duration)]
    limit: Option<Duration>,
    /// How long after its end a window stays open for late samples
    #[arg(long, value_name = "D", default_value = "30s", value_parser = lateness)]
    lateness: Duration,
    /// After a signal, how long to go on finishing what was collected; what is left waits on the bus
    #[arg(long, value_name = "D", default_value = "20s", value_parser = duration)]
    drain: Duration,
    /// With --speed max: score the past so often, by its own clock, and not only at the end
    #[arg(long, value_name = "D", value_parser = super::options::interval)]
    score_past: Option<Duration>,
    /// text or json (gpuhm.summary/1)
    #[arg(short, long, value_enum, default_value = "text")]
    output: Format,
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    bus: BusOptions,
    #[command(flatten)]
    member: MemberOptions,
    #[command(flatten)]
    store: StoreOptions,
    #[command(flatten)]
    watch: WatchOptions,
}

/// How a summary is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for people.
    Text,
    /// One object.
    Json,
}

/// A run that is set up.
pub(crate) struct Setup<'a> {
    pub(crate) bus: Arc<dyn Bus>,
    /// Three connections: for validate's look-ups, for aggregate's rows, for the passes.
    pub(crate) stores: [Box<dyn Store>; 3],
    pub(crate) source: Box<dyn Source>,
    pub(crate) pace: Pace,
    pub(crate) clock: Arc<Clock>,
    pub(crate) options: &'a SourceOptions,
    pub(crate) lateness: i64,
    pub(crate) limit: Option<Duration>,
    pub(crate) drain: Duration,
    pub(crate) progress: Option<Progress>,
    pub(crate) instance: String,
    /// How often passes run while the clock is driven; `None` for no pass before the end.
    pub(crate) driven: Option<i64>,
    /// Told of each loop's turns.
    pub(crate) pulse: Beats,
    /// Asks each stage for every state to be saved.
    pub(crate) reload: [Flag; 2],
}

/// How often a run scores and predicts while its clock runs, by that clock.
const SCORE_EVERY: i64 = MINUTE;
const PREDICT_EVERY: i64 = 15 * MINUTE;
/// What a run that has drained may take to close, before it is taken for one that hangs (J).
pub(crate) const LEEWAY: Duration = Duration::from_secs(5);

/// Runs `run`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    let pace = options.source.pace();
    let source = options.source.open(&pace)?;
    open::store_needed(common, &options.store)?;
    let signals = Signals::listen()?;
    let clock = options.source.clock(&*source);
    let service = watched(options, &pace, &signals)?;
    let mut retry = retry(&options.source, options.limit, &signals);
    retry.pulse = service.beats("run");
    let bus = open::bus(common, &options.bus, &clock, &retry)?;
    // Retention is for services: not for a replay, whose rows are old from the start.
    let real = options.source.speed == Speed::Times(1.0);
    let keeper = if real && options.source.is_service() && options.limit.is_none() {
        Some(keep(Arc::clone(&bus), Some(open::store(common, &options.store, &retry)?), signals.stop.clone())?)
    } else {
        None
    };
    let bar = common.quiet || options.source.speed != Speed::Max;
    let setup = Setup {
        bus,
        stores: open::stores(common, &options.store, &retry)?,
        source,
        pace,
        clock,
        options: &options.source,
        lateness: ms(options.lateness),
        limit: options.limit,
        drain: options.drain,
        progress: Some(Progress::new("run", bar)),
        instance: open::instance("run", &options.bus, &options.member)?,
        driven: options.score_past.map(ms),
        pulse: retry.pulse.clone(),
        reload: if service.is_told() { [Signals::reload()?, Signals::reload()?] } else { Default::default() },
    };
    let started = monotonic();
    let (ran, served) = setup.run(&signals)?;
    service.end()?;
    for complaint in &ran.complaints {
        tracing::warn!("{complaint}");
    }
    if let Some(keeper) = keeper {
        signals.stop.set();
        drop(keeper.join());
    }
    let summary = summary(&ran, started.elapsed());
    print(&summary, options.output)?;
    if ran.cut {
        tracing::warn!("cut short: {} samples wait on the bus; run again, or with a longer --drain", summary.waiting);
    }
    Ok(match () {
        () if ran.cut => ExitCode::from(UNREACHABLE),
        () if !summary.differences.is_empty() => ExitCode::from(BAD_NEWS),
        () if served => ExitCode::SUCCESS,
        () => signals.one_shot(),
    })
}

/// Begins to be watched. It may drain as long as it was told to; what hangs then is given up a little later.
fn watched(options: &Options, pace: &Pace, signals: &Signals) -> Result<Service, Failure> {
    let plan = Plan {
        watch: &options.watch,
        service: options.source.is_service() && options.limit.is_none(),
        bus: open::bus_name(&options.bus)?,
        drain: options.drain.saturating_add(LEEWAY),
        gpus: None,
        live: Some(&options.source.named.live),
        paced: options.source.paced(pace),
    };
    Service::begin(plan, signals)
}

/// How failures are met: a service goes on trying until it is told to stop; any other run has an end to come to.
fn retry(source: &SourceOptions, limit: Option<Duration>, signals: &Signals) -> Retry {
    if source.is_service() && limit.is_none() {
        Retry::new(signals.stop.clone(), None)
    } else {
        Retry::new(Flag::default(), Some(LONG_PATIENCE))
    }
}

impl Setup<'_> {
    /// Runs until the source, the limit or a signal ends it; says whether a service was told to stop.
    pub(crate) fn run(self, signals: &Signals) -> Result<(Ran, bool), Failure> {
        let mut retry = retry(self.options, self.limit, signals);
        retry.pulse = self.pulse;
        let ticks = self.options.ticks();
        let [assets, store, judged] = self.stores;
        let mut passes = Passes::new(judged, Arc::clone(&self.bus), Arc::clone(&self.clock), retry.of("passes"));
        let ticked = Arc::new(AtomicI64::new(i64::MIN / 4));
        passes.ticked = Some(Arc::clone(&ticked));
        let every = Every { score: SCORE_EVERY, predict: PREDICT_EVERY, driven: self.driven };
        let (mut progress, limit, started) = (self.progress, self.limit, monotonic());
        let whole = Whole {
            assets,
            store,
            clock: Arc::clone(&self.clock),
            collect: Collect {
                source: self.source,
                sink: Box::new(BusSink::new(self.bus.producer()?, retry.of("collect"))),
                clock: self.clock,
                pace: self.pace,
                from: self.options.first(),
                ticks,
                labels: labels(&[])?,
                jobs: None,
                room: None,
                ticked,
                pulse: retry.pulse.of("collect"),
                watch: Some(Box::new(move |done, part| {
                    let share = limit.map(|limit| started.elapsed().as_secs_f64() / limit.as_secs_f64());
                    if let Some(progress) = &mut progress {
                        watch(progress, done, part.or(share), ticks);
                    }
                })),
            },
            bus: self.bus,
            instance: self.instance,
            lateness: self.lateness,
            drain: self.drain,
            retry,
            judging: Judging::new(passes, every),
            reload: self.reload,
        };
        if let Some(limit) = self.limit {
            let stop = signals.stop.clone();
            thread("--for", move || {
                if nap(limit, &stop) {
                    stop.set();
                }
            })?;
        }
        let ran = whole.run(&signals.stop)?;
        // Without an end of its own it is a service, and a signal its proper end.
        Ok((ran, self.limit.is_none() && self.options.is_service()))
    }
}

/// The summary of a run.
pub(crate) fn summary(ran: &Ran, took: Duration) -> Summary {
    let (validate, aggregate) = (&ran.validate, &ran.aggregate);
    let mut summary = Summary {
        schema: "gpuhm.summary/1",
        seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
        gpus: ran.gpus,
        read: ran.collected.read,
        collected: ran.collected.collected,
        validated: validate.counts.validated,
        refused: validate.counts.refused,
        duplicates: validate.counts.duplicates,
        stored: aggregate.stored + aggregate.repeated,
        repeated: aggregate.repeated,
        windows: aggregate.counts.closed + ran.open_windows,
        scored: ran.passed.scored,
        predicted: ran.passed.predicted,
        alerts: Alerts {
            fired: aggregate.counts.fired + ran.passed.fired,
            resolved: aggregate.counts.resolved + ran.passed.resolved,
        },
        backlog: ran.backlog,
        ..Summary::default()
    };
    summary.check(ran.cut);
    summary
}

/// Prints a summary.
pub(crate) fn print(summary: &Summary, output: Format) -> Result<(), Failure> {
    let mut out = Out::new();
    match output {
        Format::Json => out.line(&serde_json::to_string(summary).map_err(Failure::cannot)?)?,
        Format::Text => summary.lines().iter().try_for_each(|line| out.line(line))?,
    }
    out.flush()
}
