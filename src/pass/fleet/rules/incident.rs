//! A common cause: a fifth or more of a host's or a rack's GPUs in the same state are one incident, and its members stand
//! under it (facts on health, 5.5).
//!
//! A rack's incident takes the place of its hosts': those that fire already stand under it, none begins. A lost host is no
//! incident of eight, but the silent hosts of a rack count with all of their GPUs. What one loss of cooling shows in several
//! rules is one state. It takes GPUs that got into it close together to begin; one that goes on keeps whoever is in it,
//! silenced or not, so that a silence neither ends it nor, at its end, begins it again. What is silenced begins nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value as Json, json};

use super::{
    Case, Finding, GPU_SILENT, HOST_SILENT, Heard, Judge, Rule, Subject, World, clock, evidence, listed, number,
    outbreak,
};
use crate::event::{Alert, Severity, Time};
use crate::pass::fleet::limits::{INCIDENT, INCIDENT_AT_LEAST, INCIDENT_ENDS, INCIDENT_WITHIN};

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

/// The state that these rules show together.
const HEAT: &str = "heat";
const HOT: [&str; 3] = ["hw_thermal", "thermal_margin", "memory_margin"];

/// The states that GPUs get into by a common cause, and what to do.
const COMMON: [(&str, &str); 6] = [
    ("power_brake", "Check what they share in power: the rack's feeds and PDUs, the hosts' power supplies."),
    (HEAT, COOLING),
    ("frozen", "Restart the collector or DCGM there; look for a hung driver (XID 119, 120)."),
    (XID, "Look for what they share: the job, the driver, NVLink switches, power."),
    (GPU_SILENT, "Look at what they share: the host's driver and DCGM, PCIe switches, power."),
    (HOST_SILENT, "Look at the rack: its power, its switch, and the way from it to the bus."),
];

/// A state: the rule or what rules show together, and the code of an XID.
type State<'a> = (&'a str, Option<i64>);
/// Alerts in one state in one scope, and their GPUs, each with since when.
#[derive(Default)]
struct Group<'a> {
    alerts: Vec<&'a Alert>,
    gpus: BTreeMap<usize, Time>,
}

fn find<'a>(world: &World<'a>, heard: &Heard<'a>) -> Vec<Finding<'a>> {
    let told = super::pipeline_silent::fires(world, heard);
    let loud = groups(world, &heard.loud);
    let mut found: Vec<Finding<'a>> = Vec::new();
    let mut taken: BTreeSet<(Subject<'a>, State<'a>)> = BTreeSet::new();
    // Racks first: the order of `Subject` backwards.
    for ((subject, state), all) in groups(world, &heard.all).iter().rev() {
        let (subject, state) = (*subject, *state);
        let total = scope(world, subject).len();
        let name = name(state);
        let open = world.open(ID, subject, &name);
        let goes_on = open.and_then(|alert| Time::parse(&alert.since));
        let goes_on = goes_on.filter(|_| all.gpus.len() * 100 >= total * INCIDENT_ENDS).map(|since| (all, since));
        let begins = || {
            let under = taken.contains(&(subject, state)) || (told && is_silence(state));
            let group = loud.get(&(subject, state)).filter(|_| !under)?;
            Some((group, begins_at(world, subject, group, total)?))
        };
        let Some((group, began)) = goes_on.or_else(begins) else { continue };
        let mut inhibits: Vec<String> = group.alerts.iter().map(|alert| alert.alert_id.clone()).collect();
        if let Subject::Rack(_) = subject {
            for host in hosts(world, group) {
                taken.insert((Subject::Host(host), state));
                inhibits.extend(world.open(ID, Subject::Host(host), &name).map(|alert| alert.alert_id.clone()));
            }
        }
        // What is silenced keeps it going, and makes it no worse.
        let loudest =
            loud.get(&(subject, state)).and_then(|group| group.alerts.iter().map(|alert| alert.severity).max());
        let case = Case {
            severity: loudest.unwrap_or(Severity::Warning),
            ..case(world, (subject, state), group, (total, began))
        };
        found.push(Finding { qualifier: name, inhibits, ..Finding::fire(subject, case) });
    }
    found
}

fn groups<'a>(world: &World<'a>, firing: &[&'a Alert]) -> BTreeMap<(Subject<'a>, State<'a>), Group<'a>> {
    let mut groups: BTreeMap<(Subject<'a>, State<'a>), Group<'a>> = BTreeMap::new();
    for alert in firing {
        let Some((shown, since)) = common(&alert.rule).zip(Time::parse(&alert.since)) else { continue };
        let state = (shown, code(alert));
        let lost = shown == HOST_SILENT;
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
            let host = Some(gpu.known.latest.hostname.as_str()).filter(|name| !lost && !name.is_empty());
            let host = host.map(Subject::Host);
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

/// Since when as many GPUs are in the state as it takes to begin, having got into it close together: as the earliest of such
/// outbreaks has it, which what is found later does not move. `None` where there is none.
fn begins_at(world: &World<'_>, subject: Subject<'_>, group: &Group<'_>, total: usize) -> Option<Time> {
    let needed = INCIDENT_AT_LEAST.max((total * INCIDENT).div_ceil(100));
    let host = |at: usize| world.presence.gpus.get(at).map(|gpu| gpu.known.latest.hostname.as_str());
    let mut members: Vec<(Time, &str)> =
        group.gpus.iter().filter_map(|(at, since)| Some((*since, host(*at)?))).collect();
    members.sort_unstable();
    let mut hosts: HashMap<&str, usize> = HashMap::new();
    let mut end = 0;
    for (start, (first, leaves)) in members.iter().enumerate() {
        while let Some((_, joins)) = members.get(end).filter(|(since, _)| since.since(*first) <= INCIDENT_WITHIN) {
            *hosts.entry(joins).or_default() += 1;
            end += 1;
        }
        let several = match subject {
            Subject::Rack(_) => hosts.keys().filter(|name| !name.is_empty()).count(),
            _ => end - start,
        };
        if end - start >= needed && several >= INCIDENT_AT_LEAST {
            let together = members.get(start..end).unwrap_or_default();
            return outbreak(together.iter().map(|(since, _)| *since).collect(), needed);
        }
        if let Some(count) = hosts.get_mut(leaves) {
            *count -= 1;
            if *count == 0 {
                hosts.remove(leaves);
            }
        }
    }
    None
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
    let rules: BTreeSet<&str> = group.alerts.iter().map(|alert| alert.rule.as_str()).collect();
    let seen: Vec<&str> = HOT.into_iter().filter(|rule| rules.contains(rule)).collect();
    let of = match state {
        (HEAT, _) => format!("{HEAT} ({})", seen.join(", ")),
        (rule, code) => code.map_or_else(|| rule.to_owned(), |code| format!("XID {code}")),
    };
    Case {
        severity: Severity::Warning,
        since: began,
        value: Some(number(part * 100) / number(total.max(1))),
        threshold: Some(number(INCIDENT)),
        what: format!("{part} of {total} GPUs{on}: {of} since {}", clock(began, world.now)),
        action: COMMON.iter().find(|(rule, _)| *rule == state.0).map_or("", |(_, action)| action).to_owned(),
        evidence: evidence([
            ("rule", json!(state.0)),
            ("rules", listed(rules)),
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
    gpus.map(|gpu| gpu.known.latest.hostname.as_str()).filter(|name| !name.is_empty()).collect()
}

/// The GPUs of a scope that are not gone.
fn scope<'w>(world: &'w World<'_>, subject: Subject<'w>) -> &'w [usize] {
    match subject {
        Subject::Host(name) => world.presence.hosts.get(name).map_or(&[], |host| host.gpus.as_slice()),
        Subject::Rack(id) => world.presence.racks.get(&id).map_or(&[], Vec::as_slice),
        Subject::Gpu(_) | Subject::Fleet => &[],
    }
}

/// The state that a rule shows, as the table has it.
fn common(rule: &str) -> Option<&'static str> {
    let word = if HOT.contains(&rule) { HEAT } else { rule };
    COMMON.iter().find(|(one, _)| *one == word).map(|(one, _)| *one)
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
