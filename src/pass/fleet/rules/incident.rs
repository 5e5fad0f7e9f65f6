//! A common cause: a fifth or more of a host's or a rack's GPUs in the same state are one incident, and its members stand
//! under it (facts on health, 5.5).
//!
//! A rack's incident takes the place of its hosts': those that fire already stand under it, none begins. A lost host is no
//! incident of eight, but the silent hosts of a rack count with all of their GPUs. What is silenced counts for nothing here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{
    Case, Finding, GPU_SILENT, HOST_SILENT, Judge, Rule, Subject, World, clock, evidence, listed, number, outbreak,
};
use crate::event::{Alert, Severity, Time};
use crate::pass::fleet::limits::{INCIDENT, INCIDENT_AT_LEAST, INCIDENT_ENDS};

pub(super) const ID: &str = "incident";
/// The rule whose alerts have a state each by their code.
const XID: &str = "xid";

pub(super) const RULE: Rule = Rule {
    id: ID,
    unit: "%",
    absence: false,
    judge: Judge::Alerts(find),
    after: "Nothing; what still fires of it stands for itself again.",
};

const COOLING: &str =
    "Check what they share in cooling: air flow, inlet temperature, coolant, fans of the rack or host.";

/// The states that GPUs get into by a common cause, and what to do.
const COMMON: [(&str, &str); 8] = [
    ("power_brake", "Check what they share in power: the rack's feeds and PDUs, the hosts' power supplies."),
    ("hw_thermal", COOLING),
    ("thermal_margin", COOLING),
    ("memory_margin", COOLING),
    ("frozen", "Restart the collector or DCGM there; look for a hung driver (XID 119, 120)."),
    (XID, "Look for what they share: the job, the driver, NVLink switches, power."),
    (GPU_SILENT, "Look at what they share: the host's driver and DCGM, PCIe switches, power."),
    (HOST_SILENT, "Look at the rack: its power, its switch, and the way from it to the bus."),
];

/// A state: the rule, and the code of an XID.
type State<'a> = (&'a str, Option<i64>);
/// Alerts in one state in one scope, and their GPUs, each with since when.
#[derive(Default)]
struct Group<'a> {
    alerts: Vec<&'a Alert>,
    gpus: BTreeMap<usize, Time>,
}

fn find<'a>(world: &World<'a>, firing: &[&'a Alert]) -> Vec<Finding<'a>> {
    let told = super::pipeline_silent::fires(world, firing);
    let mut found: Vec<Finding<'a>> = Vec::new();
    let mut taken: BTreeSet<(Subject<'a>, State<'a>)> = BTreeSet::new();
    // Racks first: the order of `Subject` backwards.
    for ((subject, state), group) in groups(world, firing).into_iter().rev() {
        let total = scope(world, subject).len();
        let part = group.gpus.len();
        let name = name(state);
        let open = world.open(ID, subject, &name);
        let hosts = hosts(world, &group);
        let several = match subject {
            Subject::Rack(_) => hosts.len(),
            _ => part,
        } >= INCIDENT_AT_LEAST;
        let under = taken.contains(&(subject, state)) || (told && is_silence(state));
        let begins = several && part * 100 >= total * INCIDENT && !under;
        if !(begins || open.is_some() && part * 100 >= total * INCIDENT_ENDS) {
            continue;
        }
        let mut inhibits: Vec<String> = group.alerts.iter().map(|alert| alert.alert_id.clone()).collect();
        if let Subject::Rack(_) = subject {
            for host in hosts {
                taken.insert((Subject::Host(host), state));
                inhibits.extend(world.open(ID, Subject::Host(host), &name).map(|alert| alert.alert_id.clone()));
            }
        }
        let began = open.and_then(|alert| Time::parse(&alert.since)).unwrap_or_else(|| begins_at(&group, total));
        let case = case(world, (subject, state), &group, (total, began));
        found.push(Finding { qualifier: name, inhibits, ..Finding::fire(subject, case) });
    }
    found
}

fn groups<'a>(world: &World<'a>, firing: &[&'a Alert]) -> BTreeMap<(Subject<'a>, State<'a>), Group<'a>> {
    let mut groups: BTreeMap<(Subject<'a>, State<'a>), Group<'a>> = BTreeMap::new();
    for alert in firing {
        let Some((rule, since)) = common(&alert.rule).zip(Time::parse(&alert.since)) else { continue };
        let state = (rule, code(alert));
        let lost = rule == HOST_SILENT;
        let gpus = match &alert.gpu {
            Some(gpu) => world.presence.index(&gpu.gpu_uuid).into_iter().collect(),
            None if lost => scope(world, Subject::Host(alert.host.hostname.as_deref().unwrap_or_default())).to_vec(),
            None => Vec::new(),
        };
        let mut scopes: BTreeSet<Subject<'a>> = BTreeSet::new();
        for at in gpus {
            let Some(gpu) = world.presence.gpus.get(at).filter(|gpu| gpu.gone.is_none()) else { continue };
            let place = &gpu.known.place;
            let rack = place.rack().map(|rack| Subject::Rack((place.get("datacenter"), rack)));
            let host = (!lost).then_some(Subject::Host(gpu.known.latest.hostname.as_str()));
            for subject in rack.into_iter().chain(host) {
                let group = groups.entry((subject, state)).or_default();
                let from = group.gpus.entry(at).or_insert(since);
                *from = since.min(*from);
                scopes.insert(subject);
            }
        }
        for subject in scopes {
            groups.entry((subject, state)).or_default().alerts.push(alert);
        }
    }
    groups
}

/// Since when as many GPUs are in the state as it takes.
fn begins_at(group: &Group<'_>, total: usize) -> Time {
    let needed = INCIDENT_AT_LEAST.max((total * INCIDENT).div_ceil(100));
    outbreak(group.gpus.values().copied().collect(), needed).unwrap_or_default()
}

fn case(
    world: &World<'_>,
    (subject, state): (Subject<'_>, State<'_>),
    group: &Group<'_>,
    (total, began): (usize, Time),
) -> Case {
    let part = group.gpus.len();
    let hosts = hosts(world, group);
    let on = match subject {
        Subject::Rack(_) => format!(" on {} hosts", hosts.len()),
        _ => String::new(),
    };
    let uuids = group.gpus.keys().filter_map(|at| world.presence.gpus.get(*at)).map(|gpu| gpu.known.uuid());
    let of = state.1.map_or_else(|| state.0.to_owned(), |code| format!("XID {code}"));
    Case {
        severity: group.alerts.iter().map(|alert| alert.severity).max().unwrap_or(Severity::Warning),
        since: began,
        value: Some(number(part * 100) / number(total.max(1))),
        threshold: Some(number(INCIDENT)),
        what: format!("{part} of {total} GPUs{on}: {of} since {}", clock(began, world.now)),
        action: COMMON.iter().find(|(rule, _)| *rule == state.0).map_or("", |(_, action)| action).to_owned(),
        evidence: evidence([
            ("rule", json!(state.0)),
            ("xid", json!(state.1)),
            ("members", listed(group.alerts.iter().map(|alert| alert.alert_id.as_str()))),
            ("members_count", json!(group.alerts.len())),
            ("gpus", listed(uuids)),
            ("gpus_count", json!(part)),
            ("gpus_total", json!(total)),
            ("hosts_count", json!(hosts.len())),
            ("hosts", listed(hosts)),
        ]),
    }
}

fn hosts<'a>(world: &World<'a>, group: &Group<'_>) -> BTreeSet<&'a str> {
    let gpus = group.gpus.keys().filter_map(|at| world.presence.gpus.get(*at));
    gpus.map(|gpu| gpu.known.latest.hostname.as_str()).collect()
}

/// The GPUs of a scope that are not gone.
fn scope<'w>(world: &'w World<'_>, subject: Subject<'w>) -> &'w [usize] {
    match subject {
        Subject::Host(name) => world.presence.hosts.get(name).map_or(&[], |host| host.gpus.as_slice()),
        Subject::Rack(id) => world.presence.racks.get(&id).map_or(&[], Vec::as_slice),
        Subject::Gpu(_) | Subject::Fleet => &[],
    }
}

/// The rule as the table has it.
fn common(rule: &str) -> Option<&'static str> {
    COMMON.iter().find(|(one, _)| *one == rule).map(|(one, _)| *one)
}

/// The code of an XID's alert.
pub(in crate::pass::fleet) fn code(alert: &Alert) -> Option<i64> {
    alert.evidence.get(XID).and_then(Json::as_i64).filter(|_| alert.rule == XID)
}

fn is_silence((rule, _): State<'_>) -> bool {
    rule == GPU_SILENT || rule == HOST_SILENT
}

/// The qualifier of an incident of a state.
fn name((rule, code): State<'_>) -> String {
    code.map_or_else(|| rule.to_owned(), |code| format!("{rule} {code}"))
}
