//! Sums over the fleet, which only GPUs that are heard of count in: a dead one's last watts are nobody's watts.
//!
//! Knows rows and readings, no screen.

use std::collections::{BTreeMap, HashMap};

use super::derive::{Derived, Rack};
use super::format::real;
use super::natural::Natural;
use super::rows::Row;
use super::subject::busy;
use crate::event::fleet::FleetNow;
use crate::event::{Severity, Status, Time};
use crate::metric::ids;

/// Below this share of the time a GPU is idle (J), percent.
const IDLE: f64 = 5.0;

/// Sums over the fleet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) watts: Option<f64>,
    pub(super) temp: Option<f64>,
    pub(super) busy: Option<f64>,
    /// GPUs that do nothing; absent where none says.
    pub(super) idle: Option<usize>,
    /// Failures expected within seven days: the sum of the probabilities.
    pub(super) expected: Option<f64>,
    pub(super) newest: Option<Time>,
    pub(super) oldest: Option<(Time, usize)>,
    /// GPUs whose newest sample is fresh.
    pub(super) reporting: usize,
}

/// A mean in the making.
#[derive(Debug, Clone, Copy, Default)]
struct Mean(f64, usize);

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.0 += value;
            self.1 += 1;
        }
    }

    fn get(self) -> Option<f64> {
        (self.1 > 0).then(|| self.0 / real(self.1))
    }

    fn sum(self) -> Option<f64> {
        (self.1 > 0).then_some(self.0)
    }
}

/// Racks with their hosts and sums, in the order people count.
pub(super) fn racks(fleet: &FleetNow, derived: &mut Derived) {
    let mut racks: BTreeMap<Natural, Rack> = BTreeMap::new();
    for (at, host) in derived.hosts.iter().enumerate() {
        let rows = derived.rows.get(host.first..host.first + host.len).unwrap_or_default();
        let name = rows.iter().filter_map(|row| fleet.gpus.get(row.gpu)).find_map(|gpu| gpu.place.rack());
        let name = name.unwrap_or("-");
        let rack = racks.entry(Natural::of(name)).or_insert_with(|| Rack {
            name: name.to_owned(),
            worst: host.worst,
            ..Rack::default()
        });
        let is_worse = match (derived.rows.get(host.worst), derived.rows.get(rack.worst)) {
            (Some(row), Some(than)) => super::derive::worse(row, than),
            _ => false,
        };
        rack.worst = if is_worse { host.worst } else { rack.worst };
        rack.hosts.push(at);
        rack.gpus += rows.len();
        rack.unwell += rows.iter().filter(|row| !row.is_well()).count();
        let fresh = || rows.iter().filter(|row| !row.stale);
        rack.reporting += fresh().count();
        let values = || fresh().filter_map(|row| fleet.gpus.get(row.gpu)).map(|gpu| &gpu.latest.values);
        rack.hottest = values().filter_map(|values| values.real(ids::GPU_TEMP)).chain(rack.hottest).reduce(f64::max);
        rack.watts = values().filter_map(|values| values.real(ids::POWER)).chain(rack.watts).reduce(|a, b| a + b);
    }
    for rack in racks.into_values() {
        let mut mean = Mean::default();
        let hosts = rack.hosts.iter().filter_map(|at| derived.hosts.get(*at));
        let rows = hosts.flat_map(|host| derived.rows.get(host.first..host.first + host.len).unwrap_or_default());
        let score = |row: &Row| row.score.and_then(|score| i32::try_from(score).ok()).map(f64::from);
        rows.filter(|row| !row.stale).for_each(|row| mean.add(score(row)));
        derived.widths.1 = derived.widths.1.max(rack.name.chars().count());
        derived.racks.push(Rack { mean: mean.get(), ..rack });
    }
}

/// The fleet's sums.
pub(super) fn totals(fleet: &FleetNow, rows: &[Row]) -> Totals {
    let [mut watts, mut temp, mut used, mut expected] = [Mean::default(); 4];
    let (mut totals, mut idle) = (Totals::default(), 0);
    for row in rows {
        let Some(gpu) = fleet.gpus.get(row.gpu) else { continue };
        expected.add(gpu.prediction.as_ref().and_then(|odds| odds.at(7)).map(|odds| odds.p));
        totals.newest = totals.newest.max(Some(gpu.latest.time));
        if totals.oldest.is_none_or(|(time, _)| gpu.latest.time < time) {
            totals.oldest = Some((gpu.latest.time, row.gpu));
        }
        if row.stale {
            continue;
        }
        totals.reporting += 1;
        watts.add(gpu.latest.values.real(ids::POWER));
        temp.add(gpu.latest.values.real(ids::GPU_TEMP));
        let busy = busy(gpu);
        used.add(busy);
        idle += usize::from(busy.is_some_and(|busy| busy < IDLE));
    }
    let idle = used.get().map(|_| idle);
    Totals { watts: watts.sum(), temp: temp.get(), busy: used.get(), idle, expected: expected.sum(), ..totals }
}

/// What each alert of a reading says of its GPU: its severity, or that of the incident it stands under where that is
/// greater; nothing where it has ended, or where a silence quiets it or its incident.
pub(super) fn voices(fleet: &FleetNow) -> Vec<Option<Severity>> {
    let firing = fleet.alerts.iter().filter(|alert| alert.status == Status::Firing);
    let by_id: HashMap<&str, &crate::event::Alert> = firing.map(|alert| (alert.alert_id.as_str(), alert)).collect();
    let silenced = |by: Option<&str>| by.is_some_and(|by| by.starts_with("silence:"));
    let voice = |alert: &crate::event::Alert| {
        let by = alert.suppressed_by.as_deref();
        if alert.status != Status::Firing || silenced(by) {
            return None;
        }
        match by.and_then(|by| by_id.get(by)) {
            Some(over) if silenced(over.suppressed_by.as_deref()) => None,
            Some(over) => Some(alert.severity.max(over.severity)),
            None => Some(alert.severity),
        }
    };
    fleet.alerts.iter().map(voice).collect()
}
