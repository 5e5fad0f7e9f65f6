//! The odds of each GPU: the fleet's rate, times what is known of this GPU.
//!
//! `hazard = level × Π factors` (facts on health, section 4 steps 1 to 3, 6, 7 and the evidence table). The base is the
//! fleet's average GPU: the level of the last 90 days with its trend and no factor. Group factors average to 1 over the
//! fleet; the evidence table's do not, it is meant for the few. A fixed number of passes over the facts, linear in GPUs;
//! the same facts give the same numbers. A model fitted to the fleet's own failures would stand beside `groups` and
//! `evidence` and give reasons as they do. Must not know: how the facts were read, what a screen shows.

mod evidence;
mod gamma;
mod groups;
mod level;
mod lives;
mod odds;
pub mod table;

pub use odds::base_interval;

use crate::event::prediction::{Advice, Reason, Standing};
use crate::event::time::DAY;
use crate::event::{Facts, Known, Prediction, Time};
use evidence::Reader;
use level::Level;
use lives::Lives;
use table::{DIAGNOSE_LIFT, DIAGNOSE_ONE_IN, GONE, WATCH_LIFT, WORTH};

/// The model's name and version. The version rises with every change of a number or formula.
pub const MODEL: &str = "gpuhm-rates/1";

/// A prediction that says nothing new is written this often all the same.
const AT_LEAST_EVERY: i64 = DAY;

/// The odds of every GPU, in the order of the facts.
#[must_use]
pub fn predict(facts: &Facts, now: Time) -> Vec<Prediction> {
    let lives = Lives::of(facts, now);
    let level = Level::of(&lives, now);
    let reader = Reader::new(now);
    let groups = groups::reasons(&facts.gpus, &lives.known, &level, now);
    let with_evidence = facts.gpus.iter().zip(&lives.known).zip(groups).map(|((gpu, life), mut reasons)| {
        reader.read(gpu, life, &mut reasons);
        one(gpu, reasons, &level, now)
    });
    let mut all: Vec<Prediction> = with_evidence.collect();
    advise(&mut all, now);
    all
}

fn one(gpu: &Known, mut reasons: Vec<Reason>, level: &Level, now: Time) -> Prediction {
    let product = odds::product(&mut reasons);
    let base = level.rate();
    Prediction {
        gpu_uuid: gpu.uuid().to_owned(),
        hostname: groups::host(gpu).to_owned(),
        device_index: groups::index(gpu),
        time: now,
        odds: odds::odds(level, product, &reasons),
        hazard: base * product,
        base_hazard: base,
        reasons,
        advice: Advice::None,
        standing: if level.failures == 0 { Standing::PriorOnly } else { Standing::Updating },
        model: MODEL.to_owned(),
        labels: level.failures,
        exposure_years: level.years,
        as_of: gpu.latest.time,
    }
}

/// Never a replacement; diagnostics for the first of a hundred, and only where the lift is large, too. Among equals the
/// order of the facts decides, so that a hundredth stays one. GPUs that are gone neither count nor are advised.
fn advise(all: &mut [Prediction], now: Time) {
    let mut order: Vec<&mut Prediction> = all.iter_mut().filter(|one| now.since(one.as_of) < GONE).collect();
    order.sort_by(|a, b| b.hazard.total_cmp(&a.hazard));
    let most = order.len().div_ceil(DIAGNOSE_ONE_IN);
    for (rank, one) in order.into_iter().enumerate() {
        let lift = one.hazard / one.base_hazard;
        one.advice = match lift {
            lift if lift >= DIAGNOSE_LIFT && rank < most => Advice::ScheduleDiagnostics,
            lift if lift >= WATCH_LIFT => Advice::Watch,
            _ => Advice::None,
        };
    }
}

/// Whether a prediction is to be written after the last one: once a day, or when it says something else. Texts are not
/// compared: "41 days ago" is no news on the 42nd.
#[must_use]
pub fn worth_a_row(last: Option<&Prediction>, new: &Prediction) -> bool {
    let Some(last) = last else { return true };
    let apart = |a: f64, b: f64| (a - b).abs() > WORTH * a.abs().max(b.abs());
    let numbers = |of: &Prediction| of.odds.map(|odds| [odds.p, odds.low, odds.high, odds.base]);
    let moved = numbers(last).iter().flatten().zip(numbers(new).iter().flatten()).any(|(a, b)| apart(*a, *b));
    // A reason that is not there is a factor of 1.
    let factor =
        |of: &Prediction, id: &str| of.reasons.iter().find(|reason| reason.id == id).map_or(1.0, |one| one.factor);
    let mut ids = last.reasons.iter().chain(&new.reasons).map(|reason| reason.id.as_str());
    new.time.since(last.time) >= AT_LEAST_EVERY
        || (&last.hostname, last.device_index) != (&new.hostname, new.device_index)
        || (last.advice, last.standing, &last.model) != (new.advice, new.standing, &new.model)
        || moved
        || ids.any(|id| apart(factor(last, id), factor(new, id)))
}

#[cfg(test)]
mod tests;
