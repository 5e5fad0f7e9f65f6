//! A collector that has dropped samples: what this host shows has holes.
//!
//! The count is since the collector started and only its newest report is kept, so that the alert stands until a collector
//! that has dropped nothing reports. When it began is not stored; `since` is when the collector started, as its ticks tell,
//! since that is what the count is of: a pass killed after publishing states the same, whatever was reported meanwhile.

use serde_json::json;

use super::{Case, Finding, Judge, Rule, Subject, World, evidence};
use crate::event::{Severity, Value};
use crate::pass::fleet::limits::ROUGHLY;
use crate::pass::presence::count;

pub(super) const RULE: Rule = Rule {
    id: "collector_dropping",
    unit: "samples",
    absence: false,
    judge: Judge::Fleet(find),
    after: "Nothing; a collector that has dropped nothing reports. What was dropped before stays lost.",
};

fn find<'a>(world: &World<'a>) -> Vec<Finding<'a>> {
    let finding = |(name, host): (&&'a str, &crate::pass::presence::Host<'a>)| {
        let subject = Subject::Host(name);
        let known = host.fresh_report(world.now).and_then(|row| Some((row, count(row, "dropped")?)));
        let Some((report, dropped)) = known else { return Some(Finding::hold(subject)) };
        if dropped <= 0 {
            return None;
        }
        let case = Case {
            severity: Severity::Warning,
            // A collector that counts no ticks is told apart by the hour.
            since: host.started().unwrap_or_else(|| report.time.floor(ROUGHLY)),
            value: Some(Value::Int(dropped).real()),
            threshold: Some(0.0),
            what: format!("its collector has dropped {dropped} samples since it started"),
            action:
                "Look at the host's way to the bus and at the spool's bound; restart the collector once it is mended."
                    .to_owned(),
            evidence: evidence([
                ("report", json!(report.time.to_string())),
                ("dropped", json!(dropped)),
                ("missed", json!(count(report, "missed"))),
                ("spool_bytes", json!(count(report, "spool_bytes"))),
            ]),
        };
        Some(Finding::fire(subject, case))
    };
    world.presence.hosts.iter().filter_map(finding).collect()
}
