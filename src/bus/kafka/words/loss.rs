//! When to say that the cluster is lost, and that it is back, where no call fails that would say it.
//!
//! An idle member is told of a loss by callbacks only. What is handed up as an error is said by who tries again
//! (`pipeline::retry`), so it is not said here, too. Instants come in.

use std::time::{Duration, Instant};

/// A shorter loss is not worth a line (J): a broker that restarts comes back within it.
const GRACE: Duration = Duration::from_secs(3);
/// Not more often than this.
const SAY_AGAIN: Duration = Duration::from_mins(1);
/// While no broker answers a client that is polled hears of it several times a second; after a silence as long as this it
/// is another loss.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a bus counts as new from its first answer on (J): a stage has joined and published within it.
const START: Duration = Duration::from_mins(1);

/// Whether the cluster answers, and what was said of it.
#[derive(Debug, Default)]
pub(super) struct Loss {
    /// When it first answered.
    met: Option<Instant>,
    /// Since when no broker answers.
    since: Option<Instant>,
    /// When that was last heard.
    heard: Option<Instant>,
    /// When it was last said, here or by an error that was handed up.
    said: Option<Instant>,
    /// Whether this loss was said here.
    announced: bool,
}

impl Loss {
    /// No broker answers. Returns since how long, where it is to be said now.
    pub(super) fn down(&mut self, now: Instant) -> Option<Duration> {
        // Who never met the cluster has not lost it: whoever is waiting for it says so.
        self.met?;
        let silent = self.heard.replace(now).is_none_or(|heard| now.saturating_duration_since(heard) > SILENCE);
        if silent {
            self.since = None;
        }
        let lasted = now.saturating_duration_since(*self.since.get_or_insert(now));
        let due = self.said.is_none_or(|said| now.saturating_duration_since(said) >= SAY_AGAIN);
        if lasted < GRACE || !due {
            return None;
        }
        self.said = Some(now);
        self.announced = true;
        Some(lasted)
    }

    /// An error was handed up, and is said by who gets it.
    pub(super) fn told(&mut self, now: Instant) {
        self.said = Some(now);
    }

    /// A broker answers. Returns how long none did, where that had been said here.
    pub(super) fn well(&mut self, now: Instant) -> Option<Duration> {
        self.met.get_or_insert(now);
        let since = self.since.take()?;
        let announced = std::mem::take(&mut self.announced);
        announced.then(|| now.saturating_duration_since(since))
    }

    /// Whether the cluster has answered yet.
    pub(super) fn met(&self) -> bool {
        self.met.is_some()
    }

    /// Whether a met cluster does not answer.
    pub(super) fn lost(&self) -> bool {
        self.since.is_some()
    }

    /// Whether the bus is new: it met the cluster not long ago, or not yet.
    pub(super) fn young(&self, now: Instant) -> bool {
        self.met.is_none_or(|met| now.saturating_duration_since(met) < START)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_loss_is_said_once_and_then_once_a_minute_and_its_end_with_how_long() {
        let (start, mut loss) = (start(), Loss::default());
        assert_eq!(loss.well(start), None);
        assert_eq!(loss.down(after(start, 10)), None, "not before the grace is over");
        assert_eq!(loss.down(after(start, 13)), Some(Duration::from_secs(3)));
        assert_eq!(loss.down(after(start, 20)), None, "said already");
        assert_eq!(loss.down(after(start, 50)), None, "said already");
        assert_eq!(loss.down(after(start, 73)), Some(Duration::from_secs(63)));
        assert_eq!(loss.well(after(start, 80)), Some(Duration::from_secs(70)));
        assert_eq!(loss.well(after(start, 81)), None, "it is back once");
    }

    #[test]
    fn a_loss_that_nobody_saw_the_end_of_is_not_counted_on() {
        let (start, mut loss) = (start(), Loss::default());
        loss.well(start);
        loss.down(after(start, 1));
        assert_eq!(loss.down(after(start, 3600)), None, "another loss");
        assert_eq!(loss.down(after(start, 3604)), Some(Duration::from_secs(4)));
    }

    #[test]
    fn what_flaps_is_not_said_more_often() {
        let (start, mut loss) = (start(), Loss::default());
        loss.well(start);
        loss.down(start);
        assert!(loss.down(after(start, 5)).is_some());
        loss.well(after(start, 6));
        loss.down(after(start, 7));
        assert_eq!(loss.down(after(start, 15)), None, "a minute is not over");
        assert_eq!(loss.well(after(start, 16)), None, "what was not said lost is not said back");
    }

    #[test]
    fn an_error_that_is_handed_up_says_it() {
        let (start, mut loss) = (start(), Loss::default());
        loss.well(start);
        loss.down(after(start, 1));
        loss.told(after(start, 2));
        assert_eq!(loss.down(after(start, 10)), None);
        assert_eq!(loss.well(after(start, 12)), None);
    }

    #[test]
    fn a_cluster_that_never_answered_is_not_lost() {
        let (start, mut loss) = (start(), Loss::default());
        assert_eq!(loss.down(start), None);
        assert_eq!(loss.down(after(start, 100)), None);
        assert!(loss.young(after(start, 1000)) && !loss.met());
        loss.well(after(start, 1000));
        assert!(loss.young(after(start, 1059)) && !loss.young(after(start, 1060)));
    }
}
