//! When it ends, and with which code.

use std::fs::File;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use gpuhm::event::time::SECOND;
use gpuhm::pipeline::clock::{monotonic, wall};

use super::{PATIENCE, Topic};
use crate::process::{Service, text, until};

fn three() -> Topic {
    let topic = Topic::new();
    for (name, before) in [("a", 3), ("b", 2), ("c", 1)] {
        topic.sample(&format!("GPU-{name}"), name, wall().plus(-before * SECOND));
    }
    topic
}

#[test]
fn so_many_so_long_or_the_end_of_the_log() {
    let topic = three();
    assert_eq!(topic.names(&["-n", "all", "--max", "2"]), ["a", "b"]);
    assert_eq!(topic.names(&["--max", "3"]), ["a", "b", "c"]);
    let began = monotonic();
    assert_eq!(topic.names(&["--timeout", "700ms"]), ["a", "b", "c"]);
    assert!(began.elapsed() >= Duration::from_millis(700), "{:?}", began.elapsed());
    // What comes is waited for: the last of these is on its way.
    let topic = std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            topic.sample("GPU-d", "d", wall());
        });
        assert_eq!(topic.names(&["-n", "0", "--where", ".name=d", "--max", "1", "--timeout", "50s"]), ["d"]);
        sender.join().unwrap();
        &topic
    });
    assert_eq!(topic.tail(&["-t", "gpu-metrics-raw", "--no-follow", "--where", ".name=e"]).code, 1);
    assert_eq!(topic.tail(&["--no-follow"]).code, 1);
    assert_eq!(topic.tail(&["--no-follow", "--allow-empty"]).code, 0);
    assert_eq!(topic.tail(&["--timeout", "100ms"]).code, 1);
}

#[test]
fn until_a_time_to_come() {
    let topic = three();
    let end = wall().plus(1500);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            topic.sample("GPU-d", "d", end.plus(-SECOND));
            topic.sample("GPU-e", "e", end.plus(SECOND));
        });
        assert_eq!(topic.names(&["-n", "1", "--until", &end.to_string()]).last().unwrap(), "d");
        assert!(wall() >= end);
    });
}

#[test]
fn a_topic_that_is_none_is_told_with_the_nearest() {
    let topic = Topic::new();
    let ran = topic.home.fails(&["tail", "-t", "gpu-alert"], 2, &["no topic \"gpu-alert\""]);
    assert!(ran.err.contains("did you mean gpu-alerts?") && ran.err.contains("gpu-metrics-raw"), "{}", ran.err);
    let ran = topic.home.fails(&["tail", "gpu-metrics-raw"], 2, &["no comparison"]);
    assert!(ran.err.contains("hint: a topic is named with -t gpu-metrics-raw"), "{}", ran.err);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let topic = Topic::new();
    let many: Vec<String> =
        (0..20_000).map(|n| format!("{{\"number\":{n},\"filler\":\"{}\"}}", "x".repeat(50))).collect();
    topic.send("gpu-metrics-raw", "k", &many.iter().map(String::as_str).collect::<Vec<_>>());
    for format in ["raw", "jsonl", "json", "pretty"] {
        let line = format!("{{ $GPUHM tail -t gpu-metrics-raw -n all -o {format}; echo code $? >&2; }} | head -n 2");
        let ran = topic.home.shell(&line);
        assert!(ran.err.contains("code 0") && ran.out.lines().count() == 2, "{format}: {}{}", ran.err, ran.out);
    }
}

#[test]
fn a_signal_ends_it_whole_and_a_person_reads_how_much_it_was() {
    let topic = three();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let (shown, said) = (topic.home.path("shown"), topic.home.path("said"));
        let mut command = topic.home.command(&["tail", "-t", "gpu-metrics-raw", "-o", "json"]);
        let mut follower =
            Service::as_is(command.stdout(File::create(&shown).unwrap()).stderr(File::create(&said).unwrap()));
        until("what it shows", PATIENCE, || std::fs::metadata(&shown).unwrap().len() > 0);
        follower.signal(signal);
        assert_eq!(follower.ended(PATIENCE), code, "{signal}");
        let array: serde_json::Value = serde_json::from_slice(&std::fs::read(&shown).unwrap()).unwrap();
        assert_eq!(array.as_array().unwrap().len(), 3);
        assert_eq!(std::fs::read_to_string(&said).unwrap(), "", "a log is no terminal");
    }
}

#[test]
fn a_person_who_ends_it_reads_how_much_it_was() {
    if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
        return;
    }
    let topic = three();
    for (quiet, says) in [("", "… 2 shown, 1 filtered, 0 undecodable"), ("-q", "")] {
        let shown = topic.home.path(&format!("shown{quiet}"));
        let binary = env!("CARGO_BIN_EXE_gpuhm");
        let line = format!("{binary} tail {quiet} -t gpu-metrics-raw --where .name!=b > {}", text(&shown));
        let mut terminal = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env("GPUHM_HOME", topic.home.path("home"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        until("what it shows", PATIENCE, || std::fs::metadata(&shown).is_ok_and(|shown| shown.len() > 0));
        terminal.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
        let ended = terminal.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(130));
        let said = String::from_utf8_lossy(&ended.stdout).replace("^C", "");
        assert_eq!(said.trim(), says);
    }
}

#[test]
fn a_bus_that_cannot_be_reached_is_waited_for() {
    let topic = three();
    let Topic { home, bus, .. } = topic;
    drop(bus);
    // Whoever has the file to itself keeps everybody out.
    let owner = rusqlite::Connection::open(home.bus()).unwrap();
    owner.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let args = ["tail", "-t", "gpu-metrics-raw", "-n", "all", "--timeout", "1s"];
    let began = monotonic();
    home.fails(&args, 3, &["bus "]);
    assert!(began.elapsed() < Duration::from_secs(25), "it waited longer than it was to run: {:?}", began.elapsed());
    let mut waits = home.start(&["tail", "-t", "gpu-metrics-raw"]);
    std::thread::sleep(Duration::from_millis(500));
    waits.signal("INT");
    assert_eq!(waits.ended(PATIENCE), 130);
    drop(owner);
    assert_eq!(home.ok(&args).lines().count(), 3);
}
