//! The engine's clock, as its values tell it: `ts` is the engine's time, which may differ from ours by any amount.
//!
//! A value's age is asked of the engine's own clock. That clock is as far from ours as the value that came soonest showed,
//! and runs as ours does: so values that no longer come grow old, and those that come late are old already, however the
//! two clocks differ and through how many connections they came. A clock that was set back, or goes slower than ours, is
//! followed; values that hang behind are told from that by how little they move.

use crate::event::Time;

/// A clock that falls behind ours is followed by at most this part of what it moved (J): one that was set back by a minute
/// is caught up with after two, and a minute's hang between two values of a second makes half a second.
const FOLLOWS: i64 = 2;

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
        let apart = now.ms().saturating_sub(newest);
        self.skew = match self.newest {
            Some(before) if newest == before => return,
            Some(before) if newest > before => {
                apart.min(self.skew.saturating_add(newest.saturating_sub(before) / FOLLOWS))
            }
            // The first, or it was set back.
            _ => apart,
        };
        self.newest = Some(newest);
    }

    /// The newest time known of the engine's clock, µs.
    pub(super) fn newest_us(&self) -> Option<i64> {
        self.newest.map(|newest| newest.saturating_mul(1000))
    }

    /// How old a value is at `now`, ms.
    pub(super) fn age(&self, now: Time, ts: i64) -> i64 {
        now.ms().saturating_sub(self.skew).saturating_sub(ts)
    }

    /// Whether it goes as ours does, within `tolerance`.
    pub(super) fn agrees(&self, tolerance: i64) -> bool {
        self.skew.saturating_abs() <= tolerance
    }

    /// A `ts` by our clock: as it is where the clocks agree within `tolerance`.
    pub(super) fn ours(&self, ts: i64, tolerance: i64) -> Time {
        if self.agrees(tolerance) { Time(ts) } else { Time(ts.saturating_add(self.skew)) }
    }

    /// When the newest value was read, by our clock, where the clocks agree within `tolerance`; else nothing can be said.
    pub(super) fn collected(&self, tolerance: i64) -> Option<Time> {
        self.newest.filter(|_| self.agrees(tolerance)).map(Time)
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
    fn what_comes_late_is_old() {
        let mut clock = Clock::default();
        clock.observe(Time(100_000), 100_000);
        clock.observe(Time(110_000), 110_000);
        // A minute's hang, and then what was read a second after the last.
        clock.observe(Time(170_000), 111_000);
        assert!(clock.age(Time(170_000), 111_000) > 58_000, "{clock:?}");
        // A fresh one is fresh.
        clock.observe(Time(180_000), 179_000);
        assert!(clock.age(Time(180_000), 179_000) <= 1000, "{clock:?}");
    }

    #[test]
    fn a_clock_that_is_slow_or_was_set_back_a_little_is_followed() {
        let mut clock = Clock::default();
        clock.observe(Time(0), 0);
        // 50 ms in 10 s, for a day.
        for tick in 1..8640 {
            clock.observe(Time(tick * 10_000), tick * 9950);
            assert!(clock.age(Time(tick * 10_000), tick * 9950) <= 0, "{tick}");
        }
        // A minute back, while nobody looked for ten.
        let (now, engine) = (86_400_000 + 600_000, 8640 * 9950 + 540_000);
        clock.observe(Time(now), engine);
        clock.observe(Time(now + 10_000), engine + 10_000);
        assert!(clock.age(Time(now + 10_000), engine + 10_000) < 25_000, "{clock:?}");
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
