//! Moving from one bus to another in the middle of a recording: rows, windows and alerts are as if nothing had happened,
//! however often the move was killed; and what may not be moved is refused before anything is written.

use std::sync::Arc;
use std::time::Duration;

use gpuhm::bus::embedded::{Embedded, Options};
use gpuhm::bus::{Bus, RAW};
use gpuhm::pipeline::clock::wall;

use crate::process::recording::{simulated, spoilt};
use crate::process::tables::{PASSES, Tables, all, all_same, same};
use crate::process::{Dice, Home, Ran, parsed, until};

const PATIENCE: Duration = Duration::from_secs(30);

/// The recording in two halves, cut where windows and alerts are open, and what an undisturbed run makes of it.
struct Halves {
    first: String,
    second: String,
    tables: Tables,
    alerts: Vec<String>,
}

impl Halves {
    fn new(home: &Home) -> Halves {
        let undisturbed = Home::new();
        let lines = spoilt(simulated(&undisturbed, 120));
        let (first, second) = lines.split_at(lines.len() / 2 + 7);
        let join = |lines: &[String]| lines.join("\n") + "\n";
        let whole = undisturbed.file("whole.jsonl", join(&lines));
        feed(&undisturbed, &whole, &[]);
        Halves {
            first: home.file("first.jsonl", join(first)),
            second: home.file("second.jsonl", join(second)),
            tables: all(&undisturbed.store()),
            alerts: alerts(&undisturbed, &[]),
        }
    }
}

/// Collects a file and drains both stages.
fn feed(home: &Home, file: &str, bus: &[&str]) {
    let source = format!("replay:{file}");
    let with = |args: &[&str]| home.ok(&[args, bus].concat());
    with(&["collect", "-q", "--source", &source, "--speed", "max"]);
    with(&["validate", "-q", "--once"]);
    with(&["aggregate", "-q", "--once"]);
}

fn topic(home: &Home, topic: &str, bus: &[&str]) -> Vec<String> {
    let args = ["tail", "-t", topic, "-n", "all", "--no-follow", "--allow-empty", "-o", "jsonl"];
    let mut lines: Vec<String> = home.ok(&[&args, bus].concat()).lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

fn alerts(home: &Home, bus: &[&str]) -> Vec<String> {
    let mut alerts = topic(home, "gpu-alerts", bus);
    alerts.retain(|line| !PASSES.contains(&parsed(line)["rule"].as_str().unwrap()));
    alerts
}

/// The old bus and the new one of a home, as URLs.
fn urls(home: &Home) -> (String, String) {
    let url = |name: &str| format!("file:{}", home.path(name).display());
    (url("home"), url("new"))
}

/// One of a home's buses, to look at.
fn look(home: &Home, name: &str) -> Embedded {
    Embedded::open(&home.path(name).join("bus.db"), Arc::new(wall), Options::default()).unwrap()
}

/// Moves with further flags.
fn moves(home: &Home, more: &[&str]) -> Ran {
    let (old, new) = urls(home);
    home.run(&[&["migrate", "bus", "--from", &old, "-b", &new], more].concat())
}

fn moved(home: &Home, more: &[&str]) -> serde_json::Value {
    let ran = moves(home, &[more, &["-o", "json"]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    parsed(ran.out.trim())
}

fn refused(home: &Home, more: &[&str], says: &str) -> String {
    let ran = moves(home, more);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains(says), "{:?} does not say {says:?}", ran.err);
    assert!(ran.err.contains("hint: "), "{}", ran.err);
    ran.err
}

#[test]
fn what_is_open_goes_on_where_it_stopped() {
    let home = Home::new();
    let halves = Halves::new(&home);
    feed(&home, &halves.first, &[]);
    let before = alerts(&home, &[]);
    let told = moved(&home, &[]);
    assert_eq!(told["schema"], "gpuhm.move/1");
    assert!(told["stages"].as_array().unwrap().iter().all(|stage| stage["states"].as_u64() >= Some(16)), "{told}");
    let (_, new) = urls(&home);
    feed(&home, &halves.second, &["-b", &new]);
    all_same("moved", &halves.tables, &all(&home.store()));
    let mut both = [before, alerts(&home, &["-b", &new])].concat();
    both.sort_unstable();
    same("moved", "gpu-alerts", &halves.alerts, &both);
}

#[test]
fn records_come_along_in_order_when_asked_for() {
    let home = Home::new();
    let halves = Halves::new(&home);
    feed(&home, &halves.first, &[]);
    let told = moved(&home, &["--records"]);
    let (_, new) = urls(&home);
    for name in ["gpu-metrics-raw", "gpu-metrics-validated", "gpu-metrics-invalid", "gpu-alerts"] {
        let old = topic(&home, name, &[]);
        same("copied", name, &old, &topic(&home, name, &["-b", &new]));
        let copied = told["records"].as_array().unwrap().iter().find(|of| of["topic"] == name).unwrap();
        assert!(copied["copied"].as_u64() >= Some(old.len() as u64) && copied["there"] == 0, "{copied}");
    }
    // Again, it finds everything there.
    let again = moved(&home, &["--records"]);
    assert!(again["records"].as_array().unwrap().iter().all(|of| of["copied"] == 0), "{again}");
    assert_eq!(again["replaced"], 0);
    feed(&home, &halves.second, &["-b", &new]);
    all_same("copied", &halves.tables, &all(&home.store()));
    same("copied", "gpu-alerts", &halves.alerts, &alerts(&home, &["-b", &new]));
}

#[test]
fn a_killed_move_is_run_again() {
    for (seed, more) in [(1, &["--records"][..]), (2, &["--records"]), (3, &[])] {
        let home = Home::new();
        let halves = Halves::new(&home);
        feed(&home, &halves.first, &[]);
        let (old, new) = urls(&home);
        let mut dice = Dice(seed);
        for _ in 0..8 {
            let service = home.start(&[&["migrate", "bus", "-q", "--from", &old, "-b", &new], more].concat());
            std::thread::sleep(Duration::from_millis(5 + dice.below(150)));
            service.kill();
        }
        moved(&home, more);
        feed(&home, &halves.second, &["-b", &new]);
        all_same(&format!("seed {seed}"), &halves.tables, &all(&home.store()));
    }
}

#[test]
fn what_may_not_be_moved_is_refused() {
    let home = Home::new();
    let halves = Halves::new(&home);
    let (_, new) = urls(&home);
    let collect = |file: &str, bus: &[&str]| {
        home.ok(&[&["collect", "-q", "--source", &format!("replay:{file}"), "--speed", "max"], bus].concat());
    };
    // Not drained: half way, and all the way.
    collect(&halves.first, &[]);
    assert!(refused(&home, &[], "validate has not finished").contains("gpuhm validate --once -b file:"));
    home.ok(&["validate", "-q", "--once"]);
    refused(&home, &[], "aggregate has not finished");
    home.ok(&["aggregate", "-q", "--once"]);
    // Someone is at work.
    let service = home.start(&["validate", "-q"]);
    let bus = look(&home, "home");
    until("a member", PATIENCE, || !bus.members("gpuhm-validate", RAW).unwrap().is_empty());
    refused(&home, &[], "validate is at work");
    drop(service);
    moved(&home, &[]);
    // The source goes on: what it knows is not what the earlier move left.
    feed(&home, &halves.second, &[]);
    refused(&home, &[], "differ from those on");
    assert!(moved(&home, &["--replace"])["replaced"].as_u64() > Some(0));
    // The target goes on: nothing may put old states in its place.
    feed(&home, &halves.second, &["-b", &new]);
    for more in [&[][..], &["--replace"], &["--records", "--replace"]] {
        refused(&home, more, &new);
    }
}

#[test]
fn a_copy_that_was_begun_is_not_taken_for_new_samples() {
    let home = Home::new();
    let halves = Halves::new(&home);
    feed(&home, &halves.first, &[]);
    let (old, new) = urls(&home);
    let service = home.start(&["migrate", "bus", "-q", "--from", &old, "-b", &new, "--records"]);
    let bus = look(&home, "new");
    let copied = || bus.topics().unwrap()[0].ranges.iter().any(|(first, next)| next > first);
    until("the first records", PATIENCE, copied);
    service.kill();
    refused(&home, &[], "holds records that were copied");
    moved(&home, &["--records"]);
}

#[test]
fn on_kafka_what_is_open_goes_on_too() {
    let Some(address) = crate::broker::shared("kafka_move::on_kafka_what_is_open_goes_on_too") else { return };
    let home = Home::new();
    let halves = Halves::new(&home);
    let (url, prefix) = (format!("kafka://{address}"), crate::broker::prefix());
    let to = ["-b", &url, "--topic-prefix", &prefix];
    let ok = |args: &[&str]| home.ok(&[args, &to].concat());
    let (old, _) = urls(&home);
    ok(&["migrate", "topics"]);
    feed(&home, &halves.first, &[]);
    ok(&["migrate", "bus", "-q", "--from", &old, "--records"]);
    ok(&["migrate", "bus", "-q", "--from", &old, "--records"]);
    feed(&home, &halves.second, &to);
    all_same("on Kafka", &halves.tables, &all(&home.store()));
    same("on Kafka", "gpu-alerts", &halves.alerts, &alerts(&home, &to));
    home.fails(&[&["migrate", "bus", "--from", &old, "--records", "--replace"], &to[..]].concat(), 2, &["no copy"]);
}
