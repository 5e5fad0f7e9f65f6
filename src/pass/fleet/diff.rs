//! What rules find held against the alerts that fire: which begin, which get worse, which end.
//!
//! Severity never falls while an alert fires, `since` stays as it was stated, and what cannot be told ends nothing: not a
//! finding without a case, not an alert on what the facts no longer have. A GPU that is gone takes all its alerts with it,
//! `detect`'s too: a fault ends with reset, reboot or swap.

use std::collections::{HashMap, HashSet};

use super::rules::{Finding, Rule, World};
use super::say::{begin, end, print, rise};
use crate::event::{Alert, Facts};
use crate::pass::presence::Gone;

/// Ends the alerts of GPUs that were swapped or taken out.
pub(super) fn leave(world: &World<'_>, facts: &Facts) -> Vec<Alert> {
    let ended = facts.alerts.iter().filter_map(|alert| {
        let gone = world.presence.gpu(&alert.gpu.as_ref()?.gpu_uuid)?.gone?;
        let why = match gone {
            Gone::Replaced(by) => format!("the GPU was replaced by {by}"),
            Gone::Removed(row) => format!("the GPU was taken out, says {}", row.who),
        };
        Some(end(alert, Some(&why), "Nothing here; the fault went with the GPU.", world.now))
    });
    ended.collect()
}

/// Ends, begins and raises the alerts of one rule; `ended` has those that ended already.
pub(super) fn turn<'a>(
    world: &World<'a>,
    rule: &Rule,
    findings: &[Finding<'a>],
    facts: &'a Facts,
    ended: &HashSet<String>,
) -> Vec<Alert> {
    let mut found: HashMap<String, &Finding<'a>> = HashMap::with_capacity(findings.len());
    let mut order = Vec::with_capacity(findings.len());
    for finding in findings {
        let print = print(&world.presence, rule.id, finding.subject, &finding.qualifier);
        order.push((print.clone(), finding));
        found.insert(print, finding);
    }
    let mut out = Vec::new();
    let mut open: HashSet<&str> = HashSet::new();
    for alert in facts.alerts.iter().filter(|alert| alert.rule == rule.id && !ended.contains(&alert.alert_id)) {
        open.insert(alert.fingerprint.as_str());
        match found.get(&alert.fingerprint) {
            None if is_known(world, alert) => out.push(end(alert, None, rule.after, world.now)),
            Some(Finding { subject, case: Some(case), .. }) if case.severity > alert.severity => {
                out.push(rise(alert.clone(), &world.presence, *subject, (case, world.now)));
            }
            None | Some(_) => {}
        }
    }
    for (print, finding) in order {
        if let Some(case) = finding.case.as_ref().filter(|_| !open.contains(print.as_str())) {
            out.push(begin(&world.presence, rule, finding.subject, print, (case, world.now)));
        }
    }
    out
}

/// Whether the facts have what an alert is about.
fn is_known(world: &World<'_>, alert: &Alert) -> bool {
    match (&alert.gpu, &alert.host.hostname) {
        (Some(gpu), _) => world.presence.gpu(&gpu.gpu_uuid).is_some(),
        (None, Some(host)) => world.presence.hosts.contains_key(host.as_str()),
        (None, None) => true,
    }
}
