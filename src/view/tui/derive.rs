//! What depends on the whole fleet, made when a reading, a key or a clock's border calls for it: rows, hosts, racks,
//! counts, who is worst. A frame only looks it up.

use std::collections::HashMap;

use super::plan::Plan;
use super::rows::{Class, Own, Row, Rule, row};
use super::sums::{Totals, racks, totals, voices};
use crate::event::fleet::FleetNow;
use crate::event::{Severity, Status, Time};

/// GPUs kept in order of badness (J): more than any screen has lines.
const WORST: usize = 300;
/// A collector that has not reported for so long is silent (J), ms: reports come about once a minute.
const SILENT: i64 = 3 * crate::event::time::MINUTE;

/// What is worked out from a reading.
#[derive(Debug, Clone, Default)]
pub(super) struct Derived {
    pub(super) rows: Vec<Row>,
    pub(super) hosts: Vec<Host>,
    pub(super) racks: Vec<Rack>,
    /// Row of each GPU of the reading; absent where it was replaced.
    pub(super) row_of: Vec<Option<usize>>,
    /// GPUs in each class, in the order of [`Class::WORDS`].
    pub(super) counts: [usize; 6],
    /// Rows the filter lets through that are not well.
    pub(super) unwell: usize,
    /// Rows the filter lets through, worst first.
    pub(super) worst: Vec<usize>,
    /// Rows of the table, in its order.
    pub(super) order: Vec<usize>,
    pub(super) totals: Totals,
    pub(super) own: Own,
    /// What each alert of the reading says of its GPU.
    pub(super) voices: Vec<Option<Severity>>,
    /// Alerts that fire and are silenced.
    pub(super) silenced: usize,
    /// Silent GPUs that count as critical.
    pub(super) silent: usize,
    /// The GPU each alert of the reading is about.
    pub(super) alert_gpu: Vec<Option<usize>>,
    /// Open alerts: info, warning, critical.
    pub(super) open: [usize; 3],
    /// Open alerts, worst first.
    pub(super) open_rows: Vec<AlertRow>,
    /// Lines of the alerts' list.
    pub(super) alerts: Vec<AlertRow>,
    pub(super) plan: Plan,
    /// Line and cell of the plan under the cursor.
    pub(super) cursor: Option<(usize, usize)>,
    /// The next instant at which a sample stops being fresh.
    pub(super) next_stale: Option<Time>,
    /// Widths the longest host and rack names need.
    pub(super) widths: (usize, usize),
    /// Places of the collectors, those to look at first.
    pub(super) collectors: Vec<usize>,
    /// How many of them reported lately.
    pub(super) reporting: usize,
}

/// A host: its rows stand together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Host {
    pub(super) first: usize,
    pub(super) len: usize,
    pub(super) worst: usize,
}

/// A rack.
#[derive(Debug, Clone, Default)]
pub(super) struct Rack {
    pub(super) name: String,
    /// Its hosts, by name.
    pub(super) hosts: Vec<usize>,
    pub(super) gpus: usize,
    /// GPUs that are not well.
    pub(super) unwell: usize,
    pub(super) worst: usize,
    /// GPUs whose newest sample is fresh; only they count in what follows.
    pub(super) reporting: usize,
    pub(super) mean: Option<f64>,
    pub(super) hottest: Option<f64>,
    pub(super) watts: Option<f64>,
}

/// A line of the alerts' list.
#[derive(Debug, Clone, Copy)]
pub(super) struct AlertRow {
    /// Its place in the reading's alerts.
    pub(super) at: usize,
    pub(super) since: Option<Time>,
    /// The GPU it is about, in the reading.
    pub(super) gpu: Option<usize>,
    /// Alerts that stand under it.
    pub(super) members: usize,
    /// Whether it stands under the incident above it.
    pub(super) member: bool,
}

/// Rows, hosts, racks and sums of a reading; order, alerts and plan are for the caller.
pub(super) fn derive(fleet: &FleetNow, rule: &Rule<'_>) -> Derived {
    let (alert_gpu, own) = own(fleet);
    let voices = voices(fleet);
    let mut derived = Derived { alert_gpu, own, voices, row_of: vec![None; fleet.gpus.len()], ..Derived::default() };
    for (place, gpu) in fleet.gpus.iter().enumerate().filter(|(_, gpu)| !gpu.is_replaced()) {
        let at = derived.rows.len();
        let same =
            derived.hosts.last().and_then(|host| derived.rows.get(host.first)).and_then(|row| fleet.gpus.get(row.gpu));
        if same.is_none_or(|other| other.latest.hostname != gpu.latest.hostname) {
            derived.hosts.push(Host { first: at, len: 0, worst: at });
            derived.widths.0 = derived.widths.0.max(gpu.latest.hostname.chars().count());
        }
        let row = row(fleet, (place, gpu), derived.hosts.len() - 1, (&derived.own, &derived.voices), rule);
        if let Some(slot) = derived.row_of.get_mut(place) {
            *slot = Some(at);
        }
        let worse =
            derived.hosts.last().and_then(|host| derived.rows.get(host.worst)).is_none_or(|worst| worse(&row, worst));
        if let Some(host) = derived.hosts.last_mut() {
            host.len += 1;
            host.worst = if worse { at } else { host.worst };
        }
        if rule.at <= row.fresh_until {
            derived.next_stale = Some(derived.next_stale.map_or(row.fresh_until, |next| next.min(row.fresh_until)));
        }
        if let Some(count) = Class::WORDS.iter().position(|(class, _)| *class == row.class) {
            derived.counts.iter_mut().skip(count).take(1).for_each(|count| *count += 1);
        }
        derived.silent += usize::from(row.stale && row.class == Class::Critical);
        derived.rows.push(row);
    }
    for alert in fleet.alerts.iter().filter(|alert| alert.is_open()) {
        let [info, warning, critical] = &mut derived.open;
        *match alert.severity {
            Severity::Info => info,
            Severity::Warning => warning,
            Severity::Critical => critical,
        } += 1;
    }
    let by = |alert: &&crate::event::Alert| alert.suppressed_by.as_ref().is_some_and(|by| by.starts_with("silence:"));
    derived.silenced = fleet.alerts.iter().filter(|alert| alert.status == Status::Firing).filter(by).count();
    racks(fleet, &mut derived);
    derived.totals = totals(fleet, &derived.rows);
    derived.open_rows = super::listing::open(&fleet.alerts, &derived.alert_gpu);
    derived.unwell = derived.rows.iter().filter(|row| row.hit && !row.is_well()).count();
    worst(&mut derived);
    derived.collectors = collectors(fleet);
    derived.reporting = fleet.collectors.iter().filter(|row| rule.at.since(row.time) <= SILENT + rule.grace_ms).count();
    derived
}

/// Whether a row is worse than another; one the filter keeps out never is.
pub(super) fn worse(row: &Row, than: &Row) -> bool {
    (!row.hit, row.badness()) < (!than.hit, than.badness())
}

/// The GPU of each alert, and the alerts that fire by GPU.
fn own(fleet: &FleetNow) -> (Vec<Option<usize>>, Own) {
    let mut gpus = vec![None; fleet.alerts.len()];
    let mut by_uuid: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, alert) in fleet.alerts.iter().enumerate() {
        if let Some(gpu) = &alert.gpu {
            by_uuid.entry(gpu.gpu_uuid.as_str()).or_default().push(at);
        }
    }
    let mut own = Own::new();
    let gpus_there = if by_uuid.is_empty() { &[] } else { fleet.gpus.as_slice() };
    for (place, gpu) in gpus_there.iter().enumerate() {
        for at in by_uuid.get(gpu.uuid()).into_iter().flatten() {
            gpus.iter_mut().skip(*at).take(1).for_each(|slot| *slot = Some(place));
            if fleet.alerts.get(*at).is_some_and(|alert| alert.status == Status::Firing) {
                own.entry(place).or_default().push(*at);
            }
        }
    }
    (gpus, own)
}

/// The worst rows that the filter lets through, without sorting the fleet.
fn worst(derived: &mut Derived) {
    let key = |at: &usize| derived.rows.get(*at).map(|row| (row.badness(), *at));
    let mut worst: Vec<usize> =
        (0..derived.rows.len()).filter(|at| derived.rows.get(*at).is_some_and(|row| row.hit)).collect();
    if worst.len() > WORST {
        worst.select_nth_unstable_by_key(WORST, key);
        worst.truncate(WORST);
    }
    worst.sort_unstable_by_key(key);
    derived.worst = worst;
}

/// Collectors: those silent the longest first, then by what they missed.
fn collectors(fleet: &FleetNow) -> Vec<usize> {
    let mut order: Vec<usize> = (0..fleet.collectors.len()).collect();
    let newest = fleet.collectors.iter().map(|row| row.time).max();
    order.sort_by_key(|at| {
        let Some(row) = fleet.collectors.get(*at) else { return (true, 0, 0, 0) };
        let [_, missed, _, dropped, seen, expected] = row.counts.map(Option::unwrap_or_default);
        let silent = newest.map_or(0, |newest| newest.since(row.time)) / SILENT;
        (false, -silent, -(expected - seen).max(0), -(missed + dropped))
    });
    order
}
