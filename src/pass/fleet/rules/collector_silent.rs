//! A collector that no longer reports about itself while samples of its host's GPUs arrive: what it drops or misses is not
//! known until it does.
//!
//! A lost host that returns may send samples before its first report. So nothing is told while its silence fires, nor before
//! an earlier pass, too, saw samples that are newer than the last report by more than it may be late.

use serde_json::json;

use super::{Case, Finding, Judge, Rule, Subject, World, evidence, seconds, span};
use crate::event::Severity;
use crate::pass::fleet::limits::REPORT;

pub(super) const RULE: Rule = Rule {
    id: "collector_silent",
    unit: "s",
    absence: true,
    judge: Judge::Fleet(find),
    after: "Nothing; the collector reports again.",
};

fn find<'a>(world: &World<'a>) -> Vec<Finding<'a>> {
    let finding = |(name, host): (&&'a str, &crate::pass::presence::Host<'a>)| {
        let subject = Subject::Host(name);
        let (sampled, report) = (host.sampled?, host.report?);
        let late = sampled.since(report.time);
        let limit = REPORT.max(host.gap());
        if late <= limit {
            return None;
        }
        let mut before = world.presence.members(host).filter_map(|gpu| gpu.known.health.as_ref());
        let seen = before.any(|health| health.time < world.now && health.as_of.since(report.time) > limit);
        let lost = !seen || world.open(super::HOST_SILENT, subject, "").is_some();
        if lost || !host.is_live() || !host.is_fresh(world.now) || host.is_booting(world.now) {
            return Some(Finding::hold(subject));
        }
        let case = Case {
            severity: Severity::Warning,
            since: report.time,
            value: Some(seconds(late)),
            threshold: Some(seconds(limit)),
            what: format!("its collector has sent no report for {}, though samples arrive", span(late)),
            action:
                "Look at the collector's log on the host and restart it; a newer one may not report as this one did."
                    .to_owned(),
            evidence: evidence([
                ("last_report", json!(report.time.to_string())),
                ("last_sample", json!(sampled.to_string())),
                ("version", json!(report.version)),
            ]),
        };
        Some(Finding::fire(subject, case))
    };
    world.presence.hosts.iter().filter_map(finding).collect()
}
