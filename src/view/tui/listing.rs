//! Which alerts are listed, and in what order: the members of an incident under it, all of them counted. Draws nothing.

use super::derive::AlertRow;
use super::model::Model;
use super::subject::Told;
use crate::event::{Alert, Status, Time};

/// Open alerts listed in the fleet pane (J): more than any screen has lines.
const OPEN: usize = 100;

/// How an alert stands: open, suppressed, ended. Less comes first.
fn standing(alert: &Alert) -> u8 {
    match (alert.status, alert.is_open()) {
        (Status::Firing, true) => 0,
        (Status::Firing, false) => 1,
        (Status::Resolved, _) => 2,
    }
}

/// The lines of the list: open ones first, the worst and newest of them first, the members of an incident under it.
pub(super) fn list(model: &Model) -> Vec<AlertRow> {
    let Some(fleet) = model.fleet() else { return Vec::new() };
    let alerts = &fleet.alerts;
    let row = |at: usize, alert: &Alert| AlertRow {
        at,
        since: Time::parse(&alert.since),
        gpu: model.derived.alert_gpu.get(at).copied().flatten(),
        members: 0,
        member: false,
    };
    let shown = |alert: &Alert| {
        alert.severity >= model.floor && model.alert_filter.as_ref().is_none_or(|filter| filter.matches(&Told(alert)))
    };
    let mut rows: Vec<AlertRow> =
        alerts.iter().enumerate().filter(|(_, alert)| shown(alert)).map(|(at, alert)| row(at, alert)).collect();
    let key = |row: &AlertRow| {
        let alert = alerts.get(row.at);
        (alert.map(standing), alert.map(|alert| std::cmp::Reverse(alert.severity)), std::cmp::Reverse(row.since))
    };
    rows.sort_by_key(key);
    nested(alerts, &rows, &model.folded)
}

/// Every open alert, the worst and newest first, whatever is filtered elsewhere.
pub(super) fn open(alerts: &[Alert], gpus: &[Option<usize>]) -> Vec<AlertRow> {
    let row = |(at, alert): (usize, &Alert)| AlertRow {
        at,
        since: Time::parse(&alert.since),
        gpu: gpus.get(at).copied().flatten(),
        members: 0,
        member: false,
    };
    let mut rows: Vec<AlertRow> = alerts.iter().enumerate().filter(|(_, alert)| alert.is_open()).map(row).collect();
    rows.sort_by_key(|row| {
        (std::cmp::Reverse(alerts.get(row.at).map(|alert| alert.severity)), std::cmp::Reverse(row.since))
    });
    rows.truncate(OPEN);
    rows
}

/// Puts the members of an incident under it; those of a folded one away.
fn nested(alerts: &[Alert], rows: &[AlertRow], folded: &std::collections::BTreeSet<String>) -> Vec<AlertRow> {
    let id = |row: &AlertRow| alerts.get(row.at).map(|alert| alert.alert_id.as_str());
    let ids: std::collections::HashSet<&str> = rows.iter().filter_map(id).collect();
    // All of them are counted, also those that the filter hides.
    let mut all: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    for alert in alerts.iter().filter(|alert| alert.status == Status::Firing) {
        if let Some(by) = &alert.suppressed_by {
            *all.entry(by).or_default() += 1;
        }
    }
    let parent = |row: &AlertRow| {
        let alert = alerts.get(row.at)?;
        let by = alert.suppressed_by.as_deref()?;
        (ids.contains(by) && by != alert.alert_id).then_some(by)
    };
    let mut members: std::collections::HashMap<&str, Vec<AlertRow>> = std::collections::HashMap::new();
    for row in rows {
        if let Some(parent) = parent(row) {
            members.entry(parent).or_default().push(AlertRow { member: true, ..*row });
        }
    }
    let mut listed = Vec::with_capacity(rows.len());
    for row in rows.iter().filter(|row| parent(row).is_none()) {
        let under = id(row).and_then(|id| members.get(id)).map(Vec::as_slice).unwrap_or_default();
        listed.push(AlertRow {
            members: id(row).and_then(|id| all.get(id)).copied().unwrap_or_default().max(under.len()),
            ..*row
        });
        if id(row).is_some_and(|id| !folded.contains(id)) {
            listed.extend(under);
        }
    }
    listed
}
