//! More than half of the hosts silent at once, or with silent GPUs: the first suspect is our own pipeline, so one alert on
//! the whole fleet stands before theirs.
//!
//! What began an hour before the newest silence is not "at once". As bad as the worst it stands for, so that a fleet that
//! boots together pages nobody by it. What is silenced counts once it fires, and begins nothing.
//!
//! "stalled" is another alert of this rule: the stages have not read what was collected. Nothing is known of the fleet then,
//! not even who is absent, so that it stands without the right to judge that, and is critical at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{
    Case, Finding, GPU_SILENT, HOST_SILENT, Heard, Judge, Rule, Subject, World, clock, evidence, listed, number,
    outbreak,
};
use crate::event::{Alert, Severity, Time};
use crate::pass::fleet::limits::{AT_ONCE, PIPELINE, PIPELINE_AT_LEAST, PIPELINE_ENDS};

const ID: &str = "pipeline_silent";
/// The stages stand still.
const STALLED: &str = "stalled";

pub(super) const RULE: Rule = Rule {
    id: ID,
    unit: "%",
    // It holds what is about absence itself.
    absence: false,
    judge: Judge::Alerts(find),
    after: "Nothing; most of the fleet sends again.",
};

/// The hosts in trouble, each with when that began and how bad it is.
type Trouble<'a> = BTreeMap<&'a str, (Time, Severity)>;

fn find<'a>(world: &World<'a>, heard: &Heard<'a>) -> Vec<Finding<'a>> {
    let mut silent = silent(world, heard);
    if !world.absence {
        let inhibits = silent.map(|finding| finding.inhibits).unwrap_or_default();
        silent = Some(Finding { inhibits, ..Finding::hold(Subject::Fleet) });
    }
    silent.into_iter().chain(stalled(world)).collect()
}

/// What was collected stays unread since the newest sample that is stored; where none is, nothing was collected before.
fn stalled<'a>(world: &World<'a>) -> Option<Finding<'a>> {
    let newest = world.presence.gpus.iter().map(|gpu| gpu.known.latest.time).max().filter(|_| world.stalled)?;
    let case = Case {
        severity: Severity::Critical,
        since: newest,
        value: None,
        threshold: None,
        what: format!("the stages have not read what was collected since {}", clock(newest, world.now)),
        action: "Look at validate and aggregate: whether they run, and what their logs say of the bus and the store."
            .to_owned(),
        evidence: evidence([("last_sample", json!(newest.to_string()))]),
    };
    Some(Finding { qualifier: STALLED.to_owned(), ..Finding::fire(Subject::Fleet, case) })
}

fn silent<'a>(world: &World<'a>, heard: &Heard<'a>) -> Option<Finding<'a>> {
    let (trouble, began, total) = at_hand(world, heard)?;
    let part = trouble.len();
    let severity = trouble.values().map(|(_, severity)| *severity).max().unwrap_or(Severity::Warning);
    let case = Case {
        severity,
        since: began,
        value: Some(number(part * 100) / number(total.max(1))),
        threshold: Some(number(PIPELINE)),
        what: format!(
            "{part} of {total} hosts silent, or with silent GPUs, since {}: look at the pipeline first",
            clock(began, world.now)
        ),
        action:
            "Look at validate, aggregate, the bus and the network between; if all is well there, at the site's power."
                .to_owned(),
        evidence: evidence([
            ("hosts", listed(trouble.keys().copied())),
            ("hosts_count", json!(part)),
            ("hosts_total", json!(total)),
        ]),
    };
    let inhibits = heard.all.iter().filter(|alert| is_silence(alert) || stands_for_silence(alert));
    let inhibits = inhibits.map(|alert| alert.alert_id.clone()).collect();
    Some(Finding { inhibits, ..Finding::fire(Subject::Fleet, case) })
}

/// Whether it fires.
pub(super) fn fires(world: &World<'_>, heard: &Heard<'_>) -> bool {
    at_hand(world, heard).is_some()
}

fn is_silence(alert: &Alert) -> bool {
    alert.rule == HOST_SILENT || alert.rule == GPU_SILENT
}

/// Whether it is an incident of silences.
pub(super) fn stands_for_silence(alert: &Alert) -> bool {
    let of = alert.evidence.get("rule").and_then(serde_json::Value::as_str);
    alert.rule == super::incident::ID && of.is_some_and(|rule| rule == HOST_SILENT || rule == GPU_SILENT)
}

fn at_hand<'a>(world: &World<'a>, heard: &Heard<'a>) -> Option<(Trouble<'a>, Time, usize)> {
    let open = world.open(ID, Subject::Fleet, "");
    let firing = if open.is_some() { &heard.all } else { &heard.loud };
    // What is silenced keeps it going, and makes it no worse.
    let loud: BTreeSet<&str> = heard.loud.iter().map(|alert| alert.alert_id.as_str()).collect();
    let mut all = Trouble::new();
    for alert in firing.iter().filter(|alert| is_silence(alert)) {
        let host = match &alert.gpu {
            Some(gpu) => world.presence.gpu(&gpu.gpu_uuid).map(|gpu| gpu.known.latest.hostname.as_str()),
            None => alert.host.hostname.as_deref(),
        };
        let known = host.and_then(|host| Some((host, Time::parse(&alert.since)?)));
        let Some((host, since)) = known.filter(|(host, _)| world.presence.hosts.contains_key(host)) else { continue };
        let severity = if loud.contains(alert.alert_id.as_str()) { alert.severity } else { Severity::Warning };
        let one = all.entry(host).or_insert((since, severity));
        *one = (one.0.min(since), one.1.max(severity));
    }
    let hosts: BTreeSet<&str> =
        world.presence.hosts.iter().filter(|(_, host)| !host.gpus.is_empty()).map(|(name, _)| *name).collect();
    if let Some(open) = open {
        let began = Time::parse(&open.since)?;
        let goes_on = all.len() * 100 >= hosts.len() * PIPELINE_ENDS;
        return goes_on.then_some((all, began, hosts.len()));
    }
    let newest = all.values().map(|(since, _)| *since).max()?;
    let before = all.len();
    all.retain(|_, (since, _)| newest.since(*since) <= AT_ONCE);
    let total = hosts.len() - (before - all.len()).min(hosts.len());
    let needed = PIPELINE_AT_LEAST.max(total * PIPELINE / 100 + 1);
    if all.len() < needed {
        return None;
    }
    let began = outbreak(all.values().map(|(since, _)| *since).collect(), needed)?;
    Some((all, began, total))
}
