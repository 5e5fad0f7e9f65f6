//! How long to wait before an engine is tried again: doubling, with a jitter that is each engine's own.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::super::place::Place;
use crate::event::Time;
use crate::event::time::{MINUTE, SECOND};

/// The first pause and the longest.
const PAUSE: (i64, i64) = (SECOND, MINUTE);
/// A pause is up to this much shorter or longer, in parts of 1000.
const JITTER: i64 = 250;

/// The pauses of one engine.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
    /// From when and until when nothing is tried.
    rests: Option<Range<Time>>,
}

impl Backoff {
    /// Whether it is too early to try. A clock that was set back, to before the last attempt, says nothing of that.
    pub(super) fn waits(&self, now: Time) -> bool {
        self.rests.as_ref().is_some_and(|rests| rests.contains(&now))
    }

    /// An attempt at `now` failed.
    pub(super) fn failed(&mut self, place: &Place, now: Time) {
        self.rests = Some(now..now.plus(pause(place, self.attempts)));
        self.attempts = self.attempts.saturating_add(1);
    }

    /// It answers.
    pub(super) fn reset(&mut self) {
        *self = Backoff::default();
    }
}

/// The pause after so many failures before this one, ms.
fn pause(place: &Place, attempt: u32) -> i64 {
    let (first, most) = PAUSE;
    let plain = first.saturating_mul(1_i64 << attempt.min(16)).min(most);
    let mut hasher = DefaultHasher::new();
    (place, attempt).hash(&mut hasher);
    let spread = i64::try_from(hasher.finish() % 1000).unwrap_or_default();
    plain + plain * JITTER * (2 * spread - 1000) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_engines_do_not_march_in_step() {
        let place: Place = "dcgm://n1".parse().unwrap();
        for (attempt, plain) in [(0, 1000), (1, 2000), (5, 32_000), (6, 60_000), (60, 60_000)] {
            let pause = pause(&place, attempt);
            assert!((plain * 3 / 4..=plain * 5 / 4).contains(&pause), "{attempt}: {pause}");
        }
        let all: std::collections::BTreeSet<i64> =
            (0..50).map(|n| pause(&format!("dcgm://n{n}").parse().unwrap(), 6)).collect();
        assert!(all.len() > 40, "fifty engines, {} pauses", all.len());
    }

    #[test]
    fn nothing_is_tried_before_the_pause_is_over() {
        let place: Place = "dcgm://n1".parse().unwrap();
        let mut backoff = Backoff::default();
        assert!(!backoff.waits(Time(0)));
        backoff.failed(&place, Time(0));
        assert!(backoff.waits(Time(700)) && !backoff.waits(Time(1300)));
        assert!(!backoff.waits(Time(-1)), "the clock was set back");
        backoff.reset();
        assert!(!backoff.waits(Time(0)));
    }
}
