//! `gpuhm collect`: a source to the raw topic, or to lines of JSON.

mod spooled;

use std::fs::{File, Metadata};
use std::io::BufWriter;
use std::os::unix::fs::MetadataExt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use gpuhm::event::Time;
use gpuhm::pipeline::collect::{Collected, Labels};
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::sink::{BusSink, LinesSink, Sink};
use gpuhm::pipeline::spool::Spool;
use gpuhm::pipeline::{Clock, Collect, PipelineError};
use gpuhm::source::replay::{self, Replay};
use gpuhm::source::sim::{self, Sim};
use gpuhm::source::{Due, Source, SourceError};

use super::config;
use super::exit::{Failure, Outcome};
use super::open;
use super::options::{self, BusOptions, CommonOptions, SimOptions, Speed, ms};
use super::process::{LONG_PATIENCE, Progress, Signals, keep};
use spooled::SpoolOptions;

/// Flags that say what is read and how fast.
#[derive(Debug, Clone, Args)]
pub(crate) struct SourceOptions {
    /// Source: sim, or replay:FILE (JSON lines, nvidia-smi CSV, or a recording; plain or gzip)
    #[arg(long, value_name = "URL")]
    pub(crate) source: String,
    /// Time between samples
    #[arg(long, value_name = "D", default_value = "10s", value_parser = options::interval)]
    pub(crate) interval: Duration,
    /// How fast time runs: a factor, or max for no waiting
    #[arg(long, value_name = "N|max", default_value = "1", value_parser = options::speed)]
    pub(crate) speed: Speed,
    /// First tick of a simulated fleet, RFC 3339 [default: now; 2026-01-01T00:00:00Z with --speed max]
    #[arg(long, value_name = "TIME", value_parser = options::instant)]
    pub(crate) from: Option<Time>,
    /// Stop after this many ticks [default with sim and --speed max: 120]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) ticks: Option<u64>,
    #[command(flatten)]
    pub(crate) sim: SimOptions,
}

/// Flags of `collect`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Where samples go: bus, - for lines on standard output, or a file
    #[arg(long, value_name = "bus|-|FILE", default_value = "bus")]
    sink: String,
    /// A label for every sample: cluster=…, rack=… or datacenter=…; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    label: Vec<String>,
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    bus: BusOptions,
    #[command(flatten)]
    spool: SpoolOptions,
}

/// First tick of a simulated fleet that does not wait: 2026-01-01T00:00:00Z.
const FIRST_TICK: Time = Time(1_767_225_600_000);
/// Ticks of a simulated fleet that does not wait, unless said otherwise: 20 minutes at 10 s.
const TICKS: u64 = 120;

impl SourceOptions {
    /// Opens the source.
    pub(crate) fn open(&self) -> Result<Box<dyn Source>, Failure> {
        match self.source.split_once(':') {
            None if self.source == "sim" => Ok(Box::new(self.sim(self.fleet()?)?)),
            Some(("replay", file)) if !file.is_empty() => {
                let ceiling = gpuhm::pipeline::clock::wall().plus(replay::AHEAD);
                Ok(Box::new(Replay::open(file, ceiling)?))
            }
            _ => Err(Failure::usage(format!("--source {}: not a source of this version", self.source))
                .hint("use --source sim or --source replay:FILE")),
        }
    }

    /// What the flags say of a simulated fleet.
    pub(crate) fn fleet(&self) -> Result<sim::Options, Failure> {
        let faults = self.sim.fault.iter().map(|text| text.parse()).collect::<Result<_, _>>();
        Ok(sim::Options {
            gpus: self.sim.gpus as usize,
            hosts: self.sim.hosts as usize,
            seed: self.sim.seed,
            interval_ms: ms(self.interval),
            faults: faults.map_err(|error: SourceError| Failure::usage(format!("--fault: {error}")))?,
        })
    }

    /// That fleet, of the boards that were asked for.
    pub(crate) fn sim(&self, fleet: sim::Options) -> Result<Sim, Failure> {
        Ok(Sim::with_boards(fleet, self.sim.boards.into())?)
    }

    /// The clock of the run.
    pub(crate) fn clock(&self, source: &dyn Source) -> Arc<Clock> {
        let first = match source.due() {
            // A recording's time ahead of the wall's is a broken clock's, and must not set this one.
            Due::At(time) => Some(time.min(gpuhm::pipeline::clock::wall())),
            Due::Tick | Due::End => self.from,
        };
        Arc::new(match (self.speed, first) {
            (Speed::Max, first) => Clock::driven(first.unwrap_or(FIRST_TICK)),
            (Speed::Times(1.0), None) => Clock::Wall,
            (Speed::Times(speed), first) => Clock::scaled(first.unwrap_or_else(gpuhm::pipeline::clock::wall), speed),
        })
    }

    /// Whether it goes on for ever, as a service does: a live source without an end of its own.
    pub(crate) fn is_service(&self) -> bool {
        self.source == "sim" && self.speed != Speed::Max && self.ticks.is_none()
    }

    /// Refuses a file to write to that is the recording being read.
    fn spare(&self, file: &str) -> Result<(), Failure> {
        let same = |a: Metadata, b: Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        let read = self.source.strip_prefix("replay:").and_then(|source| std::fs::metadata(source).ok());
        match (read, std::fs::metadata(file).ok()) {
            (Some(read), Some(written)) if same(read.clone(), written.clone()) && read.is_file() => {
                Err(Failure::usage(format!("--sink {file}: is the recording that is read")))
            }
            _ => Ok(()),
        }
    }

    /// After how many ticks to stop.
    pub(crate) fn ticks(&self) -> Option<u64> {
        self.ticks.or((self.speed == Speed::Max && self.source == "sim").then_some(TICKS))
    }

    /// The first tick, where a clock does not say.
    pub(crate) fn first(&self) -> Option<Time> {
        let first = self.from.or((self.speed == Speed::Max).then_some(FIRST_TICK));
        first.map(|from| {
            let step = ms(self.interval);
            from.plus(step - 1).floor(step)
        })
    }
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
    let source = options.source.open()?;
    let signals = Signals::listen()?;
    // A recording has an end to come to; a service goes on trying.
    let patience = (!options.source.is_service()).then_some(LONG_PATIENCE);
    let retry = Retry { stop: signals.stop.clone(), patience };
    let (sink, spool) = sink(common, options, &signals, retry)?;
    let clock = options.source.clock(&*source);
    let mut progress = Progress::new("collect", common.quiet || options.source.speed != Speed::Max);
    let ticks = options.source.ticks();
    let service = options.source.is_service();
    let patience = options.spool.patience(service, options.bus.connect_timeout);
    // Who has a clock that waits can be held back; live ticks never are.
    let room = spool.as_ref().filter(|_| clock.is_driven()).map(|spool| spool.room(patience));
    let mut collect = Collect {
        source,
        sink,
        clock,
        interval_ms: ms(options.source.interval),
        from: options.source.first(),
        ticks,
        labels,
        room,
        jobs: None,
        ticked: Arc::default(),
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
    tracing::info!(
        "collected {} samples and {} reports in {} ticks, {} missed",
        done.collected,
        done.reports,
        done.ticks,
        done.missed
    );
    match spool {
        Some(spool) => spooled::end(spool, patience, service, &signals),
        None if service => Ok(ExitCode::SUCCESS),
        None => Ok(signals.one_shot()),
    }
}

/// Where samples go, with the spool where there is one.
fn sink(
    common: &CommonOptions,
    options: &Options,
    signals: &Signals,
    retry: Retry,
) -> Result<(Box<dyn Sink>, Option<Spool>), Failure> {
    Ok(match options.sink.as_str() {
        "bus" => {
            if let Some(connect) = open::connect(&options.bus)? {
                let spool = options.spool.start(common, connect)?;
                return Ok((Box::new(spool.sink()), Some(spool)));
            }
            options.spool.unused()?;
            // Separate processes have the wall's time on the bus, however fast this one reads.
            let bus = open::bus(common, &options.bus, &Arc::new(Clock::Wall), &retry)?;
            if options.source.is_service() {
                // It ends with the process: what it does is bounded and atomic.
                drop(keep(Arc::clone(&bus), None, signals.stop.clone()));
            }
            (Box::new(BusSink::new(retry.run(|| bus.producer())?, retry)), None)
        }
        "-" => (Box::new(LinesSink::new("standard output", Box::new(BufWriter::new(std::io::stdout())))), None),
        file => {
            options.source.spare(file)?;
            let opened = File::create(file).map_err(|error| Failure::usage(format!("--sink {file}: {error}")))?;
            (Box::new(LinesSink::new(file, Box::new(BufWriter::new(opened)))), None)
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
