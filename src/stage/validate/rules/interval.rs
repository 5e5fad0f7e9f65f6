//! The source's interval, from which expected counts follow.

use super::{Problem, Rule, Subject, problem};
use crate::event::time::DAY;

/// Accepts 1 ms to one day.
pub(super) struct Interval;

impl Rule for Interval {
    fn id(&self) -> &'static str {
        "interval"
    }

    fn refuses(&self) -> &'static str {
        "a quality.interval_ms outside 1 ms to 1 day"
    }

    fn check(&self, subject: &Subject<'_>, problems: &mut Vec<Problem>) {
        if let Some(interval) = subject.event.quality.interval_ms
            && !(1..=DAY).contains(&interval)
        {
            problems.push(problem(self, "quality.interval_ms", interval.to_string(), "is outside 1 ms to 1 day"));
        }
    }
}
