//! How often a loop turns, shared with whoever may change that while it does: SIGHUP, for a service.
//!
//! What depends on it asks each time, and keeps no copy that could go stale. It knows no clock: when turns come is its
//! reader's affair.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// An interval that may be changed; clones share it.
#[derive(Debug, Clone)]
pub struct Pace(Arc<AtomicI64>);

impl Pace {
    /// The interval, in milliseconds; at least one.
    #[must_use]
    pub fn ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The same as a duration.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.ms()).unwrap_or_default())
    }

    /// Sets another interval, in milliseconds, for all that share it.
    pub fn set(&self, ms: i64) {
        self.0.store(ms.max(1), Ordering::Relaxed);
    }
}

impl From<i64> for Pace {
    fn from(ms: i64) -> Pace {
        Pace(Arc::new(AtomicI64::new(ms.max(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_holds_for_all_that_share_it() {
        let pace = Pace::from(10_000);
        let shared = pace.clone();
        pace.set(5000);
        assert_eq!(shared.ms(), 5000);
        assert_eq!(Pace::from(0).ms(), 1, "nothing turns without a pause");
    }
}
