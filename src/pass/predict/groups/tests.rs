//! Group factors: shrinking, no double counting, what the rows say.

use super::super::lives::Lives;
use super::super::tests::{NOW, ago, fleet, gpu, label};
use super::*;
use crate::event::Facts;
use crate::event::prediction::FailureKind::Dbe;

fn found(facts: &Facts) -> (Vec<Vec<Reason>>, Level, Lives) {
    let lives = Lives::of(facts, NOW);
    let level = Level::of(&lives, NOW);
    (reasons(&facts.gpus, &lives.known, &level, NOW), level, lives)
}

fn factor(reasons: &[Reason], id: &str) -> f64 {
    reasons.iter().find(|reason| reason.id == id).map_or(1.0, |reason| reason.factor)
}

/// 40 hosts of 8, four to a rack, a year old, no slot.
fn racks() -> Facts {
    let mut facts = fleet(40);
    for (at, gpu) in facts.gpus.iter_mut().enumerate() {
        gpu.place.texts[1] = Some(format!("r{}", at / 32));
        gpu.place.device_index = None;
        gpu.latest.device_index = None;
    }
    facts
}

#[test]
fn without_failures_no_group_says_anything() {
    let mut facts = racks();
    facts.gpus[0].first = ago(3000);
    assert!(found(&facts).0.iter().all(Vec::is_empty));
}

#[test]
fn a_factor_is_f_and_k_over_e_and_k_and_goes_to_one_without_data() {
    let mut facts = racks();
    // Six old failures in rack 0, on six hosts' worth of GPUs of three hosts; ten more in as many other racks' hosts.
    let old = |host: i64, index: i64| label(&format!("n{host:03}"), index, Dbe, 200);
    facts.failures = (0..6).map(|n| old(n % 3, n)).chain((0..9).map(|n| old(4 + 4 * n, 0))).collect();
    // Rack 9 is new: a day old.
    for gpu in facts.gpus.iter_mut().filter(|gpu| gpu.place.rack() == Some("r9")) {
        (gpu.first, gpu.place.since) = (ago(1), ago(1));
    }
    facts.failures.retain(|label| !label.gpu_uuid.contains("n036"));
    let (reasons, level, lives) = found(&facts);
    let sum = |rack: &str| -> f64 {
        let of = facts.gpus.iter().zip(&lives.known).filter(|(gpu, _)| gpu.place.rack() == Some(rack));
        of.map(|(_, life)| level.expected(life.here())).sum()
    };
    let at = |rack: &str| facts.gpus.iter().position(|gpu| gpu.place.rack() == Some(rack)).unwrap();
    let (bad, good) = (factor(&reasons[at("r0")], RACK_GROUP), factor(&reasons[at("r1")], RACK_GROUP));
    let ratio = |f: f64, rack| (f + 5.0) / (sum(rack) + 5.0);
    assert!((bad / good / (ratio(6.0, "r0") / ratio(1.0, "r1")) - 1.0).abs() < 1e-9, "{bad} {good}");
    assert!(bad > 1.4 && good < 1.0);
    // The new rack's raw factor is 1; it differs only by what the fleet's mean is divided out.
    let fresh = factor(&reasons[at("r9")], RACK_GROUP);
    assert!((fresh - bad / ratio(6.0, "r0")).abs() < 0.02, "{fresh}");
    let text = &reasons[at("r0")].iter().find(|reason| reason.id == RACK_GROUP).unwrap().text;
    assert!(text.starts_with("rack r0: 6 failures where 1."), "{text}");
}

#[test]
fn factors_of_a_family_average_to_one_over_the_fleet_of_today() {
    // Model A failed a lot and is nearly gone; model B came in its place and is good.
    let mut facts = racks();
    for (at, gpu) in facts.gpus.iter_mut().enumerate() {
        let (model, first, last) = match at {
            0..32 => ("A", 800, 0),
            32..160 => ("A", 800, 150),
            _ => ("B", 500, 0),
        };
        gpu.place.texts = <[Option<String>; 6]>::default();
        gpu.latest.model = Some(model.to_owned());
        (gpu.first, gpu.place.since, gpu.latest.time) = (ago(first), ago(first), ago(last));
    }
    facts.failures = (0..160).step_by(3).map(|at| label(&format!("n{:03}", at / 8), at % 8, Dbe, 200 + at)).collect();
    let (reasons, ..) = found(&facts);
    let today = facts.gpus.iter().zip(&reasons).filter(|(gpu, _)| gpu.latest.time == NOW);
    let factors: Vec<f64> = today.map(|(_, reasons)| factor(reasons, MODEL_GROUP)).collect();
    let mean = factors.iter().sum::<f64>() / 192.0;
    assert!(factors.len() == 192 && (mean - 1.0).abs() < 1e-9, "{mean}");
    assert!(factors[0] > 2.0 && factors[100] < 0.9, "{} {}", factors[0], factors[100]);
    let text = &reasons[0].iter().find(|reason| reason.id == MODEL_GROUP).unwrap().text;
    assert!(text.ends_with(", set against the fleet of today"), "{text}");
}

#[test]
fn a_family_that_does_not_divide_the_fleet_says_nothing() {
    let mut facts = racks();
    facts.failures = (0..8).map(|n| label("n001", n, Dbe, 300)).collect();
    let (reasons, ..) = found(&facts);
    assert!(reasons.iter().flatten().all(|reason| reason.id != MODEL_GROUP && reason.id != BATCH_GROUP), "{reasons:?}");
}

#[test]
fn a_batch_that_is_its_model_over_again_adds_nothing() {
    let mut facts = racks();
    for (at, gpu) in facts.gpus.iter_mut().enumerate() {
        gpu.place.texts = <[Option<String>; 6]>::default();
        let bad = at < 160;
        gpu.latest.model = Some(if bad { "A" } else { "B" }.to_owned());
        let mut asset = crate::event::Asset::default();
        asset.set("installed_at", if bad { "2024-03-01" } else { "2025-08-01" });
        gpu.asset = Some(asset);
    }
    // One a host, so that no host stands out.
    facts.failures = (0..20).map(|n| label(&format!("n{n:03}"), 0, Dbe, 300)).collect();
    let (reasons, ..) = found(&facts);
    let (model, batch) = (factor(&reasons[1], MODEL_GROUP), factor(&reasons[1], BATCH_GROUP));
    // Twice the fleet's rate, less what shrinking takes; what that leaves over the batch may take up.
    assert!(model > 1.35 && (1.0..1.2).contains(&batch) && model * batch < 2.0, "{model} {batch}");
    let text = &reasons[1].iter().find(|reason| reason.id == MODEL_GROUP).unwrap().text;
    assert!(text.starts_with("model A: 20 failures where 1"), "{text}");
}

#[test]
fn its_own_failures_are_not_its_host_s() {
    let mut facts = racks();
    facts.failures = (1..6).map(|n| label("n001", 0, Dbe, 100 + 20 * n)).collect();
    let (reasons, ..) = found(&facts);
    let (own, beside) = (factor(&reasons[8], HOST_GROUP), factor(&reasons[9], HOST_GROUP));
    assert!(own <= 1.0 + SAME && beside > 1.5, "{own} {beside}");
}

#[test]
fn of_the_two_rows_about_a_host_the_larger_stands() {
    let mut facts = racks();
    facts.failures = vec![label("n001", 0, Dbe, 40)];
    let ids = |facts: &Facts| -> Vec<String> {
        let (reasons, ..) = found(facts);
        reasons[9].iter().map(|reason| reason.id.clone()).filter(|id| id == HOST_GROUP || id == NEIGHBOUR.id).collect()
    };
    assert_eq!(ids(&facts), [NEIGHBOUR.id]);
    facts.failures.extend((2..8).map(|n| label("n001", n, Dbe, 40)));
    assert_eq!(ids(&facts), [HOST_GROUP]);
    // The last 90 days, and no longer.
    facts.failures = vec![label("n001", 0, Dbe, 90)];
    assert!(ids(&facts).iter().all(|id| id == HOST_GROUP));
}

#[test]
fn a_gpu_that_moved_away_is_no_longer_its_host_s() {
    let mut moved = gpu("b", 0, 300);
    moved.place.since = ago(50);
    let facts = Facts {
        gpus: vec![moved, gpu("b", 1, 300), gpu("c", 0, 300), gpu("c", 1, 300)],
        failures: vec![label("b", 0, Dbe, 60), label("b", 0, crate::event::prediction::FailureKind::Removed, 60)],
        ..Facts::default()
    };
    let (reasons, ..) = found(&facts);
    assert!(reasons[1].iter().all(|reason| reason.factor < 1.1), "{:?}", reasons[1]);
}
