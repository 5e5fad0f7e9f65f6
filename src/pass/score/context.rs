//! What a GPU's host says of it: whether the host goes on reporting without it, and whether another has its slot.
//!
//! Made once a pass, so that a pass costs the same for each GPU however many there are.

use std::collections::HashMap;

use super::numbers::{GONE_AFTER, GONE_INTERVALS, INTERVAL, LIVE};
use crate::event::{Facts, Known, Time};
use crate::pass::Now;

/// A GPU's surroundings.
#[derive(Debug)]
pub(super) struct Context<'a> {
    /// All GPUs of its host, it among them.
    pub(super) host: &'a [&'a Known],
    /// Whether its host goes on reporting without it; `None` where silence may not be judged.
    pub(super) gone: Option<bool>,
    /// The GPU that has its slot now.
    pub(super) replaced_by: Option<&'a str>,
}

/// The hosts of a fleet.
#[derive(Debug)]
pub(super) struct Hosts<'a> {
    hosts: HashMap<&'a str, Host<'a>>,
}

#[derive(Debug, Default)]
struct Host<'a> {
    gpus: Vec<&'a Known>,
    /// Newest sample, and when it was written.
    newest: Option<(Time, Time)>,
    /// The newest report of a collector that can read its GPUs.
    report: Option<Time>,
    /// The newest GPU of each slot.
    slots: HashMap<i64, &'a Known>,
}

impl<'a> Hosts<'a> {
    pub(super) fn new(facts: &'a Facts) -> Hosts<'a> {
        let mut hosts: HashMap<&str, Host<'_>> = HashMap::new();
        for known in &facts.gpus {
            let host = hosts.entry(&known.latest.hostname).or_default();
            host.gpus.push(known);
            host.newest = host.newest.max(Some((known.latest.time, known.written)));
            if let Some(index) = known.latest.device_index {
                let slot = host.slots.entry(index).or_insert(known);
                if newer(known) > newer(slot) {
                    *slot = known;
                }
            }
        }
        let reads = |state: Option<&str>| matches!(state, None | Some("ok"));
        for row in facts.collectors.iter().filter(|row| reads(row.source_state.as_deref())) {
            if let Some(host) = hosts.get_mut(row.hostname.as_str()) {
                host.report = host.report.max(Some(row.time));
            }
        }
        Hosts { hosts }
    }

    /// The surroundings of a GPU.
    pub(super) fn of<'h>(&'h self, known: &'h Known, now: Now) -> Context<'h> {
        let Some(host) = self.hosts.get(known.latest.hostname.as_str()) else {
            return Context { host: &[], gone: None, replaced_by: None };
        };
        let slot = known.latest.device_index.and_then(|index| host.slots.get(&index));
        let replaced_by = slot.filter(|other| other.latest.time > known.latest.time).map(|other| other.uuid());
        let gone = if !now.absence {
            None
        } else if replaced_by.is_some() {
            Some(false)
        } else {
            host.gone(known)
        };
        Context { host: &host.gpus, gone, replaced_by }
    }
}

/// By what the newest of a slot is told; the UUID so that the answer never hangs on the order.
fn newer(known: &Known) -> (Time, &str) {
    (known.latest.time, known.uuid())
}

impl Host<'_> {
    fn gone(&self, known: &Known) -> Option<bool> {
        let interval = known.latest.interval_ms.unwrap_or(INTERVAL);
        let patience = GONE_AFTER.max(interval.saturating_mul(GONE_INTERVALS));
        let behind = |newest: Time| newest.since(known.latest.time) > patience;
        if self.report.is_some_and(behind) {
            return Some(true);
        }
        let (newest, written) = self.newest?;
        if !behind(newest) {
            return Some(false);
        }
        // A backlog that is being read says nothing of the present.
        (written.since(newest) <= LIVE).then_some(true)
    }
}
