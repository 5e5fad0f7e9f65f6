//! The part of the store's contract that is about dropping what is too old: row by row, or by whole partitions.

use gpuhm::event::prediction::FailureKind;
use gpuhm::event::rows::Happening;
use gpuhm::event::time::DAY;
use gpuhm::event::{Alert, Rows, Size, Status, Time};
use gpuhm::store::{AlertFilter, Retention, Store};

use crate::store_contract::{all_raw, all_windows, of_raw, put};
use crate::store_fixtures::{T0, alert, happening, raw, report, window};
use crate::store_judged_rows::{failure, health, numbers, place, prediction, silence};

/// How a store drops what is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drops {
    /// Row by row, and for being too much too; it counts them.
    Rows,
    /// By whole partitions of at most 30 days, when all that they hold is too old; it counts about, and has no bound by size.
    Parts,
}

impl Drops {
    /// How much longer than its age a row may stay.
    pub(crate) fn longer(self) -> i64 {
        match self {
            Drops::Rows => 0,
            Drops::Parts => 30 * DAY,
        }
    }

    /// Holds what a store says it dropped against what there was to drop.
    pub(crate) fn check(self, dropped: u64, want: u64) {
        match self {
            Drops::Rows => assert_eq!(dropped, want),
            Drops::Parts => assert_eq!(dropped > 0, want > 0),
        }
    }
}

pub(crate) fn by_age(store: &mut dyn Store, drops: Drops) {
    let now = T0.plus(10 * DAY);
    let old: Vec<Happening> = vec![happening("GPU-a", 1, "x")];
    let ended = |gpu: &str| Alert { at: T0.to_string(), ..alert(gpu, -60, Status::Resolved) };
    let rows = Rows {
        raw: vec![raw("GPU-a", 0), raw("GPU-a", 8 * 86_400)],
        windows: vec![window("GPU-a", Size::Quarter, 0, true), window("GPU-a", Size::Quarter, 4000, true)],
        happenings: old,
        alerts: vec![ended("GPU-a"), alert("GPU-b", 0, Status::Firing)],
        collectors: vec![report("a", 0)],
        ..Rows::default()
    };
    put(store, &rows);
    let keep = Retention { raw_ms: 90 * DAY, windows_ms: 90 * DAY, fresh_ms: 0, bytes: u64::MAX };
    assert_eq!(store.retain(now, keep).unwrap(), 0);
    // What was written lately stays, however old its time: `put` writes at T0.
    let fresh = Retention { raw_ms: 7 * DAY, fresh_ms: 11 * DAY, ..keep };
    assert_eq!(store.retain(now, fresh).unwrap(), 0);
    drops.check(store.retain(now, Retention { raw_ms: 7 * DAY, ..keep }).unwrap(), 1);
    assert_eq!(all_raw(store, "GPU-a"), [raw("GPU-a", 8 * 86_400)]);
    // A row of exactly the age stays.
    assert_eq!(store.retain(now, Retention { windows_ms: now.since(T0), ..keep }).unwrap(), 0);
    let later = now.plus(drops.longer());
    drops.check(store.retain(later, Retention { windows_ms: 7 * DAY, ..keep }).unwrap(), 3);
    assert_eq!(all_windows(store, "GPU-a", Size::Quarter).len(), 1);
    assert_eq!(store.alerts(AlertFilter::Newest(9)).unwrap(), [alert("GPU-b", 0, Status::Firing)]);
    assert_eq!(store.collectors().unwrap().len(), 1);
}

pub(crate) fn by_size(store: &mut dyn Store, drops: Drops) {
    put(store, &of_raw((0..12_000).map(|s| raw("GPU-a", s)).collect()));
    let keep = Retention { raw_ms: 90 * DAY, windows_ms: 90 * DAY, fresh_ms: 0, bytes: u64::MAX };
    assert_eq!(store.retain(T0, keep).unwrap(), 0);
    let bytes = 3 * 1024 * 1024;
    let dropped = store.retain(T0, Retention { bytes, ..keep }).unwrap();
    let left = all_raw(store, "GPU-a");
    assert_eq!(usize::try_from(dropped).unwrap() + left.len(), 12_000);
    if drops == Drops::Parts {
        assert_eq!(dropped, 0, "a server's disk is its administrator's");
        return;
    }
    assert!(dropped > 0 && !left.is_empty(), "{dropped} dropped");
    assert_eq!(left.last(), Some(&raw("GPU-a", 11_999)), "the newest stays");
    assert_eq!(store.retain(T0, Retention { bytes, ..keep }).unwrap(), 0);
}

pub(crate) fn keeps_the_newest(store: &mut dyn Store, drops: Drops) {
    let day = 24 * 3600;
    let rows = Rows {
        places: vec![place("GPU-a", 0, "r1")],
        healths: [0, day, 2 * day].map(|s| health("GPU-a", s)).into_iter().chain([health("GPU-b", 0)]).collect(),
        predictions: vec![prediction("GPU-a", 0), prediction("GPU-a", 2 * day), prediction("GPU-b", 0)],
        fleet: [0, day].map(numbers).into(),
        ..Rows::default()
    };
    put(store, &rows);
    store.put_silence(&silence("a", 0)).unwrap();
    store.put_failures(&[failure("GPU-a", 0, FailureKind::Rma)]).unwrap();
    let keep = Retention { raw_ms: DAY, windows_ms: 9 * DAY, fresh_ms: 0, bytes: u64::MAX };
    assert_eq!(store.retain(T0.plus(9 * DAY), keep).unwrap(), 0, "rows of exactly the age stay");
    // The first of GPU-a's, of the predictions and of the fleet's numbers; GPU-b has no newer.
    drops.check(store.retain(T0.plus(9 * DAY + 1 + drops.longer()), keep).unwrap(), 3);
    if drops == Drops::Rows {
        assert_eq!(store.retain(T0.plus(99 * DAY), keep).unwrap(), 1);
    }
    assert_eq!(store.health_at("GPU-a", Time(i64::MAX)).unwrap(), Some(health("GPU-a", 2 * day)));
    assert_eq!(store.health_at("GPU-a", T0.plus(DAY)).unwrap(), None);
    assert_eq!(store.health_at("GPU-b", T0).unwrap(), Some(health("GPU-b", 0)));
    assert_eq!(store.prediction_at("GPU-b", T0).unwrap(), Some(prediction("GPU-b", 0)));
    assert_eq!(store.fleet().unwrap().numbers, [numbers(day)]);
    assert_eq!((store.silences().unwrap().len(), store.failures().unwrap().len()), (1, 1));
    put(store, &of_raw(vec![raw("GPU-a", 0)]));
    assert_eq!(store.fleet().unwrap().gpus[0].place, place("GPU-a", 0, "r1"));
}
