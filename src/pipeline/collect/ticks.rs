//! When the collect loop ticks: on the clock's multiples of the interval, whatever is done to the clock meanwhile.
//!
//! A clock is corrected, and this must neither silence a collector nor make it tell of losses. One that was set back leaves
//! the next tick far ahead: it is chosen anew. One that was set forward passes over ticks that never were: what was missed is
//! counted by how long it really took. Another interval counts at once, and the tick
//! that was waited for is not put off by a longer one. Asks no clock but the one it is given, and the monotonic one.

use std::time::Instant;

use super::Collected;
use crate::event::Time;
use crate::pace::Pace;
use crate::pipeline::Clock;
use crate::pipeline::clock::monotonic;

/// The schedule of a loop.
#[derive(Debug)]
pub(super) struct Ticks {
    pace: Pace,
    /// What it was when the next tick was chosen.
    interval_ms: i64,
    next: Option<Time>,
    /// Whether `next` follows from what the clock showed, and is not what the operator wished.
    followed: bool,
    /// When the newest tick was read, before the first: when the loop began.
    read: Instant,
    any: bool,
    /// The newest tick.
    newest: Option<Time>,
    /// Whether `next` is still one of the interval before this one.
    aside: bool,
}

impl Ticks {
    /// Ticks from `first` on, else from the clock's next multiple.
    pub(super) fn new(first: Option<Time>, pace: Pace) -> Ticks {
        let (interval_ms, followed) = (pace.ms(), first.is_none());
        Ticks { pace, interval_ms, next: first, followed, read: monotonic(), any: false, newest: None, aside: false }
    }

    /// The next tick.
    pub(super) fn due(&mut self, clock: &Clock) -> Time {
        *self.next.get_or_insert_with(|| {
            let due = clock.now().plus(self.interval_ms - 1).floor(self.interval_ms);
            if self.newest == Some(due) { due.plus(self.interval_ms) } else { due }
        })
    }

    /// Whether a clock that shows `now` must have been set back since `due` was chosen. Less than an interval is waited for:
    /// no tick comes twice.
    pub(super) fn is_lost(&self, due: Time, now: Time) -> bool {
        self.followed && due.since(now) > self.interval_ms.saturating_mul(2)
    }

    /// Whether ticks come at another interval by now. A first tick that was asked for is waited for.
    pub(super) fn is_changed(&self) -> bool {
        self.followed && self.pace.ms() != self.interval_ms
    }

    /// Goes on at the interval that ticks come at now. The tick that was waited for stays where it is the earlier one: its samples
    /// tell everybody how long the next may take.
    pub(super) fn follow(&mut self, clock: &Clock) {
        self.interval_ms = self.pace.ms();
        if let Some(before) = self.next.take() {
            let due = self.due(clock);
            (self.next, self.aside) = (Some(due.min(before)), before < due);
        }
    }

    /// Chooses the next tick anew.
    pub(super) fn again(&mut self, clock: &Clock) {
        if let Some(lost) = self.next.take() {
            let due = self.due(clock);
            let seconds = lost.since(due) / 1000;
            tracing::warn!("the clock was set back by about {seconds} s: ticks go on from {due}");
        }
    }

    /// The tick that is read now: the newest multiple that has come. Those before it since `due` were missed.
    pub(super) fn read(&mut self, due: Time, clock: &Clock, done: &mut Collected) -> Time {
        let at = if clock.is_driven() { due } else { clock.now().floor(self.interval_ms).max(due) };
        let now = monotonic();
        let took = clock.lasts(now.saturating_duration_since(self.read));
        let took = if self.any { took } else { took.saturating_add(self.interval_ms) };
        done.missed += missed(at.since(due), took, self.interval_ms);
        done.ticks += 1;
        let from = if std::mem::take(&mut self.aside) { at.floor(self.interval_ms) } else { at };
        (self.next, self.newest) = (Some(from.plus(self.interval_ms)), Some(at));
        (self.followed, self.read, self.any) = (true, now, true);
        at
    }
}

/// How many ticks were passed over where the clock shows `over` ms more than it should, `took` ms after the tick before.
fn missed(over: i64, took: i64, interval_ms: i64) -> u64 {
    let by_clock = over.checked_div(interval_ms).unwrap_or_default();
    // One tick may be read as late as the next one is due, so this is what they can be apart at most.
    let most = took.saturating_add(interval_ms - 1).checked_div(interval_ms).unwrap_or_default() - 1;
    let count = if by_clock <= most {
        by_clock
    } else {
        took.saturating_add(interval_ms / 2).checked_div(interval_ms).unwrap_or_default() - 1
    };
    u64::try_from(count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_counted_by_how_long_it_took() {
        // A stall of 35 s and a bit, read early or late in its interval.
        for took in [39_900, 40_000, 40_900] {
            assert_eq!(missed(30_000, took, 10_000), 3, "{took}");
        }
        assert_eq!(missed(0, 10_000, 10_000), 0);
        // Ten minutes forward, and nothing was missed; then with a stall in it.
        assert_eq!(missed(600_000, 10_200, 10_000), 0);
        assert_eq!(missed(630_000, 40_000, 10_000), 3);
    }

    #[test]
    fn a_longer_interval_puts_off_no_tick_and_a_shorter_one_begins_at_once() {
        let (clock, pace) = (Clock::driven(Time(1500)), Pace::from(1000));
        let (mut ticks, mut done) = (Ticks::new(None, pace.clone()), Collected::default());
        assert!(ticks.due(&clock) == Time(2000) && !ticks.is_changed());
        pace.set(3_600_000);
        assert!(ticks.is_changed());
        ticks.follow(&clock);
        assert!(!ticks.is_changed());
        assert_eq!(ticks.due(&clock), Time(2000));
        clock.advance(Time(2000));
        assert_eq!(ticks.read(Time(2000), &clock, &mut done), Time(2000));
        assert_eq!(ticks.due(&clock), Time(3_600_000));
        // The tick that was just read comes no second time.
        pace.set(500);
        ticks.follow(&clock);
        assert_eq!(ticks.due(&clock), Time(2500));
        assert_eq!((done.ticks, done.missed), (1, 0));
    }

    #[test]
    fn a_clock_that_was_set_back_is_known_and_a_first_tick_may_be_far() {
        let clock = Clock::driven(Time(1_000));
        let mut ticks = Ticks::new(None, 500.into());
        let due = ticks.due(&clock);
        assert_eq!(due, Time(1_000));
        assert_eq!(ticks.read(due, &clock, &mut Collected::default()), due);
        let due = ticks.due(&clock);
        assert!(!ticks.is_lost(due, Time(600)), "less than an interval: the tick would come twice");
        assert!(ticks.is_lost(due, Time(400)));
        assert!(!Ticks::new(Some(Time(1 << 40)), 500.into()).is_lost(Time(1 << 40), Time(0)), "it was asked for");
    }
}
