//! The last 32 accepted times of one GPU, in order of arrival.
//!
//! 32 because a sender that is killed repeats at most what it had not seen acknowledged, which for a GPU may be 16 events;
//! so a repeat lies within it with room to spare. (On the embedded log a send is one act and nothing is repeated.)
//! Doubling it doubles the state of every GPU for nothing.

use serde::{Deserialize, Serialize};

use crate::event::Time;

/// How many times are kept.
const KEPT: usize = 32;

/// A ring of accepted times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// The newest time ever accepted: what is newer cannot be a repeat, which spares nearly every scan.
    newest: i64,
    /// How many were accepted.
    accepted: u64,
    ring: [i64; KEPT],
}

impl Default for Recent {
    fn default() -> Self {
        Recent { newest: i64::MIN, accepted: 0, ring: [i64::MIN; KEPT] }
    }
}

impl Recent {
    /// Accepts a time unless it is among the last 32 accepted ones.
    pub fn accept(&mut self, time: Time) -> bool {
        let time = time.ms();
        if time <= self.newest && self.ring.contains(&time) {
            return false;
        }
        self.newest = self.newest.max(time);
        let at = usize::try_from(self.accepted % KEPT as u64).unwrap_or_default();
        if let Some(slot) = self.ring.get_mut(at) {
            *slot = time;
        }
        self.accepted += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_among_the_last_32_is_refused_in_any_order() {
        let mut recent = Recent::default();
        for time in [10, 30, 20] {
            assert!(recent.accept(Time(time)));
        }
        for time in [20, 10, 30] {
            assert!(!recent.accept(Time(time)));
        }
    }

    #[test]
    fn an_older_repeat_passes() {
        let mut recent = Recent::default();
        for time in 0..=32 {
            assert!(recent.accept(Time(time)));
        }
        assert!(recent.accept(Time(0)), "32 newer ones were accepted since");
        assert!(!recent.accept(Time(2)));
    }
}
