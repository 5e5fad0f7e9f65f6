//! Rules over several GPUs, absence, silences: what one GPU's events cannot tell.
//!
//! Rules (`rules/`) say what is the matter now; `diff` holds that against the alerts that fire and tells what began, got
//! worse or ended; `marks` says what suppresses what. Nothing is remembered: the alerts that fire are read back from the
//! store, and every `since` comes from there, so that a pass killed after publishing says the same again. Rules on one GPU
//! are `stage::detect`'s; their alerts are members of incidents here, and end here only when their GPU is gone.

mod diff;
pub(super) mod limits;
mod marks;
mod rules;
mod say;

use std::collections::{HashMap, HashSet};

use super::Now;
use crate::event::health::{FleetHealth, State};
use crate::event::rows::Suppression;
use crate::event::{Alert, Facts, Health, Severity, Status, Value};
use marks::Inhibits;
use rules::{Finding, Heard, Judge, RULES, Rule, World};

/// What the rules over the fleet found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Alerts that began, got worse or ended.
    pub alerts: Vec<Alert>,
    /// Marks on alerts that fire already.
    pub suppressions: Vec<Suppression>,
    /// The fleet in numbers.
    pub numbers: FleetHealth,
}

/// Judges the fleet. `healths` are of this pass, in any order.
#[must_use]
pub fn judge(facts: &Facts, healths: &[Health], now: Now) -> Outcome {
    let world = World::new(facts, healths, now);
    let mut alerts = diff::leave(&world, facts);
    let ended: HashSet<String> = alerts.iter().map(|alert| alert.alert_id.clone()).collect();
    let turn = |rule: &Rule, findings: &[Finding<'_>]| {
        // Without the right to judge absence its alerts stay as they are.
        let may = now.absence || !rule.absence;
        if may { diff::turn(&world, rule, findings, facts, &ended) } else { Vec::new() }
    };
    for rule in &RULES {
        if let Judge::Fleet(find) = rule.judge {
            alerts.extend(turn(rule, &find(&world)));
        }
    }
    let singles = alerts.clone();
    let all = firing(facts, &singles);
    let loud = |alert: &&&Alert| marks::silence(&facts.silences, alert, now.at).is_none();
    let heard = Heard { loud: all.iter().filter(loud).copied().collect(), all };
    let mut inhibits = Inhibits::new();
    for rule in &RULES {
        if let Judge::Alerts(find) = rule.judge {
            let findings = find(&world, &heard);
            alerts.extend(turn(rule, &findings));
            inhibits.extend(findings.into_iter().map(|finding| {
                (say::print(&world.presence, rule.id, finding.subject, &finding.qualifier), finding.inhibits)
            }));
        }
    }
    let (suppressions, open) = suppress(&world, facts, &mut alerts, &inhibits);
    Outcome { alerts, suppressions, numbers: numbers(&world, healths, open) }
}

/// The alerts that fire once `changes` are made, as they are then.
fn firing<'a>(facts: &'a Facts, changes: &'a [Alert]) -> Vec<&'a Alert> {
    let touched: HashSet<&str> = changes.iter().map(|alert| alert.alert_id.as_str()).collect();
    let still = facts.alerts.iter().filter(|alert| !touched.contains(alert.alert_id.as_str()));
    still.chain(changes).filter(|alert| alert.status == Status::Firing).collect()
}

/// Marks what changed and what fires already; with how many are open then, by severity.
fn suppress(
    world: &World<'_>,
    facts: &Facts,
    changes: &mut [Alert],
    inhibits: &Inhibits,
) -> (Vec<Suppression>, [i64; 3]) {
    let firing = firing(facts, changes);
    let marks = marks::marks(world, &firing, inhibits, &facts.silences);
    let mut open = [0; 3];
    let by_severity = [Severity::Info, Severity::Warning, Severity::Critical];
    for (alert, _) in firing.iter().zip(&marks).filter(|(_, mark)| mark.is_none()) {
        let counts = open.iter_mut().zip(by_severity).filter(|(_, severity)| *severity == alert.severity);
        counts.for_each(|(count, _)| *count += 1);
    }
    let marks: HashMap<String, Option<String>> = firing.iter().map(|alert| alert.alert_id.clone()).zip(marks).collect();
    let was = facts.alerts.iter().filter_map(|alert| Some((alert, marks.get(&alert.alert_id)?)));
    let suppressions = was.filter(|(alert, mark)| alert.suppressed_by != **mark);
    let suppressions =
        suppressions.map(|(alert, by)| Suppression { alert_id: alert.alert_id.clone(), by: by.clone() }).collect();
    for alert in changes.iter_mut().filter(|alert| alert.status == Status::Firing) {
        alert.suppressed_by = marks.get(&alert.alert_id).cloned().flatten();
    }
    (suppressions, open)
}

/// The fleet in numbers; GPUs that are gone are no part of it.
fn numbers(world: &World<'_>, healths: &[Health], open: [i64; 3]) -> FleetHealth {
    let mut numbers = FleetHealth { time: world.now, open, ..FleetHealth::default() };
    let mut scores: Vec<i64> = Vec::with_capacity(healths.len());
    let present = |uuid: &str| world.presence.gpu(uuid).is_some_and(|gpu| gpu.gone.is_none());
    for health in healths.iter().filter(|health| present(&health.gpu_uuid)) {
        let counts = numbers.states.iter_mut().zip(State::ALL).filter(|(_, state)| **state == health.state);
        counts.for_each(|(count, _)| *count += 1);
        if health.state != State::Unknown {
            scores.push(health.score);
        }
    }
    numbers.worst = scores.iter().min().copied();
    let (sum, count) = (scores.iter().sum::<i64>(), i64::try_from(scores.len()).unwrap_or(i64::MAX));
    numbers.mean = (count > 0).then(|| Value::Int(sum).real() / Value::Int(count).real());
    numbers
}
