//! The source a command reads: its flags, and which kind they choose.

pub(crate) mod again;
pub(crate) mod live;

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use gpuhm::event::Time;
use gpuhm::pace::Pace;
use gpuhm::pipeline::Clock;
use gpuhm::source::place::{Kind, Place, redacted};
use gpuhm::source::replay::{self, Replay};
use gpuhm::source::sim::{self, Sim};
use gpuhm::source::{Due, Source, SourceError};

use super::exit::Failure;
use super::options::{self, SimOptions, Speed, ms};
use super::service::reload::Paced;
use live::LiveOptions;

/// Flags that say what is read and how fast.
#[derive(Debug, Clone, Args)]
pub(crate) struct SourceOptions {
    #[command(flatten)]
    pub(crate) named: Named,
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

/// Flags that name what is read.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Named {
    /// Source, a URL: auto (this machine, by DCGM, else by NVML), `dcgm://HOST[:5555]`, `dcgm:///SOCKET`, `dcgm:embedded`, nvml,
    /// `exporter:http://HOST:9400/metrics`, sim, or `replay:FILE` (JSON lines, nvidia-smi CSV, or a recording; plain or gzip).
    /// DCGM and exporters may be repeated; `#host=NAME,gpus=N` behind one says what it does not [default: auto]
    #[arg(long, value_name = "URL", env = "GPUHM_SOURCE", hide_env_values = true)]
    pub(crate) source: Vec<String>,
    #[command(flatten)]
    pub(crate) live: LiveOptions,
}

/// What the flags chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// A simulated fleet.
    Sim,
    /// A recording: its file.
    Replay(PathBuf),
    /// GPUs that are there.
    Live(Vec<Place>),
}

/// First tick of a simulated fleet that does not wait: 2026-01-01T00:00:00Z.
const FIRST_TICK: Time = Time(1_767_225_600_000);
/// Ticks of a simulated fleet that does not wait, unless said otherwise: 20 minutes at 10 s.
const TICKS: u64 = 120;
/// What `--source` takes, for who wrote something else.
pub(crate) const KNOWN: &str =
    "use --source auto, dcgm://HOST:5555, nvml, exporter:http://HOST:9400/metrics, sim or replay:FILE";

/// Whether a text is a source, by what it looks like: nothing is reached.
pub(crate) fn understood(url: &str) -> Result<(), String> {
    if url == "sim" || url.strip_prefix("replay:").is_some_and(|file| !file.is_empty()) {
        return Ok(());
    }
    url.parse::<Place>().map(drop).map_err(|why| format!("{}: {why}", redacted(url)))
}

impl Named {
    /// Whether a source was named at all.
    pub(crate) fn is_said(&self) -> bool {
        !self.source.is_empty() || self.live.has_targets()
    }

    /// What was chosen; with nothing said, this machine.
    pub(crate) fn chosen(&self) -> Result<Chosen, Failure> {
        match self.source.as_slice() {
            [one] if one == "sim" => return Ok(Chosen::Sim),
            [one] => {
                if let Some(file) = one.strip_prefix("replay:").filter(|file| !file.is_empty()) {
                    return Ok(Chosen::Replay(PathBuf::from(file)));
                }
            }
            many => {
                let alone = |url: &&String| *url == "sim" || url.starts_with("replay:");
                if let Some(url) = many.iter().find(alone) {
                    return Err(Failure::usage(format!(
                        "--source {}: stands alone, without other sources",
                        redacted(url)
                    )));
                }
            }
        }
        let parse = |url: &String| {
            let told = |why| Failure::usage(format!("--source {}: {why}", redacted(url))).hint(KNOWN);
            url.parse::<Place>().map_err(told)
        };
        let mut places = self.source.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        places.append(&mut self.live.targets()?);
        if places.is_empty() {
            places.push(Place { kind: Kind::Auto, host: None, gpus: None });
        }
        live::distinct(&places)?;
        Ok(Chosen::Live(places))
    }
}

impl SourceOptions {
    /// A simulated fleet with these flags, and nothing else said.
    pub(crate) fn simulated(sim: SimOptions, interval: Duration) -> SourceOptions {
        SourceOptions {
            named: Named { source: vec!["sim".to_owned()], live: LiveOptions::default() },
            interval,
            speed: Speed::Times(1.0),
            from: None,
            ticks: None,
            sim,
        }
    }

    /// What was chosen; GPUs that are there run in real time.
    pub(crate) fn chosen(&self) -> Result<Chosen, Failure> {
        let chosen = self.named.chosen()?;
        if let Chosen::Live(places) = &chosen
            && (self.speed != Speed::Times(1.0) || self.from.is_some())
        {
            let live = places.first().map(ToString::to_string).unwrap_or_default();
            return Err(Failure::usage(format!("--source {live}: runs in real time, without --speed and --from")));
        }
        Ok(chosen)
    }

    /// How often it is read, to be shared by all who go by it.
    pub(crate) fn pace(&self) -> Pace {
        ms(self.interval).into()
    }

    /// The same for who may change it while it runs: a service that reads GPUs that are there. A recording and a simulated fleet
    /// are made of their ticks.
    pub(crate) fn paced(&self, pace: &Pace) -> Option<Paced> {
        let live = !self.is_sim() && self.recording().is_none();
        live.then(|| Paced { key: "collect.interval", pace: pace.clone(), unsaid: ms(self.interval) })
    }

    /// Opens the source.
    pub(crate) fn open(&self, pace: &Pace) -> Result<Box<dyn Source>, Failure> {
        Ok(match self.chosen()? {
            Chosen::Sim => Box::new(self.sim(self.fleet()?)?),
            Chosen::Replay(file) => {
                let ceiling = gpuhm::pipeline::clock::wall().plus(replay::AHEAD);
                Box::new(Replay::open(&file.to_string_lossy(), ceiling)?)
            }
            Chosen::Live(places) => Box::new(self.named.live.open(places, pace)?),
        })
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

    fn is_sim(&self) -> bool {
        self.named.source == ["sim"]
    }

    fn recording(&self) -> Option<&str> {
        self.named.source.iter().find_map(|source| source.strip_prefix("replay:"))
    }

    /// Whether it goes on for ever, as a service does: a live source without an end of its own.
    pub(crate) fn is_service(&self) -> bool {
        self.recording().is_none() && self.speed != Speed::Max && self.ticks.is_none()
    }

    /// Refuses a file to write to that is the recording being read.
    pub(crate) fn spare(&self, file: &str) -> Result<(), Failure> {
        let same = |a: Metadata, b: Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        let read = self.recording().and_then(|source| std::fs::metadata(source).ok());
        match (read, std::fs::metadata(file).ok()) {
            (Some(read), Some(written)) if same(read.clone(), written.clone()) && read.is_file() => {
                Err(Failure::usage(format!("--sink {file}: is the recording that is read")))
            }
            _ => Ok(()),
        }
    }

    /// After how many ticks to stop.
    pub(crate) fn ticks(&self) -> Option<u64> {
        self.ticks.or((self.speed == Speed::Max && self.is_sim()).then_some(TICKS))
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
