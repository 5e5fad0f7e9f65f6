//! Where the collect loop puts its events: the bus, or lines of JSON in a file or on standard output. A bus that can be
//! away is reached through a spool (see `spool`).

use std::io::Write;

use crate::bus::{BusError, Message, Producer};

use super::PipelineError;
use super::pulse::Reach;
use super::retry::Retry;

/// What a sink still has to deliver, and what it has lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes of what waits, as they count towards the sink's bound.
    pub bytes: u64,
    /// Events lost since the start.
    pub dropped: u64,
    /// Events that wait.
    pub waiting: u64,
}

/// Takes what was collected; when it returns, it is kept.
pub trait Sink: Send {
    /// Puts events away, in order.
    ///
    /// # Errors
    /// Where they were not kept.
    fn put(&mut self, messages: Vec<Message>) -> Result<(), PipelineError>;

    /// What waits in it and what it has lost, where it keeps events for later.
    fn backlog(&mut self) -> Option<Backlog> {
        None
    }

    /// How the bus behind it fares, and how many bytes may wait for it, where it keeps events while that is away.
    fn reach(&self) -> Option<(Reach, u64)> {
        None
    }
}

/// The bus.
pub struct BusSink {
    producer: Box<dyn Producer>,
    retry: Retry,
}

impl BusSink {
    /// A sink that publishes, and goes on trying as `retry` says.
    #[must_use]
    pub fn new(producer: Box<dyn Producer>, retry: Retry) -> BusSink {
        BusSink { producer, retry }
    }
}

impl std::fmt::Debug for BusSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BusSink").finish_non_exhaustive()
    }
}

impl Sink for BusSink {
    fn put(&mut self, messages: Vec<Message>) -> Result<(), PipelineError> {
        self.retry.run(|| -> Result<(), BusError> { self.producer.send(&messages) })
    }
}

/// Lines of JSON.
pub struct LinesSink {
    place: String,
    out: Box<dyn Write + Send>,
}

impl LinesSink {
    /// A sink that writes to `out`, which is called `place` in errors.
    #[must_use]
    pub fn new(place: &str, out: Box<dyn Write + Send>) -> LinesSink {
        LinesSink { place: place.to_owned(), out }
    }
}

impl std::fmt::Debug for LinesSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinesSink").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Sink for LinesSink {
    fn put(&mut self, messages: Vec<Message>) -> Result<(), PipelineError> {
        let mut write = || {
            for message in &messages {
                self.out.write_all(&message.value)?;
                self.out.write_all(b"\n")?;
            }
            self.out.flush()
        };
        write().map_err(|why| PipelineError::Sink { place: self.place.clone(), why })
    }
}
