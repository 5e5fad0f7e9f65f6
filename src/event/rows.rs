//! What a step gives to the store: rows on natural keys, folded so that each key occurs once.
//!
//! Of raw rows with one key the first stays; of everything else the last. Stores rely on it and need no order.

use std::collections::HashMap;
use std::hash::Hash;

use super::health::{FleetHealth, Health};
use super::{Alert, Prediction, Time, Values, Window};

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

/// A row of `gpu_places`: where a GPU is and what it is, from the event on that first said so. Key: GPU, since.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The GPU.
    pub gpu_uuid: String,
    /// Time of the event that first said so.
    pub since: Time,
    /// Its host.
    pub hostname: String,
    /// Its index in the host.
    pub device_index: Option<i64>,
    /// What else is known of it, in the order of `PLACE_TEXTS`.
    pub texts: [Option<String>; PLACE_TEXTS.len()],
}

/// The text columns of `gpu_places`. The asset record's word counts more than the collector's.
pub const PLACE_TEXTS: [&str; 6] = ["cluster", "rack", "datacenter", "model", "serial", "driver_version"];

impl Place {
    /// The value of a text column.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = PLACE_TEXTS.iter().position(|text| *text == name)?;
        self.texts.get(at)?.as_deref()
    }

    /// The rack.
    #[must_use]
    pub fn rack(&self) -> Option<&str> {
        self.get("rack")
    }
}

/// That an alert is suppressed, by what; or no longer. Touches nothing else of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The alert.
    pub alert_id: String,
    /// `silence:ID`, or the incident's `alert_id`.
    pub by: Option<String>,
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
    /// `gpu_places`.
    pub places: Vec<Place>,
    /// `gpu_health_scores`.
    pub healths: Vec<Health>,
    /// `fleet_health`.
    pub fleet: Vec<FleetHealth>,
    /// `gpu_failure_predictions`.
    pub predictions: Vec<Prediction>,
    /// Marks in `gpu_alerts`, after its rows were written.
    pub suppressions: Vec<Suppression>,
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
            && self.places.is_empty()
            && self.healths.is_empty()
            && self.fleet.is_empty()
            && self.predictions.is_empty()
            && self.suppressions.is_empty()
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
        keep_last(&mut self.places, |row| (row.gpu_uuid.clone(), row.since));
        keep_last(&mut self.healths, |row| (row.gpu_uuid.clone(), row.time));
        keep_last(&mut self.fleet, |row| row.time);
        keep_last(&mut self.predictions, |row| (row.gpu_uuid.clone(), row.time));
        keep_last(&mut self.suppressions, |row| row.alert_id.clone());
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
