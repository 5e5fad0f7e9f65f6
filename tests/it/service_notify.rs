//! What a service manager hears of each service: ready, status, watchdog, reload, stop; and what it does not hear of one
//! that hangs.

use std::fs::OpenOptions;
use std::io::Read;
use std::process::Command;
use std::time::Duration;

use crate::process::{Home, Service, text};
use crate::service_support::{Manager, PATIENCE};

const SIM: [&str; 8] = ["--source", "sim", "--gpus", "4", "--hosts", "1", "--interval", "1s"];

/// A command's life as its manager hears it; `says` are words of its status once it runs.
fn life(args: &[&str], says: &[&str]) {
    let home = Home::new();
    // Something to score, and a store for who only looks.
    home.ok(&["run", "--source", "sim", "--gpus", "4", "--hosts", "1", "--speed", "max", "--ticks", "30"]);
    let manager = Manager::new(&home);
    let mut service = Service::start(manager.command(&home, args));
    let at = manager.hears("READY=1", 0);
    assert_eq!(manager.said()[..at - 1].iter().filter(|line| line.starts_with("WATCHDOG")).count(), 0, "{args:?}");
    let at = manager.hears("STATUS=", at);
    let at = manager.hears("WATCHDOG=1", at);
    let at = manager.hears("WATCHDOG=1", at);
    service.signal("HUP");
    let at = manager.hears("RELOADING=1", at);
    let said = manager.said();
    assert!(said[at].strip_prefix("MONOTONIC_USEC=").is_some_and(|time| time.parse::<u64>().is_ok()), "{said:?}");
    let at = manager.hears("READY=1", at);
    let at = manager.hears("WATCHDOG=1", at);
    assert!(service.runs(), "{args:?}: a reload does not end it");
    service.signal("TERM");
    manager.hears("STOPPING=1", at);
    assert_eq!(service.ended(PATIENCE), 0, "{args:?}");
    let said = manager.said();
    assert_eq!(manager.count("STOPPING=1"), 1);
    let status = said
        .iter()
        .filter_map(|line| line.strip_prefix("STATUS="))
        .any(|status| !status.starts_with("starting") && says.iter().all(|word| status.contains(word)));
    assert!(status, "{args:?}: no status with {says:?} in {said:?}");
}

#[test]
fn collect_tells_its_life() {
    life(&[&["collect"], SIM.as_slice()].concat(), &["bus ok", "sim ok", "4 GPUs"]);
}

#[test]
fn validate_tells_its_life() {
    life(&["validate"], &["bus ok", "store ok", "lag 0", "0 refused"]);
}

#[test]
fn aggregate_tells_its_life() {
    life(&["aggregate"], &["bus ok", "store ok", "lag 0"]);
}

#[test]
fn score_tells_its_life() {
    life(&["score", "--every", "1s"], &["store ok", "GPUs in score"]);
}

#[test]
fn predict_tells_its_life() {
    life(&["predict", "--every", "1s"], &["store ok", "4 GPUs in predict"]);
}

#[test]
fn run_tells_its_life() {
    life(
        &[&["run"], SIM.as_slice()].concat(),
        &["bus ok", "store ok", "sim ok", "4 GPUs", "lag", "0 refused", "GPUs in score"],
    );
}

#[test]
fn a_collector_is_ready_once_it_has_looked_and_not_while_it_waits_for_the_first_tick() {
    let home = Home::new();
    let (manager, sink) = (Manager::new(&home), home.path("events"));
    let file = text(&sink);
    let sim = ["--source", "sim", "--gpus", "4", "--hosts", "1", "--interval", "7s"];
    let service = Service::start(manager.command(&home, &[&["collect", "--sink", &file], &sim[..]].concat()));
    manager.hears("READY=1", 0);
    assert!(std::fs::metadata(&sink).is_ok_and(|sink| sink.len() > 0), "nothing was read yet: {:?}", manager.said());
    // Meanwhile the manager was asked for patience, however long the interval.
    assert!(manager.count("EXTEND_TIMEOUT_USEC=") > 0 || manager.said().len() < 4, "{:?}", manager.said());
    assert_eq!(service.stopped(PATIENCE), 0);
}

#[test]
fn a_run_is_ready_once_its_collector_has_looked() {
    let home = Home::new();
    let manager = Manager::new(&home);
    let sim = ["--source", "sim", "--gpus", "4", "--hosts", "1", "--interval", "7s"];
    let service = Service::start(manager.command(&home, &[&["run"], &sim[..]].concat()));
    let at = manager.hears("READY=1", 0);
    // Its first status tells of a source that was read.
    let said = manager.said();
    assert!(said[..=at].iter().any(|line| line.starts_with("STATUS=") && line.contains("4 GPUs")), "{said:?}");
    assert_eq!(service.stopped(PATIENCE), 0);
}

#[test]
fn a_stage_asks_for_time_while_it_restores() {
    let home = Home::new();
    home.ok(&["run", "--source", "sim", "--gpus", "4", "--hosts", "1", "--speed", "max", "--ticks", "30"]);
    let manager = Manager::new(&home);
    let service = Service::start(manager.command(&home, &["aggregate"]));
    let extended = manager.hears("EXTEND_TIMEOUT_USEC=", 0);
    assert!(manager.hears("READY=1", 0) > extended);
    assert_eq!(service.stopped(PATIENCE), 0);
}

#[test]
fn who_has_no_kafka_is_ready_and_says_so() {
    for (args, away) in [
        ([&["collect", "-b", "127.0.0.1:1"], SIM.as_slice()].concat(), "kafka"),
        (vec!["validate", "-b", "127.0.0.1:1"], "kafka down"),
    ] {
        let home = Home::new();
        let manager = Manager::new(&home);
        let service = Service::start(manager.command(&home, &args));
        let at = manager.hears("READY=1", 0);
        // It lives on: to start it again would not bring Kafka back.
        let at = manager.hears("WATCHDOG=1", at);
        manager.hears("WATCHDOG=1", at);
        let said = manager.said();
        assert!(said.iter().any(|line| line.starts_with("STATUS=") && line.contains(away)), "{args:?}: {said:?}");
        drop(service);
    }
}

#[test]
fn one_that_hangs_falls_silent_and_ends_after_its_drain() {
    let home = Home::new();
    let manager = Manager::new(&home);
    let fifo = text(&home.path("fifo"));
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut args = vec!["collect", "--sink", &fifo, "--drain", "1s"];
    args.extend(["--source", "sim", "--gpus", "200", "--hosts", "20", "--interval", "500ms"]);
    let mut service = Service::start(manager.command(&home, &args));
    // Its events are read until it is seen to live, and then no more: the pipe fills up.
    let mut reader = OpenOptions::new().read(true).open(&fifo).unwrap();
    let mut bytes = vec![0; 1 << 20];
    while manager.count("WATCHDOG=1") < 2 {
        assert!(reader.read(&mut bytes).unwrap() > 0);
    }
    std::thread::sleep(Duration::from_secs(3));
    let before = manager.count("WATCHDOG=1");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(manager.count("WATCHDOG=1"), before, "who hangs must not be said to live");
    service.signal("TERM");
    assert_eq!(service.ended(PATIENCE), 3, "what hangs is given up");
    assert_eq!(manager.count("STOPPING=1"), 1);
}

#[test]
fn a_socket_that_is_not_there_harms_nothing() {
    let home = Home::new();
    for socket in ["@gpuhm-no-such-socket", "/no/such/socket"] {
        let mut command = home.command(&[&["collect", "--log", "debug"], SIM.as_slice()].concat());
        command.env("NOTIFY_SOCKET", socket).env("WATCHDOG_USEC", "200000");
        let errors = home.path("errors");
        command.stdout(std::process::Stdio::null()).stderr(std::fs::File::create(&errors).unwrap());
        let service = Service::as_is(&mut command);
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(service.stopped(PATIENCE), 0, "{socket}");
        let said = std::fs::read_to_string(&errors).unwrap();
        assert_eq!(said.matches("the service manager cannot be told").count(), 1, "{said}");
    }
}
