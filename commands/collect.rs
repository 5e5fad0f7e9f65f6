//! `gpuhm collect`: a source to the raw topic, or to lines of JSON.

mod once;
mod spooled;
mod watched;

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use gpuhm::event::Time;
use gpuhm::pace::Pace;
use gpuhm::pipeline::collect::{Collected, Labels};
use gpuhm::pipeline::jobs::Jobs;
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::sink::{BusSink, LinesSink, Sink};
use gpuhm::pipeline::spool::Spool;
use gpuhm::pipeline::{Clock, Collect, PipelineError};

use gpuhm::source::Source;

use super::config;
use super::exit::{Failure, Outcome};
use super::open;
use super::options::{BusOptions, CommonOptions, Speed};
use super::process::{LONG_PATIENCE, Progress, Signals, keep};
use super::service::WatchOptions;
use super::source::SourceOptions;
use super::source::live::here;
use once::{Format, Shown};
use spooled::SpoolOptions;

/// Flags of `collect`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Where samples go: bus, - for lines on standard output, or a file
    #[arg(long, value_name = "bus|-|FILE", default_value = "bus")]
    sink: String,
    /// A label for every sample: cluster=…, rack=… or datacenter=…; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    label: Vec<String>,
    /// Directory of files that name the jobs on this machine's GPUs: one a GPU, named by index or UUID, a job a line
    #[arg(long, value_name = "DIR", env = "GPUHM_JOBS")]
    jobs: Option<PathBuf>,
    /// Read once, at once, and exit: with 3 where a source could not be read, or no GPU
    #[arg(long, conflicts_with = "ticks")]
    once: bool,
    /// With --once: show what was read instead of publishing it, as table or jsonl
    #[arg(short, long, value_enum, requires = "once", conflicts_with = "sink")]
    output: Option<Format>,
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    bus: BusOptions,
    #[command(flatten)]
    spool: SpoolOptions,
    /// With --metrics: also every GPU's newest sample, under dcgm-exporter's names
    #[arg(long, help_heading = "Service options")]
    export_gpus: bool,
    #[command(flatten)]
    watch: WatchOptions,
}

/// The labels of every sample: those of the flags, and of the settings where no flag says otherwise.
pub(crate) fn labels(pairs: &[String]) -> Result<Labels, Failure> {
    let set = |name: &str| config::loaded().value(name).map(str::to_owned);
    let (cluster, rack, datacenter) = (set("labels.cluster"), set("labels.rack"), set("labels.datacenter"));
    let mut labels = Labels { cluster, rack, datacenter };
    for pair in pairs {
        let slot = match pair.split_once('=') {
            Some(("cluster", value)) => (&mut labels.cluster, value),
            Some(("rack", value)) => (&mut labels.rack, value),
            Some(("datacenter", value)) => (&mut labels.datacenter, value),
            _ => return Err(Failure::usage(format!("--label {pair}: use cluster=…, rack=… or datacenter=…"))),
        };
        *slot.0 = Some(slot.1.to_owned());
    }
    Ok(labels)
}

/// Runs `collect`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    let labels = labels(&options.label)?;
    if options.once {
        return once(common, options, labels);
    }
    let pace = options.source.pace();
    let source = options.source.open(&pace)?;
    let signals = Signals::listen()?;
    work(
        common,
        options,
        Work { labels, source, pace, ticks: options.source.ticks(), from: options.source.first(), ills: Vec::new() },
        &signals,
    )
}

/// One look, published or shown.
fn once(common: &CommonOptions, options: &Options, labels: Labels) -> Outcome {
    let signals = Signals::listen()?;
    let Some(mut looked) = once::look(&options.source, &signals.stop)? else { return Ok(signals.one_shot()) };
    let ills = looked.ills();
    let failure = looked.failure();
    let from = Some(options.source.first().unwrap_or_else(|| Clock::Wall.now()));
    let code = work(
        common,
        options,
        Work { labels, source: Box::new(looked), pace: options.source.pace(), ticks: Some(1), from, ills },
        &signals,
    )?;
    match failure {
        Some(failure) => Err(failure),
        None => Ok(code),
    }
}

/// What the loop is given.
struct Work {
    labels: Labels,
    source: Box<dyn Source>,
    pace: Pace,
    ticks: Option<u64>,
    from: Option<Time>,
    /// What is said of hosts that are not well, where what was read is shown.
    ills: Vec<String>,
}

fn work(common: &CommonOptions, options: &Options, work: Work, signals: &Signals) -> Outcome {
    let Work { labels, source, pace, ticks, from, ills } = work;
    let service = options.source.is_service() && !options.once;
    // A recording has an end to come to; a service goes on trying.
    let watched = watched::begin(options, &pace, service, signals)?;
    let mut retry = Retry::new(signals.stop.clone(), (!service).then_some(LONG_PATIENCE));
    retry.pulse = watched.beats("collect");
    let pulse = retry.pulse.clone();
    let Opened { sink, spool, shown } = sink(common, options, signals, retry)?;
    let clock = options.source.clock(&*source);
    let mut progress = Progress::new("collect", common.quiet || options.once || options.source.speed != Speed::Max);
    let patience = options.spool.patience(service, options.bus.connect_timeout);
    // Who has a clock that waits can be held back; live ticks never are.
    let room = spool.as_ref().filter(|_| clock.is_driven()).map(|spool| spool.room(patience));
    let mut collect = Collect {
        source,
        sink,
        clock,
        pace,
        from,
        ticks,
        labels,
        jobs: options.jobs.clone().map(|directory| Jobs::new(directory, here())),
        room,
        ticked: Arc::default(),
        pulse,
        watch: Some(Box::new(move |done, part| watch(&mut progress, done, part, ticks))),
    };
    let done = collect.run(&signals.stop);
    for complaint in collect.source.complaints() {
        tracing::warn!("{complaint}");
    }
    let done = match done {
        // One that was told to stop while the bus was away has stopped.
        Err(PipelineError::Stopped(_)) if service => return Ok(ExitCode::SUCCESS),
        Err(PipelineError::Stopped(_)) => return Ok(signals.one_shot()),
        done => done?,
    };
    watched.end()?;
    if let Some(shown) = shown {
        shown.print(&ills)?;
    }
    if options.output.is_none() {
        say(&done);
    }
    match spool {
        Some(spool) => spooled::end(spool, patience, service, signals),
        None if service => Ok(ExitCode::SUCCESS),
        None => Ok(signals.one_shot()),
    }
}

fn say(done: &Collected) {
    let Collected { collected, reports, ticks, missed, .. } = done;
    tracing::info!("collected {collected} samples and {reports} reports in {ticks} ticks, {missed} missed");
}

/// Where samples go.
struct Opened {
    sink: Box<dyn Sink>,
    spool: Option<Spool>,
    /// What is shown in the end.
    shown: Option<Shown>,
}

/// Opens where samples go, with the spool where there is one.
fn sink(common: &CommonOptions, options: &Options, signals: &Signals, retry: Retry) -> Result<Opened, Failure> {
    let plain = |sink: Box<dyn Sink>| Opened { sink, spool: None, shown: None };
    let lines = || plain(Box::new(LinesSink::new("standard output", Box::new(BufWriter::new(std::io::stdout())))));
    match options.output {
        Some(Format::Jsonl) => return Ok(lines()),
        Some(Format::Table) => {
            let shown = Shown::default();
            return Ok(Opened { shown: Some(shown.clone()), ..plain(Box::new(shown)) });
        }
        None => {}
    }
    Ok(match options.sink.as_str() {
        "bus" => {
            if let Some(connect) = open::connect(&options.bus)? {
                let spool = options.spool.start(common, connect)?;
                return Ok(Opened { sink: Box::new(spool.sink()), spool: Some(spool), shown: None });
            }
            options.spool.unused()?;
            // Separate processes have the wall's time on the bus, however fast this one reads.
            let bus = open::bus(common, &options.bus, &Arc::new(Clock::Wall), &retry)?;
            if options.source.is_service() {
                // It ends with the process: what it does is bounded and atomic.
                drop(keep(Arc::clone(&bus), None, signals.stop.clone())?);
            }
            plain(Box::new(BusSink::new(retry.run(|| bus.producer())?, retry)))
        }
        "-" => lines(),
        file => {
            options.source.spare(file)?;
            let opened = File::create(file).map_err(|error| Failure::usage(format!("--sink {file}: {error}")))?;
            plain(Box::new(LinesSink::new(file, Box::new(BufWriter::new(opened)))))
        }
    })
}

/// Shows progress by the recording's place or the ticks done.
#[expect(clippy::cast_precision_loss, reason = "a share for people")]
pub(crate) fn watch(progress: &mut Progress, done: &Collected, part: Option<f64>, ticks: Option<u64>) {
    let part = part.or_else(|| ticks.map(|ticks| done.ticks as f64 / ticks as f64));
    if let Some(part) = part {
        progress.show(part, &format!("{} samples", done.collected));
        if part >= 1.0 {
            progress.end();
        }
    }
}
