//! Endpoints: things that are read by calls that block and may hang, such as a host engine, an exporter's page, a driver.
//!
//! An [`Endpoint`] is driven by a thread of its own ([`super::endpoints`]), so that it may block without holding up the
//! others; what it cannot end by itself, its [`Breaker`] ends from another thread. It never asks the time.

use std::sync::Arc;
use std::time::Duration;

use super::{HostReport, Reading, SourceError};
use crate::event::Time;

/// What an endpoint gave at a tick.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Taken {
    /// Its samples, in the order of delivery.
    pub readings: Vec<Reading>,
    /// The hosts it speaks for, with how many GPUs were seen on each and `ok` or what is wrong there.
    pub hosts: Vec<HostReport>,
}

/// Why an endpoint could not be read, in one line without the endpoint's name: `connection refused`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Trouble {
    /// What happened.
    pub why: String,
    /// What to do about it, where there is something.
    pub hint: Option<String>,
}

impl Trouble {
    /// Trouble in one line.
    #[must_use]
    pub fn new(why: impl Into<String>) -> Trouble {
        Trouble { why: why.into(), hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Trouble {
        self.hint = Some(hint.into());
        self
    }

    /// The same as the error of the source at `place`.
    #[must_use]
    pub fn of(self, place: String) -> SourceError {
        SourceError::Unreachable { source_name: place, why: self.why, hint: self.hint }
    }
}

/// Something that is read by calls that block.
pub trait Endpoint: Send {
    /// Reads it at the tick `now`: connects where it is not connected, and gives what it has. May block.
    ///
    /// # Errors
    /// Where nothing could be read. The next call tries again: at once, or after a pause of the endpoint's own.
    fn read(&mut self, now: Time) -> Result<Taken, Trouble>;

    /// What it turned out to be read by, as URLs name it, where its own URL leaves that open.
    fn kind(&self) -> Option<&'static str> {
        None
    }

    /// How often it wants [`Endpoint::glance`] between ticks, where it does.
    fn between(&self) -> Option<Duration> {
        None
    }

    /// Reads what is wanted more often than ticks come, such as profiling values to be averaged. May block.
    fn glance(&mut self) {}

    /// What ends a call of it that hangs.
    fn breaker(&self) -> Arc<dyn Breaker> {
        Arc::new(Unbreakable)
    }
}

/// Ends the call in which an endpoint hangs, from another thread; returns at once.
pub trait Breaker: Send + Sync {
    /// Makes the running call fail, where there is one that can be made to.
    fn trip(&self);
}

/// For endpoints whose calls are bounded by themselves, or cannot be ended.
struct Unbreakable;

impl Breaker for Unbreakable {
    fn trip(&self) {}
}
