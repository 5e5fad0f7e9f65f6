//! What every store must do, as small checks that each start from an empty one. Run by each adapter's own test.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gpuhm::event::rows::{CollectorRow, Raw};
use gpuhm::event::time::SECOND;
use gpuhm::event::{Alert, Asset, Rows, Size, Status, Time, Value, Window};
use gpuhm::metric::ids;
use gpuhm::store::{AlertFilter, Store, StoreError, Written};

use crate::store_fixtures::{T0, alert, bare_alert, happening, raw, report, window};
use crate::store_queries;
use crate::store_retention::{self, Drops};

const ALL_TIME: (Time, Time) = (Time(0), Time(i64::MAX));

type Check = fn(&mut dyn Store);

/// Runs every check on stores that `make` makes, each empty.
pub(crate) fn suite(drops: Drops, make: impl Fn() -> Box<dyn Store>) {
    let checks: [(&str, Check); 19] = [
        ("an empty store answers", empty_answers),
        ("of raw rows with one key the first stays", first_raw_stays),
        ("everything else is replaced", others_are_replaced),
        ("real numbers are rounded to f32", reals_are_rounded),
        ("folding does not matter", folding_does_not_matter),
        ("only the newest owner writes", only_the_newest_owner_writes),
        ("a token the store never gave is refused", unknown_token_is_refused),
        ("asset records come back and count changes", assets_come_back),
        ("latest is one row a GPU with its place", store_queries::latest_is_one_a_gpu),
        ("alerts come back equal", store_queries::alerts_come_back),
        ("alerts are listed newest first", store_queries::alerts_newest_first),
        ("a collector's older report is dropped", collectors_keep_the_newest),
        ("gpus are listed in order", store_queries::gpus_in_order),
        ("raw rows of a span and the one before", store_queries::raw_span),
        ("counters before a span come from where they stand", store_queries::counters_before_a_span),
        ("the first raw row from a time on", store_queries::next_raw),
        ("windows of a span", store_queries::window_span),
        ("backfill touches only older windows", backfill_touches_older),
        ("backfill keeps what counts more readings", store_queries::backfill_keeps_the_fuller),
    ];
    let holds = |name: &str, check: &dyn Fn(&mut dyn Store)| {
        let mut store = make();
        let outcome = catch_unwind(AssertUnwindSafe(|| check(store.as_mut())));
        assert!(outcome.is_ok(), "it does not hold that {name}");
    };
    for (name, check) in checks {
        holds(name, &check);
    }
    holds("retention is by age", &|store| store_retention::by_age(store, drops));
    holds("retention is by size", &|store| store_retention::by_size(store, drops));
}

pub(crate) fn put(store: &mut dyn Store, rows: &Rows) -> Written {
    store.write(&[], rows, T0).unwrap()
}

pub(crate) fn of_raw(raw: Vec<Raw>) -> Rows {
    Rows { raw, ..Rows::default() }
}

pub(crate) fn of_windows(windows: Vec<Window>) -> Rows {
    Rows { windows, ..Rows::default() }
}

pub(crate) fn of_alerts(alerts: Vec<Alert>) -> Rows {
    Rows { alerts, ..Rows::default() }
}

pub(crate) fn all_raw(store: &mut dyn Store, gpu: &str) -> Vec<Raw> {
    store.raw(gpu, ALL_TIME.0, ALL_TIME.1).unwrap().1
}

pub(crate) fn all_windows(store: &mut dyn Store, gpu: &str, size: Size) -> Vec<Window> {
    store.windows(gpu, size, ALL_TIME.0, ALL_TIME.1).unwrap()
}

fn empty_answers(store: &mut dyn Store) {
    assert_eq!(put(store, &Rows::default()), Written::default());
    assert_eq!(store.latest().unwrap(), []);
    assert_eq!(store.gpus().unwrap(), Vec::<String>::new());
    assert_eq!(store.alerts(AlertFilter::Open).unwrap(), []);
    assert_eq!(store.collectors().unwrap(), []);
    assert_eq!(store.raw("GPU-a", T0, T0.plus(1)).unwrap(), (None, vec![]));
    assert_eq!(store.newest_final("GPU-a", Size::Hour).unwrap(), None);
    assert_eq!(store.assets(None).unwrap().map(|(_, assets)| assets), Some(vec![]));
    assert_eq!(store.put_assets(&[]).unwrap(), 0);
    assert_eq!(store.raise("aggregate", &[]).unwrap(), []);
}

fn first_raw_stays(store: &mut dyn Store) {
    let (first, mut second) = (raw("GPU-a", 1), raw("GPU-a", 1));
    second.hostname = "elsewhere".into();
    let other = raw("GPU-b", 1);
    let written = put(store, &of_raw(vec![first.clone(), second.clone()]));
    assert_eq!(written, Written { raw: 1, repeated: 1, ..Written::default() });
    let written = put(store, &of_raw(vec![second, other]));
    assert_eq!(written, Written { raw: 1, repeated: 1, ..Written::default() });
    assert_eq!(all_raw(store, "GPU-a"), [first]);
}

fn others_are_replaced(store: &mut dyn Store) {
    for size in Size::ALL {
        let (open, mut done) = (window("GPU-a", size, 0, false), window("GPU-a", size, 0, true));
        done.cells.fill(None);
        put(store, &of_windows(vec![open.clone()]));
        assert_eq!(all_windows(store, "GPU-a", size), [open]);
        put(store, &of_windows(vec![done.clone()]));
        assert_eq!(all_windows(store, "GPU-a", size), [done]);
    }
    let fires = alert("GPU-a", 0, Status::Firing);
    let ended = Alert { at: T0.plus(60 * SECOND).to_string(), ..alert("GPU-a", 0, Status::Resolved) };
    put(store, &of_alerts(vec![fires]));
    put(store, &of_alerts(vec![ended.clone()]));
    assert_eq!(store.alerts(AlertFilter::Newest(9)).unwrap(), [ended]);
    let twice = |detail| Rows { happenings: vec![happening("GPU-a", 79, detail)], ..Rows::default() };
    put(store, &twice("one"));
    put(store, &twice("two"));
}

fn reals_are_rounded(store: &mut dyn Store) {
    let mut row = raw("GPU-a", 0);
    row.values.set(ids::GPU_TEMP, Value::Real(83.7));
    row.values.set(ids::DBE, Value::Int(i64::MIN));
    put(store, &of_raw(vec![row]));
    let back = all_raw(store, "GPU-a").remove(0).values;
    assert_eq!(back.get(ids::GPU_TEMP), Some(Value::Real(f64::from(83.7_f32))));
    assert_eq!(back.get(ids::DBE), Some(Value::Int(i64::MIN)));
}

fn folding_does_not_matter(store: &mut dyn Store) {
    let b = |row: Raw| Raw { gpu_uuid: "GPU-b".into(), ..row };
    let mut late = raw("GPU-a", 1);
    late.model = None;
    let rows = Rows {
        raw: vec![raw("GPU-a", 1), late],
        windows: vec![window("GPU-a", Size::Minute, 0, false), window("GPU-a", Size::Minute, 0, true)],
        happenings: vec![happening("GPU-a", 1, "one"), happening("GPU-a", 1, "two")],
        alerts: vec![alert("GPU-a", 0, Status::Firing), alert("GPU-a", 0, Status::Resolved)],
        collectors: vec![report("a", 2), report("a", 1)],
        ..Rows::default()
    };
    let mut folded = rows.clone();
    folded.fold();
    put(store, &rows);
    let facts = |store: &mut dyn Store| {
        let windows = all_windows(store, "GPU-a", Size::Minute);
        let alerts = store.alerts(AlertFilter::Newest(9)).unwrap();
        (all_raw(store, "GPU-a"), windows, alerts, store.collectors().unwrap())
    };
    let before = facts(store);
    assert_eq!(before, (folded.raw.clone(), folded.windows.clone(), folded.alerts.clone(), folded.collectors.clone()));
    put(store, &folded);
    assert_eq!(facts(store), before);
    put(store, &of_raw(folded.raw.into_iter().map(b).collect()));
    assert_eq!(all_raw(store, "GPU-b").len(), 1);
}

fn only_the_newest_owner_writes(store: &mut dyn Store) {
    let old = store.raise("aggregate", &[3, 4]).unwrap();
    assert_eq!(old.iter().map(|token| (token.partition, token.number)).collect::<Vec<_>>(), [(3, 1), (4, 1)]);
    store.write(&old, &of_raw(vec![raw("GPU-a", 0)]), T0).unwrap();
    // Another stage's partition of the same number has its own token.
    store.raise("validate", &[3, 4]).unwrap();
    store.write(&old, &of_raw(vec![raw("GPU-a", 1)]), T0).unwrap();
    let new = store.raise("aggregate", &[4]).unwrap();
    assert_eq!(new[0].number, 2);
    let everything = Rows {
        raw: vec![raw("GPU-a", 2)],
        windows: vec![window("GPU-a", Size::Hour, 0, true)],
        happenings: vec![happening("GPU-a", 1, "x")],
        alerts: vec![bare_alert()],
        collectors: vec![report("a", 0)],
        ..Rows::default()
    };
    let error = store.write(&old, &everything, T0).unwrap_err();
    assert!(matches!(&error, StoreError::Fenced { stage, partition: 4, newer: 2, ours: 1 } if stage == "aggregate"));
    assert_eq!(all_raw(store, "GPU-a").len(), 2);
    assert_eq!(all_windows(store, "GPU-a", Size::Hour), []);
    assert_eq!(store.alerts(AlertFilter::Newest(9)).unwrap(), []);
    assert_eq!(store.collectors().unwrap(), Vec::<CollectorRow>::new());
    store.write(&old[..1], &everything, T0).unwrap();
    store.write(&new, &everything, T0).unwrap();
}

fn unknown_token_is_refused(store: &mut dyn Store) {
    let mut token = store.raise("aggregate", &[0]).unwrap().remove(0);
    for (partition, number) in [(1, 1), (0, 2), (0, 0)] {
        (token.partition, token.number) = (partition, number);
        let error = store.write(std::slice::from_ref(&token), &of_raw(vec![raw("GPU-a", 0)]), T0).unwrap_err();
        assert!(matches!(error, StoreError::Fenced { .. }), "{error}");
    }
    assert_eq!(all_raw(store, "GPU-a"), []);
}

pub(crate) fn asset(gpu: &str, fields: &[(&str, &str)]) -> Asset {
    let mut asset = Asset { gpu_uuid: gpu.into(), ..Asset::default() };
    assert!(fields.iter().all(|(field, value)| asset.set(field, value)));
    asset
}

fn assets_come_back(store: &mut dyn Store) {
    let (empty, _) = store.assets(None).unwrap().unwrap();
    assert_eq!(store.assets(Some(empty)).unwrap(), None);
    let all: Vec<(&str, &str)> = gpuhm::event::asset::FIELDS.iter().map(|field| (*field, *field)).collect();
    let (a, b) = (asset("GPU-a", &all), asset("GPU-b", &[("rack", "r1")]));
    assert_eq!(store.put_assets(&[b.clone(), a.clone()]).unwrap(), 2);
    let (one, assets) = store.assets(Some(empty)).unwrap().unwrap();
    assert_eq!(assets, [a.clone(), b.clone()]);
    assert_eq!(store.put_assets(&[a.clone(), b.clone()]).unwrap(), 0);
    assert_eq!(store.assets(Some(one)).unwrap(), None);
    // Whole records: what the new one leaves out is gone. Of two for one GPU the last counts.
    let less = asset("GPU-a", &[("note", "moved")]);
    assert_eq!(store.put_assets(&[b.clone(), a, less.clone()]).unwrap(), 1);
    let (two, assets) = store.assets(Some(one)).unwrap().unwrap();
    assert_ne!(one, two);
    assert_eq!(assets, [less, b]);
}

fn collectors_keep_the_newest(store: &mut dyn Store) {
    let reports = |rows: &[CollectorRow]| Rows { collectors: rows.to_vec(), ..Rows::default() };
    put(store, &reports(&[report("b", 5), report("a", 5)]));
    put(store, &reports(&[report("b", 4), report("a", 6)]));
    assert_eq!(store.collectors().unwrap(), [report("a", 6), report("b", 5)]);
    let again = CollectorRow { version: None, ..report("b", 5) };
    put(store, &reports(std::slice::from_ref(&again)));
    assert_eq!(store.collectors().unwrap()[1], again);
}

fn backfill_touches_older(store: &mut dyn Store) {
    let nth = |n, closed| window("GPU-a", Size::Minute, n, closed);
    put(store, &of_windows(vec![nth(0, true), nth(5, true), nth(6, false)]));
    let rebuilt = |n| Window { count: 9, ..nth(n, true) };
    let mut other = rebuilt(0);
    other.gpu_uuid = "GPU-b".into();
    let hour = Window { count: 9, ..window("GPU-a", Size::Hour, 0, true) };
    let windows = [rebuilt(-1), rebuilt(0), rebuilt(5), rebuilt(6), rebuilt(7), other, hour];
    let counts = |store: &mut dyn Store| -> Vec<i64> {
        all_windows(store, "GPU-a", Size::Minute).iter().map(|window| window.count).collect()
    };
    assert_eq!(store.backfill(&windows, T0, true).unwrap(), 2);
    assert_eq!(counts(store), [6, 6, 6], "a dry run wrote");
    assert_eq!(store.backfill(&windows, T0, false).unwrap(), 2);
    assert_eq!(counts(store), [9, 9, 6, 6]);
    assert_eq!(all_windows(store, "GPU-b", Size::Minute), []);
    assert_eq!(all_windows(store, "GPU-a", Size::Hour), []);
}
