//! Where it begins, which partitions it reads and in which order it shows them.

use gpuhm::bus::{PARTITIONS, key};
use gpuhm::event::Time;
use gpuhm::event::time::{DAY, HOUR, MINUTE, SECOND};
use gpuhm::pipeline::clock::wall;

use super::{Topic, keys};

/// Ten samples in five partitions; `s0` is the oldest, and what is told first is not what arrived first.
fn ten() -> (Topic, Time) {
    let topic = Topic::new();
    let (keys, start) = (keys(5), wall().plus(-HOUR));
    for n in [5, 0, 1, 6, 2, 7, 3, 8, 4, 9] {
        topic.sample(&keys[n % 5], &format!("s{n}"), start.plus(i64::try_from(n).unwrap() * MINUTE));
    }
    (topic, start)
}

#[test]
fn the_newest_of_the_whole_topic_by_time() {
    let (topic, _) = ten();
    let past = |args: &[&str]| topic.names(&[args, &["--no-follow"]].concat());
    assert_eq!(past(&["-n", "3"]), ["s7", "s8", "s9"]);
    assert_eq!(past(&["-n", "0"]), [""; 0]);
    let all: Vec<String> = (0..10).map(|n| format!("s{n}")).collect();
    assert_eq!(past(&["-n", "all"]), all);
    assert_eq!(past(&[]), all);
    assert_eq!(past(&["-n", "100"]), all);
    // With a filter, the newest that it lets through, however far back they lie.
    assert_eq!(past(&["-n", "2", "--where", ".name in (s1, s3, s4)"]), ["s3", "s4"]);
}

#[test]
fn since_and_until() {
    let (topic, start) = ten();
    let past = |args: &[&str]| topic.names(&[args, &["--no-follow"]].concat());
    let at = |minutes: i64| start.plus(minutes * MINUTE).to_string();
    assert_eq!(past(&["--since", &at(8)]), ["s8", "s9"]);
    assert_eq!(past(&["--since", &at(7), "--until", &at(8)]), ["s7", "s8"]);
    assert_eq!(past(&["-n", "2", "--until", &at(4)]), ["s3", "s4"]);
    assert_eq!(past(&["--since", "3330s"]).len(), 5);
    assert_eq!(past(&["--since", "-3330s", "--until", "now"]).len(), 5);
    assert_eq!(past(&["--since", "1m"]), [""; 0]);
    // An end in the past needs no --no-follow.
    assert_eq!(topic.names(&["-n", "all", "--until", &at(0)]), ["s0"]);
    assert_eq!(topic.names(&["-n", "1", "--until", "now"]), ["s9"]);
    let refused = topic.tail(&["--since", "1h", "--until", "2h"]);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    for wrong in [["--since", "soon"], ["--until", "2026-13-01"]] {
        let ran = topic.tail(&wrong);
        assert!(ran.code == 2 && ran.err.contains("not a time") && ran.err.contains("hint: "), "{}", ran.err);
    }
}

#[test]
fn what_people_write_for_a_day() {
    let topic = Topic::new();
    let today = wall().floor(DAY);
    topic.sample("GPU-a", "before", today.plus(-DAY - SECOND));
    topic.sample("GPU-a", "yesterday", today.plus(-DAY));
    topic.sample("GPU-a", "today", today);
    let past = |since: &str| topic.names(&["--since", since, "--no-follow"]);
    assert_eq!(past("yesterday"), ["yesterday", "today"]);
    assert_eq!(past("today"), ["today"]);
    let short = today.to_string().replace("00:00.000Z", "00Z");
    assert_eq!(past(&short), ["today"], "{short}");
    assert_eq!(past(&short[..10]), ["today"]);
}

#[test]
fn only_these_partitions() {
    let (topic, _) = ten();
    let keys = keys(5);
    let place = |n: usize| key::partition(keys[n].as_bytes(), PARTITIONS).to_string();
    assert_eq!(topic.names(&["-p", &place(2), "--no-follow"]), ["s2", "s7"]);
    let two = format!("{},{}", place(4), place(1));
    assert_eq!(topic.names(&["-n", "3", "-p", &two, "--no-follow"]), ["s4", "s6", "s9"]);
    assert_eq!(topic.names(&["-p", &place(1), "-p", &place(0), "--offset", "-1", "--no-follow"]), ["s0", "s6"]);
    let empty = (0..PARTITIONS).find(|at| (0..5).all(|n| place(n) != at.to_string())).unwrap();
    assert_eq!(topic.tail(&["-t", "gpu-metrics-raw", "-p", &empty.to_string(), "--no-follow"]).code, 1);
    let ran = topic.tail(&["-p", "3,99", "--no-follow"]);
    assert!(ran.code == 2 && ran.err.contains("no partition 99"), "{}", ran.err);
    assert_eq!(topic.tail(&["-p", "some"]).code, 2);
}

#[test]
fn offsets_as_they_arrived() {
    let (topic, _) = ten();
    let past = |offset: &str| topic.names(&["--offset", offset, "--no-follow"]);
    // The bus stamps by the samples' own time here, so arrival merges to that; within a partition it is the log's order.
    let all = past("beginning");
    assert_eq!(all.len(), 10);
    let at = |name: &str| all.iter().position(|one| one == name).unwrap();
    assert!(at("s5") < at("s0"), "{all:?}: s5 stands before s0 in their partition");
    assert_eq!(past("end"), [""; 0]);
    let mut second = past("1");
    second.sort_unstable();
    assert_eq!(second, ["s0", "s6", "s7", "s8", "s9"]);
    assert_eq!(past("-1").len(), 5);
    assert_eq!(past("-100").len(), 10);
    assert_eq!(past("7"), [""; 0]);
    for wrong in [["-n", "3"], ["--since", "3h"]] {
        let ran = topic.tail(&[&wrong[..], &["--offset", "end"]].concat());
        assert!(ran.code == 2 && ran.err.contains("cannot be used with"), "{}", ran.err);
    }
    for wrong in ["start", "--", "1.5", "-x", ""] {
        assert_eq!(topic.tail(&[&format!("--offset={wrong}")]).code, 2, "{wrong}");
    }
}
