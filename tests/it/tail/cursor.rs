//! The cursor file: where a run goes on, what it repeats, and files that are none of this topic's.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Stdio;
use std::sync::atomic::Ordering;

use gpuhm::bus::{Bus, RAW};
use gpuhm::event::Time;
use gpuhm::event::time::DAY;
use gpuhm::pipeline::clock::wall;
use serde_json::Value;

use super::{PATIENCE, Topic, keys};
use crate::process::{Service, text, until};

const FILE: [&str; 3] = ["--cursor-file", "cursor", "--no-follow"];

fn more(topic: &Topic, names: &[&str]) {
    let keys = keys(3);
    for (n, name) in names.iter().enumerate() {
        // No two at one instant: that is their order.
        let last = Time(topic.clock.load(Ordering::Relaxed));
        topic.sample(&keys[n % 3], name, wall().max(last.plus(1)));
    }
}

fn positions(topic: &Topic) -> BTreeMap<i32, i64> {
    let text = std::fs::read_to_string(topic.home.path("cursor")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&file["schema"], &file["topic"]), (&"gpuhm.cursor/1".into(), &RAW.into()), "{text}");
    serde_json::from_value(file["partitions"].clone()).unwrap()
}

#[test]
fn every_run_shows_what_came_since_the_last() {
    let topic = Topic::new();
    more(&topic, &["a", "b", "c", "d", "e"]);
    // The first begins as its other flags say.
    assert_eq!(topic.names(&[&FILE[..], &["-n", "2"]].concat()), ["d", "e"]);
    assert_eq!(positions(&topic).values().sum::<i64>(), 5);
    assert_eq!(positions(&topic).len(), 32);
    assert_eq!(topic.names(&[&FILE[..], &["-n", "2"]].concat()), [""; 0]);
    let ran = topic.tail(&[&["-t", RAW][..], &FILE].concat());
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    more(&topic, &["f", "g", "h", "i"]);
    // All of it, however few `-n` says, and whatever the others did not want is passed over.
    assert_eq!(topic.names(&[&FILE[..], &["-n", "1", "--where", ".name!=g"]].concat()), ["f", "h", "i"]);
    assert_eq!(topic.names(&FILE), [""; 0]);
    let left = std::fs::read_dir(topic.home.path(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("cursor"));
    assert_eq!(left.count(), 1, "only the file itself is left");
}

#[test]
fn never_beyond_what_was_shown() {
    let topic = Topic::new();
    let names: Vec<String> = (0..30).map(|n| format!("s{n:02}")).collect();
    more(&topic, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut seen = Vec::new();
    // By time and as they arrived, a few at a time.
    for n in 0.. {
        let order: &[&str] = if n == 0 { &["--offset", "beginning"] } else { &[] };
        let came = topic.names(&[&FILE[..], &["--max", "4"], order].concat());
        if came.is_empty() {
            break;
        }
        seen.extend(came);
        assert_eq!(positions(&topic).values().sum::<i64>(), i64::try_from(seen.len()).unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, names);
}

#[test]
fn a_follower_that_is_ended_has_written_how_far_it_was() {
    let topic = Topic::new();
    more(&topic, &["a", "b"]);
    for signal in ["INT", "TERM"] {
        let shown = topic.home.path("shown");
        let mut command = topic.home.command(&["tail", "-t", RAW, "-n", "all", "--cursor-file", "cursor"]);
        let mut follower = Service::as_is(command.stdout(File::create(&shown).unwrap()).stderr(Stdio::null()));
        let lines = |count| {
            let shown = shown.clone();
            move || std::fs::read_to_string(&shown).unwrap().lines().count() == count
        };
        until("the backlog", PATIENCE, lines(2));
        more(&topic, &["c"]);
        until("what came", PATIENCE, lines(3));
        follower.signal(signal);
        follower.ended(PATIENCE);
        assert_eq!(topic.names(&FILE), [""; 0], "{signal}");
        more(&topic, &["a", "b"]);
    }
    // It is written while it follows, too.
    let mut follower = topic.home.start(&["tail", "-t", RAW, "--cursor-file", "cursor"]);
    more(&topic, &["x"]);
    let end: i64 = topic.bus.topics().unwrap()[0].ranges.iter().map(|(_, next)| next).sum();
    until("the file to be written", PATIENCE, || positions(&topic).values().sum::<i64>() == end);
    assert!(follower.runs());
    follower.kill();
    assert_eq!(topic.names(&FILE), [""; 0]);
}

#[test]
fn partitions_of_other_runs_stay() {
    let topic = Topic::new();
    more(&topic, &["a", "b", "c"]);
    let place = |n: usize| gpuhm::bus::key::partition(keys(3)[n].as_bytes(), 32).to_string();
    let run = |n: usize| topic.names(&[&FILE[..], &["-n", "all", "-p", &place(n)]].concat());
    assert_eq!((run(0), run(2), run(0)), (vec!["a".to_owned()], vec!["c".to_owned()], Vec::new()));
    assert_eq!(positions(&topic).len(), 2);
    // What the file does not name begins at its oldest record.
    assert_eq!(topic.names(&FILE), ["b"]);
}

#[test]
fn files_of_something_else_are_refused() {
    let topic = Topic::new();
    more(&topic, &["a"]);
    topic.names(&FILE);
    let good = std::fs::read_to_string(topic.home.path("cursor")).unwrap();
    let refused = |text: &str, says: &str| {
        topic.home.file("cursor", text);
        let args = [&["tail", "-t", RAW][..], &FILE].concat();
        let ran = topic.home.fails(&args, 2, &["cursor file cursor: ", says]);
        assert!(ran.err.contains("hint: remove the file to begin anew") && ran.out.is_empty(), "{}", ran.err);
        assert_eq!(std::fs::read_to_string(topic.home.path("cursor")).unwrap(), text, "it was written over");
    };
    refused("", "not one that gpuhm made");
    refused("{}", "not one that gpuhm made");
    refused(&good[..good.len() / 2], "not one that gpuhm made");
    refused(&good.replace("cursor/1", "cursor/2"), "gpuhm.cursor/2");
    refused(&good.replace(RAW, "gpu-alerts"), "its topic is \"gpu-alerts\", not \"gpu-metrics-raw\"");
    refused(&good.replace("file:/", "file:/elsewhere/"), "its bus is");
    refused(&good.replace(r#""prefix":"""#, r#""prefix":"test-""#), "its topic prefix is \"test-\"");
    refused(&good.replace(":0,", ":500,"), "which ends at");
    refused(&good.replace(":0,", ":-1,"), "gpuhm.cursor/1");
    for (file, says) in [("home", "not a file"), ("none/cursor", "no directory"), ("/dev/null", "not a file")] {
        topic.home.fails(&["tail", "-t", RAW, "--no-follow", "--cursor-file", file], 2, &[says]);
    }
    topic.home.file("cursor", &good);
    assert_eq!(topic.names(&FILE), [""; 0]);
    // Another home is another bus.
    let other = Topic::new();
    more(&other, &["z"]);
    let file = text(&topic.home.path("cursor"));
    other.home.fails(&["tail", "-t", RAW, "--no-follow", "--cursor-file", &file], 2, &["its bus is"]);
}

#[test]
fn what_was_dropped_unread_is_told() {
    let topic = Topic::new();
    more(&topic, &["a"]);
    assert_eq!(topic.names(&[&FILE[..], &["-n", "all"]].concat()), ["a"]);
    more(&topic, &["b", "c", "d"]);
    topic.bus.retain(wall().plus(8 * DAY)).unwrap();
    more(&topic, &["e"]);
    let ran = topic.tail(&[&["-t", RAW, "-o", "jsonl"][..], &FILE].concat());
    assert!(ran.err.contains("up to 3 records of gpu-metrics-raw were dropped before they were read"), "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    assert_eq!(topic.tail(&[&["-t", RAW][..], &FILE].concat()).err, "");
}
