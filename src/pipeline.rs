//! The pipeline: the one runner that moves records through stages, the collect loop that feeds it, and the clock.
//!
//! Everything that waits, retries or asks the time is here; stages, sources, buses and stores are handed what they need.

pub mod backfill;
pub mod clock;
pub mod collect;
pub mod crew;
pub mod jobs;
pub mod judging;
pub mod moving;
pub mod passes;
pub mod pulse;
pub mod retention;
pub mod retry;
pub mod runner;
pub mod sink;
pub mod spool;
mod unheld;
pub mod whole;

pub use clock::Clock;
pub use collect::Collect;
pub use runner::{Goal, Runner};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::bus::BusError;
use crate::source::SourceError;
use crate::stage::states::Unreadable;
use crate::store::StoreError;

/// A flag that ends a loop: set by a signal, by a deadline, or when an upstream part has ended.
#[derive(Debug, Clone, Default)]
pub struct Flag(Arc<AtomicBool>);

impl Flag {
    /// Sets it.
    pub fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Whether it was set; it no longer is then.
    #[must_use]
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }

    /// The shared flag itself, for signal handlers.
    #[must_use]
    pub fn shared(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

/// What to do where no thread can be had.
pub const MORE_THREADS: &str = "raise TasksMax= of the unit, or ulimit -u";

/// Why a part of the pipeline ended before it was done.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The bus.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A saved state cannot be read.
    #[error("{stage}: {why}")]
    State {
        /// The stage.
        stage: &'static str,
        /// What is wrong.
        why: Unreadable,
    },
    /// Other members of the group are alive, so that not everything can be taken over.
    #[error("{stage}: other members of its group are at work: {}", .members.join(", "))]
    Busy {
        /// The stage.
        stage: &'static str,
        /// The members.
        members: Vec<String>,
    },
    /// A sink that is a file or standard output.
    #[error("writing to {place}")]
    Sink {
        /// Where it was written.
        place: String,
        /// What happened.
        #[source]
        why: std::io::Error,
    },
    /// The broker did not take what was collected in time.
    #[error("{events} events not delivered; kept in spool {place}{why}")]
    Undelivered {
        /// How many.
        events: u64,
        /// The spool's directory.
        place: String,
        /// The broker's failure, behind a colon, where there was one.
        why: String,
    },
    /// A part that needs a thread of its own and gets none.
    #[error("{what}: no thread for it")]
    Threadless {
        /// The part.
        what: &'static str,
        /// What happened.
        #[source]
        why: std::io::Error,
    },
    /// Stopped while it waited for a dependency.
    #[error("stopped while waiting: {0}")]
    Stopped(String),
}
