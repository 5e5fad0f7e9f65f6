//! Alert rules on one GPU: faults at once, thresholds with a `for` time, hysteresis and grace; firing, rising, ending.
//!
//! `aggregate` hands in every event; a rule says what it sees in it (`rules/`), this module decides when that is an alert.
//! Faults come from an event of any age and end with the GPU's next reset. A reset lies between two events, the newest
//! before it and the one that shows it: an XID up to the former has been answered by it, a later one stands. Thresholds look forward only, and neither
//! missing data nor time ends them. Rules over several GPUs and absence are not here: one GPU's events cannot tell.

mod hold;
mod raise;
mod rules;

use serde::{Deserialize, Serialize};

use crate::event::alert::fingerprint;
use crate::event::time::MINUTE;
use crate::event::{Event, Gpu, Severity, Silence, Status, Time, Values, Xid};
use crate::stage::Out;
use hold::{Hold, Turn};
use raise::{Case, raise};
use rules::{Fault, Judge, Look, Mark, RULES, Rule};

/// After a first sight or a reset, thresholds fire no earlier than this: limits, clocks and fans settle after a boot
/// (facts on operators, F: boot grace).
pub(crate) const GRACE: i64 = 10 * MINUTE;
/// Faults that can be open on a GPU at a time; beyond it they are only entries in `gpu_events`. Twice the XIDs that
/// raise an alert and no bound that work can reach: it keeps a state small against made-up codes.
const MOST_OPEN: usize = 128;

/// One event as rules see it.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) event: &'a Event<'a>,
    pub(crate) gpu: &'a Gpu<'a>,
    pub(crate) uuid: &'a str,
    pub(crate) time: Time,
    /// Whether it is newer than all the GPU's events before it.
    pub(crate) forward: bool,
    /// Time of the newest of those before it.
    pub(crate) previous: Option<Time>,
    /// Whether it shows that the GPU was reset between that one and itself.
    pub(crate) reset: bool,
    /// Its values, rounded.
    pub(crate) values: &'a Values,
    /// Its XIDs that no event before it told.
    pub(crate) xids: &'a [Xid],
    /// What is expected: an alert that matches carries the mark of its silence.
    pub(crate) silences: &'a [Silence],
}

/// A fault that is open.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct OpenFault {
    /// Index in `RULES`.
    rule: u8,
    qualifier: Option<i64>,
    since: Time,
    severity: Severity,
}

/// What is remembered of one GPU's alerts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Watch {
    /// Time of the first event ever.
    first: Option<Time>,
    /// Time of the event that showed the newest reset.
    reset: Option<Time>,
    /// Time of the newest event before that one. What happened up to it has ended with the reset; later, it may have
    /// followed the reset, and nothing but the next one answers it.
    before: Option<Time>,
    faults: Vec<OpenFault>,
    /// By `RULES`.
    holds: Vec<Hold>,
    /// By `RULES`.
    marks: Vec<Mark>,
}

/// Judges an event: alerts go out as events and as rows.
pub(crate) fn judge(scene: &Scene<'_>, watch: &mut Watch, out: &mut Out) {
    watch.holds.resize(RULES.len(), Hold::default());
    watch.marks.resize(RULES.len(), Mark::default());
    let first = *watch.first.get_or_insert(scene.time);
    let alerts = out.rows.alerts.len();
    if scene.reset {
        end_faults(scene, watch, out);
    }
    let graced = scene.time < first.max(watch.reset.unwrap_or(first)).plus(GRACE);
    // What a reading from before the one that showed the reset says, that one has told since.
    let outlived = watch.reset.is_some_and(|reset| scene.time < reset);
    let look = Look { values: scene.values, xids: scene.xids, time: scene.time, fresh: scene.reset };
    let kept = watch.holds.iter_mut().zip(&mut watch.marks);
    for (index, (rule, (hold, mark))) in (0_u8..).zip(RULES.iter().zip(kept)) {
        match &rule.judge {
            Judge::Event(judge) => judge(&look, &mut |fault| {
                if watch.before.is_none_or(|before| fault.since > before) {
                    fire(scene, (index, rule), &fault, &mut watch.faults, out);
                }
            }),
            Judge::Fault(judge) if !outlived => {
                judge(&look, mark, &mut |fault| fire(scene, (index, rule), &fault, &mut watch.faults, out));
            }
            Judge::Level(terms, judge) if scene.forward => {
                if let Some(level) = judge(&look, mark)
                    && let Some(turn) = hold.step(terms, &level, scene.time, graced)
                {
                    turned(scene, rule, &level, turn, out);
                }
            }
            Judge::Fault(_) | Judge::Level(..) => {}
        }
    }
    if out.rows.alerts.len() > alerts {
        out.save.push(scene.uuid.to_owned());
    }
}

/// One line on an XID for `gpu_events`.
pub(crate) fn xid_line(code: i64) -> String {
    rules::xid_line(code)
}

/// The rules' ids, in their order.
#[cfg(test)]
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.id)
}

fn fire(scene: &Scene<'_>, (index, rule): (u8, &Rule), fault: &Fault, open: &mut Vec<OpenFault>, out: &mut Out) {
    let same = |open: &OpenFault| open.rule == index && open.qualifier == fault.qualifier;
    if open.iter().any(same) || open.len() >= MOST_OPEN {
        return;
    }
    let (qualifier, since, severity) = (fault.qualifier, fault.since, fault.severity);
    open.push(OpenFault { rule: index, qualifier, since, severity });
    let case = Case {
        rule,
        qualifier,
        status: Status::Firing,
        severity,
        since,
        value: fault.value,
        threshold: fault.threshold,
    };
    raise(scene, &case, out);
    out.counts.fired += 1;
}

fn end_faults(scene: &Scene<'_>, watch: &mut Watch, out: &mut Out) {
    (watch.reset, watch.before) = (Some(scene.time), scene.previous);
    for OpenFault { rule, qualifier, since, severity } in watch.faults.drain(..) {
        if let Some(rule) = RULES.get(usize::from(rule)) {
            let status = Status::Resolved;
            let case = Case { rule, qualifier, status, severity, since, value: None, threshold: None };
            raise(scene, &case, out);
            out.counts.resolved += 1;
        }
    }
}

fn turned(scene: &Scene<'_>, rule: &Rule, level: &rules::Level, turn: Turn, out: &mut Out) {
    let (status, held) = match turn {
        Turn::Fire(held) => {
            out.counts.fired += 1;
            (Status::Firing, held)
        }
        Turn::Rise(held) => (Status::Firing, held),
        Turn::End(held) => {
            out.counts.resolved += 1;
            (Status::Resolved, held)
        }
    };
    let threshold = match status {
        Status::Firing => rule.limit(held.severity),
        Status::Resolved => rule.clear_limit(),
    };
    let (severity, since) = (held.severity, held.since);
    let case = Case { rule, qualifier: None, status, severity, since, value: level.value, threshold };
    raise(scene, &case, out);
}

/// The fingerprint of a rule's alert on a GPU.
fn print(rule: &Rule, uuid: &str, qualifier: Option<i64>) -> String {
    fingerprint(rule.id, uuid, &qualifier.map(|code| code.to_string()).unwrap_or_default())
}
