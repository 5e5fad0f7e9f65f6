//! A GPU that sends nothing while its host does: lost, as far as anyone can tell. A fault, so critical at once.
//!
//! Not told where all of a host's GPUs are silent, or while a silent host is only back in part (`host_silent` tells both),
//! nor in boot grace: GPUs come up one by one.

use serde_json::json;

use super::{Case, Finding, Judge, Rule, Subject, World, clock, evidence, host_silent, seconds, span};
use crate::event::Severity;
use crate::pass::presence::{Gpu, Host};

pub(in crate::pass::fleet) const ID: &str = "gpu_silent";

pub(super) const RULE: Rule = Rule {
    id: ID,
    unit: "s",
    absence: true,
    judge: Judge::Fleet(find),
    after: "The GPU is back; see why it was gone before trusting it with work.",
};

fn find<'a>(world: &World<'a>) -> Vec<Finding<'a>> {
    let presence = &world.presence;
    let mut found = Vec::new();
    for (name, host) in &presence.hosts {
        let alone = host.lost || host_silent::fires(world, name, host);
        for at in &host.gpus {
            let Some(gpu) = presence.gpus.get(*at).filter(|gpu| gpu.behind) else { continue };
            let subject = Subject::Gpu(*at);
            let last = gpu.known.latest.time;
            let may = host.is_live() && host.is_fresh(world.now) && !alone && !host.excuses(last, world.now);
            found.push(if may { Finding::fire(subject, case(world, gpu, host)) } else { Finding::hold(subject) });
        }
    }
    found
}

fn case(world: &World<'_>, gpu: &Gpu<'_>, host: &Host<'_>) -> Case {
    let last = gpu.known.latest.time;
    let silent = world.now.since(last);
    let told = gpu.known.events.iter().rev().find(|event| event.kind == "xid");
    let xid = told.map(|event| format!("; its last XID was {} at {}", event.code, clock(event.at, world.now)));
    Case {
        severity: Severity::Critical,
        since: last,
        value: Some(seconds(silent)),
        threshold: None,
        what: format!("silent for {} while its host reports{}", span(silent), xid.unwrap_or_default()),
        action: "Drain the host and look for XID 79; reset the GPU, then restart the host; if it stays gone, contact \
                 support."
            .to_owned(),
        evidence: evidence([
            ("last_sample", json!(last.to_string())),
            ("host_last_heard", json!(host.newest().map(|newest| newest.to_string()))),
            ("source_state", json!(host.report.and_then(|row| row.source_state.as_deref()))),
            ("last_xid", json!(told.map(|event| event.code))),
        ]),
    }
}
