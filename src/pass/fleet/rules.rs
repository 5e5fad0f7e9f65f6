//! The registry of rules over the fleet. A new rule is a file here and a line in `RULES`.
//!
//! A rule says what it finds now: whom, how bad, since when, and how to say it. What began, rose or ended is told by
//! comparing that with the alerts that fire, by the caller, so that no rule can get it wrong. `since` must come from what
//! is stored, never from `now`, and should stay the same when more arrives: a pass that was killed after publishing states
//! it anew. Knows nothing of identity, silences or stores.

mod collector_dropping;
mod collector_silent;
mod gpu_silent;
mod gpus_missing;
mod health_grade;
mod host_silent;
mod incident;
mod pipeline_silent;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value as Json;

use super::limits::{MOST_LISTED, OUTBREAK};
use crate::event::{Alert, Facts, Health, Severity, Time};
use crate::pass::Now;
use crate::pass::presence::{Presence, RackId};

/// Every rule. What looks at alerts sees those of all that look at the fleet, and comes in the order in which it inhibits.
pub(super) static RULES: [Rule; 8] = [
    gpu_silent::RULE,
    host_silent::RULE,
    collector_silent::RULE,
    collector_dropping::RULE,
    gpus_missing::RULE,
    health_grade::RULE,
    pipeline_silent::RULE,
    incident::RULE,
];

pub(super) use gpu_silent::ID as GPU_SILENT;
pub(super) use health_grade::{ID as HEALTH_GRADE, POINTS};
pub(super) use host_silent::ID as HOST_SILENT;
pub(super) use incident::code;

/// A GPU that fell off the bus: the XID that says what a silent GPU's own alert cannot.
pub(super) const OFF_BUS: i64 = 79;

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its id, in alerts and fingerprints.
    pub(super) id: &'static str,
    /// Unit of value and threshold; empty where there is none.
    pub(super) unit: &'static str,
    /// Whether it is about absence: without the right to judge that, its alerts neither begin nor end.
    pub(super) absence: bool,
    /// What it looks at.
    pub(super) judge: Judge,
    /// What to do once it has ended.
    pub(super) after: &'static str,
}

/// What a rule looks at.
#[derive(Debug)]
pub(super) enum Judge {
    /// The fleet.
    Fleet(for<'a> fn(&World<'a>) -> Vec<Finding<'a>>),
    /// Alerts that fire.
    Alerts(for<'a> fn(&World<'a>, &Heard<'a>) -> Vec<Finding<'a>>),
}

/// The alerts that fire, as rules on alerts see them.
#[derive(Debug)]
pub(super) struct Heard<'a> {
    /// All of them: what keeps going what they began.
    pub(super) all: Vec<&'a Alert>,
    /// Those that are not silenced: what something may begin with.
    pub(super) loud: Vec<&'a Alert>,
}

/// The fleet as rules see it.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub(super) presence: Presence<'a>,
    pub(super) healths: HashMap<&'a str, &'a Health>,
    /// Alerts that fired before this pass, by fingerprint.
    pub(super) open: HashMap<&'a str, &'a Alert>,
    /// The instant of the pass, for how long something is silent by now; and what may be concluded.
    pub(super) now: Time,
    pub(super) absence: bool,
    pub(super) stalled: bool,
}

/// Whom an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject<'a> {
    /// The GPU at this place in the facts.
    Gpu(usize),
    /// The host.
    Host(&'a str),
    /// The rack.
    Rack(RackId<'a>),
    /// All of it.
    Fleet,
}

/// What a rule finds of a subject. What it finds nothing of is well.
#[derive(Debug)]
pub(super) struct Finding<'a> {
    pub(super) subject: Subject<'a>,
    /// What tells it from others of the rule on the subject; may be empty.
    pub(super) qualifier: String,
    /// What is the matter; `None` where it cannot tell: then nothing begins, and what fires goes on.
    pub(super) case: Option<Case>,
    /// The `alert_id`s of what it inhibits.
    pub(super) inhibits: Vec<String>,
}

/// What is the matter.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) severity: Severity,
    /// From what is stored; an alert that fires already keeps its own.
    pub(super) since: Time,
    pub(super) value: Option<f64>,
    pub(super) threshold: Option<f64>,
    /// One line, without whom it is about.
    pub(super) what: String,
    /// What to do.
    pub(super) action: String,
    pub(super) evidence: BTreeMap<String, Json>,
}

impl<'a> World<'a> {
    pub(super) fn new(facts: &'a Facts, healths: &'a [Health], now: Now) -> World<'a> {
        World {
            presence: Presence::new(facts),
            healths: healths.iter().map(|health| (health.gpu_uuid.as_str(), health)).collect(),
            // Of two with one fingerprint the one that began first stands; facts have those that began last first or last.
            open: facts.alerts.iter().fold(HashMap::new(), |mut open, alert| {
                let one = open.entry(alert.fingerprint.as_str()).or_insert(alert);
                if alert.since < one.since {
                    *one = alert;
                }
                open
            }),
            now: now.at,
            absence: now.absence,
            stalled: now.stalled,
        }
    }

    /// The alert of a rule on a subject that fired before this pass.
    pub(super) fn open(&self, rule: &str, subject: Subject<'_>, qualifier: &str) -> Option<&'a Alert> {
        let print = super::say::print(&self.presence, rule, subject, qualifier);
        self.open.get(print.as_str()).copied()
    }
}

impl<'a> Finding<'a> {
    /// Something is the matter.
    fn fire(subject: Subject<'a>, case: Case) -> Finding<'a> {
        Finding { subject, qualifier: String::new(), case: Some(case), inhibits: Vec::new() }
    }

    /// It cannot be told.
    fn hold(subject: Subject<'a>) -> Finding<'a> {
        Finding { subject, qualifier: String::new(), case: None, inhibits: Vec::new() }
    }
}

/// Since when at least `needed` of what began at these instants have been so: since the outbreak began that made them as
/// many, to the minute.
///
/// Not since the earliest: that one may have been so for a week, and what ends and comes again would have its old id. Nor
/// since the one that made it enough: another that is found a moment later may have begun a moment before.
fn outbreak(mut begins: Vec<Time>, needed: usize) -> Option<Time> {
    begins.sort_unstable();
    begins.truncate(needed);
    let mut backwards = begins.into_iter().rev();
    let mut first = backwards.next()?;
    for begin in backwards {
        if first.since(begin) > OUTBREAK {
            break;
        }
        first = begin;
    }
    Some(first.floor(crate::event::time::MINUTE))
}

/// Evidence by name.
fn evidence<const N: usize>(named: [(&str, Json); N]) -> BTreeMap<String, Json> {
    named.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Names for evidence, in order, as many as an event may hold.
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> Json {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(MOST_LISTED);
    names.into()
}

/// Milliseconds as seconds.
fn seconds(ms: i64) -> f64 {
    crate::event::Value::Int(ms).real() / 1000.0
}

/// A count as a number.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// Milliseconds for people: `40 s`, `12 min`, `5 h`.
fn span(ms: i64) -> String {
    use crate::event::time::{DAY, HOUR, MINUTE, SECOND};
    let (unit, word) =
        [(DAY, "d"), (HOUR, "h"), (MINUTE, "min")].into_iter().find(|(unit, _)| ms >= *unit).unwrap_or((SECOND, "s"));
    format!("{} {word}", ms / unit)
}

/// The clock time of an instant for people, to the minute; with its day where that is not `now`'s.
fn clock(at: Time, now: Time) -> String {
    let text = at.to_string();
    let day = |time: Time| time.floor(crate::event::time::DAY);
    let from = if day(at) == day(now) { 11 } else { 0 };
    text.get(from..16).map_or_else(|| text.clone(), |short| format!("{}Z", short.replace('T', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::time::DAY;

    #[test]
    fn ids_are_unique_and_fit_a_fingerprint() {
        for (at, rule) in RULES.iter().enumerate() {
            assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", rule.id);
            assert!(RULES.iter().skip(at + 1).all(|other| other.id != rule.id), "{}", rule.id);
        }
    }

    #[test]
    fn an_outbreak_began_with_the_first_of_those_that_came_close_together() {
        let minutes = |all: &[i64]| all.iter().map(|at| Time(at * 60_000)).collect();
        assert_eq!(outbreak(minutes(&[500, 0, 508, 501, 530]), 3), Some(Time(500 * 60_000)));
        assert_eq!(outbreak(minutes(&[500, 0]), 2), Some(Time(500 * 60_000)));
        assert_eq!(outbreak(minutes(&[500, 0]), 1), Some(Time(0)));
        assert_eq!(outbreak(Vec::new(), 2), None);
    }

    #[test]
    fn instants_are_short_and_days_are_told() {
        let at = Time::parse("2026-02-11T07:27:31Z").unwrap();
        assert_eq!(clock(at, at.plus(60_000)), "07:27Z");
        assert_eq!(clock(at, at.plus(DAY)), "2026-02-11 07:27Z");
        assert_eq!([span(40_000), span(12 * 60_000), span(DAY)], ["40 s", "12 min", "1 d"]);
    }
}
