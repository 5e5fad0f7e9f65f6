//! Two services of one name: the older is fenced, says so in one line and ends with code 2; the newer goes on.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use super::count::read;
use super::{PATIENCE, SETTINGS};
use crate::broker::shared;
use crate::broker::topics::Topics;
use crate::process::left::replay;
use crate::process::{Home, Service, until};

/// Starts a stage by one name; its words go to a file.
fn named(home: &Home, stage: &str, log: &str) -> Service {
    let mut command = home.command(&[stage, "--instance", "gpu-monitor-1"]);
    Service::as_is(command.stdout(Stdio::null()).stderr(File::create(home.path(log)).unwrap()))
}

fn said(home: &Home, log: &str) -> String {
    std::fs::read_to_string(home.path(log)).unwrap()
}

/// Sends `ticks` of 16 GPUs, as valid events.
fn sends(home: &Home, from: &str, ticks: &str) {
    let file = format!("{ticks}-ticks.jsonl");
    let sim = ["collect", "-q", "--source", "sim", "--gpus", "16", "--hosts", "4", "--speed", "max", "--from", from];
    home.ok(&[&sim[..], &["--ticks", ticks, "--sink", &file]].concat());
    home.ok(&["collect", "-q", "--source", &replay(&file), "--speed", "max"]);
}

#[test]
fn of_two_with_one_name_the_older_is_fenced_and_the_newer_goes_on() {
    let Some(address) = shared("kafka_kill::of_two_with_one_name_the_older_is_fenced_and_the_newer_goes_on") else {
        return;
    };
    let topics = Topics::make(&address);
    let home = Home::on_kafka(&address, topics.prefix(), &SETTINGS);
    let samples = |topic: &str| {
        let found = read(&address, &format!("{}{topic}", topics.prefix()));
        found.iter().filter(|record| record.line().contains("\"gpu_metric_sample\"")).count()
    };
    let mut older = named(&home, "validate", "older.log");
    sends(&home, "2025-03-01T00:00:00Z", "5");
    until("the older to work", PATIENCE, || samples("gpu-metrics-validated") == 5 * 16);
    let mut newer = named(&home, "validate", "newer.log");
    let code = older.ended(PATIENCE);
    let words = said(&home, "older.log");
    assert_eq!(code, 2, "{words}");
    let lines: Vec<&str> = words.lines().filter(|line| line.starts_with("gpuhm: ")).collect();
    assert_eq!(lines.len(), 1, "{words}");
    assert!(lines[0].contains("another process has joined as instance gpu-monitor-1"), "{words}");
    assert!(words.contains("\nhint: give each process a name of its own with --instance"), "{words}");
    assert!(!words.contains("panicked"), "{words}");
    sends(&home, "2025-03-01T01:00:00Z", "7");
    until("the newer to work", PATIENCE, || samples("gpu-metrics-validated") == 12 * 16);
    // Longer than the session of the older.
    std::thread::sleep(Duration::from_secs(4));
    assert!(newer.runs(), "{}", said(&home, "newer.log"));
    assert_eq!(newer.stopped(PATIENCE), 0, "{}", said(&home, "newer.log"));
    assert_eq!(samples("gpu-metrics-validated"), 12 * 16);
}
