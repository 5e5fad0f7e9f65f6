//! What is wrong, said when it begins, once a minute, and when it ends.
//!
//! Pure: it is told the time and answers what is to be said, if anything.

use std::time::{Duration, Instant};

/// How often it is said again (facts/kafka.md section 6).
const SAY_AGAIN: Duration = Duration::from_mins(1);

/// Something that is wrong, or not.
#[derive(Debug, Default)]
pub(super) struct Plight {
    since: Option<Instant>,
    said: Option<Instant>,
}

impl Plight {
    /// It is wrong, and has been since `since`; whether that is to be said now.
    pub(super) fn wrong(&mut self, since: Instant, now: Instant) -> bool {
        self.since.get_or_insert(since);
        let say = self.said.is_none_or(|said| now.saturating_duration_since(said) >= SAY_AGAIN);
        if say {
            self.said = Some(now);
        }
        say
    }

    /// It is well; for how long it was not, where that was said.
    pub(super) fn well(&mut self, now: Instant) -> Option<Duration> {
        let said = self.said.take();
        let since = self.since.take()?;
        said.map(|_| now.saturating_duration_since(since))
    }

    /// Since when it is wrong.
    pub(super) fn since(&self) -> Option<Instant> {
        self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::clock::monotonic;

    #[test]
    fn it_is_said_once_and_then_once_a_minute() {
        let (mut plight, start) = (Plight::default(), monotonic());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(plight.well(start), None);
        let said: Vec<u64> = (0..150).filter(|second| plight.wrong(start, at(*second))).collect();
        assert_eq!(said, [0, 60, 120]);
        assert_eq!(plight.well(at(150)), Some(Duration::from_secs(150)));
        assert_eq!(plight.well(at(151)), None);
        assert!(plight.wrong(at(152), at(152)), "the next time is another one");
    }
}
