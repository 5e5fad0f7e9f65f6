//! The one place that asks the time. A run has one clock; it may be the wall's, scaled, driven by what is replayed, or
//! driven through a past and scaled from then on.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Flag;
use crate::event::Time;

/// Longest sleep before a flag is looked at again: a stop is noticed within it.
const NAP: Duration = Duration::from_millis(50);

/// A wait that takes so much longer than it should is one by a clock that was set back.
const SLACK: Duration = Duration::from_secs(1);

/// A clock.
#[derive(Debug)]
pub enum Clock {
    /// The wall's.
    Wall,
    /// Runs `speed` times as fast from `from` on.
    Scaled {
        /// When it was started.
        started: Instant,
        /// What it showed then.
        from: Time,
        /// How fast it runs.
        speed: f64,
    },
    /// Shows what it was last set to.
    Driven(AtomicI64),
    /// Driven until it is asked for `from`; from there it runs `speed` times as fast as the wall's.
    Rising {
        /// What it was last set to.
        at: AtomicI64,
        /// When it reached `from`.
        live: OnceLock<Instant>,
        /// Where it starts to run.
        from: Time,
        /// How fast it runs then.
        speed: f64,
    },
}

impl Clock {
    /// A clock that runs `speed` times as fast as the wall's, from `from` on.
    #[must_use]
    pub fn scaled(from: Time, speed: f64) -> Clock {
        Clock::Scaled { started: monotonic(), from, speed }
    }

    /// A clock that stands at `from` until it is advanced.
    #[must_use]
    pub fn driven(from: Time) -> Clock {
        Clock::Driven(AtomicI64::new(from.ms()))
    }

    /// A clock that stands at `past` until it is advanced, and runs `speed` times as fast as the wall's from `from` on.
    #[must_use]
    pub fn rising(past: Time, from: Time, speed: f64) -> Clock {
        Clock::Rising { at: AtomicI64::new(past.ms()), live: OnceLock::new(), from, speed }
    }

    /// Whether it waits for nobody: it is set, and does not run by itself.
    #[must_use]
    pub fn is_driven(&self) -> bool {
        match self {
            Clock::Wall | Clock::Scaled { .. } => false,
            Clock::Driven(_) => true,
            Clock::Rising { live, .. } => live.get().is_none(),
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Time {
        match self {
            Clock::Wall => wall(),
            Clock::Scaled { started, from, speed } => scaled(*started, *from, *speed),
            Clock::Driven(at) => Time(at.load(Ordering::SeqCst)),
            Clock::Rising { at, live, from, speed } => match live.get() {
                Some(started) => scaled(*started, *from, *speed),
                None => Time(at.load(Ordering::SeqCst)),
            },
        }
    }

    /// Sets a driven clock forward; it never goes back. Others go by themselves.
    pub fn advance(&self, to: Time) {
        match self {
            Clock::Driven(at) => {
                at.fetch_max(to.ms(), Ordering::SeqCst);
            }
            Clock::Rising { at, live, from, .. } => {
                at.fetch_max(to.min(*from).ms(), Ordering::SeqCst);
                if to >= *from {
                    live.get_or_init(monotonic);
                }
            }
            Clock::Wall | Clock::Scaled { .. } => {}
        }
    }

    /// How many milliseconds of it real time so long is.
    #[must_use]
    pub fn lasts(&self, real: Duration) -> i64 {
        let speed = match self {
            Clock::Wall | Clock::Driven(_) => 1.0,
            Clock::Scaled { speed, .. } | Clock::Rising { speed, .. } => *speed,
        };
        crate::event::values::whole((real.as_secs_f64() * speed * 1000.0).floor()).unwrap_or(i64::MAX / 4)
    }

    /// Waits until it shows `time`, or `stop` is set; returns whether the time came. A driven clock is set to it. Where the
    /// wall's is set back meanwhile, it waits about as long as it would have without that, and the time counts as come.
    pub fn wait_until(&self, time: Time, stop: &Flag) -> bool {
        if self.is_driven() {
            self.advance(time);
        }
        let speed = match self {
            Clock::Wall => 1.0,
            Clock::Scaled { speed, .. } | Clock::Rising { speed, .. } => *speed,
            Clock::Driven(_) => return !stop.is_set(),
        };
        let (began, mut longest) = (monotonic(), None);
        loop {
            if stop.is_set() {
                return false;
            }
            let left = time.since(self.now());
            let Ok(left @ 1..) = u64::try_from(left) else { return true };
            let real = Duration::from_millis(left).div_f64(speed.max(1e-6));
            if began.elapsed() > *longest.get_or_insert(real.saturating_add(SLACK)) {
                return true;
            }
            std::thread::sleep(real.min(NAP));
        }
    }
}

fn scaled(started: Instant, from: Time, speed: f64) -> Time {
    let passed = monotonic().duration_since(started).as_secs_f64() * speed * 1000.0;
    from.plus(crate::event::values::whole(passed.floor()).unwrap_or(i64::MAX / 4))
}

/// The wall clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the wall clock")]
pub fn wall() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The monotonic clock, for how long things take.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the monotonic clock")]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// Sleeps for `duration` or until `stop` is set; returns whether it slept to the end.
#[must_use]
pub fn nap(duration: Duration, stop: &Flag) -> bool {
    let until = monotonic() + duration;
    loop {
        if stop.is_set() {
            return false;
        }
        let left = until.saturating_duration_since(monotonic());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(NAP));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driven_clock_never_goes_back() {
        let clock = Clock::driven(Time(10));
        clock.advance(Time(20));
        clock.advance(Time(5));
        assert_eq!(clock.now(), Time(20));
        assert!(clock.wait_until(Time(30), &Flag::default()));
        assert_eq!(clock.now(), Time(30));
    }

    #[test]
    fn a_rising_clock_is_driven_through_the_past_and_runs_from_then_on() {
        let clock = Clock::rising(Time(0), Time(1_000), 100_000.0);
        assert!(clock.wait_until(Time(900), &Flag::default()));
        assert_eq!((clock.now(), clock.is_driven()), (Time(900), true));
        assert!(clock.wait_until(Time(2_000), &Flag::default()));
        assert!(!clock.is_driven() && clock.now() >= Time(2_000));
    }

    #[test]
    fn a_stop_ends_waiting() {
        let stop = Flag::default();
        stop.set();
        assert!(!Clock::Wall.wait_until(Time(i64::MAX / 2), &stop));
        assert!(!nap(Duration::from_hours(1), &stop));
    }
}
