//! A host with fewer GPUs than it is expected to have. A GPU that was there and fell silent is `gpu_silent`'s; this rule is
//! for those that nobody has seen on this host, or that were taken out of it with none in their place.
//!
//! Critical where the collector itself sees too few; a warning where it sees all and some do not arrive (refused events, an
//! asset record that names another host).
//!
//! Since when: the newest of the last sample of a GPU that was taken out of it and the start of its collector, which is when
//! a host is counted anew. Both are stored, and differ from one time to the next where something was done about it; when a
//! host was first seen does not, and what ended and came again would have its old id.

use serde_json::json;

use super::{Case, Finding, Judge, Rule, Subject, World, evidence, listed, number};
use crate::event::{Severity, Value};
use crate::pass::fleet::limits::ROUGHLY;
use crate::pass::presence::{Host, count};

pub(super) const RULE: Rule = Rule {
    id: "gpus_missing",
    unit: "GPUs",
    absence: true,
    judge: Judge::Fleet(find),
    after: "Nothing; the host has its GPUs.",
};

fn find<'a>(world: &World<'a>) -> Vec<Finding<'a>> {
    let finding = |(name, host): (&&'a str, &Host<'a>)| {
        let subject = Subject::Host(name);
        let expected = host.report.and_then(|row| count(row, "gpus_expected"))?;
        let short = expected - i64::try_from(host.gpus.len()).unwrap_or(i64::MAX);
        if short <= 0 {
            return None;
        }
        // A host of which a GPU is known shows by it whether it is of the present; a report alone must be.
        let live = host.gpus.is_empty() || host.is_live();
        let may = live && host.fresh_report(world.now).is_some() && !host.is_booting(world.now);
        Some(if may { Finding::fire(subject, case(world, host, expected)?) } else { Finding::hold(subject) })
    };
    world.presence.hosts.iter().filter_map(finding).collect()
}

fn case(world: &World<'_>, host: &Host<'_>, expected: i64) -> Option<Case> {
    let report = host.report?;
    let there = host.gpus.len();
    let seen = count(report, "gpus_seen");
    let fewer = seen.is_none_or(|seen| seen < expected);
    let what = match seen {
        Some(seen) if !fewer => format!("{there} of {expected} GPUs arrive, though the collector sees {seen}"),
        _ => format!("{there} of {expected} GPUs are there"),
    };
    Some(Case {
        severity: if fewer { Severity::Critical } else { Severity::Warning },
        // A collector that counts no ticks is told apart by the hour.
        since: host.left.max(host.started()).unwrap_or_else(|| report.time.floor(ROUGHLY)),
        value: Some(number(there)),
        threshold: Some(Value::Int(expected).real()),
        what,
        action: if fewer {
            "Look for the missing GPU on the host: nvidia-smi, lspci, XID 79, seating and power; restart the host."
        } else {
            "Look among the refused events and the asset records for the GPUs that do not arrive under this host."
        }
        .to_owned(),
        evidence: evidence([
            ("gpus_expected", json!(expected)),
            ("gpus_seen", json!(seen)),
            ("gpus", listed(world.presence.members(host).map(|gpu| gpu.known.uuid()))),
            ("source_state", json!(report.source_state)),
        ]),
    })
}
