//! What loops tell of themselves after each turn, for whoever watches the process: a service manager, a page of metrics.
//!
//! A loop says it by the handle it was given, so nothing is counted in globals, and who does not listen costs nothing. It
//! is told by the loop itself and never by a timer: what hangs falls silent. Knows neither systemd nor Prometheus.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::collect::Collected;
use super::runner::Done;
use super::sink::Backlog;
use crate::event::{Event, Rows, Time};

/// How a bus that a spool stands before fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The first try is not over.
    Untried,
    /// The newest events were delivered, or nothing has failed since.
    Up,
    /// It has not answered since then.
    Away(Instant),
}

/// A completed turn of the collect loop.
#[derive(Debug)]
pub struct Tick<'a> {
    /// What was collected so far.
    pub done: &'a Collected,
    /// How long reading and putting away took; `None` where it was no tick, but a batch of a recording.
    pub took: Option<Duration>,
    /// The source's kind.
    pub source: &'static str,
    /// GPUs read, where the source knows its hosts.
    pub gpus: Option<u64>,
    /// What is wrong with the first host that is in trouble, and how many are.
    pub trouble: Option<(String, usize)>,
    /// What waits in the sink.
    pub backlog: Option<Backlog>,
    /// How the bus behind the sink fares, and how many bytes may wait for it, where the sink can.
    pub reach: Option<(Reach, u64)>,
}

/// A completed turn of a stage.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The stage.
    pub stage: &'static str,
    /// The topic it reads.
    pub topic: &'a str,
    /// What it did so far.
    pub done: &'a Done,
    /// Records of this turn.
    pub records: u64,
    /// How long applying, writing and finishing took.
    pub took: Duration,
    /// How long its newest record had been on the bus by then, in milliseconds.
    pub age_ms: Option<i64>,
    /// Records before it, of each partition it owns; `None` where that was not looked at this time.
    pub lags: Option<Vec<(i32, u64)>>,
}

/// Listens to loops. Everything has an answer that does nothing.
pub trait Pulse: Send + Sync {
    /// Whether anybody listens: what costs something to find out is found out only then.
    fn listens(&self) -> bool {
        false
    }

    /// The loop `who` is about to be started: who rests on its first turn waits for it.
    fn expected(&self, who: &'static str) {
        let _ = who;
    }

    /// The loop `who` has completed a turn, a part of a wait, or a try of something that is away.
    fn turned(&self, who: &'static str) {
        let _ = who;
    }

    /// The loop `who` has come to its end; it is not waited for any more.
    fn ended(&self, who: &'static str) {
        let _ = who;
    }

    /// The loop `who` is on its way to its first turn, and not there yet: it has restored a part of what it knew, or waited for
    /// a part of the time until then.
    fn restored(&self, who: &'static str) {
        let _ = who;
    }

    /// What the loops rest on was tried: it answered, or failed as said.
    fn tried(&self, dependency: &'static str, failure: Option<&str>) {
        let _ = (dependency, failure);
    }

    /// What a completed turn of the collect loop did.
    fn collected(&self, tick: &Tick<'_>) {
        let _ = tick;
    }

    /// A sample that was read.
    fn sampled(&self, event: &Event<'_>) {
        let _ = event;
    }

    /// What a completed turn of a stage did.
    fn stepped(&self, turn: &Turn<'_>) {
        let _ = turn;
    }

    /// What a completed pass did, of how many GPUs.
    fn passed(&self, pass: &'static str, gpus: u64, took: Duration) {
        let _ = (pass, gpus, took);
    }

    /// Rows that the store has taken.
    fn stored(&self, rows: &Rows, took: Duration) {
        let _ = (rows, took);
    }
}

/// Listens to nobody.
struct Deaf;

impl Pulse for Deaf {}

/// A loop's handle: who listens, and how the loop is called.
#[derive(Clone)]
pub struct Beats {
    to: Arc<dyn Pulse>,
    who: &'static str,
}

impl Default for Beats {
    fn default() -> Beats {
        Beats { to: Arc::new(Deaf), who: "" }
    }
}

impl std::fmt::Debug for Beats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beats").field("who", &self.who).finish_non_exhaustive()
    }
}

impl std::ops::Deref for Beats {
    type Target = dyn Pulse;

    fn deref(&self) -> &Self::Target {
        &*self.to
    }
}

impl Beats {
    /// The handle of the loop `who`.
    #[must_use]
    pub fn new(to: Arc<dyn Pulse>, who: &'static str) -> Beats {
        Beats { to, who }
    }

    /// The same listener's handle of another loop.
    #[must_use]
    pub fn of(&self, who: &'static str) -> Beats {
        Beats { to: Arc::clone(&self.to), who }
    }

    /// This loop has completed a turn.
    pub fn beat(&self) {
        self.to.turned(self.who);
    }

    /// This loop has come to its end.
    pub fn end(&self) {
        self.to.ended(self.who);
    }

    /// This loop has come a part of its way to its first turn.
    pub fn restore(&self) {
        self.to.restored(self.who);
    }

    /// How long something on the bus since `then` has been there `now`, for a turn.
    #[must_use]
    pub fn age(then: Option<Time>, now: Time) -> Option<i64> {
        then.map(|then| now.since(then).max(0))
    }
}
