//! How long to wait for a broker: monotonic time of the wire, which has nothing to do with the run's clock.

use std::time::{Duration, Instant};

/// How long one question may take: a broker that is busy answers within it; who is told to stop notices it after it.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// The end of a wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    began: Instant,
    length: Duration,
}

impl Deadline {
    /// `length` from now on.
    pub(super) fn after(length: Duration) -> Deadline {
        #[expect(clippy::disallowed_methods, reason = "time-outs of the wire, never what a stage is given")]
        let began = Instant::now();
        Deadline { began, length }
    }

    /// What is left of it; nothing when it is over.
    pub(super) fn left(&self) -> Duration {
        self.length.saturating_sub(self.began.elapsed())
    }

    /// Whether it is over.
    pub(super) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// How long it has run.
    pub(super) fn ran(&self) -> Duration {
        self.began.elapsed()
    }
}
