//! What goes wrong with a host engine: what the real binary publishes, what it says, and that it goes on.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;

use crate::dcgm_support::{Told, World, ended, now_us};

/// How many samples of a host have a temperature.
fn warm(told: &Told, nth: usize) -> usize {
    told.of_host(nth).iter().filter(|sample| !sample["metrics"]["health"]["gpu_temp_c"].is_null()).count()
}

#[test]
fn an_engine_that_starts_again_is_found_again_and_no_xid_is_lost_or_told_twice() {
    let mut world = World::new(1);
    let mut running = world.run();
    running.until("two ticks", |told| warm(told, 0) >= 16);
    let before = now_us();
    world.set(0, "xids", json!([{"gpu": 2, "code": 94, "at": before}]));
    running.until("the first XID", |told| told.xids(0) == [(2, 94)]);
    let seen = warm(&running.told(), 0);
    // Another run: ids and groups are gone, and others have those numbers. The GPUs are the same.
    world.engine(0)["run"] = json!(1);
    world.engine(0)["first_id"] = json!(3);
    world.write();
    running.until("values after the restart", |told| warm(told, 0) >= seen + 24);
    let after = now_us();
    world.set(0, "xids", json!([{"gpu": 2, "code": 94, "at": before}, {"gpu": 5, "code": 31, "at": after}]));
    let told = running.until("the second XID", |told| told.xids(0).len() >= 2);
    assert_eq!(told.xids(0), [(2, 94), (5, 31)]);
    let uuids: std::collections::BTreeSet<String> =
        told.samples.iter().map(|sample| sample["gpu"]["gpu_uuid"].to_string()).collect();
    assert_eq!(uuids.len(), 8, "GPUs keep their names");
    assert_eq!(running.stopped(), 0);
}

#[test]
fn a_connection_that_is_lost_loses_no_xid_that_the_engine_took_before() {
    let mut world = World::new(1);
    let mut running = world.run();
    running.until("a tick", |told| warm(told, 0) >= 8);
    let raised = |code: i64| json!({"gpu": 1, "code": code, "at": now_us()});
    let before = raised(63);
    world.engine(0)["xids"] = json!([before]);
    world.engine(0)["down"] = json!(true);
    world.write();
    running.until("the loss is told", |told| told.states(0).iter().any(|state| state != "ok"));
    // With the connection went its watch, and an engine takes no XID for nobody.
    world.engine(0)["xids"] = json!([before, raised(64)]);
    world.engine(0)["down"] = json!(false);
    world.write();
    let told = running.until("the XID of before", |told| !told.xids(0).is_empty());
    assert_eq!(told.xids(0), [(1, 63)]);
    running.until("that it is well is told", |told| told.states(0).last().is_some_and(|state| state == "ok"));
}

#[test]
fn xids_are_told_once_each_though_delivered_twice() {
    let mut world = World::new(1);
    let mut running = world.run();
    running.until("a tick", |told| warm(told, 0) >= 8);
    let at = now_us();
    // From two mouths within a second; two at once; the same again later; and a call that delivers and then fails.
    world.engine(0)["xids"] = json!([
        {"gpu": 0, "code": 79, "at": at},
        {"gpu": 0, "code": 79, "at": at + 200_000},
        {"gpu": 0, "code": 48, "at": at},
        {"gpu": 3, "code": 79, "at": at},
    ]);
    world.engine(0)["faults"] = json!([{"call": "dcgmGetValuesSince_v2", "code": -16, "deliver": true}]);
    world.write();
    let ticks = |told: &Told| told.of_gpu(0, 7).len();
    let now = ticks(&running.told());
    running.until("three ticks with the failing call", |told| ticks(told) >= now + 3);
    world.set(0, "faults", json!([]));
    let now = ticks(&running.told());
    let told = running.until("two ticks without", |told| ticks(told) >= now + 2);
    let mut xids = told.xids(0);
    xids.sort_unstable();
    assert_eq!(xids, [(0, 48), (0, 79), (3, 79)]);
}

#[test]
fn a_lost_gpu_is_told_and_the_others_go_on() {
    let mut world = World::new(1);
    let mut running = world.run();
    running.until("a tick", |told| warm(told, 0) >= 8);
    for (state, word) in [(4, "lost"), (7, "detached")] {
        world.gpu(0, 3)["state"] = json!(state);
        world.gpu(0, 3)["blank"] = json!("null");
        world.write();
        let others = running.told().of_gpu(0, 4).len();
        let told = running.until(word, |told| {
            told.states(0).last().is_some_and(|last| *last == format!("GPU 3 {word}"))
                && told.of_gpu(0, 4).len() >= others + 3
        });
        assert_eq!(told.report(0)["gpus_seen"], 7, "{}", told.report(0));
        assert_eq!(told.report(0)["gpus_expected"], 8);
        let last = *told.of_gpu(0, 3).last().unwrap();
        assert!(last["quality"]["error"].as_str().is_some_and(|error| error.contains(word)), "{last}");
        assert!(last["metrics"]["health"]["gpu_temp_c"].is_null(), "nothing made up: {last}");
        world.engine(0)["per_gpu"] = json!({});
        world.write();
        let told = running.until("it is back", |told| told.states(0).last().is_some_and(|last| last == "ok"));
        let now = told.of_gpu(0, 3).len();
        running.until("and gives values", |told| told.of_gpu(0, 3).len() > now);
    }
}

#[test]
fn a_driver_that_is_reloaded_is_waited_for_and_counts_start_again() {
    let mut world = World::new(1);
    let mut running = world.run();
    running.until("a tick", |told| warm(told, 0) >= 8);
    world.set(0, "faults", json!([{"call": "dcgmGetLatestValues_v2", "code": -67}]));
    running.until("that is told", |told| told.states(0).last().is_some_and(|state| state.contains("detached")));
    world.engine(0)["faults"] = json!([]);
    world.engine(0)["driver"] = json!("560.1");
    world.engine(0)["fields"]["156"] = json!(1);
    world.write();
    let told = running.until("values with the new driver's name", |told| {
        told.samples.last().is_some_and(|sample| sample["gpu"]["driver_version"] == "560.1")
    });
    assert_eq!(told.samples.last().unwrap()["metrics"]["health"]["energy_mj"], 1);
}

#[test]
fn an_engine_that_stopped_talking_to_the_driver_is_not_eight_dead_gpus() {
    let mut world = World::new(1);
    let mut running = world.run();
    running.until("a tick", |told| warm(told, 0) >= 8);
    world.set(0, "latched", json!(true));
    let told = running.until("it is told", |told| told.states(0).iter().any(|state| state.contains("latched")));
    assert_eq!(told.report(0)["gpus_seen"], 8, "{}", told.report(0));
    std::thread::sleep(std::time::Duration::from_millis(2500));
    let told = running.told();
    let dead = told.states(0).iter().filter(|state| state.contains("GPU ")).count();
    assert_eq!(dead, 0, "{:?}", told.states(0));
    world.engine(0)["latched"] = json!(false);
    world.engine(0)["run"] = json!(1);
    world.write();
    running.until("it is well again", |told| told.states(0).last().is_some_and(|state| state == "ok"));
    assert_eq!(running.stopped(), 0);
}

#[test]
fn a_library_newer_than_its_engine_is_named_with_both_versions() {
    let mut world = World::new(1);
    world.set(0, "version", json!("4.5.3"));
    let ran = world.collect(&["--once", "-o", "jsonl"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("4.5.3") && ran.err.contains("4.6.0"), "{}", ran.err);
    // The other way round all works.
    world.script["library"] = json!("4.2.3");
    world.engine(0)["version"] = json!("4.6.0");
    world.write();
    assert_eq!(world.once().samples.len(), 8);
}

#[test]
fn a_missing_library_is_a_usage_error_with_a_remedy() {
    let world = World::new(1);
    let mut command = world.command(&["--once", "-o", "jsonl"]);
    command.env("GPUHM_LIBDCGM", "/nowhere/libdcgm.so.4");
    let ran = ended(command);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("/nowhere/libdcgm.so.4") && ran.err.contains("datacenter-gpu-manager"), "{}", ran.err);
}

#[test]
fn a_refused_port_fails_at_once_and_says_so() {
    let mut world = World::new(1);
    world.close();
    let before = now_us();
    let ran = world.collect(&["--once", "-o", "jsonl"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("refused"), "{}", ran.err);
    assert!(now_us() - before < 4_000_000, "the library's own connect would take 5 s");
}

#[test]
fn a_port_that_speaks_something_else_is_not_taken_for_an_engine() {
    let mut world = World::new(0);
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let Ok(mut stream) = stream else { return };
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
            drop(stream.read(&mut [0; 16]));
        }
    });
    world.script["engines"] = json!({});
    world.write();
    let source = format!("dcgm://127.0.0.1:{port}");
    let args = ["collect", "--source", &source, "--once", "-o", "jsonl"];
    let ran = ended(world.with(world.home.command(&args)));
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("no host engine behind this port"), "{}", ran.err);
}
