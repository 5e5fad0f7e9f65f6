//! A fleet alert as an event and as a row: who it is about, in words and in blocks, and its identity.
//!
//! The same shape and way of speaking as `detect`'s. Knows nothing of rules' meaning.

use super::rules::{Case, Rule, Subject};
use crate::event::alert::{ALERT, AlertGpu, AlertHost, alert_id, fingerprint};
use crate::event::sample::{SCHEMA_VERSION, host_key};
use crate::event::{Alert, Known, Status, Time};
use crate::pass::presence::Presence;

/// The fingerprint of a rule's alert on a subject.
pub(super) fn print(presence: &Presence<'_>, rule: &str, subject: Subject<'_>, qualifier: &str) -> String {
    let entity = match subject {
        Subject::Gpu(at) => presence.gpus.get(at).map(|gpu| gpu.known.uuid().to_owned()).unwrap_or_default(),
        Subject::Host(host) => host_key(host),
        Subject::Rack((None, rack)) => format!("rack:{rack}"),
        Subject::Rack((Some(datacenter), rack)) => format!("rack:{datacenter}/{rack}"),
        Subject::Fleet => "fleet".to_owned(),
    };
    fingerprint(rule, &entity, qualifier)
}

/// An alert that begins.
pub(super) fn begin(
    presence: &Presence<'_>,
    rule: &Rule,
    subject: Subject<'_>,
    print: String,
    (case, now): (&Case, Time),
) -> Alert {
    let alert = Alert {
        schema_version: SCHEMA_VERSION.to_owned(),
        event_type: ALERT.to_owned(),
        alert_id: alert_id(&print, case.since),
        fingerprint: print,
        rule: rule.id.to_owned(),
        status: Status::Firing,
        severity: case.severity,
        gpu: gpu(presence, subject),
        host: host(presence, subject),
        value: None,
        threshold: None,
        unit: (!rule.unit.is_empty()).then(|| rule.unit.to_owned()),
        since: case.since.to_string(),
        at: String::new(),
        summary: String::new(),
        action: String::new(),
        evidence: std::collections::BTreeMap::new(),
        suppressed_by: None,
    };
    rise(alert, presence, subject, (case, now))
}

/// The alert as a case has it now; what it is and since when stay.
pub(super) fn rise(alert: Alert, presence: &Presence<'_>, subject: Subject<'_>, (case, now): (&Case, Time)) -> Alert {
    Alert {
        severity: case.severity.max(alert.severity),
        value: case.value,
        threshold: case.threshold,
        at: now.to_string(),
        summary: format!("{}: {}", whose(presence, subject), case.what),
        action: case.action.clone(),
        evidence: case.evidence.clone(),
        ..alert
    }
}

/// The alert ended; its mark stays.
pub(super) fn end(alert: &Alert, why: Option<&str>, after: &str, now: Time) -> Alert {
    let (whose, what) = alert.summary.split_once(": ").unwrap_or(("", &alert.summary));
    let whose = if whose.is_empty() { String::new() } else { format!("{whose}: ") };
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    Alert {
        status: Status::Resolved,
        at: now.to_string(),
        summary: format!("{whose}ended: {what}{why}"),
        action: after.to_owned(),
        ..alert.clone()
    }
}

fn gpu(presence: &Presence<'_>, subject: Subject<'_>) -> Option<AlertGpu> {
    let Subject::Gpu(at) = subject else { return None };
    let known = presence.gpus.get(at)?.known;
    Some(AlertGpu {
        gpu_uuid: known.uuid().to_owned(),
        device_index: known.latest.device_index,
        name: known.place.get("model").or(known.latest.model.as_deref()).map(str::to_owned),
        pci_bus_id: None,
    })
}

fn host(presence: &Presence<'_>, subject: Subject<'_>) -> AlertHost {
    let known = |at: &usize| presence.gpus.get(*at).map(|gpu| gpu.known);
    let (hostname, gpus): (Option<&str>, Vec<&Known>) = match subject {
        Subject::Gpu(at) => {
            let known = known(&at);
            (known.map(|known| known.latest.hostname.as_str()), known.into_iter().collect())
        }
        Subject::Host(name) => {
            let gpus = presence.hosts.get(name).map_or(&[][..], |host| host.gpus.as_slice());
            (Some(name), gpus.iter().filter_map(known).collect())
        }
        Subject::Rack(id) => (None, presence.racks.get(&id).into_iter().flatten().filter_map(known).collect()),
        Subject::Fleet => (None, presence.gpus.iter().map(|gpu| gpu.known).collect()),
    };
    // What all of them share; a host's GPUs are in one place, a fleet's seldom.
    let shared = |name: &str| {
        let first = gpus.first()?.place.get(name)?;
        gpus.iter().all(|known| known.place.get(name) == Some(first)).then(|| first.to_owned())
    };
    AlertHost {
        hostname: hostname.filter(|name| !name.is_empty()).map(str::to_owned),
        cluster: shared("cluster"),
        rack: if subject == Subject::Fleet { None } else { shared("rack") },
        datacenter: shared("datacenter"),
    }
}

/// The subject as a person would name it.
fn whose(presence: &Presence<'_>, subject: Subject<'_>) -> String {
    match subject {
        Subject::Gpu(at) => presence.gpus.get(at).map_or_else(String::new, |gpu| {
            let raw = &gpu.known.latest;
            match (raw.hostname.as_str(), raw.device_index) {
                ("", _) => raw.gpu_uuid.clone(),
                (host, Some(index)) => format!("{host} GPU {index}"),
                (host, None) => format!("{host} {}", raw.gpu_uuid),
            }
        }),
        Subject::Host(name) | Subject::Rack((_, name)) => name.to_owned(),
        Subject::Fleet => "fleet".to_owned(),
    }
}
