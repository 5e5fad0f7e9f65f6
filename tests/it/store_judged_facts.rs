//! The part of the contract that is about what a pass needs to know: three GPUs, with faults at the edges of every span.

use gpuhm::event::facts::{CORRECTED_BACK, ERRORS_BACK, FaultMinute, Load, THROTTLE_BACK};
use gpuhm::event::prediction::FailureKind;
use gpuhm::event::rows::{Happening, Suppression};
use gpuhm::event::time::{DAY, HOUR, MINUTE, SECOND};
use gpuhm::event::{Facts, Known, Rows, Silence, Size, Status, Time, Window};
use gpuhm::store::Store;

use crate::store_contract::{asset, of_raw, of_windows, put};
use crate::store_fixtures::{T0, alert, happening, raw, report};
use crate::store_judged_rows::{failure, health, numbers, place, prediction, silence, window_of};

const GPUS: [&str; 3] = ["GPU-a", "GPU-b", "GPU-c"];

fn three(store: &mut dyn Store) {
    put(store, &of_raw(GPUS.map(|gpu| raw(gpu, 0)).into()));
}

fn gpu<'f>(facts: &'f Facts, uuid: &str) -> &'f Known {
    facts.gpus.iter().find(|gpu| gpu.uuid() == uuid).unwrap()
}

pub(crate) fn newest(store: &mut dyn Store) {
    let mut rows = of_raw(vec![raw("GPU-c", 7), raw("GPU-a", 1), raw("GPU-b", 3)]);
    // By host, then index, then UUID: the first of these is on no slot, and all are on one host.
    for (row, index) in rows.raw.iter_mut().zip([None, Some(2), Some(1)]) {
        (row.device_index, row.hostname) = (index, "h".into());
    }
    let latest = rows.raw.clone();
    let newer = T0.plus(HOUR);
    store.write(&[], &rows, newer).unwrap();
    put(store, &of_raw(vec![raw("GPU-a", -5), raw("GPU-a", 0)]));
    let judged = Rows {
        places: vec![
            place("GPU-a", -3, "r1"),
            place("GPU-a", 1, "r2"),
            place("GPU-c", -9, "r3"),
            place("GPU-z", 0, "r"),
        ],
        healths: vec![health("GPU-a", 5), health("GPU-a", 4), health("GPU-z", 0)],
        predictions: vec![prediction("GPU-a", 5), prediction("GPU-a", 4)],
        collectors: vec![report("a", 0)],
        ..Rows::default()
    };
    put(store, &judged);
    store.put_assets(&[asset("GPU-b", &[("rack", "r7")]), asset("GPU-y", &[("rack", "r8")])]).unwrap();
    let facts = store.facts(T0).unwrap();
    assert_eq!(
        facts.gpus.iter().map(|gpu| gpu.latest.clone()).collect::<Vec<_>>(),
        [0, 2, 1].map(|n| latest[n].clone())
    );
    let [c, b, a] = &facts.gpus[..] else { panic!("{} GPUs", facts.gpus.len()) };
    assert!([a, b, c].iter().all(|gpu| gpu.written == newer));
    assert_eq!((&a.place, &c.place), (&place("GPU-a", 1, "r2"), &place("GPU-c", -9, "r3")));
    assert_eq!((b.place.hostname.as_str(), b.place.rack(), b.place.since), ("h", None, T0.plus(3 * SECOND)));
    // A place or a raw row, whichever is older: neither alone has seen everything.
    assert_eq!([a.first, b.first, c.first].map(|first| first.since(T0) / SECOND), [-5, 3, -9]);
    assert_eq!((&a.asset, &b.asset), (&None, &Some(asset("GPU-b", &[("rack", "r7")]))));
    assert_eq!((&a.health, &a.prediction), (&Some(health("GPU-a", 5)), &Some(prediction("GPU-a", 5))));
    assert_eq!((&b.health, &b.prediction), (&None, &None));
    assert_eq!(facts.collectors, [report("a", 0)]);
}

const BRAKE: (&str, f64) = ("throttle_hw_power_brake_s", 20.0);
const REMAPS: (&str, f64) = ("remapped_rows_uncorrectable_delta", 4.0);
const REPLAYS: (&str, f64) = ("pcie_replays_delta", 2.0);

fn minute(gpu: &str, start: Time, cells: &[(&str, f64)]) -> Window {
    window_of(gpu, Size::Minute, start, cells)
}

pub(crate) fn minutes(store: &mut dyn Store) {
    three(store);
    let back = |ms: i64| T0.plus(-ms);
    let everything = [
        ("throttle_hw_slowdown_s", 1.5),
        ("throttle_hw_thermal_s", 2.5),
        BRAKE,
        ("throttle_sw_thermal_s", 4.5),
        ("ecc_dbe_volatile_delta", 1.0),
        ("ecc_dbe_aggregate_delta", 3.0),
        ("remapped_rows_uncorrectable_delta", 4.0),
        ("nvlink_crc_errors_delta", 5.0),
        ("nvlink_replay_errors_delta", 6.0),
        ("nvlink_recovery_errors_delta", 7.0),
        REPLAYS,
    ];
    let quiet = [
        ("throttle_sw_power_cap_s", 60.0),
        ("throttle_gpu_idle_s", 60.0),
        ("pcie_replays_delta", 0.0),
        ("energy_mj_delta", 9.0),
    ];
    let mut shown = minute("GPU-a", back(5 * MINUTE), &[REPLAYS]);
    shown.closed = false;
    let windows = vec![
        minute("GPU-a", back(ERRORS_BACK + MINUTE), &[REMAPS]),
        minute("GPU-a", back(ERRORS_BACK), &[REMAPS, REPLAYS]),
        minute("GPU-a", back(THROTTLE_BACK + 2 * MINUTE), &[BRAKE]),
        minute("GPU-a", back(THROTTLE_BACK + MINUTE), &[BRAKE, REPLAYS, REMAPS]),
        minute("GPU-a", back(THROTTLE_BACK), &[BRAKE, REPLAYS]),
        shown,
        minute("GPU-a", back(MINUTE), &[REPLAYS]),
        minute("GPU-a", T0, &[REPLAYS, BRAKE]),
        minute("GPU-b", back(9 * MINUTE), &everything),
        minute("GPU-b", back(8 * MINUTE), &quiet),
        minute("GPU-c", back(8 * MINUTE), &quiet),
        minute("GPU-z", back(8 * MINUTE), &everything),
    ];
    put(store, &of_windows(windows));
    let replays = |ms| FaultMinute { start: back(ms), pcie_replays: 2, ..FaultMinute::default() };
    let brake = |ms| FaultMinute { start: back(ms), power_brake_s: 20.0, ..FaultMinute::default() };
    let facts = store.facts(T0).unwrap();
    let remaps = |ms| FaultMinute { start: back(ms), remaps: 4, ..FaultMinute::default() };
    let both = FaultMinute { pcie_replays: 2, ..brake(THROTTLE_BACK) };
    let want = [remaps(ERRORS_BACK), remaps(THROTTLE_BACK + MINUTE), both, replays(5 * MINUTE), replays(MINUTE)];
    assert_eq!(gpu(&facts, "GPU-a").minutes, want);
    let all = FaultMinute {
        start: back(9 * MINUTE),
        hw_slowdown_s: 1.5,
        hw_thermal_s: 2.5,
        power_brake_s: 20.0,
        sw_thermal_s: 4.5,
        dbe: 3,
        remaps: 4,
        nvlink_crc: 5,
        nvlink_other: 13,
        pcie_replays: 2,
    };
    assert_eq!(gpu(&facts, "GPU-b").minutes, [all]);
    assert_eq!(gpu(&facts, "GPU-c").minutes, []);
    newest_minute(store);
}

fn newest_minute(store: &mut dyn Store) {
    // The minute that began at T0 is over a minute later and not before.
    let newest =
        |store: &mut dyn Store, ms| gpu(&store.facts(T0.plus(ms)).unwrap(), "GPU-a").minutes.last().unwrap().start;
    assert_eq!(newest(store, MINUTE - 1), T0.plus(-MINUTE));
    assert_eq!(newest(store, MINUTE), T0);
}

pub(crate) fn hours(store: &mut dyn Store) {
    three(store);
    let now = T0.floor(HOUR);
    let at = |hours: i64| now.plus(hours * HOUR);
    let power = [("power_usage_p50", 300.0), ("power_usage_p95", 500.5), ("power_usage_p99", 600.0)];
    let rest = [
        ("power_limit_w_last", 700.0),
        ("sm_active_mean", 80.5),
        ("sm_clock_mhz_mean", 1700.5),
        ("gpu_util_pct_mean", 99.0),
    ];
    let cells: Vec<_> = power.into_iter().chain(rest).collect();
    let hour = |gpu, start| window_of(gpu, Size::Hour, start, &cells);
    let quarter = |gpu, start| window_of(gpu, Size::Quarter, start, &[]);
    let open = |window: Window| Window { closed: false, ..window };
    let windows = vec![
        hour("GPU-a", at(-25)),
        hour("GPU-a", at(-24)),
        hour("GPU-a", at(-2)),
        quarter("GPU-a", at(-1).plus(-15 * MINUTE)),
        open(hour("GPU-a", at(-1))),
        quarter("GPU-a", at(-1)),
        open(quarter("GPU-a", at(-1).plus(15 * MINUTE))),
        // Never an hour that closed.
        open(hour("GPU-b", now)),
        quarter("GPU-b", at(-25)),
        quarter("GPU-b", at(-25).plus(15 * MINUTE)),
        quarter("GPU-b", now),
        quarter("GPU-b", now.plus(15 * MINUTE)),
        // Away for days.
        hour("GPU-c", at(-90)),
        quarter("GPU-c", at(-89)),
        quarter("GPU-c", at(-1)),
        hour("GPU-z", at(-1)),
    ];
    put(store, &of_windows(windows));
    let facts = store.facts(now).unwrap();
    let spans = |uuid| -> Vec<(i64, i64)> {
        gpu(&facts, uuid).hours.iter().map(|load| (load.start.since(now) / MINUTE, load.ms / MINUTE)).collect()
    };
    assert_eq!(spans("GPU-a"), [(-24 * 60, 60), (-2 * 60, 60), (-60, 15), (-45, 15)]);
    assert_eq!(spans("GPU-b"), [(-25 * 60 + 15, 15), (0, 15)]);
    assert_eq!(spans("GPU-c"), [(-60, 15)]);
    let full = Load {
        start: at(-24),
        ms: HOUR,
        power: [Some(300.0), Some(500.5), Some(600.0)],
        limit: Some(700.0),
        sm_active: Some(80.5),
        sm_clock: Some(1700.5),
        util: Some(99.0),
    };
    let bare = Load { start: at(-1), ms: 15 * MINUTE, ..Load::default() };
    assert_eq!((gpu(&facts, "GPU-a").hours[0], gpu(&facts, "GPU-a").hours[2]), (full, bare));
}

pub(crate) fn longer(store: &mut dyn Store) {
    three(store);
    let now = T0.floor(HOUR);
    let (volatile, aggregate) = ("ecc_sbe_volatile_delta", "ecc_sbe_aggregate_delta");
    let hour = |gpu, back: i64, cells: &[(&str, f64)]| window_of(gpu, Size::Hour, now.plus(-back), cells);
    let retired = |pages| [("retired_pages_dbe_last", pages)];
    let windows = vec![
        hour("GPU-a", CORRECTED_BACK + HOUR, &[(volatile, 9.0)]),
        hour("GPU-a", CORRECTED_BACK, &[(volatile, 2.0)]),
        hour("GPU-a", 2 * HOUR, &[(volatile, 2.0), (aggregate, 5.0)]),
        hour("GPU-a", HOUR, &[(volatile, 0.0)]),
        hour("GPU-a", 7 * DAY + HOUR, &retired(1.0)),
        hour("GPU-a", 7 * DAY, &retired(2.0)),
        hour("GPU-a", 7 * DAY - HOUR, &retired(3.0)),
        hour("GPU-b", 6 * DAY + HOUR, &retired(4.0)),
        hour("GPU-c", 7 * DAY + HOUR, &retired(5.0)),
        hour("GPU-c", 6 * DAY, &retired(6.0)),
    ];
    put(store, &of_windows(windows));
    let facts = store.facts(now).unwrap();
    assert_eq!(gpu(&facts, "GPU-a").corrected, [(now.plus(-CORRECTED_BACK), 2), (now.plus(-2 * HOUR), 5)]);
    assert_eq!(gpu(&facts, "GPU-b").corrected, []);
    assert_eq!(GPUS.map(|uuid| gpu(&facts, uuid).retired_a_week_ago), [Some(2), Some(4), None]);
}

pub(crate) fn events(store: &mut dyn Store) {
    three(store);
    let at = |gpu, ms| Happening { at: T0.plus(ms), ..happening(gpu, 79, "x") };
    let (old, first) = (at("GPU-a", -ERRORS_BACK - 1), at("GPU-a", -ERRORS_BACK));
    let (last, next, other) = (at("GPU-a", 0), at("GPU-a", 1), at("GPU-b", -5));
    let happenings = vec![next, last.clone(), other.clone(), first.clone(), old];
    put(store, &Rows { happenings, ..Rows::default() });
    let facts = store.facts(T0).unwrap();
    assert_eq!(gpu(&facts, "GPU-a").events, [first, last]);
    assert_eq!((&gpu(&facts, "GPU-b").events[..], &gpu(&facts, "GPU-c").events[..]), (&[other][..], &[][..]));
}

pub(crate) fn recorded(store: &mut dyn Store) {
    let (one, two) = (alert("GPU-a", 0, Status::Firing), alert("GPU-b", 5, Status::Firing));
    let rows = Rows {
        alerts: vec![one.clone(), two.clone(), alert("GPU-a", 9, Status::Resolved)],
        suppressions: vec![Suppression { alert_id: one.alert_id.clone(), by: Some("silence:a".into()) }],
        fleet: vec![numbers(4), numbers(2)],
        ..Rows::default()
    };
    put(store, &rows);
    let failures = [failure("GPU-b", 3, FailureKind::Dbe), failure("GPU-a", 9, FailureKind::Rma)];
    store.put_failures(&[failures[1].clone(), failures[0].clone()]).unwrap();
    // Each lasts a day; one was ended at once.
    let ended = Silence { ended: Some(T0), ..silence("c", 0) };
    for silence in [silence("a", 0), silence("b", 60), ended.clone()] {
        store.put_silence(&silence).unwrap();
    }
    let facts = store.facts(T0).unwrap();
    let suppressed = gpuhm::event::Alert { suppressed_by: Some("silence:a".into()), ..one };
    assert_eq!(facts.alerts, [two, suppressed]);
    assert_eq!((facts.fleet, &facts.failures[..]), (Some(numbers(4)), &failures[..]));
    assert_eq!(facts.silences, [silence("b", 60), silence("a", 0), ended.clone()]);
    let silences = |store: &mut dyn Store, ms| store.facts(T0.plus(ms)).unwrap().silences;
    assert_eq!(silences(store, DAY - 1), [silence("b", 60), silence("a", 0), ended]);
    assert_eq!(silences(store, DAY), [silence("b", 60), silence("a", 0)]);
    assert_eq!(silences(store, 2 * DAY), [silence("b", 60)]);
}
