//! Which GPUs are gone: another is in their slot, or people recorded that they were taken out and they are silent since.
//!
//! Apart from `presence`, which says who is there, since this is made before it. Knows nothing of rules.

use std::collections::HashMap;

use super::count;
use crate::event::prediction::FailureKind;
use crate::event::rows::CollectorRow;
use crate::event::{Facts, Failure, Known, Time};
use crate::pass::fleet::limits::{GPU_AT_LEAST, GPU_INTERVALS, INTERVAL, PROMPT};

/// Which GPU is in another's slot now. A driver that lost a GPU numbers those behind it anew, so that a neighbour seems to
/// take the slot: it counts only if it came after the other fell silent, or if the host says that none is missing.
pub(super) fn replaced<'a>(
    facts: &'a Facts,
    reports: &HashMap<&'a str, &'a CollectorRow>,
) -> HashMap<&'a str, &'a str> {
    let mut newest: HashMap<(&str, i64), &Known> = HashMap::new();
    let slot = |known: &'a Known| {
        let host = known.latest.hostname.as_str();
        known.latest.device_index.filter(|_| !host.is_empty()).map(|index| (host, index))
    };
    for known in &facts.gpus {
        if let Some(slot) = slot(known) {
            let one = newest.entry(slot).or_insert(known);
            if known.latest.time > one.latest.time {
                *one = known;
            }
        }
    }
    let successor = |old: &'a Known| {
        let (host, index) = slot(old)?;
        let new = *newest.get(&(host, index))?;
        let last = old.latest.time;
        let whole = || {
            let row = reports.get(host).filter(|row| row.time > last)?;
            Some(count(row, "gpus_seen")? >= count(row, "gpus_expected")?)
        };
        let later = new.uuid() != old.uuid() && new.latest.time.since(last) > GPU_AT_LEAST;
        (later && (new.first > last || whole() == Some(true))).then(|| (old.uuid(), new.uuid()))
    };
    facts.gpus.iter().filter_map(successor).collect()
}

/// A GPU's interval, and how far its host must be ahead of it for it to be silent.
pub(super) fn gap(known: &Known) -> (i64, i64) {
    let interval = known.latest.interval_ms.filter(|ms| *ms > 0).unwrap_or(INTERVAL);
    (interval, GPU_AT_LEAST.max(interval.saturating_mul(GPU_INTERVALS)))
}

/// The newest word of each host and of all, whoever is gone.
pub(super) struct Words<'a> {
    hosts: HashMap<&'a str, Time>,
    all: Option<Time>,
}

impl<'a> Words<'a> {
    pub(super) fn new(facts: &'a Facts) -> Words<'a> {
        let samples = facts.gpus.iter().map(|known| (known.latest.hostname.as_str(), known.latest.time));
        let reports = facts.collectors.iter().map(|row| (row.hostname.as_str(), row.time));
        let mut words = Words { hosts: HashMap::new(), all: None };
        for (host, time) in samples.chain(reports) {
            words.all = words.all.max(Some(time));
            if !host.is_empty() {
                let newest = words.hosts.entry(host).or_insert(time);
                *newest = time.max(*newest);
            }
        }
        words
    }

    /// Whether its host went on without a GPU, or, since a whole host may be taken out, the fleet: by more than clocks differ.
    pub(super) fn is_silent(&self, known: &Known) -> bool {
        let (_, gap) = gap(known);
        let ahead = |newest: Option<Time>, by| newest.is_some_and(|newest| newest.since(known.latest.time) > by);
        let host = self.hosts.get(known.latest.hostname.as_str()).copied();
        ahead(host, gap) || ahead(self.all, gap.max(PROMPT))
    }
}

/// The newest record that each GPU was taken out.
pub(super) fn removed(facts: &Facts) -> HashMap<&str, &Failure> {
    let out = |row: &&Failure| matches!(row.kind, FailureKind::Removed | FailureKind::Rma);
    let mut newest: HashMap<&str, &Failure> = HashMap::new();
    for row in facts.failures.iter().filter(out) {
        let one = newest.entry(row.gpu_uuid.as_str()).or_insert(row);
        if row.at > one.at {
            *one = row;
        }
    }
    newest
}
