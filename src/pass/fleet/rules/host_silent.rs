//! A host that sends nothing: one alert, whatever its GPUs' number. A warning first, since a reboot takes minutes and pages
//! nobody; critical, which pages, once it lasts longer than one.
//!
//! A collector may report for a host from elsewhere, so that where all GPUs of several are silent the host counts as silent.
//! A host that is back in part stays this one alert for a while: its GPUs come up one by one.

use serde_json::json;

use super::{Case, Finding, Judge, Rule, Subject, World, evidence, listed, seconds, span};
use crate::event::{Severity, Time};
use crate::pass::fleet::limits::{COMING_BACK, HOST_CRITICAL};
use crate::pass::presence::Host;

pub(in crate::pass::fleet) const ID: &str = "host_silent";

pub(super) const RULE: Rule = Rule {
    id: ID,
    unit: "s",
    absence: true,
    judge: Judge::Fleet(find),
    after: "The host is back; see why it was gone, and whether all of its GPUs are with it.",
};

fn find<'a>(world: &World<'a>) -> Vec<Finding<'a>> {
    world.presence.hosts.iter().filter_map(|(name, host)| finding(world, name, host)).collect()
}

/// Whether the alert of a host fires once this pass is over.
pub(super) fn fires(world: &World<'_>, name: &str, host: &Host<'_>) -> bool {
    let open = || world.open(ID, Subject::Host(name), "").is_some();
    finding(world, name, host).is_some_and(|finding| finding.case.is_some() || open())
}

fn finding<'a>(world: &World<'_>, name: &'a str, host: &Host<'_>) -> Option<Finding<'a>> {
    let subject = Subject::Host(name);
    let last = host.last_word().filter(|_| !host.gpus.is_empty())?;
    let open = world.open(ID, subject, "").and_then(|alert| Time::parse(&alert.since));
    if world.now.since(last) <= host.gap() {
        let missing = |since| world.presence.members(host).any(|gpu| gpu.behind && gpu.known.latest.time <= since);
        let coming = open.is_some_and(|since| world.now.since(since) < COMING_BACK && missing(since));
        return coming.then(|| Finding::hold(subject));
    }
    let may = host.is_live() || open.is_some();
    Some(if may { Finding::fire(subject, case(world, host, last)) } else { Finding::hold(subject) })
}

fn case(world: &World<'_>, host: &Host<'_>, last: Time) -> Case {
    let silent = world.now.since(last);
    let critical = silent >= HOST_CRITICAL;
    let gpus = host.gpus.len();
    let reports = host.is_fresh(world.now);
    let with = if gpus == 1 { "its GPU".to_owned() } else { format!("its {gpus} GPUs") };
    let what = if reports {
        format!("{with} silent for {}, though its collector reports", span(silent))
    } else {
        format!("host silent for {}, and {with} with it", span(silent))
    };
    Case {
        severity: if critical { Severity::Critical } else { Severity::Warning },
        since: last,
        value: Some(seconds(silent)),
        threshold: Some(seconds(if critical { HOST_CRITICAL } else { host.gap() })),
        what,
        action: if reports {
            "Look at the host's driver and DCGM: the collector reaches it, and no GPU answers."
        } else {
            "Look at the host: power, network, kernel; if it is up, at its collector and its way to the bus."
        }
        .to_owned(),
        evidence: evidence([
            ("last_heard", json!(last.to_string())),
            ("gpus", listed(world.presence.members(host).map(|gpu| gpu.known.uuid()))),
            ("gpus_count", json!(gpus)),
            ("source_state", json!(host.report.and_then(|row| row.source_state.as_deref()))),
        ]),
    }
}
