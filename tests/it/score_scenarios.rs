//! Golden scenarios of the score: what a GPU went through, step by step, and what the score must say of it.
//!
//! `tests/scenarios/score/*.json`. A scenario begins with a sound GPU of `gpus.json` beside sound neighbours. A step is an
//! instant in minutes: readings change (`set`, `drop`), things happened (`xids`, `resets`, `minutes`, in minutes before
//! it), then the score is asked. Between two steps there is a pass a minute, each with the health of the one before.

use std::collections::BTreeMap;
use std::path::Path;

use gpuhm::event::facts::FaultMinute;
use gpuhm::event::time::{DAY, HOUR, MINUTE, SECOND};
use gpuhm::event::{Health, Known, Time, Values};
use gpuhm::metric::ids;
use serde::Deserialize;

use crate::score_support::{NOW, happening, hours, index, judge, known, sound, values};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What it is about, for whoever reads a failure.
    about: String,
    gpu: String,
    /// Sound GPUs beside it.
    #[serde(default)]
    neighbours: i64,
    /// Days since it was first seen.
    #[serde(default)]
    age_days: Option<i64>,
    /// `busy`, `idle`, or `in_turns`: what its hours were.
    #[serde(default)]
    day: Option<String>,
    /// How many hours of it there are.
    #[serde(default)]
    hours: Option<usize>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    minute: i64,
    #[serde(default)]
    set: BTreeMap<String, f64>,
    #[serde(default)]
    drop: Vec<String>,
    /// Whether the GPU has stopped sending since the step before.
    #[serde(default)]
    silent: bool,
    /// Pages retired for uncorrectable errors a week ago.
    #[serde(default)]
    retired_a_week_ago: Option<i64>,
    /// Code, and minutes before the step.
    #[serde(default)]
    xids: Vec<(i64, i64)>,
    #[serde(default)]
    resets: Vec<i64>,
    #[serde(default)]
    minutes: Vec<Minutes>,
    expect: Expected,
}

/// A run of equal minutes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Minutes {
    /// Start of the first, in minutes before the step.
    ago: i64,
    /// How many.
    count: i64,
    hw_slowdown_s: f64,
    hw_thermal_s: f64,
    power_brake_s: f64,
    sw_thermal_s: f64,
    dbe: i64,
    nvlink_crc: i64,
    nvlink_other: i64,
    pcie_replays: i64,
}

impl Default for Minutes {
    fn default() -> Minutes {
        Minutes {
            ago: 1,
            count: 1,
            hw_slowdown_s: 0.0,
            hw_thermal_s: 0.0,
            power_brake_s: 0.0,
            sw_thermal_s: 0.0,
            dbe: 0,
            nvlink_crc: 0,
            nvlink_other: 0,
            pcie_replays: 0,
        }
    }
}

/// What must be said; what is absent is not looked at, but the ledger always is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    score: i64,
    #[serde(default)]
    grade: Option<String>,
    state: String,
    action: String,
    /// Points by id.
    ledger: BTreeMap<String, i64>,
    #[serde(default)]
    hard: Vec<String>,
    #[serde(default)]
    held: Vec<String>,
    #[serde(default)]
    capped: BTreeMap<String, i64>,
    /// How many notes.
    #[serde(default)]
    notes: usize,
    /// Lowest and highest.
    #[serde(default)]
    confidence: Option<(f64, f64)>,
}

/// The GPU and its time.
struct World {
    gpu: Known,
    scenario: Scenario,
    values: Values,
}

impl World {
    fn new(scenario: Scenario) -> World {
        let (model, named) = sound(&scenario.gpu);
        let values = values(&named);
        let mut gpu = known(0, &model, values.clone(), NOW);
        gpu.first = NOW.plus(-scenario.age_days.unwrap_or(100) * DAY);
        World { gpu, scenario, values }
    }

    /// A pass at an instant.
    fn pass(&mut self, at: Time, silent: bool) -> Health {
        if !silent {
            self.gpu.latest.time = at.plus(-5 * SECOND);
            self.gpu.written = at.plus(-4 * SECOND);
            self.gpu.latest.values = self.values.clone();
        }
        self.gpu.hours = match self.scenario.day.as_deref() {
            None | Some("busy") => hours(at, [300.0; 3], 70.0),
            Some("idle") => hours(at, [62.0; 3], 0.0),
            Some("in_turns") => {
                let (busy, idle) = (hours(at, [300.0; 3], 70.0), hours(at, [62.0; 3], 0.0));
                busy.into_iter()
                    .zip(idle)
                    .enumerate()
                    .map(|(n, (busy, idle))| if n % 2 == 0 { busy } else { idle })
                    .collect()
            }
            Some(other) => panic!("no day {other:?}"),
        };
        if let Some(kept) = self.scenario.hours {
            self.gpu.hours.drain(..self.gpu.hours.len() - kept);
        }
        let neighbour = |slot| known(slot, self.gpu.latest.model.as_deref().unwrap(), Values::default(), at);
        let mut host = vec![self.gpu.clone()];
        host.extend((1..=self.scenario.neighbours).map(neighbour));
        let health = judge(&host, at, true);
        self.gpu.health = Some(health.clone());
        health
    }

    fn happen(&mut self, step: &Step, at: Time) {
        for (name, value) in &step.set {
            self.values.set_number(index(name), *value);
        }
        for name in &step.drop {
            if name == "*" {
                self.values = Values::default();
            } else {
                self.values.clear(index(name));
            }
        }
        self.gpu.retired_a_week_ago = step.retired_a_week_ago.or(self.gpu.retired_a_week_ago);
        let xids = step.xids.iter().map(|(code, ago)| happening("xid", *code, at.plus(-ago * MINUTE)));
        let resets = step.resets.iter().map(|ago| happening("reset", 0, at.plus(-ago * MINUTE)));
        self.gpu.events.extend(xids.chain(resets));
        self.gpu.events.sort_by_key(|event| event.at);
        for run in &step.minutes {
            let minute = |n| FaultMinute {
                start: at.plus((n - run.ago) * MINUTE),
                hw_slowdown_s: run.hw_slowdown_s,
                hw_thermal_s: run.hw_thermal_s,
                power_brake_s: run.power_brake_s,
                sw_thermal_s: run.sw_thermal_s,
                dbe: run.dbe,
                remaps: 0,
                nvlink_crc: run.nvlink_crc,
                nvlink_other: run.nvlink_other,
                pcie_replays: run.pcie_replays,
            };
            self.gpu.minutes.extend((0..run.count).map(minute));
        }
        self.gpu.minutes.sort_by_key(|minute| minute.start);
    }
}

/// What a health says, in the words of a scenario.
fn compare(expected: &Expected, health: &Health, whose: &str) {
    let ledger: BTreeMap<String, i64> = health.ledger.iter().map(|row| (row.id.clone(), row.points)).collect();
    let ids = |of: fn(&gpuhm::event::health::Deduction) -> bool| -> Vec<String> {
        health.ledger.iter().filter(|row| of(row)).map(|row| row.id.clone()).collect()
    };
    let capped = health.ledger.iter().filter_map(|row| Some((row.id.clone(), row.capped?))).collect();
    assert_eq!(ledger, expected.ledger, "{whose}: ledger: {:#?}", health.ledger);
    assert_eq!(health.score, expected.score, "{whose}: score");
    assert_eq!(health.state.word(), expected.state, "{whose}: state, confidence {}", health.confidence);
    assert_eq!(health.action.word(), expected.action, "{whose}: action");
    assert_eq!(ids(|row| row.hard), expected.hard, "{whose}: hard");
    assert_eq!(ids(|row| row.held), expected.held, "{whose}: held");
    assert_eq!(expected.capped, capped, "{whose}: capped");
    assert_eq!(health.notes.len(), expected.notes, "{whose}: notes: {:#?}", health.notes);
    if let Some(grade) = &expected.grade {
        assert_eq!(health.grade.word(), grade, "{whose}: grade");
    }
    if let Some((low, high)) = expected.confidence {
        assert!((low..=high).contains(&health.confidence), "{whose}: confidence {}", health.confidence);
    }
}

fn play(name: &str, text: &str) {
    let scenario: Scenario = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut world = World::new(scenario);
    let steps = std::mem::take(&mut world.scenario.steps);
    assert!(!steps.is_empty(), "{name}: no steps");
    let mut minute = steps[0].minute;
    for step in &steps {
        while minute < step.minute {
            world.pass(NOW.plus(minute * MINUTE), step.silent);
            minute += 1;
        }
        let at = NOW.plus(minute * MINUTE);
        world.happen(step, at);
        let health = world.pass(at, step.silent);
        compare(&step.expect, &health, &format!("{name} ({}), minute {minute}", world.scenario.about));
        minute += 1;
    }
}

#[test]
fn scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/score");
    let (mut played, mut failed) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name != "gpus.json" && path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            if std::panic::catch_unwind(|| play(&name, &text)).is_err() {
                failed.push(name);
            }
            played += 1;
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
    assert!(played >= 20, "{played} scenarios");
}

#[test]
fn hotter_never_scores_better() {
    let mut last = 101;
    for temperature in [60.0, 83.9, 84.0, 84.1, 85.0, 85.1, 87.0, 92.0, 100.0] {
        let (model, named) = sound("a100");
        let mut values = values(&named);
        values.set_number(ids::GPU_TEMP, temperature);
        let score = judge(&[known(0, &model, values, NOW)], NOW.plus(HOUR / 60), false).score;
        assert!(score <= last, "{score} at {temperature} °C after {last}");
        last = score;
    }
    assert_eq!(last, 90, "past its own slowdown temperature");
}
