//! The engine's clock, as its values tell it: `ts` is the engine's time, which may differ from ours by any amount.
//!
//! A value's age is asked of the engine's own clock. That clock shows the newest `ts` of all GPUs whenever it moves, and
//! runs as ours does while nothing moves: so values that no longer come grow old, however the two clocks differ.

use crate::event::Time;

/// What is known of the engine's clock.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// The newest `ts`, ms.
    newest: Option<i64>,
    /// Ours less the engine's, ms.
    skew: i64,
}

impl Clock {
    /// Values were read at `now`, the newest of them of `newest`, ms by the engine's clock.
    pub(super) fn observe(&mut self, now: Time, newest: i64) {
        if self.newest.is_none_or(|before| newest != before) {
            self.newest = Some(newest);
            self.skew = now.ms().saturating_sub(newest);
        }
    }

    /// The newest time known of the engine's clock, µs.
    pub(super) fn newest_us(&self) -> Option<i64> {
        self.newest.map(|newest| newest.saturating_mul(1000))
    }

    /// How old a value is at `now`, ms.
    pub(super) fn age(&self, now: Time, ts: i64) -> i64 {
        now.ms().saturating_sub(self.skew).saturating_sub(ts)
    }

    /// A `ts` by our clock: as it is where the clocks agree within `tolerance`.
    pub(super) fn ours(&self, ts: i64, tolerance: i64) -> Time {
        if self.skew.saturating_abs() <= tolerance { Time(ts) } else { Time(ts.saturating_add(self.skew)) }
    }

    /// When the newest value was read, by our clock, where the clocks agree within `tolerance`; else nothing can be said.
    pub(super) fn collected(&self, tolerance: i64) -> Option<Time> {
        self.newest.filter(|_| self.skew.saturating_abs() <= tolerance).map(Time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_grow_old_by_the_engine_s_clock_only() {
        let mut clock = Clock::default();
        // An hour behind us.
        clock.observe(Time(3_600_000), 0);
        assert_eq!(clock.age(Time(3_600_000), -5000), 5000);
        // It moves on: fresh, whatever the hour.
        clock.observe(Time(3_610_000), 9000);
        assert_eq!(clock.age(Time(3_610_000), 9000), 0);
        // It stands still: all grows old.
        clock.observe(Time(3_640_000), 9000);
        assert_eq!(clock.age(Time(3_640_000), 9000), 30_000);
        // It is set back by an hour and goes on.
        clock.observe(Time(3_650_000), -3_590_000);
        assert_eq!(clock.age(Time(3_650_000), -3_590_000), 0);
    }

    #[test]
    fn times_are_the_engine_s_where_clocks_agree() {
        let mut clock = Clock::default();
        clock.observe(Time(100_000), 97_000);
        assert_eq!(clock.ours(90_000, 25_000), Time(90_000));
        assert_eq!(clock.collected(25_000), Some(Time(97_000)));
        clock.observe(Time(100_000), 0);
        assert_eq!(clock.ours(0, 25_000), Time(100_000));
        assert_eq!(clock.collected(25_000), None);
    }
}
