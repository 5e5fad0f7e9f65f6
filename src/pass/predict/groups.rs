//! What is known of a GPU by the company it keeps: model, batch, slot, rack, host.
//!
//! A group's factor is (f + k)/(E + k), section 4 step 2: f its failures, E those that its GPUs would have had at the fleet's
//! rate of the time, k pseudo-failures. It shrinks to 1 with no data. Nothing is counted twice:
//! - The families are taken one after another, coarse first, and E holds the factors of those before: a rack that is its
//!   one bad host over again, or a batch that is its model over again, adds nothing.
//! - A GPU's own failures and exposure are left out of its host's group, where they would weigh most; its own failures have
//!   a row of the evidence table.
//! - Where another GPU of the host failed lately the table has a row for that, too: the larger of the two stands, never both.
//!
//! A family that does not divide the fleet says nothing. Else its factors are divided by their mean over the last 90 days'
//! exposure: groups say where, the fleet's level says how much. In place groups only what happened in the present place
//! counts, as far as `removed` labels tell.

use std::collections::HashMap;

use super::level::{Level, recent};
use super::lives::{Life, installed, real};
use super::table::{
    BATCH_GROUP, COARSE, FINE, HOST_GROUP, MODEL_GROUP, NEIGHBOUR, RACK_GROUP, RECENT, SAME, SHIFTED, SLOT_GROUP,
};
use crate::event::prediction::Reason;
use crate::event::{Known, Time};

/// A way to divide the fleet.
struct Family {
    id: &'static str,
    /// Pseudo-failures.
    k: f64,
    /// Whether it is a place, which a GPU may leave.
    place: bool,
    /// Whether a GPU is judged by the others of its group only.
    others: bool,
    /// The group's name; `None` where it is not known.
    name: fn(&Known) -> Option<String>,
}

const fn family(id: &'static str, place: bool, name: fn(&Known) -> Option<String>) -> Family {
    Family { id, k: COARSE, place, others: false, name }
}

/// The order is that of the factors: coarse before fine.
const FAMILIES: [Family; 5] = [
    family(MODEL_GROUP, false, |gpu| model(gpu).map(str::to_owned)),
    family(BATCH_GROUP, false, batch),
    family(SLOT_GROUP, true, |gpu| index(gpu).map(|index| index.to_string())),
    family(RACK_GROUP, true, |gpu| gpu.place.rack().map(str::to_owned)),
    Family { k: FINE, others: true, ..family(HOST_GROUP, true, |gpu| Some(host(gpu).to_owned())) },
];

/// Its host, as its place says, or else its newest sample.
pub(super) fn host(gpu: &Known) -> &str {
    if gpu.place.hostname.is_empty() { &gpu.latest.hostname } else { &gpu.place.hostname }
}

/// Its index in the host.
pub(super) fn index(gpu: &Known) -> Option<i64> {
    gpu.place.device_index.or(gpu.latest.device_index)
}

fn model(gpu: &Known) -> Option<&str> {
    gpu.place.get("model").or(gpu.latest.model.as_deref())
}

/// Model and half-year of installation: `NVIDIA H100 of 2025-H1`.
fn batch(gpu: &Known) -> Option<String> {
    let at = installed(gpu)?.to_string();
    let (year, month) = (at.get(..4)?, at.get(5..7)?);
    let half = if month < "07" { 1 } else { 2 };
    Some(format!("{} of {year}-H{half}", model(gpu).unwrap_or("unknown model")))
}

/// Failures and expected failures of a GPU or group.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    failed: f64,
    expected: f64,
}

/// The groups' reasons of every GPU, in the order of the facts.
pub(super) fn reasons(gpus: &[Known], lives: &[Life], level: &Level, now: Time) -> Vec<Vec<Reason>> {
    let mut reasons: Vec<Vec<Reason>> = vec![Vec::new(); gpus.len()];
    if level.failures > 0 {
        let now_share: Vec<f64> = lives.iter().map(|life| recent(&life.spans, now)).collect();
        let counts = [
            lives.iter().map(|life| whole(life, level)).collect(),
            lives.iter().map(|life| here(life, level)).collect(),
        ];
        let mut product = vec![1.0; gpus.len()];
        for family in &FAMILIES {
            let [whole, here]: &[Vec<Count>; 2] = &counts;
            let own = if family.place { here } else { whole };
            apply(family, gpus, own, &now_share, (&mut product, &mut reasons));
        }
    }
    neighbours(gpus, lives, now, &mut reasons);
    reasons
}

fn whole(life: &Life, level: &Level) -> Count {
    Count { failed: real(life.failures.len()), expected: level.expected(&life.spans) }
}

fn here(life: &Life, level: &Level) -> Count {
    Count { failed: real(life.failures_here().count()), expected: level.expected(life.here()) }
}

/// One family: sums once, then a factor each.
fn apply(
    family: &Family,
    gpus: &[Known],
    own: &[Count],
    now_share: &[f64],
    (product, reasons): (&mut [f64], &mut [Vec<Reason>]),
) {
    let names: Vec<Option<String>> = gpus.iter().map(family.name).collect();
    let mut sums: HashMap<&str, Count> = HashMap::new();
    for ((name, own), product) in names.iter().zip(own).zip(&*product) {
        let Some(name) = name else { continue };
        let sum = sums.entry(name).or_default();
        sum.failed += own.failed;
        sum.expected += own.expected * product;
    }
    if sums.len() < 2 {
        return;
    }
    let group = |name: &Option<String>, own: &Count, product: f64| {
        let mut count = *sums.get(name.as_deref()?)?;
        if family.others {
            count.failed -= own.failed;
            count.expected = (count.expected - own.expected * product).max(0.0);
        }
        Some((count, (count.failed + family.k) / (count.expected + family.k)))
    };
    let found: Vec<_> = names.iter().zip(own).zip(&*product).map(|((name, own), m)| group(name, own, *m)).collect();
    let (mut weighed, mut weight) = (0.0, 0.0);
    for ((found, share), product) in found.iter().zip(now_share).zip(&*product) {
        if let Some((_, factor)) = found {
            weighed += share * product * factor;
            weight += share * product;
        }
    }
    let mean = if weighed > 0.0 && weight > 0.0 { weighed / weight } else { 1.0 };
    for (at, (found, name)) in found.into_iter().zip(&names).enumerate() {
        let (Some((count, factor)), Some(name)) = (found, name) else { continue };
        let factor = factor / mean;
        if (factor - 1.0).abs() <= SAME {
            continue;
        }
        if let (Some(product), Some(reasons)) = (product.get_mut(at), reasons.get_mut(at)) {
            *product *= factor;
            let mut text = text(family, name, count);
            if (mean - 1.0).abs() > SHIFTED {
                text.push_str(", set against the fleet of today");
            }
            reasons.push(Reason { id: family.id.to_owned(), factor, text });
        }
    }
}

/// `rack r07: 4 failures where 1.2 were expected`
fn text(family: &Family, name: &str, count: Count) -> String {
    let who = if family.others { ", its other GPUs" } else { "" };
    let s = if (count.failed - 1.0).abs() < 0.5 { "" } else { "s" };
    let expected = match count.expected {
        few if few < 0.05 => "hardly any".to_owned(),
        some if some < 9.95 => format!("{some:.1}"),
        many => format!("{many:.0}"),
    };
    format!("{} {name}{who}: {:.0} failure{s} where {expected} were expected", family.id, count.failed)
}

/// The evidence table's row for hosts where another GPU failed lately, where it is larger than the host's group.
fn neighbours(gpus: &[Known], lives: &[Life], now: Time, reasons: &mut [Vec<Reason>]) {
    let lately = |life: &Life| life.failures_here().any(|at| now.since(at) < RECENT);
    let mut hosts: HashMap<&str, (usize, usize)> = HashMap::new();
    for (gpu, life) in gpus.iter().zip(lives) {
        let (all, failed) = hosts.entry(host(gpu)).or_default();
        *all += 1;
        *failed += usize::from(lately(life));
    }
    for ((gpu, life), reasons) in gpus.iter().zip(lives).zip(reasons) {
        let Some((all, failed)) = hosts.get(host(gpu)) else { continue };
        let (others, failed) = (all - 1, failed - usize::from(lately(life)));
        let group = reasons.iter().position(|reason| reason.id == HOST_GROUP);
        let known = group.and_then(|at| reasons.get(at)).map_or(1.0, |reason| reason.factor);
        if failed == 0 || known >= NEIGHBOUR.factor {
            continue;
        }
        if let Some(at) = group {
            reasons.remove(at);
        }
        let s = if others == 1 { "" } else { "s" };
        let text = format!("host {}: {failed} of its other {others} GPU{s} failed in 90 days", host(gpu));
        reasons.push(Reason { id: NEIGHBOUR.id.to_owned(), factor: NEIGHBOUR.factor, text });
    }
}

#[cfg(test)]
mod tests;
