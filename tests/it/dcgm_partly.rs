//! Host engines of which a part cannot be had: a GPU that cannot be watched, profiling that cannot be read. The rest goes on,
//! what is missing is told once, and it comes back by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::dcgm_support::{Told, World, rows, value};

/// An engine's GPUs are looked through once a minute.
const A_LOOK: Duration = Duration::from_secs(150);

fn is_warm(sample: &Value) -> bool {
    !sample["metrics"]["health"]["gpu_temp_c"].is_null()
}

/// The GPUs that gave values, by tick.
fn warm(told: &Told) -> BTreeMap<String, BTreeSet<i64>> {
    let mut ticks: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for sample in told.of_host(0) {
        let gpus = ticks.entry(sample["timestamp"].as_str().unwrap().to_owned()).or_default();
        gpus.extend(is_warm(sample).then(|| sample["gpu"]["device_index"].as_i64().unwrap()));
    }
    ticks
}

#[test]
fn a_gpu_that_cannot_be_watched_is_left_out_and_comes_back_while_the_others_go_on() {
    let mut world = World::new(1);
    // Its status says that it is well.
    world.gpu(0, 3)["watch"] = json!(-18);
    world.write();
    let mut running = world.run();
    let told = running.until("four ticks of the others", |told| warm(told).len() >= 4);
    assert_eq!(told.states(0).last().unwrap(), "GPU 3 lost");
    assert_eq!((&told.report(0)["gpus_seen"], &told.report(0)["gpus_expected"]), (&json!(7), &json!(8)));
    let own = told.of_gpu(0, 3);
    assert_eq!(own.len(), 1, "it says so once: {own:?}");
    assert!(own[0]["quality"]["error"].as_str().is_some_and(|error| error.contains("lost")), "{}", own[0]);
    assert!(!is_warm(own[0]), "nothing made up: {}", own[0]);
    assert!(!told.said.contains("anew"), "the others keep their connection: {}", told.said);
    world.engine(0)["per_gpu"] = json!({});
    world.write();
    let told = running
        .within(A_LOOK, "three ticks of all", |told| warm(told).values().filter(|gpus| gpus.len() == 8).count() >= 3);
    assert_eq!(told.states(0).last().unwrap(), "ok");
    assert_eq!(told.report(0)["gpus_seen"], 8);
    for (tick, gpus) in warm(&told) {
        assert!((0..8).filter(|gpu| *gpu != 3).all(|gpu| gpus.contains(&gpu)), "{tick}: {gpus:?}");
    }
    let anew = told.said.lines().filter(|line| line.contains("connecting anew")).count();
    assert_eq!(anew, 1, "once for its return: {}", told.said);
    assert_eq!(running.stopped(), 0);
}

/// How many profiling values a sample has.
fn profiled(sample: &Value) -> usize {
    let of_profiling = rows().into_iter().filter(|(_, field, _)| (1001..1100).contains(field));
    of_profiling.filter(|(metric, ..)| !value(sample, metric).is_null()).count()
}

#[test]
fn profiling_that_cannot_be_read_costs_itself_and_is_told_when_it_goes_and_when_it_comes_back() {
    let mut world = World::new(1);
    let mut running = world.run();
    let all = rows().iter().filter(|(_, field, _)| (1001..1100).contains(field)).count();
    let last = |told: &Told| told.of_gpu(0, 5).last().map_or(0, |sample| profiled(sample));
    running.until("profiling values", |told| last(told) == all);
    world.set(0, "profiling_read", json!(-37));
    let before = running.until("none", |told| last(told) == 0).of_gpu(0, 5).len();
    let told = running.until("four ticks without", |told| told.of_gpu(0, 5).len() >= before + 4);
    for sample in &told.of_gpu(0, 5)[before..] {
        assert!(is_warm(sample), "the rest is read: {sample}");
        assert_eq!(profiled(sample), 0, "none is made up: {sample}");
        assert_eq!((&sample["quality"]["error"], &sample["quality"]["stale"]), (&Value::Null, &json!(false)));
    }
    let said = |told: &Told, what: &str| told.said.lines().filter(|line| line.contains(what)).count();
    assert!(told.states(0).iter().all(|state| state == "ok"), "{:?}", told.states(0));
    assert_eq!(said(&told, "profiling cannot be read"), 1, "{}", told.said);
    let line = told.said.lines().find(|line| line.contains("profiling cannot be read")).unwrap();
    assert!(line.contains("dcgm://127.0.0.1:") && line.contains("-37") && line.contains("Nsight"), "{line}");
    assert_eq!(said(&told, "is read again"), 0);
    world.set(0, "profiling_read", Value::Null);
    let before = running.until("profiling values again", |told| last(told) == all).of_gpu(0, 5).len();
    let told = running.until("two ticks more", |told| told.of_gpu(0, 5).len() >= before + 2);
    assert_eq!(said(&told, "profiling is read again"), 1, "{}", told.said);
    assert_eq!((said(&told, "profiling cannot be read"), said(&told, "anew")), (1, 0), "{}", told.said);
    assert_eq!(running.stopped(), 0);
}
