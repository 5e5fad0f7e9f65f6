//! `tail --cursor-file` killed at random moments under load: nothing is missed, and what comes again was shown after the
//! cursor that the killed run had left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gpuhm::bus::RAW;
use gpuhm::pipeline::clock::wall;
use serde_json::Value;

use super::{Topic, keys};
use crate::process::{Dice, Service, until};

const ROUNDS: u64 = 16;

type Place = (i32, i64);

/// Where the records stood that a run has shown; its last line may be cut short.
fn shown(topic: &Topic, name: &str) -> Vec<Place> {
    let text = std::fs::read_to_string(topic.home.path(name)).unwrap();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let place = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let number = |name: &str| line[name].as_i64().unwrap();
        (i32::try_from(number("partition")).unwrap(), number("offset"))
    };
    whole.lines().map(place).collect()
}

fn cursor(topic: &Topic) -> BTreeMap<i32, i64> {
    // Before the first write there is none: the run begins at the oldest record.
    let Ok(text) = std::fs::read_to_string(topic.home.path("cursor")) else { return BTreeMap::new() };
    let file: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(file["partitions"].clone()).unwrap()
}

fn load(topic: &Topic, stop: &AtomicBool) {
    let keys = keys(5);
    let filler = "x".repeat(300);
    for n in 0.. {
        let values: Vec<String> = (0..40).map(|m| format!("{{\"n\":\"{n}.{m}\",\"filler\":\"{filler}\"}}")).collect();
        topic.clock.store(wall().ms(), Ordering::Relaxed);
        topic.send(RAW, &keys[n % 5], &values.iter().map(String::as_str).collect::<Vec<_>>());
        if stop.load(Ordering::Relaxed) {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A run that is killed after a while; where it goes on it must begin at the cursor, and the cursor it leaves must not be
/// beyond what was shown.
fn killed(topic: &Topic, round: u64, dice: &mut Dice, seen: &mut BTreeSet<Place>) {
    let name = format!("shown{round}");
    let before = cursor(topic);
    let args = ["tail", "-t", RAW, "--offset", "beginning", "--cursor-file", "cursor", "--envelope"];
    let mut command = topic.home.command(&args);
    let out = File::create(topic.home.path(&name)).unwrap();
    let run = Service::as_is(command.stdout(out).stderr(Stdio::null()));
    std::thread::sleep(Duration::from_millis(
        20 + if round.is_multiple_of(2) { dice.below(300) } else { dice.below(1800) },
    ));
    run.kill();
    let places = shown(topic, &name);
    let mut first: BTreeMap<i32, i64> = BTreeMap::new();
    for (partition, offset) in &places {
        first.entry(*partition).or_insert(*offset);
    }
    for (partition, offset) in first {
        assert_eq!(offset, before.get(&partition).copied().unwrap_or(0), "round {round}, partition {partition}");
    }
    seen.extend(places);
    for (partition, next) in cursor(topic) {
        let missed = (0..next).find(|offset| !seen.contains(&(partition, *offset)));
        assert_eq!(missed, None, "round {round}: the cursor of {partition} stands at {next}");
    }
}

#[test]
fn nothing_is_missed_when_it_is_killed() {
    let topic = Topic::new();
    let (stop, mut dice, mut seen) = (AtomicBool::new(false), Dice(7), BTreeSet::new());
    std::thread::scope(|scope| {
        scope.spawn(|| load(&topic, &stop));
        let rounds = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for round in 0..ROUNDS {
                killed(&topic, round, &mut dice, &mut seen);
            }
        }));
        stop.store(true, Ordering::Relaxed);
        if let Err(panic) = rounds {
            std::panic::resume_unwind(panic);
        }
    });
    let before = cursor(&topic);
    assert!(!before.is_empty(), "no run lived long enough to leave a cursor");
    let ran = topic.tail(&["-t", RAW, "--cursor-file", "cursor", "--no-follow", "--allow-empty", "--envelope"]);
    topic.home.file("last", &ran.out);
    seen.extend(shown(&topic, "last"));
    let whole = topic.tail(&["-t", RAW, "--offset", "beginning", "--no-follow", "--envelope"]);
    topic.home.file("whole", &whole.out);
    let whole: BTreeSet<Place> = shown(&topic, "whole").into_iter().collect();
    assert!(whole.len() > 1000, "too little came to tell: {}", whole.len());
    assert_eq!(whole.difference(&seen).count(), 0, "missed: {:?}", whole.difference(&seen).next());
    assert!(seen.is_subset(&whole));
}

/// More than a pipe takes, less than a pipe and a block of output: what is left is held by the process.
#[test]
fn the_cursor_waits_for_the_output() {
    let topic = Topic::new();
    let value = "x".repeat(999);
    topic.send(RAW, "k", &[value.as_str(); 100]);
    let args = ["tail", "-t", RAW, "--offset", "beginning", "--cursor-file", "cursor", "-o", "raw"];
    let mut child = topic.home.command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut first = [0];
    out.read_exact(&mut first).unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(cursor(&topic).is_empty(), "it says that was shown which nobody could take");
    out.read_exact(&mut vec![0; 99_999]).unwrap();
    until("the file", super::PATIENCE, || cursor(&topic).values().sum::<i64>() == 100);
    child.kill().unwrap();
    child.wait().unwrap();
}
