//! From when to when each GPU was observed, and which of its labels are failures.
//!
//! A GPU is observed from when it was first seen, or installed by its asset record, or named by a label, whichever came
//! first, but not from before the record begins: the earliest label of any GPU or the earliest sight of one. It is observed
//! until its last sample, or last failure: a GPU that is gone is censored there, it did not survive since. `removed` ends it; it
//! is observed again from the next sign of it: a place of its own that is newer, another failure, samples that went
//! on for more than a day.
//! A GPU of which only labels are left, because its samples were dropped, counts from the start of the record to its last
//! label, in the fleet only: its group is not known any more. Without this the fleet would look as healthy as its survivors.

use std::collections::{BTreeMap, HashMap};

use super::table::{LEAVING, ONE_FAILURE, YEAR};
use crate::event::{Facts, Failure, Known, Time};

/// A stretch in which a GPU was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Time,
    pub(super) to: Time,
}

/// What is known of the life of one GPU.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Life {
    /// By time, without overlap. The last is where the GPU is now, or was last; before, as far as the labels tell, it was
    /// elsewhere.
    pub(super) spans: Vec<Span>,
    /// When it failed, by time; reports of one failure are one.
    pub(super) failures: Vec<Time>,
    /// The newest report of a failure.
    pub(super) newest: Option<Time>,
}

impl Life {
    /// The stretch in its present place.
    pub(super) fn here(&self) -> &[Span] {
        self.spans.last().map_or(&[], std::slice::from_ref)
    }

    /// Failures in its present place.
    pub(super) fn failures_here(&self) -> impl Iterator<Item = Time> + '_ {
        let from = self.spans.last().map(|span| span.from);
        self.failures.iter().copied().filter(move |at| from.is_some_and(|from| *at >= from))
    }
}

/// Every life.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Lives {
    /// In the order of the facts.
    pub(super) known: Vec<Life>,
    /// GPUs of which only labels are left, by UUID.
    pub(super) lost: Vec<Life>,
}

impl Lives {
    /// Reads them from the facts, as they stood at `now`.
    pub(super) fn of(facts: &Facts, now: Time) -> Lives {
        let mut labels: HashMap<&str, Vec<&Failure>> = HashMap::new();
        for label in facts.failures.iter().filter(|label| label.at <= now) {
            labels.entry(&label.gpu_uuid).or_default().push(label);
        }
        for of_one in labels.values_mut() {
            // At one instant the failure comes before the removal that it led to.
            of_one.sort_by_key(|label| (label.at, !label.kind.is_failure()));
        }
        let earliest = labels.values().filter_map(|of_one| of_one.first()).map(|label| label.at).min();
        let sights = facts.gpus.iter().map(|gpu| gpu.first);
        let start = sights.chain(earliest).min().unwrap_or(now).min(now);
        let known: Vec<Life> = facts
            .gpus
            .iter()
            .map(|gpu| seen(gpu, &labels.remove(gpu.uuid()).unwrap_or_default(), start, now))
            .collect();
        let lost: BTreeMap<&str, Vec<&Failure>> = labels.into_iter().collect();
        Lives { known, lost: lost.values().map(|labels| only_labels(labels, start)).collect() }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Life> {
        self.known.iter().chain(&self.lost)
    }
}

/// When the asset record says that it was installed: RFC 3339 or a date.
pub(super) fn installed(gpu: &Known) -> Option<Time> {
    let text = gpu.asset.as_ref()?.get("installed_at")?.trim();
    Time::parse(text).or_else(|| Time::parse(&format!("{text}T00:00:00Z")))
}

fn seen(gpu: &Known, labels: &[&Failure], start: Time, now: Time) -> Life {
    let first = [Some(gpu.first), installed(gpu), labels.first().map(|label| label.at)];
    let first = first.into_iter().flatten().min().unwrap_or(now);
    let (failures, newest) = failures(labels);
    let last = gpu.latest.time.max(newest.unwrap_or(gpu.latest.time)).min(now);
    // Signs that it is there, besides labels and the last sample.
    let signs = [gpu.first, gpu.place.since];
    let mut spans = Vec::new();
    let mut from = Some(first);
    for at in removals(labels) {
        if let Some(from) = from {
            push(&mut spans, from.max(start), at);
        }
        let again = labels.iter().filter(|label| label.kind.is_failure()).map(|label| label.at);
        from =
            signs.into_iter().chain(again).filter(|sign| *sign > at).min().or((last.since(at) > LEAVING).then_some(at));
    }
    if let Some(from) = from {
        push(&mut spans, from.max(start), last);
    }
    Life { spans, failures, newest }
}

fn only_labels(labels: &[&Failure], start: Time) -> Life {
    let (failures, newest) = failures(labels);
    let mut spans = Vec::new();
    if let Some(last) = labels.last() {
        push(&mut spans, start, last.at);
    }
    Life { spans, failures, newest }
}

fn removals(labels: &[&Failure]) -> impl Iterator<Item = Time> {
    labels.iter().filter(|label| label.kind == crate::event::prediction::FailureKind::Removed).map(|label| label.at)
}

/// Adds a stretch, less what is in the one before.
fn push(spans: &mut Vec<Span>, from: Time, to: Time) {
    let from = spans.last().map_or(from, |before| from.max(before.to));
    if from <= to {
        spans.push(Span { from, to });
    }
}

/// Failures, reports of one counted once, and the newest report. Counted from the first report on, so that a report more
/// never makes them fewer.
fn failures(labels: &[&Failure]) -> (Vec<Time>, Option<Time>) {
    let (mut counted, mut newest): (Vec<Time>, _) = (Vec::new(), None);
    for label in labels.iter().filter(|label| label.kind.is_failure()) {
        if counted.last().is_none_or(|last| label.at.since(*last) >= ONE_FAILURE) {
            counted.push(label.at);
        }
        newest = Some(label.at);
    }
    (counted, newest)
}

/// Milliseconds as GPU-years.
#[expect(clippy::cast_precision_loss, reason = "2^53 ms are 285,000 years")]
pub(super) fn years(ms: i64) -> f64 {
    ms as f64 / YEAR
}

/// A count as a real number.
#[expect(clippy::cast_precision_loss, reason = "counts of GPUs and failures stay far below 2^53")]
pub(super) fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
