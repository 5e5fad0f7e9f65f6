//! Sources: where samples come from. Adapters implement [`Source`]; the collect loop in `pipeline` drives them.
//!
//! A source says when it wants to be read next and is read then; it never asks what time it is. What is read by calls that
//! may hang is an [`endpoint`], which [`endpoints`] waits for within a bound.
//! It knows neither bus nor store.

pub mod auto;
pub mod dcgm;
pub mod endpoint;
pub mod endpoints;
pub mod exporter;
pub mod identity;
pub mod nvml;
pub mod place;
pub mod replay;
pub mod sim;
mod told;

use std::time::{Duration, Instant};

use crate::event::{Event, Time};
use crate::pace::Pace;

/// What can go wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It was described wrongly: a person must act.
    #[error("{0}")]
    Usage(String),
    /// A file that cannot be read, or is none of the formats.
    #[error("{file}: {why}")]
    File {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something that is read by calls could not be reached.
    #[error("{source_name}: {why}")]
    Unreachable {
        /// Its URL.
        source_name: String,
        /// What happened.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// The age from which a value is stale, by its period: 2.5 of them (facts/dcgm.md section 5).
fn stale_ms(period_ms: i64) -> i64 {
    period_ms.saturating_mul(5) / 2
}

/// How long a tick waits for an answer at most, however long the interval.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a tick waits for an answer: half the interval, within [`PATIENCE`].
fn patience(pace: &Pace) -> Duration {
    (pace.duration() / 2).min(PATIENCE)
}

/// How long ago something began, ms.
fn elapsed_ms(begun: Instant) -> i64 {
    i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX)
}

/// One thing read: an event to encode, or bytes that are passed on as they are.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// An event the source made.
    Event(Box<Event<'static>>),
    /// A line of a recording of events, or one that could not be understood: validation judges it.
    Line {
        /// The key to publish it under; empty where none could be found.
        key: String,
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether it is a collector's report and not a sample.
        report: bool,
    },
}

/// What an event takes of memory and on the bus, roughly: the seed's, with the additive fields.
const EVENT_BYTES: usize = 2048;

impl Reading {
    /// What it takes of memory, roughly, in bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Reading::Event(_) => EVENT_BYTES,
            Reading::Line { key, bytes, .. } => key.len() + bytes.len(),
        }
    }
}

/// When a source wants to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// At every multiple of the interval.
    Tick,
    /// At this instant: the next reading of a recording was taken then.
    At(Time),
    /// Never again.
    End,
}

/// One GPU host as the source sees it, for its collector's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostReport {
    /// Host name.
    pub hostname: String,
    /// Its cluster, rack and data centre, where known.
    pub place: [Option<String>; 3],
    /// GPUs read at the last tick.
    pub seen: i64,
    /// Ticks at which this host alone was not read.
    pub missed: u64,
    /// GPUs the host should have, where known.
    pub expected: Option<i64>,
    /// Whether the name is a guess from where it is read, until that says whose it is: nothing is published under it, for such
    /// a host may not exist.
    pub guessed: bool,
    /// `ok`, or what is wrong.
    pub state: String,
    /// What it is read by, where that is known better than from the source as a whole: `dcgm` of `auto`, or of several.
    pub kind: Option<&'static str>,
}

/// Something samples are read from.
pub trait Source: Send {
    /// Its kind, as URLs name it.
    fn kind(&self) -> &'static str;

    /// When it wants to be read next.
    fn due(&self) -> Due;

    /// Reads everything that is due at `now`, in the order of delivery.
    ///
    /// # Errors
    /// Where the source failed as a whole; what fails for one GPU is a reading without values.
    fn read(&mut self, now: Time, out: &mut Vec<Reading>) -> Result<(), SourceError>;

    /// The next tick is waited for, and it is `now`: called often meanwhile, and must not block.
    fn idle(&mut self, _now: Time) {}

    /// The hosts it reads, for their reports; empty for recordings, which carry their own.
    fn hosts(&self) -> Vec<HostReport> {
        Vec::new()
    }

    /// Whether a restart of the process could not help: not so where every call it makes has hung for long.
    fn turns(&self) -> bool {
        true
    }

    /// What could not be understood so far, to be said in the end: lines of a file, with their numbers.
    fn complaints(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// How far through a recording it is, 0 to 1.
    fn progress(&self) -> Option<f64> {
        None
    }
}
