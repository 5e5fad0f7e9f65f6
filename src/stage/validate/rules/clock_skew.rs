//! Clocks that run ahead: an event from the future would hold its GPU's windows open and drop what follows.

use super::{Problem, Rule, Subject, problem};
use crate::event::time::MINUTE;
use crate::event::{Body, Time};

/// How far an event may be ahead of its arrival. Less would refuse hosts without NTP; more would let one host's clock
/// keep a GPU's minutes open for as long.
const AHEAD: i64 = 5 * MINUTE;

/// Accepts any past and at most five minutes of future.
pub(super) struct ClockSkew;

impl Rule for ClockSkew {
    fn id(&self) -> &'static str {
        "clock_skew"
    }

    fn refuses(&self) -> &'static str {
        "a timestamp or an XID's time more than 5 minutes ahead of its arrival on the bus, or before 1970"
    }

    fn check(&self, subject: &Subject<'_>, problems: &mut Vec<Problem>) {
        let mut hold = |field: &str, time: Time| {
            if time.since(subject.arrived) > AHEAD {
                problems.push(problem(self, field, time.to_string(), "is more than 5 minutes ahead of its arrival"));
            } else if time.ms() < 0 {
                problems.push(problem(self, field, time.to_string(), "is before 1970"));
            }
        };
        if let Some(time) = subject.event.time {
            hold("timestamp", time);
        }
        // Alerts begin at an XID's own time. One that is wrong is enough to refuse the event.
        if let Body::Sample(_, _, xids) = &subject.event.body
            && let Some(wrong) = xids.iter().find(|xid| xid.at.ms() < 0 || xid.at.since(subject.arrived) > AHEAD)
        {
            hold("metrics.errors.xids.at", wrong.at);
        }
    }
}
