//! A simulated fleet: hosts in racks, jobs that start and stop, temperatures that follow power, and scripted faults.
//!
//! Everything follows from the options and the instants it is read at: no clock, no threads, no map whose order could
//! matter, and a stream of random numbers of its own for every host and GPU. The same reads give the same samples.
//! It knows neither bus nor codec.

mod board;
pub mod compare;
mod counters;
mod fault;
mod fill;
mod gpu;
mod host;
mod random;
pub mod ranks;
mod slot;
mod story;
mod strike;
#[cfg(test)]
mod tests;
mod work;

pub use board::Boards;
pub use fault::{Fault, Kind, kinds};
pub use story::story;

use super::{Due, HostReport, Reading, Source, SourceError};
use crate::event::Time;
use fault::Scripted;
use host::{Host, RACK, Tick};

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Options {
    /// GPUs of the fleet, spread evenly over the hosts.
    pub gpus: usize,
    /// Hosts of the fleet.
    pub hosts: usize,
    /// What all random numbers derive from.
    pub seed: u64,
    /// The interval between ticks, ms.
    pub interval_ms: i64,
    /// The script.
    pub faults: Vec<Fault>,
}

/// The simulated fleet.
#[derive(Debug)]
pub struct Sim {
    hosts: Vec<Host>,
    interval_ms: i64,
    start: Option<Time>,
    last: Option<Time>,
}

impl Sim {
    /// A fleet as described, its boards mixed by racks.
    ///
    /// # Errors
    /// `Usage` where the numbers make no fleet or a fault names a host or GPU that is not there.
    pub fn new(options: Options) -> Result<Sim, SourceError> {
        Sim::with_boards(options, Boards::Mixed)
    }

    /// A fleet as described, of these boards.
    ///
    /// # Errors
    /// As [`Sim::new`].
    pub fn with_boards(options: Options, boards: Boards) -> Result<Sim, SourceError> {
        let Options { gpus, hosts, seed, interval_ms, faults } = options;
        if hosts == 0 || gpus < hosts {
            let why = format!("{gpus} GPUs on {hosts} hosts: there must be a host, and a GPU on each");
            return Err(SourceError::Usage(why));
        }
        if interval_ms < 1 {
            return Err(SourceError::Usage(format!("an interval of {interval_ms} ms: it must be positive")));
        }
        let gpus_of = |host: usize| gpus / hosts + usize::from(host < gpus % hosts);
        let hosts =
            (0..hosts).map(|host| Host::new(seed, host, gpus_of(host), boards.of_rack(host / RACK + 1))).collect();
        let mut sim = Sim { hosts, interval_ms, start: None, last: None };
        for fault in faults {
            sim.script(&fault)?;
        }
        Ok(sim)
    }

    fn script(&mut self, fault: &Fault) -> Result<(), SourceError> {
        let (count, racks) = (self.hosts.len(), self.hosts.len().div_ceil(RACK));
        let mut found = false;
        for host in self.hosts.iter_mut().filter(|host| host.is_at(&fault.host)) {
            found = true;
            if let Some(gpu) = fault.gpu.filter(|gpu| *gpu >= host.gpus()) {
                let why = format!("{} has GPUs 0 to {}, not {gpu}", host.name, host.gpus() - 1);
                return Err(fault.wrong(&why));
            }
            host.script(&Scripted::new(fault.kind, fault.after_ms, fault.lasts_ms), fault.gpu);
        }
        if found {
            return Ok(());
        }
        let why = format!(
            "no host {:?} among gpu-node-001 to gpu-node-{count:03} (or 1 to {count}), nor a rack among rack-01 to \
             rack-{racks:02} (or rack:1 to rack:{racks})",
            fault.host
        );
        Err(fault.wrong(&why))
    }
}

/// Milliseconds as seconds; more than 24 days count as 24 days.
fn seconds(ms: i64) -> f64 {
    f64::from(i32::try_from(ms.max(0)).unwrap_or(i32::MAX)) / 1000.0
}

impl Source for Sim {
    fn kind(&self) -> &'static str {
        "sim"
    }

    fn due(&self) -> Due {
        Due::Tick
    }

    fn read(&mut self, now: Time, out: &mut Vec<Reading>) -> Result<(), SourceError> {
        let start = *self.start.get_or_insert(now);
        let since = self.last.map_or(self.interval_ms, |last| now.since(last));
        self.last = Some(now);
        let tick = Tick { now, start, seconds: seconds(since), interval_ms: self.interval_ms };
        for host in &mut self.hosts {
            host.tick(tick, out);
        }
        Ok(())
    }

    fn hosts(&self) -> Vec<HostReport> {
        self.hosts.iter().filter_map(Host::report).collect()
    }
}
