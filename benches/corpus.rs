//! The events of all benches: a simulated fleet with a fixed seed, its ticks ten seconds apart.

use gpuhm::event::codec::encode;
use gpuhm::event::{Event, Time};
use gpuhm::source::sim::{Options, Sim};
use gpuhm::source::{Reading, Source};

/// 2026-02-11T00:00:00Z, the start of an hour.
pub(crate) const START: Time = Time(1_770_768_000_000);
/// Between two ticks, ms.
pub(crate) const INTERVAL: i64 = 10_000;
/// GPUs of a host.
const A_HOST: usize = 8;

/// The seed document's own example.
pub(crate) const SEED: &[u8] = include_bytes!("../tests/data/seed-event.json");

/// A fleet that is read tick by tick.
pub(crate) struct Fleet {
    sim: Sim,
    now: Time,
    read: Vec<Reading>,
}

impl Fleet {
    /// A fleet of `gpus`.
    pub(crate) fn new(gpus: usize) -> anyhow::Result<Fleet> {
        let hosts = gpus.div_ceil(A_HOST);
        let sim = Sim::new(Options { gpus, hosts, seed: 42, interval_ms: INTERVAL, faults: Vec::new() })?;
        Ok(Fleet { sim, now: START, read: Vec::new() })
    }

    /// The next tick's instant and events.
    pub(crate) fn tick(&mut self) -> anyhow::Result<(Time, Vec<Event<'static>>)> {
        let now = self.now;
        self.sim.read(now, &mut self.read)?;
        self.now = now.plus(INTERVAL);
        let event = |reading| match reading {
            Reading::Event(event) => Some(*event),
            Reading::Line { .. } => None,
        };
        Ok((now, self.read.drain(..).filter_map(event).collect()))
    }

    /// The next tick's instant and its events as compact JSON.
    pub(crate) fn encoded(&mut self) -> anyhow::Result<(Time, Vec<Vec<u8>>)> {
        let (now, events) = self.tick()?;
        let bytes = |event: &Event<'_>| {
            let mut out = Vec::new();
            encode(event, &mut out);
            out
        };
        Ok((now, events.iter().map(bytes).collect()))
    }
}
