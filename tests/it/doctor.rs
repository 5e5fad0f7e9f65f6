//! `gpuhm doctor`: what it looks at, how it tells what is wrong, and that looking changes nothing.

use serde_json::Value;

use crate::process::Home;
use crate::process::recording::simulated;

/// What it found: identifier, state, text and remedy, in order.
fn found(home: &Home, code: i32, args: &[&str]) -> Vec<(String, String, String, String)> {
    // The machine may be busy: what is slow is not what is wrong here.
    let patience: &[&str] = if args.contains(&"--timeout") { &[] } else { &["--timeout", "20s"] };
    let ran = home.run(&[&["doctor", "-o", "json"], patience, args].concat());
    assert_eq!(ran.code, code, "{args:?}: {}{}", ran.out, ran.err);
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(answer["schema"], "gpuhm.doctor/1");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |check: &Value| (text(&check["id"]), text(&check["state"]), text(&check["text"]), text(&check["remedy"]));
    answer["checks"].as_array().unwrap().iter().map(one).collect()
}

fn of(found: &[(String, String, String, String)], id: &str) -> (String, String, String) {
    let (_, state, text, remedy) =
        found.iter().find(|(of, ..)| of == id).unwrap_or_else(|| panic!("no {id}: {found:?}"));
    (state.clone(), text.clone(), remedy.clone())
}

fn ids(found: &[(String, String, String, String)]) -> Vec<&str> {
    found.iter().map(|(id, ..)| id.as_str()).collect()
}

#[test]
fn a_fresh_home_is_well_and_stays_empty() {
    let home = Home::new();
    let found = found(&home, 0, &["--strict"]);
    assert_eq!(ids(&found), ["config.file", "clock", "source.auto", "bus.file", "store.schema"]);
    assert!(found.iter().all(|(_, state, ..)| state == "ok"), "{found:?}");
    // A machine without GPUs, for which nothing is named, is not told of libraries that are missing.
    let (_, text, remedy) = of(&found, "source.auto");
    assert!(text.starts_with("no NVIDIA GPU is seen here, and no source is named"), "{text}");
    assert_eq!(remedy, "");
    assert!(!home.path("home").exists(), "doctor made something");
}

#[test]
fn what_waits_for_a_stage_is_a_warning() {
    let home = Home::new();
    let file = home.file("lines.jsonl", simulated(&home, 3).join("\n") + "\n");
    home.ok(&["collect", "-q", "--source", &format!("replay:{file}"), "--speed", "max"]);
    let waits = found(&home, 0, &[]);
    let (state, text, remedy) = of(&waits, "bus.lag");
    assert_eq!(state, "warning");
    assert!(text.starts_with("validate ") && !text.starts_with("validate 0 ") && text.contains("0 members"), "{text}");
    assert!(remedy.starts_with("gpuhm validate"), "{remedy}");
    // Of the others, a full disk is this machine's.
    let strict = ["--strict", "--only", "clock,bus.lag"];
    found(&home, 1, &strict);
    found(&home, 0, &[&strict[..], &["--skip", "bus.lag"]].concat());
    home.ok(&["validate", "-q", "--once"]);
    home.ok(&["aggregate", "-q", "--once"]);
    let drained = found(&home, 0, &[]);
    assert_eq!(of(&drained, "bus.lag").0, "ok");
    let (_, text, _) = of(&drained, "bus.file");
    assert!(text.contains("MiB, writable") && text.contains("MiB free"), "{text}");
    assert!(of(&drained, "store.schema").1.contains("version 3 of 3"), "{drained:?}");
    assert_eq!(ids(&found(&home, 0, &["--only", "bus.lag,clock"])), ["clock", "bus.lag"]);
}

#[test]
fn what_is_broken_is_a_fault_with_its_remedy() {
    let home = Home::new();
    home.ok(&["migrate"]);
    home.file("home/bus.db", "no database, whatever its name says; long enough to be read as a header of one");
    let broken = found(&home, 1, &[]);
    let (state, text, _) = of(&broken, "bus.file");
    assert!(state == "fault" && text.contains("not a gpuhm log"), "{text}");
    assert_eq!(of(&broken, "bus.lag"), ("skipped".into(), "needs bus.file".into(), String::new()));
    assert_eq!(of(&broken, "store.schema").0, "ok");
    let table = home.run(&["doctor"]);
    assert_eq!(table.code, 1);
    assert!(table.out.lines().any(|line| line.starts_with("fault    bus.file        bus ")), "{}", table.out);
    // A store that a newer gpuhm made.
    let store = rusqlite::Connection::open(home.store()).unwrap();
    let newer = "UPDATE gpuhm_migrations SET checksum = 'x' WHERE version = 1";
    assert_eq!(store.execute(newer, []).unwrap(), 1);
    let (state, text, remedy) = of(&found(&home, 1, &["--only", "store.schema"]), "store.schema");
    assert!(state == "fault" && text.contains("0001") && text.contains("changed"), "{text}");
    assert_eq!(remedy, "gpuhm migrate verify");
}

#[test]
fn one_fault_of_the_cluster_is_told_once() {
    let home = Home::new();
    let found = found(&home, 1, &["-b", "kafka://127.0.0.1:1", "--timeout", "1s"]);
    assert_eq!(of(&found, "kafka.reach").0, "fault");
    for id in ["kafka.topics", "kafka.acl", "kafka.lag", "kafka.clock"] {
        assert_eq!(of(&found, id).0, "skipped", "{found:?}");
    }
    assert!(!ids(&found).contains(&"bus.file"));
}

#[test]
fn what_is_no_check_is_usage() {
    let ran = Home::new().run(&["doctor", "--only", "kafka.reech"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("kafka.reach"), "{}", ran.err);
}
