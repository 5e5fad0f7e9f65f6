//! How fast a sender may catch up: what is old is sent at a bounded rate, so that a fleet of collectors does not bury the
//! broker that has just come back; what is fresh is never held up.
//!
//! Pure: it is told the time and answers how long to wait.

use std::time::{Duration, Instant};

/// Events a second that a sender may catch up with in any case (J): a day of one host in a quarter of a minute to two.
const FLOOR: f64 = 5_000.0;
/// … or this many times as fast as the spool fills (J): a larger collector is done in a third of the outage.
const TIMES: f64 = 4.0;
/// Seconds over which the filling is averaged (J): several ticks of the usual interval.
const AVERAGED: f64 = 60.0;

/// How fast the spool fills: an average that forgets.
#[derive(Debug, Default)]
pub(super) struct Fill {
    rate: f64,
    at: Option<Instant>,
}

impl Fill {
    /// Notes events that were put into the spool.
    pub(super) fn add(&mut self, events: usize, now: Instant) {
        self.rate = self.rate(now) + number(events) / AVERAGED;
        self.at = Some(now);
    }

    /// Events a second.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        let passed = self.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.rate * (-passed / AVERAGED).exp()
    }
}

/// Events a second at which old ones may be sent: `wanted`, or what follows from how fast the spool fills.
pub(super) fn allowed(wanted: Option<u32>, fill: f64) -> f64 {
    wanted.map_or_else(|| FLOOR.max(TIMES * fill), |wanted| f64::from(wanted.max(1)))
}

/// When the next old events may go.
#[derive(Debug, Default)]
pub(super) struct Pace {
    free: Option<Instant>,
}

impl Pace {
    /// How long to wait before `old` events are sent, which count from then on.
    pub(super) fn take(&mut self, old: usize, rate: f64, now: Instant) -> Duration {
        if old == 0 {
            return Duration::ZERO;
        }
        // What was not used in the past is gone: after a pause, too, the rate is kept from one send to the next.
        let begin = self.free.map_or(now, |free| free.max(now));
        let took = Duration::try_from_secs_f64(number(old) / rate).unwrap_or(Duration::from_secs(1));
        self.free = Some(begin + took);
        begin.saturating_duration_since(now)
    }
}

/// A count in calculations.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::clock::monotonic;

    #[test]
    fn old_events_go_at_the_rate_and_fresh_ones_at_once() {
        let (mut pace, start) = (Pace::default(), monotonic());
        let mut now = start;
        let mut sent = 0;
        for _ in 0..100 {
            assert_eq!(pace.take(0, 1000.0, now), Duration::ZERO, "what is fresh waits for nothing");
            now += pace.take(250, 1000.0, now);
            sent += 250;
        }
        let took = now.duration_since(start).as_secs_f64();
        assert!((f64::from(sent - 250) / took - 1000.0).abs() < 1.0, "{sent} in {took} s");
        // A pause saves nothing up.
        now += Duration::from_mins(10);
        assert_eq!(pace.take(1000, 1000.0, now), Duration::ZERO);
        assert_eq!(pace.take(1, 1000.0, now), Duration::from_secs(1));
    }

    #[test]
    fn the_rate_follows_how_fast_the_spool_fills() {
        let (mut fill, start) = (Fill::default(), monotonic());
        assert!((allowed(None, fill.rate(start)) - 5_000.0).abs() < 1e-9);
        // 40,000 events every ten seconds for ten minutes.
        for tick in 0..60 {
            fill.add(40_000, start + Duration::from_secs(10) * tick);
        }
        let now = start + Duration::from_secs(595);
        let rate = fill.rate(now);
        assert!((3_600.0..4_400.0).contains(&rate), "{rate}");
        assert!(allowed(None, rate) > 14_000.0);
        assert!((allowed(Some(70), rate) - 70.0).abs() < 1e-9, "what the user says wins");
        // Ten minutes of nothing.
        assert!(fill.rate(now + Duration::from_mins(10)) < 1.0);
    }
}
