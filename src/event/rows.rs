//! What a step gives to the store: rows on natural keys, folded so that each key occurs once.
//!
//! Of raw rows with one key the first stays; of everything else the last. Stores rely on it and need no order.

use std::collections::HashMap;
use std::hash::Hash;

use super::{Alert, Time, Values, Window};

/// A row of `gpu_metrics`. Key: time, GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    /// The sample's instant.
    pub time: Time,
    /// The GPU.
    pub gpu_uuid: String,
    /// Its host.
    pub hostname: String,
    /// Its index in the host.
    pub device_index: Option<i64>,
    /// Its model.
    pub model: Option<String>,
    /// Its values.
    pub values: Values,
    /// `quality.collection_latency_ms`.
    pub latency_ms: Option<i64>,
    /// `quality.interval_ms`.
    pub interval_ms: Option<i64>,
}

/// A row of `gpu_events`: something that happened to a GPU. Key: GPU, at, kind, code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The GPU.
    pub gpu_uuid: String,
    /// When.
    pub at: Time,
    /// `xid`, `reset`, or the name of the state metric that changed.
    pub kind: String,
    /// The XID, or the state's new value; 0 for a reset.
    pub code: i64,
    /// Its host.
    pub hostname: String,
    /// One line for people.
    pub detail: String,
}

/// A row of `collectors`: the newest report of the collector of one host. Key: host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectorRow {
    /// The host.
    pub hostname: String,
    /// Time of the report; an older one never replaces a newer.
    pub time: Time,
    /// Counts, in the order of `COLLECTOR_COUNTS`.
    pub counts: [Option<i64>; COLLECTOR_COUNTS.len()],
    /// The source's kind.
    pub source: Option<String>,
    /// Its state.
    pub source_state: Option<String>,
    /// gpuhm's version there.
    pub version: Option<String>,
}

/// The count columns of `collectors`.
pub const COLLECTOR_COUNTS: [&str; 6] = ["ticks", "missed", "spool_bytes", "dropped", "gpus_seen", "gpus_expected"];

/// Everything a step writes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// `gpu_metrics`.
    pub raw: Vec<Raw>,
    /// `gpu_metrics_1m`, `_15m`, `_1h`.
    pub windows: Vec<Window>,
    /// `gpu_events`.
    pub happenings: Vec<Happening>,
    /// `gpu_alerts`.
    pub alerts: Vec<Alert>,
    /// `collectors`.
    pub collectors: Vec<CollectorRow>,
}

impl Rows {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
            && self.windows.is_empty()
            && self.happenings.is_empty()
            && self.alerts.is_empty()
            && self.collectors.is_empty()
    }

    /// Leaves one row a key; returns how many raw rows had the key of an earlier one.
    pub fn fold(&mut self) -> u64 {
        let before = self.raw.len();
        keep_first(&mut self.raw, |row| (row.time, row.gpu_uuid.clone()));
        keep_last(&mut self.windows, |row| (row.size, row.start, row.gpu_uuid.clone()));
        keep_last(&mut self.happenings, |row| (row.gpu_uuid.clone(), row.at, row.kind.clone(), row.code));
        keep_last(&mut self.alerts, |row| row.alert_id.clone());
        let newest = |row: &CollectorRow| (row.hostname.clone(), row.time);
        self.collectors.sort_by_key(newest);
        keep_last(&mut self.collectors, |row| row.hostname.clone());
        (before - self.raw.len()) as u64
    }
}

fn keep_first<T, K: Eq + Hash>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut seen = std::collections::HashSet::with_capacity(rows.len());
    rows.retain(|row| seen.insert(key(row)));
}

fn keep_last<T, K: Eq + Hash>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let last: HashMap<K, usize> = rows.iter().enumerate().map(|(at, row)| (key(row), at)).collect();
    let mut at = 0;
    rows.retain(|row| {
        let keep = last.get(&key(row)) == Some(&at);
        at += 1;
        keep
    });
}
