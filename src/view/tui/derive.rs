//! What depends on the whole fleet, made when a reading, a key or a clock's border calls for it: rows, hosts, racks,
//! counts, who is worst. A frame only looks it up.

use std::collections::{BTreeMap, HashMap};

use super::format::real;
use super::natural::Natural;
use super::plan::Plan;
use super::rows::{Class, Own, Row, Rule, row};
use super::subject::busy;
use crate::event::fleet::FleetNow;
use crate::event::{Severity, Status, Time};
use crate::metric::ids;

/// GPUs kept in order of badness (J): more than any screen has lines.
const WORST: usize = 300;
/// Below this share of the time a GPU is idle (J), percent.
const IDLE: f64 = 5.0;

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
    pub(super) mean: Option<f64>,
    pub(super) hottest: Option<f64>,
    pub(super) watts: Option<f64>,
}

/// Sums over the fleet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) watts: Option<f64>,
    pub(super) temp: Option<f64>,
    pub(super) busy: Option<f64>,
    pub(super) idle: usize,
    /// Failures expected within seven days: the sum of the probabilities.
    pub(super) expected: Option<f64>,
    pub(super) newest: Option<Time>,
    pub(super) oldest: Option<(Time, usize)>,
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

/// Rows, hosts, racks and sums of a reading; order, alerts and plan are for the caller.
pub(super) fn derive(fleet: &FleetNow, rule: &Rule<'_>) -> Derived {
    let (alert_gpu, own) = own(fleet);
    let mut derived = Derived { alert_gpu, own, row_of: vec![None; fleet.gpus.len()], ..Derived::default() };
    for (place, gpu) in fleet.gpus.iter().enumerate().filter(|(_, gpu)| !gpu.is_replaced()) {
        let at = derived.rows.len();
        let same =
            derived.hosts.last().and_then(|host| derived.rows.get(host.first)).and_then(|row| fleet.gpus.get(row.gpu));
        if same.is_none_or(|other| other.latest.hostname != gpu.latest.hostname) {
            derived.hosts.push(Host { first: at, len: 0, worst: at });
            derived.widths.0 = derived.widths.0.max(gpu.latest.hostname.chars().count());
        }
        let row = row(fleet, (place, gpu), derived.hosts.len() - 1, &derived.own, rule);
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
    racks(fleet, &mut derived);
    totals(fleet, &mut derived);
    derived.unwell = derived.rows.iter().filter(|row| row.hit && !row.is_well()).count();
    worst(&mut derived);
    derived.collectors = collectors(fleet);
    derived.reporting = fleet.collectors.iter().filter(|row| rule.at.since(row.time) <= SILENT + rule.grace_ms).count();
    derived
}

/// Whether a row is worse than another; one the filter keeps out never is.
fn worse(row: &Row, than: &Row) -> bool {
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

fn racks(fleet: &FleetNow, derived: &mut Derived) {
    let mut racks: BTreeMap<Natural, Rack> = BTreeMap::new();
    for (at, host) in derived.hosts.iter().enumerate() {
        let rows = derived.rows.get(host.first..host.first + host.len).unwrap_or_default();
        let gpus = || rows.iter().filter_map(|row| fleet.gpus.get(row.gpu));
        let name = gpus().find_map(|gpu| gpu.place.rack()).unwrap_or("-");
        let rack = racks.entry(Natural::of(name)).or_insert_with(|| Rack {
            name: name.to_owned(),
            worst: host.worst,
            ..Rack::default()
        });
        let is_worse = match (derived.rows.get(host.worst), derived.rows.get(rack.worst)) {
            (Some(row), Some(than)) => worse(row, than),
            _ => false,
        };
        rack.worst = if is_worse { host.worst } else { rack.worst };
        rack.hosts.push(at);
        rack.gpus += rows.len();
        rack.unwell += rows.iter().filter(|row| !row.is_well()).count();
        let values = || gpus().map(|gpu| &gpu.latest.values);
        rack.hottest = values().filter_map(|values| values.real(ids::GPU_TEMP)).chain(rack.hottest).reduce(f64::max);
        rack.watts = values().filter_map(|values| values.real(ids::POWER)).chain(rack.watts).reduce(|a, b| a + b);
    }
    for rack in racks.into_values() {
        let mut mean = Mean::default();
        let hosts = rack.hosts.iter().filter_map(|at| derived.hosts.get(*at));
        let rows = hosts.flat_map(|host| derived.rows.get(host.first..host.first + host.len).unwrap_or_default());
        rows.for_each(|row| mean.add(row.score.and_then(|score| i32::try_from(score).ok()).map(f64::from)));
        derived.widths.1 = derived.widths.1.max(rack.name.chars().count());
        derived.racks.push(Rack { mean: mean.get(), ..rack });
    }
}

fn totals(fleet: &FleetNow, derived: &mut Derived) {
    let [mut watts, mut temp, mut used, mut expected] = [Mean::default(); 4];
    let mut totals = Totals::default();
    for row in &derived.rows {
        let Some(gpu) = fleet.gpus.get(row.gpu) else { continue };
        watts.add(gpu.latest.values.real(ids::POWER));
        temp.add(gpu.latest.values.real(ids::GPU_TEMP));
        let busy = busy(gpu);
        used.add(busy);
        totals.idle += usize::from(busy.is_some_and(|busy| busy < IDLE));
        expected.add(gpu.prediction.as_ref().and_then(|odds| odds.at(7)).map(|odds| odds.p));
        totals.newest = totals.newest.max(Some(gpu.latest.time));
        if totals.oldest.is_none_or(|(time, _)| gpu.latest.time < time) {
            totals.oldest = Some((gpu.latest.time, row.gpu));
        }
    }
    derived.totals =
        Totals { watts: watts.sum(), temp: temp.get(), busy: used.get(), expected: expected.sum(), ..totals };
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
