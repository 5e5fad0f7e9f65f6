//! Host engines that hang: each blocks itself alone, is told, and comes back; the others keep their cadence.

use std::collections::BTreeMap;
use std::time::Duration;

use gpuhm::event::Time;
use serde_json::{Value, json};

use crate::dcgm_support::{Told, World, now_us};

/// Ticks at which a host gave all its GPUs.
fn ticks(told: &Told, nth: usize) -> Vec<String> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for sample in told.of_host(nth) {
        *found.entry(sample["timestamp"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    found.into_iter().filter(|(_, gpus)| *gpus == 8).map(|(tick, _)| tick).collect()
}

/// Whether a state says that an engine does not answer.
fn is_blocked(state: &str) -> bool {
    ["blocked on", "no answer", "in time", "connection was cut"].iter().any(|word| state.contains(word))
}

#[test]
fn a_call_that_hangs_blocks_its_engine_alone_until_it_answers_again() {
    let mut world = World::new(2);
    let mut running = world.run();
    running.until("a tick of both", |told| !ticks(told, 0).is_empty() && !ticks(told, 1).is_empty());
    world.set(1, "faults", json!([{"call": "dcgmGetLatestValues_v2", "hang": true}]));
    let told = running.until("it is told", |told| told.states(1).last().is_some_and(|state| is_blocked(state)));
    let before = ticks(&told, 0).len();
    let told = running.until("the other goes on", |told| ticks(told, 0).len() >= before + 3);
    assert!(told.states(0).iter().all(|state| state == "ok"), "{:?}", told.states(0));
    assert_eq!(told.report(1)["gpus_seen"], 0, "{}", told.report(1));
    world.set(1, "faults", json!([]));
    let before = ticks(&running.told(), 1).len();
    running.until("it is back", |told| ticks(told, 1).len() >= before + 2);
    running.until("and told so", |told| told.states(1).last().is_some_and(|state| state == "ok"));
    assert_eq!(running.stopped(), 0);
}

#[test]
fn what_an_engine_had_before_it_hung_is_not_fresh_after_it() {
    let mut world = World::new(1);
    let mut running = world.run();
    running.until("two ticks", |told| ticks(told, 0).len() >= 2);
    // Its values stand still, and then it hangs, for longer than a value is good for.
    let frozen = now_us();
    for gpu in 0..8 {
        world.gpu(0, gpu)["frozen"] = json!(frozen);
    }
    world.set(0, "faults", json!([{"call": "dcgmGetLatestValues_v2", "hang": true}]));
    // Until the script was there its values went on.
    let stopped = now_us();
    running.until("it is told", |told| told.states(0).last().is_some_and(|state| is_blocked(state)));
    std::thread::sleep(Duration::from_secs(4));
    world.set(0, "faults", json!([]));
    // It was connected anew: what is cached there is as old as before.
    running.until("its values are told to be old", |told| {
        told.states(0).last().is_some_and(|state| state == "host engine has no fresh values of any GPU")
    });
    std::thread::sleep(Duration::from_secs(2));
    let told = running.told();
    let at = |sample: &Value| sample["timestamp"].as_str().unwrap().parse::<Time>().unwrap().ms();
    let late: Vec<&Value> = told.of_host(0).into_iter().filter(|sample| at(sample) > stopped / 1000 + 3000).collect();
    assert!(!late.is_empty());
    for sample in late {
        assert_eq!(sample["quality"]["stale"], true, "{sample}");
        assert!(sample["metrics"]["health"]["gpu_temp_c"].is_null(), "{sample}");
    }
    world.engine(0)["per_gpu"] = json!({});
    world.write();
    running.until("fresh ones", |told| told.states(0).last().is_some_and(|state| state == "ok"));
    assert_eq!(running.stopped(), 0);
}

#[test]
fn a_connect_that_hangs_and_a_call_that_nothing_ends_are_told_with_their_time() {
    let mut world = World::new(3);
    world.engine(1)["faults"] = json!([{"call": "dcgmConnect_v2", "hang": true}]);
    world.engine(2)["faults"] = json!([{"call": "dcgmGetLatestValues_v2", "hang": true, "deaf": true}]);
    world.write();
    let mut running = world.run();
    let told = running.until("four ticks of the one that is well", |told| ticks(told, 0).len() >= 4);
    for nth in [1, 2] {
        let states = told.states(nth);
        assert!(states.last().is_some_and(|state| is_blocked(state)), "{nth}: {states:?}");
        assert!(told.of_host(nth).is_empty());
    }
    assert_eq!(running.stopped(), 0, "and it can be stopped");
}

#[test]
fn a_slow_engine_is_late_and_not_lost() {
    let mut world = World::new(1);
    world.set(0, "faults", json!([{"call": "dcgmGetLatestValues_v2", "delay_ms": 20}]));
    let mut running = world.run();
    let told = running.until("three ticks", |told| ticks(told, 0).len() >= 3);
    assert!(told.states(0).last().is_some_and(|state| state == "ok"), "{:?}", told.states(0));
}

#[test]
fn of_64_engines_three_hang_and_61_deliver_at_every_tick() {
    let mut world = World::new(64);
    let hang = |call: &str, deaf: bool| json!([{"call": call, "hang": true, "deaf": deaf}]);
    world.engine(7)["faults"] = hang("dcgmGetLatestValues_v2", false);
    world.engine(20)["faults"] = hang("dcgmConnect_v2", false);
    world.engine(63)["faults"] = hang("dcgmGetLatestValues_v2", true);
    world.write();
    // The first tick connects; the bound is generous, for the machine may be busy.
    let told = world.ok(&["--sink", "-", "--interval", "3s", "--ticks", "3", "--profile-interval", "off"]);
    let hanging = [7, 20, 63];
    for nth in (0..64).filter(|nth| !hanging.contains(nth)) {
        assert_eq!(ticks(&told, nth).len(), 3, "node-{nth}: {:?}", told.states(nth));
        assert!(told.states(nth).last().is_some_and(|state| state == "ok"), "node-{nth}: {:?}", told.states(nth));
    }
    for nth in hanging {
        assert!(told.of_host(nth).is_empty(), "node-{nth}");
        assert!(told.states(nth).last().is_some_and(|state| is_blocked(state)), "{:?}", told.states(nth));
    }
}
