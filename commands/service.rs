//! A command as a service: what it tells its service manager, and the numbers it shows of itself.
//!
//! The loops tell of their turns through `pipeline::pulse`; everything that knows systemd, signals, sockets or Prometheus
//! is in here.

pub(crate) mod address;
mod encode;
mod facts;
mod gpus;
mod life;
pub(crate) mod log;
mod metrics;
mod notify;
mod numbers;
pub(crate) mod reload;
mod server;
mod status;
mod textfile;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use gpuhm::pace::Pace;
use gpuhm::pipeline::pulse::{Beats, Pulse};

use super::exit::Failure;
use super::options::duration;
use super::process::Signals;
use super::source::again;
use super::source::live::LiveOptions;
use address::Address;
use facts::Facts;
use gpus::Gpus;
use life::Life;
use reload::{Paced, Reload};

/// What is shown of a command while it runs, and after.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Service options")]
pub(crate) struct WatchOptions {
    /// Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9871 or unix:PATH [default: nowhere]
    #[arg(long, value_name = "ADDR", env = "GPUHM_METRICS", value_parser = address::parse)]
    pub(crate) metrics: Option<Address>,
    /// Write the metrics to this file at the end, for node exporter's textfile collector
    #[arg(long, value_name = "FILE.prom")]
    pub(crate) metrics_file: Option<PathBuf>,
}

impl WatchOptions {
    /// The same for who looks once: its numbers go to the file, and the address is the service's beside it.
    pub(crate) fn of(&self, once: bool) -> WatchOptions {
        WatchOptions { metrics: self.metrics.clone().filter(|_| !once), ..self.clone() }
    }
}

/// How long a service may take to end.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Service options")]
pub(crate) struct DrainOptions {
    /// After a signal, how long to go on with the step at hand; then it ends with code 3, and the next start does it again
    #[arg(long, value_name = "D", default_value = "20s", value_parser = duration)]
    pub(crate) drain: Duration,
}

/// What a service is, for those who watch it.
pub(crate) struct Plan<'a> {
    /// What is shown of it.
    pub(crate) watch: &'a WatchOptions,
    /// Whether it goes on until it is told to stop: only then a service manager hears of it.
    pub(crate) service: bool,
    /// What its bus is called: `kafka` or `bus`.
    pub(crate) bus: &'static str,
    /// How long it may take to end after the first signal, at most.
    pub(crate) drain: Duration,
    /// With every GPU's newest sample; how many intervals one is shown.
    pub(crate) gpus: Option<(Pace, u32)>,
    /// What it reads, where there may be a file of it that is read again.
    pub(crate) live: Option<&'a LiveOptions>,
    /// How often it turns, where that may be changed while it does.
    pub(crate) paced: Option<Paced>,
}

/// A command that is watched.
pub(crate) struct Service {
    facts: Arc<Facts>,
    life: Option<Life>,
    file: Option<PathBuf>,
    listens: bool,
}

impl Service {
    /// Begins to tell and to show, before anything is opened that may be away.
    pub(crate) fn begin(plan: Plan<'_>, signals: &Signals) -> Result<Service, Failure> {
        let Plan { watch, service, bus, drain, gpus, live, paced } = plan;
        let facts = Arc::new(Facts::new(bus, service, gpus.map(Gpus::new)));
        if let Some(address) = &watch.metrics {
            server::start(address, Arc::clone(&facts))?;
        }
        let mut reload = Reload::new(paced);
        if let Some(act) = live.filter(|_| service).and_then(again::act) {
            reload.on("targets", act);
        }
        let life = if service { Some(Life::start(Arc::clone(&facts), signals, drain, reload)?) } else { None };
        let listens = service || watch.metrics.is_some() || watch.metrics_file.is_some();
        Ok(Service { facts, life, file: watch.metrics_file.clone(), listens })
    }

    /// The handle of the loop `who`.
    pub(crate) fn beats(&self, who: &'static str) -> Beats {
        if self.listens { Beats::new(Arc::clone(&self.facts) as Arc<dyn Pulse>, who) } else { Beats::default() }
    }

    /// Whether it is a service, which SIGHUP makes reload.
    pub(crate) fn is_told(&self) -> bool {
        self.life.is_some()
    }

    /// The end: the file is written.
    pub(crate) fn end(self) -> Result<(), Failure> {
        match &self.file {
            Some(file) => textfile::write(file, &self.facts),
            None => Ok(()),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(life) = &self.life {
            life.look();
        }
    }
}
