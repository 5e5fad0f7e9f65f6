//! The seed's validator, restated, against gpuhm's on a hundred thousand events, sound ones and broken ones.
//!
//! They agree except where the table of exceptions says so, each with its reason. A difference that the table does not
//! cover fails the test, and so does an exception that never occurred.

mod exceptions;
mod mutate;
mod python;
mod seed;

use std::borrow::Cow;
use std::collections::BTreeMap;

use exceptions::{Difference, EXCEPTIONS};
use gpuhm::event::codec::{Problem, encode};
use gpuhm::event::{Body, Collector, Event, Host, Time};
use gpuhm::source::sim::{Options, Sim};
use gpuhm::source::{Reading, Source};
use gpuhm::stage::validate::Judge;
use mutate::{Random, mutated};
use seed::Seed;

const EVENTS: usize = 100_000;
/// 2026-02-11T10:30:00Z
const START: Time = Time(1_770_805_800_000);
const TICKS: i64 = 12;

fn text(event: &Event<'_>) -> String {
    let mut out = Vec::new();
    encode(event, &mut out);
    String::from_utf8(out).unwrap()
}

/// Samples of every simulated board.
fn samples() -> Vec<String> {
    let options = Options { gpus: 96, hosts: 48, seed: 5, interval_ms: 10_000, faults: Vec::new() };
    let mut sim = Sim::new(options).unwrap();
    let mut out = Vec::new();
    for tick in 0..TICKS {
        sim.read(START.plus(tick * 10_000), &mut out).unwrap();
    }
    let text = |reading: &Reading| match reading {
        Reading::Event(event) => Some(text(event)),
        Reading::Line { .. } => None,
    };
    out.iter().filter_map(text).collect()
}

fn report() -> String {
    text(&Event {
        schema_version: Some(Cow::Borrowed("1.0")),
        time: Some(START),
        host: Host { hostname: Some(Cow::Borrowed("gpu-node-042")), ..Host::default() },
        body: Body::Collector(Collector { ticks: Some(7), ..Collector::default() }),
        ..Event::default()
    })
}

/// What was found: how often the two agreed to accept and to refuse, how often each exception occurred, and differences
/// that none covers.
#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    occurred: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

impl Tally {
    fn explain(&mut self, difference: &Difference<'_>, bytes: &[u8]) {
        match EXCEPTIONS.iter().find(|exception| (exception.covers)(difference)) {
            Some(exception) => *self.occurred.entry(exception.name).or_default() += 1,
            None if self.unexplained.len() < 5 => {
                self.unexplained.push(format!("{difference:?}\n  in {}", String::from_utf8_lossy(bytes)));
            }
            None => {}
        }
    }

    fn compare(&mut self, judge: &mut Judge, bytes: &[u8]) {
        let mut problems = Vec::new();
        let event = judge.judge(bytes, START.plus(TICKS * 10_000), &mut problems);
        let report = matches!(event.map(|event| event.body), Some(Body::Collector(_)));
        match (seed::judge(bytes), problems.as_slice()) {
            (Seed::Accepts, []) => self.accepted += 1,
            (Seed::Refuses(_), [_, ..]) => self.refused += 1,
            (Seed::Accepts, problems) => {
                for problem in problems.iter().filter(|problem| !first_of_two(problem, problems)) {
                    self.explain(&Difference::Ours(problem), bytes);
                }
            }
            (Seed::Refuses(reasons), []) => {
                for reason in reasons {
                    self.explain(&Difference::Seeds(reason, report), bytes);
                }
            }
            (Seed::Dies(raised), problems) => self.explain(&Difference::Dies(&raised, problems.is_empty()), bytes),
        }
    }
}

/// Whether a problem is with the first value of a key that stands twice, which Python never sees: the key's second
/// occurrence is the difference, and a problem of its own.
fn first_of_two(problem: &Problem, problems: &[Problem]) -> bool {
    problem.rule != "duplicate_key"
        && problems.iter().any(|other| other.rule == "duplicate_key" && other.field == problem.field)
}

#[test]
fn the_seeds_rules_hold_but_for_the_listed_exceptions() {
    let (samples, report) = (samples(), report());
    let (mut random, mut judge, mut tally) = (Random(2026), Judge::default(), Tally::default());
    for _ in 0..EVENTS {
        let base = if random.below(50) == 0 { &report } else { &samples[random.below(samples.len())] };
        let changes = [0, 1, 1, 1, 2][random.below(5)];
        tally.compare(&mut judge, &mutated(base, changes, &mut random));
    }
    assert!(tally.unexplained.is_empty(), "no exception covers:\n{}", tally.unexplained.join("\n"));
    for exception in EXCEPTIONS {
        let (name, why, facts) = (exception.name, exception.why, exception.facts);
        assert!(tally.occurred.contains_key(name), "never occurred: {name} ({why}; {facts})");
    }
    assert!(tally.accepted > EVENTS / 4 && tally.refused > EVENTS / 20, "{} {}", tally.accepted, tally.refused);
}

#[test]
fn the_restated_rules_are_the_seeds() {
    let base = include_str!("../data/seed-event.json");
    for (from, to, wanted) in [
        ("", "", Seed::Accepts),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": 121", Seed::Refuses(vec!["gpu_temp_c"])),
        ("\"gpu_temp_c\": 65", "\"other\": 65", Seed::Accepts),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": true", Seed::Accepts),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": NaN", Seed::Refuses(vec!["gpu_temp_c"])),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": null", Seed::Dies("TypeError: gpu_temp_c NoneType".to_owned())),
        ("312.5", "750.5", Seed::Refuses(vec!["power_usage_w"])),
        ("73728", "-1", Seed::Refuses(vec!["memory"])),
        ("73728", "NaN", Seed::Accepts),
        ("\"health\": {", "\"health\": [", Seed::Dies("JSONDecodeError".to_owned())),
        ("\"timestamp\"", "\"time\"", Seed::Refuses(vec!["missing"])),
    ] {
        assert_eq!(seed::judge(base.replacen(from, to, 1).as_bytes()), wanted, "{to}");
    }
}
