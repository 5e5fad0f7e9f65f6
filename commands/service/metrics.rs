//! gpuhm's own metrics: what a process says of its work. No GPU is a label here: that is what the store is for.

use gpuhm::event::Time;

use super::encode::{Family, Labels, Samples};
use super::facts::{Facts, Known};
use super::numbers::Collecting;

use Samples::{Counters, Durations, Gauges, Info};

/// All of them, as things stand.
pub(super) fn families(facts: &Facts) -> Vec<Family> {
    let known = facts.known();
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    let mut all = vec![Family::new("gpuhm_build", "Which gpuhm this is", Info(version))];
    let up =
        |(name, away): (&str, Option<_>)| (vec![("name", name.to_owned())], if away.is_some() { 0.0 } else { 1.0 });
    let mut rests: Vec<_> = known.dependencies(facts.bus).into_iter().map(up).collect();
    rests.extend(known.source().map(|(name, away)| (vec![("name", name.to_owned())], if away { 0.0 } else { 1.0 })));
    all.push(Family::new("gpuhm_dependency_up", "Whether what the process rests on answered last", Gauges(rests)));
    if let Some(collect) = &known.collect {
        all.extend(collecting(collect));
    }
    all.extend(stages(&known));
    all.extend(passes(&known));
    all.extend(stored(&known));
    all
}

fn none<T>(value: T) -> Vec<(Labels, T)> {
    vec![(Labels::new(), value)]
}

#[expect(clippy::cast_precision_loss, reason = "counts of GPUs, bytes and records lie far below 2^53")]
fn real(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age lie far below 2^53")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

fn collecting(collect: &Collecting) -> Vec<Family> {
    let Collecting { done, took, gpus, backlog, success, stale, failed, .. } = collect;
    let well = done.collected.saturating_sub(stale + failed);
    let samples = [("ok", well), ("stale", *stale), ("error", *failed)];
    let samples = samples.map(|(result, count)| (vec![("result", result.to_owned())], count)).to_vec();
    let backlog = backlog.unwrap_or_default();
    let success = success.map(Time::ms).map_or_else(Vec::new, |ms| none(seconds(ms)));
    vec![
        Family::new("gpuhm_collect_ticks", "Ticks done", Counters(none(done.ticks))),
        Family::new(
            "gpuhm_collect_ticks_missed",
            "Ticks that came while an earlier one was at work",
            Counters(none(done.missed)),
        ),
        Family::new(
            "gpuhm_collect_tick_duration_seconds",
            "How long reading and putting away took",
            Durations(none(took.clone())),
        ),
        Family::new(
            "gpuhm_collect_gpus",
            "GPUs read at the last tick",
            Gauges(gpus.map_or_else(Vec::new, |gpus| none(real(gpus)))),
        ),
        Family::new(
            "gpuhm_collect_samples",
            "Samples put away: with fresh values, with old ones, or with an error in place of some",
            Counters(samples),
        ),
        Family::new("gpuhm_collect_last_success_timestamp_seconds", "When samples were last put away", Gauges(success)),
        Family::new("gpuhm_collect_spool_bytes", "Bytes that wait in the spool", Gauges(none(real(backlog.bytes)))),
        Family::new(
            "gpuhm_collect_spool_dropped",
            "Events dropped at the bound of the spool",
            Counters(none(backlog.dropped)),
        ),
    ]
}

fn stages(known: &Known) -> Vec<Family> {
    let stage = |name: &str| ("stage", name.to_owned());
    let (mut consumed, mut emitted, mut refused, mut lags) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut ages, mut took, mut commits) = (Vec::new(), Vec::new(), Vec::new());
    for (name, it) in &known.stages {
        let done = &it.done;
        consumed.push((vec![stage(name)], done.consumed));
        emitted.push((vec![stage(name)], done.emitted));
        for (rule, count) in &done.reasons {
            refused.push((vec![stage(name), ("rule", (*rule).to_owned())], *count));
        }
        for (partition, lag) in &it.lags {
            let of = vec![stage(name), ("topic", it.topic.clone()), ("partition", partition.to_string())];
            lags.push((of, real(*lag)));
        }
        ages.extend(it.age_ms.map(|ms| (vec![stage(name)], seconds(ms))));
        took.push((vec![stage(name)], it.took.clone()));
        for (result, count) in [("ok", done.steps), ("fenced", done.fenced)] {
            commits.push((vec![stage(name), ("result", result.to_owned())], count));
        }
    }
    vec![
        Family::new("gpuhm_stage_consumed", "Records applied", Counters(consumed)),
        Family::new("gpuhm_stage_emitted", "Events published", Counters(emitted)),
        Family::new(
            "gpuhm_stage_refused",
            "Refusals by rule; an event that breaks two counts under both",
            Counters(refused),
        ),
        Family::new("gpuhm_stage_lag_events", "Records before the stage in a partition it owns", Gauges(lags)),
        Family::new(
            "gpuhm_stage_event_age_seconds",
            "How long the newest record of the last batch had been on the bus",
            Gauges(ages),
        ),
        Family::new(
            "gpuhm_stage_batch_duration_seconds",
            "How long applying, writing and finishing a batch took",
            Durations(took),
        ),
        Family::new("gpuhm_stage_commits", "Steps finished, and those that another owner made void", Counters(commits)),
    ]
}

fn passes(known: &Known) -> Vec<Family> {
    let pass = |name: &str| vec![("pass", name.to_owned())];
    let gpus = known.passes.iter().map(|(name, it)| (pass(name), real(it.gpus))).collect();
    let took = known.passes.iter().map(|(name, it)| (pass(name), it.took.clone())).collect();
    vec![
        Family::new("gpuhm_pass_gpus", "GPUs that the last pass judged", Gauges(gpus)),
        Family::new("gpuhm_pass_duration_seconds", "How long a pass took", Durations(took)),
    ]
}

fn stored(known: &Known) -> Vec<Family> {
    let store = &known.store;
    let rows = store.rows.iter().map(|(table, count)| (vec![("table", (*table).to_owned())], *count)).collect();
    let took = if store.took.count == 0 { Vec::new() } else { none(store.took.clone()) };
    let failures = known.rests.get("store").map_or_else(Vec::new, |rest| none(rest.failures));
    let alert = |((severity, rule), count): (&(&str, String), &u64)| {
        (vec![("severity", (*severity).to_owned()), ("rule", rule.clone())], *count)
    };
    vec![
        Family::new("gpuhm_store_rows", "Rows written, by table; a row written twice counts twice", Counters(rows)),
        Family::new("gpuhm_store_write_duration_seconds", "How long a write took", Durations(took)),
        Family::new("gpuhm_store_errors", "Tries of the store that failed and were tried again", Counters(failures)),
        Family::new(
            "gpuhm_alerts",
            "Alerts that began or got worse",
            Counters(store.alerts.iter().map(alert).collect()),
        ),
    ]
}
