//! Sources that are there: host engines, drivers, exporters, opened from their URLs as endpoints of one source.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use gpuhm::pace::Pace;
use gpuhm::source::auto::{Auto, Candidate};
use gpuhm::source::dcgm::{self, Engine, Library, LoadError};
use gpuhm::source::endpoint::{Endpoint, Trouble};
use gpuhm::source::endpoints::Endpoints;
use gpuhm::source::exporter::targets;
use gpuhm::source::exporter::{self, Page};
use gpuhm::source::nvml::{self, Driver};
use gpuhm::source::place::{DCGM_PORT, Kind, Place};

use crate::exit::Failure;
use crate::options::{interval, ms};
use crate::process;

/// Flags of live sources.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Live sources (DCGM, NVML, exporters)")]
pub(crate) struct LiveOptions {
    /// File of further sources: a URL a line, or Prometheus' JSON of targets
    #[arg(long, value_name = "FILE", env = "GPUHM_TARGETS")]
    targets: Option<PathBuf>,
    /// DCGM's library [default: libdcgm.so.4, libdcgm.so.3]
    #[arg(long, value_name = "PATH", env = "GPUHM_LIBDCGM")]
    pub(crate) libdcgm: Option<PathBuf>,
    /// NVML's library [default: libnvidia-ml.so.1]
    #[arg(long, value_name = "PATH", env = "GPUHM_LIBNVML")]
    pub(crate) libnvml: Option<PathBuf>,
    /// How often profiling values are read, to be averaged over the interval; off leaves them out [default: 1s]
    #[arg(long, value_name = "D|off", value_parser = profile)]
    profile_interval: Option<Profile>,
}

/// How often profiling values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Never.
    Off,
    /// So often.
    Every(Duration),
}

fn profile(text: &str) -> Result<Profile, String> {
    if text == "off" { Ok(Profile::Off) } else { interval(text).map(Profile::Every) }
}

/// Where a host engine listens by default, and its socket where it was told to have one.
pub(crate) const LOOPBACK: &str = "127.0.0.1";
pub(crate) const SOCKET: &str = "/tmp/nv-hostengine";
/// How often profiling values are read, unless said otherwise.
const PROFILED: Duration = Duration::from_secs(1);
/// Bytes of a file of targets, at most: a hundred thousand of them.
const MOST_BYTES: u64 = 16 << 20;

/// This machine's name, for its GPUs' events.
pub(crate) fn here() -> String {
    process::hostname().unwrap_or_else(|| "localhost".to_owned())
}

/// Refuses a place that is named twice: its GPUs would come twice.
pub(crate) fn distinct(places: &[Place]) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    match places.iter().find(|place| !seen.insert(&place.kind)) {
        Some(twice) => Err(Failure::usage(format!("--source {twice}: is named twice"))),
        None => Ok(()),
    }
}

impl LiveOptions {
    /// Whether a file of targets was named.
    pub(crate) fn has_targets(&self) -> bool {
        self.targets.is_some()
    }

    /// The file of targets.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.targets.as_deref()
    }

    /// The sources in the file.
    pub(crate) fn targets(&self) -> Result<Vec<Place>, Failure> {
        let Some(file) = &self.targets else { return Ok(Vec::new()) };
        let failed = |why: String| Failure::usage(format!("--targets {}: {why}", file.display()));
        let mut text = String::new();
        let opened = std::fs::File::open(file).map_err(|error| failed(error.to_string()))?;
        opened.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
        if text.len() as u64 > MOST_BYTES {
            return Err(failed("is larger than 16 MiB".to_owned()));
        }
        let places = targets(&text).map_err(|wrong| failed(format!("line {}: {}", wrong.line, wrong.why)))?;
        if places.is_empty() { Err(failed("names no source".to_owned())) } else { Ok(places) }
    }

    /// How often profiling values are read, where they are.
    pub(crate) fn profiled(&self) -> Option<Duration> {
        match self.profile_interval {
            None => Some(PROFILED),
            Some(Profile::Every(long)) => Some(long),
            Some(Profile::Off) => None,
        }
    }

    /// Opens the sources as one; nothing is reached yet.
    pub(crate) fn open(&self, places: Vec<Place>, paced: &Pace) -> Result<Endpoints, Failure> {
        let here = here();
        let open = |place: Place| Ok((place.clone(), self.endpoint(place, &here, paced)?));
        let endpoints = places.into_iter().map(open).collect::<Result<Vec<_>, Failure>>()?;
        Ok(Endpoints::start(endpoints, &here, paced.clone())?)
    }

    fn endpoint(&self, place: Place, here: &str, paced: &Pace) -> Result<Box<dyn Endpoint>, Failure> {
        Ok(match place.kind {
            Kind::Exporter(_) => Box::new(Page::new(place, exporter::Options::new(here, paced.clone()))),
            Kind::Nvml => Box::new(self.driver(&place, here, paced)),
            Kind::Auto => Box::new(self.auto(&place, here, paced)),
            Kind::Dcgm(..) | Kind::DcgmSocket(_) | Kind::DcgmEmbedded => {
                let url = place.to_string();
                let failed = |error: LoadError| Failure::usage(format!("--source {url}: {error}")).hint(error.hint());
                Box::new(self.engine(place, here, paced).map_err(failed)?)
            }
        })
    }

    fn engine(&self, place: Place, here: &str, paced: &Pace) -> Result<Engine, LoadError> {
        let library = Library::load(self.libdcgm.as_deref())?;
        let profile_ms = self.profiled().map(ms);
        let options = dcgm::Options { hostname: place.hostname(here), pace: paced.clone(), profile_ms };
        Ok(Engine::new(library, place, options))
    }

    fn driver(&self, place: &Place, here: &str, paced: &Pace) -> Driver {
        Driver::new(self.libnvml.as_deref(), nvml::Options { hostname: place.hostname(here), pace: paced.clone() })
    }

    /// This machine: its host engine where one answers, else its driver.
    pub(crate) fn auto(&self, place: &Place, here: &str, paced: &Pace) -> Auto {
        let engine = |kind: Kind, needs: Option<&'static str>| {
            let (own, name, paced) = (self.clone(), here.to_owned(), paced.clone());
            let at = Place { kind, ..place.clone() };
            Candidate {
                name: format!("DCGM at {at}"),
                needs,
                make: Box::new(move || match own.engine(at.clone(), &name, &paced) {
                    Ok(engine) => Ok(Box::new(engine)),
                    Err(error) => Err(Trouble::new(error.to_string()).hint(error.hint())),
                }),
            }
        };
        let (own, of, name, paced) = (self.clone(), place.clone(), here.to_owned(), paced.clone());
        let nvml = Candidate {
            name: "NVML".to_owned(),
            needs: None,
            make: Box::new(move || Ok(Box::new(own.driver(&of, &name, &paced)))),
        };
        let tcp = engine(Kind::Dcgm(LOOPBACK.to_owned(), DCGM_PORT), None);
        let socket = engine(Kind::DcgmSocket(SOCKET.to_owned()), Some(SOCKET));
        Auto::new(vec![tcp, socket, nvml])
    }
}
