//! GPUs for the tests of the score: sound ones, and generated ones with any history.
//!
//! A generated history is what a store would answer: faults at whole minutes, XIDs and resets at any time, hours of work,
//! the health of last time. Times are before `NOW`.

use std::collections::BTreeMap;

use gpuhm::event::facts::{FaultMinute, Load};
use gpuhm::event::rows::{Happening, Place, Raw};
use gpuhm::event::time::{DAY, HOUR, MINUTE, SECOND};
use gpuhm::event::{Facts, Health, Known, Time, Values};
use gpuhm::metric;
use gpuhm::pass::Now;
use gpuhm::pass::score::score;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// An instant at a whole hour.
pub(crate) const NOW: Time = Time(1_760_000_400_000);

/// Values by name.
pub(crate) fn values(named: &BTreeMap<String, f64>) -> Values {
    let mut values = Values::default();
    for (name, value) in named {
        values.set_number(index(name), *value);
    }
    values
}

/// The index of a metric that must exist.
pub(crate) fn index(name: &str) -> usize {
    metric::index(name).unwrap_or_else(|| panic!("no metric {name:?}"))
}

/// The values of the sound GPUs that the scenarios begin with.
pub(crate) fn sound(kind: &str) -> (String, BTreeMap<String, f64>) {
    let text = include_str!("../scenarios/score/gpus.json");
    let all: serde_json::Value = serde_json::from_str(text).unwrap();
    let gpu = &all[kind];
    let named = gpu["values"].as_object().unwrap_or_else(|| panic!("no GPU {kind:?} in gpus.json"));
    let named = named.iter().map(|(name, value)| (name.clone(), value.as_f64().unwrap())).collect();
    (gpu["model"].as_str().unwrap().to_owned(), named)
}

/// A GPU with these values, sampled 5 s before `now` and known for a hundred days.
pub(crate) fn known(slot: i64, model: &str, values: Values, now: Time) -> Known {
    let time = now.plus(-5 * SECOND);
    let latest = Raw {
        time,
        gpu_uuid: format!("GPU-{slot}"),
        hostname: "node01".into(),
        device_index: Some(slot),
        model: Some(model.to_owned()),
        values,
        latency_ms: None,
        interval_ms: Some(10 * SECOND),
    };
    Known {
        place: Place { gpu_uuid: latest.gpu_uuid.clone(), hostname: "node01".into(), ..Place::default() },
        latest,
        written: time.plus(SECOND),
        first: now.plus(-100 * DAY),
        asset: None,
        health: None,
        prediction: None,
        events: Vec::new(),
        minutes: Vec::new(),
        hours: hours(now, [300.0; 3], 70.0),
        corrected: Vec::new(),
        retired_a_week_ago: None,
    }
}

/// A day of equal hours.
pub(crate) fn hours(now: Time, power: [f64; 3], sm_active: f64) -> Vec<Load> {
    let hour = |back: i64| Load {
        start: now.floor(HOUR).plus(-back * HOUR),
        ms: HOUR,
        power: power.map(Some),
        limit: Some(400.0),
        sm_active: Some(sm_active),
        sm_clock: Some(1410.0),
        util: Some(if sm_active > 0.0 { 98.0 } else { 0.0 }),
    };
    (1..=24).rev().map(hour).collect()
}

pub(crate) fn happening(kind: &str, code: i64, at: Time) -> Happening {
    Happening {
        gpu_uuid: "GPU-0".into(),
        at,
        kind: kind.into(),
        code,
        hostname: "node01".into(),
        detail: String::new(),
    }
}

/// Adds to readings; counts and flags stay at 0 or more.
pub(crate) fn shift(values: &mut Values, names: &[&str], by: f64) {
    for metric in names.iter().map(|name| index(name)) {
        if let Some(value) = values.real(metric) {
            let whole = metric::METRICS[metric].ty == gpuhm::metric::Type::Int;
            values.set_number(metric, if whole { (value + by).max(0.0) } else { value + by });
        }
    }
}

/// The health of the first of these GPUs.
pub(crate) fn judge(gpus: &[Known], at: Time, absence: bool) -> Health {
    let facts = Facts { gpus: gpus.to_vec(), ..Facts::default() };
    score(&facts, Now { at, absence, stalled: false }).swap_remove(0)
}

/// XIDs that cost points, that do not, and one that no table has.
const CODES: [i64; 20] = [13, 31, 43, 45, 63, 46, 48, 48, 62, 64, 74, 79, 94, 95, 119, 119, 120, 140, 143, 9999];

fn ago(most: i64) -> BoxedStrategy<i64> {
    // Most of what matters lies near borders: just now, an hour, a day, a week, a month.
    let near = (select(vec![0, HOUR, DAY, 7 * DAY, 30 * DAY]), -5 * MINUTE..5 * MINUTE);
    prop_oneof![0..most, near.prop_map(move |(border, off)| (border + off).clamp(0, most))].boxed()
}

/// Something that happened, once or a few times in minutes that follow.
fn events() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![4 => select(CODES.to_vec()).prop_map(|code| ("xid", code)), 1 => Just(("reset", 0))];
    (one, ago(31 * DAY), 1..4_i64, 0..90 * SECOND).prop_map(|((kind, code), ago, times, step)| {
        let at = |n| NOW.plus(-ago).plus(n * step).min(NOW);
        (0..times).map(|n| happening(kind, code, at(n))).collect()
    })
}

/// A minute in which something went wrong; bit 3 is set with 6 and 7, as drivers do.
pub(crate) fn minute() -> impl Strategy<Value = FaultMinute> {
    let throttle = (0..4_i32, 0..4_i32, 0..4_i32, 0..4_i32);
    let counts = (select(vec![0, 0, 0, 1, 2, 50]), select(vec![0, 0, 5999, 6000]), select(vec![0, 0, 1]));
    let rest = (select(vec![0, 0, 16, 17, 400]), 0..3_i64);
    (ago(31 * DAY), throttle, counts, rest).prop_map(|(ago, (slow, heat, brake, soft), (dbe, crc, other), rest)| {
        let seconds = |tens: i32| f64::from(tens * 10);
        FaultMinute {
            start: NOW.plus(-ago).floor(MINUTE),
            hw_slowdown_s: seconds(slow + heat + brake),
            hw_thermal_s: seconds(heat),
            power_brake_s: seconds(brake),
            sw_thermal_s: seconds(soft),
            dbe,
            remaps: rest.1,
            nvlink_crc: crc,
            nvlink_other: other,
            pcie_replays: rest.0,
        }
    })
}

/// Minutes here and there, and runs of them.
fn minutes() -> impl Strategy<Value = Vec<FaultMinute>> {
    let run = (minute(), 1..8_i64).prop_map(|(first, length)| {
        (0..length).map(move |n| FaultMinute { start: first.start.plus(n * MINUTE), ..first }).collect::<Vec<_>>()
    });
    vec(run, 0..5).prop_map(|runs| {
        let mut all: Vec<FaultMinute> = runs.concat();
        all.retain(|minute| minute.start < NOW);
        all.sort_by_key(|minute| minute.start);
        all.dedup_by_key(|minute| minute.start);
        all
    })
}

/// Readings that may be sick, or missing.
fn readings() -> impl Strategy<Value = Values> {
    let kind = select(vec!["a100", "v100"]);
    let sick = [
        ("gpu_temp_c", [40, 84, 87, 90]),
        ("memory_temp_c", [50, 89, 91, 94]),
        ("temp_margin_c", [30, 5, 2, 0]),
        ("row_remap_failure", [0, 0, 0, 1]),
        ("row_remap_pending", [0, 0, 1, 1]),
        ("retired_pages_pending", [0, 0, 1, 1]),
        ("retired_pages_dbe", [0, 3, 16, 40]),
        ("retired_pages_sbe", [0, 0, 20, 30]),
        ("sram_threshold_exceeded", [0, 0, 0, 1]),
        ("remapped_rows_uncorrectable", [0, 1, 4, 20]),
        ("bank_remap_none", [0, 0, 1, 2]),
        ("bank_remap_low", [0, 0, 1, 2]),
        ("pcie_link_gen", [4, 4, 1, 3]),
        ("pcie_link_width", [16, 16, 8, 16]),
        ("ecc_dbe_volatile", [0, 0, 1, 7]),
        ("power_usage_w", [60, 300, 390, 420]),
    ];
    let changed = vec(option::weighted(0.15, 0..4_usize), sick.len());
    let missing = vec(any::<prop::sample::Index>(), 0..6);
    (kind, changed, missing).prop_map(move |(kind, changed, missing)| {
        let (_, mut named) = sound(kind);
        for ((name, choices), choice) in sick.iter().zip(changed) {
            if let Some(choice) = choice {
                named.insert((*name).to_owned(), f64::from(choices[choice]));
            }
        }
        for index in missing {
            let name = index.get(&named.keys().cloned().collect::<Vec<_>>()).clone();
            named.remove(&name);
        }
        values(&named)
    })
}

fn model() -> impl Strategy<Value = &'static str> {
    select(vec!["NVIDIA A100-SXM4-80GB", "Tesla V100-SXM2-32GB", "NVIDIA Something"])
}

/// The hours of a GPU of its own mind: at rest, at work, or slow at work.
fn day() -> impl Strategy<Value = Vec<Load>> {
    select(vec![(60.0, 0.0, 210.0), (300.0, 70.0, 1410.0), (250.0, 70.0, 900.0), (398.0, 70.0, 900.0)]).prop_map(
        |(power, active, clock)| {
            let mut day = hours(NOW, [power; 3], active);
            for hour in &mut day {
                hour.sm_clock = Some(clock);
            }
            day
        },
    )
}

/// A host: a GPU with any history, and beside it three sound ones.
pub(crate) fn host() -> impl Strategy<Value = Vec<Known>> {
    let past = (vec(events(), 0..6), minutes(), vec((ago(8 * DAY), 0..500_i64), 0..4));
    let now = (readings(), model(), day(), ago(DAY), option::of(0..20_i64));
    (past, now).prop_map(|((events, minutes, corrected), (values, model, hours, silent, retired))| {
        let mut gpu = known(0, model, values, NOW);
        let mut events = events.concat();
        events.sort_by_key(|event| (event.at, event.kind.clone(), event.code));
        events.dedup();
        gpu.latest.time = NOW.plus(-silent);
        // A sample shows a reset: none is newer than the newest.
        events.retain(|event| event.kind != "reset" || event.at <= gpu.latest.time);
        let mut corrected: Vec<(Time, i64)> =
            corrected.into_iter().map(|(ago, errors)| (NOW.plus(-ago).floor(HOUR), errors)).collect();
        corrected.sort_unstable();
        corrected.dedup_by_key(|(hour, _)| *hour);
        let gpu = Known { events, minutes, corrected, hours, retired_a_week_ago: retired, ..gpu };
        let sound = |slot| known(slot, model, self::values(&sound("a100").1), NOW);
        [gpu].into_iter().chain((1..4).map(sound)).collect()
    })
}
