//! One row a key, by reference: of raw rows the first, of everything else the last. In the order of keys, so that two
//! writers that touch the same rows never wait for each other.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::row::Told;
use crate::event::rows::CollectorRow;
use crate::event::{Alert, Time};

/// The first row of each key, by key.
pub(super) fn first<'r, T, K: Ord>(rows: &'r [T], key: impl Fn(&'r T) -> K) -> Vec<&'r T> {
    let mut all: Vec<&T> = rows.iter().collect();
    all.sort_by_key(|row| key(row));
    all.dedup_by(|later, kept| key(later) == key(kept));
    all
}

/// The last row of each key, by key.
pub(super) fn last<'r, T, K: Ord>(rows: impl IntoIterator<Item = &'r T>, key: impl Fn(&'r T) -> K) -> Vec<&'r T> {
    let mut all: Vec<&T> = rows.into_iter().collect();
    all.sort_by_key(|row| key(row));
    all.dedup_by(|later, kept| {
        let same = key(later) == key(kept);
        if same {
            *kept = *later;
        }
        same
    });
    all
}

/// The newest report of each host; of two of one time the last.
pub(super) fn newest(rows: &[CollectorRow]) -> Vec<&CollectorRow> {
    let mut by_time: Vec<&CollectorRow> = rows.iter().collect();
    by_time.sort_by_key(|row| row.time);
    last(by_time, |row| row.hostname.as_str())
}

/// The last alert of each id. One that says nothing of what suppresses it leaves what an earlier one said.
pub(super) fn alerts(rows: &[Alert]) -> Vec<Told<'_>> {
    let mut told: HashMap<&str, Told<'_>, RandomState> = HashMap::default();
    for alert in rows {
        let Some((since, at)) = times(alert) else { continue };
        let before = told.get(alert.alert_id.as_str()).and_then(|before| before.suppressed_by);
        let suppressed_by = alert.suppressed_by.as_deref().or(before);
        told.insert(&alert.alert_id, Told { alert, since, at, suppressed_by });
    }
    let mut all: Vec<Told<'_>> = told.into_values().collect();
    all.sort_by(|a, b| a.alert.alert_id.cmp(&b.alert.alert_id));
    all
}

/// `since` and `at` of an alert, where both read.
pub(super) fn times(alert: &Alert) -> Option<(Time, Time)> {
    Some((Time::parse(&alert.since)?, Time::parse(&alert.at)?))
}
