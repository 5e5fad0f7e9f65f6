//! The part of the store's contract that is about what queries answer, and in which order.

use gpuhm::event::rows::Raw;
use gpuhm::event::time::SECOND;
use gpuhm::event::{Alert, Size, Status, Time, Value, Values, Window};
use gpuhm::metric;
use gpuhm::store::{AlertFilter, LOOK_BACK, Store};

use crate::store_contract::{asset, of_alerts, of_raw, of_windows, put};
use crate::store_fixtures::{T0, alert, bare_alert, raw, window};

pub(crate) fn latest_is_one_a_gpu(store: &mut dyn Store) {
    let at = |gpu, index, seconds| Raw { device_index: index, hostname: "h".into(), ..raw(gpu, seconds) };
    let (a, b, c) = (at("GPU-a", Some(1), 5), at("GPU-b", Some(0), 4), at("GPU-c", Some(0), 9));
    let c = Raw { hostname: "g".into(), ..c };
    let old = (0..4).flat_map(|s| ["GPU-a", "GPU-b", "GPU-c"].map(|gpu| raw(gpu, s)));
    put(store, &of_raw([a.clone(), b.clone(), c.clone()].into_iter().chain(old).collect()));
    store.put_assets(&[asset("GPU-b", &[("rack", "r1"), ("cluster", "k"), ("hostname", "other")])]).unwrap();
    let latest = store.latest().unwrap();
    let raws: Vec<&Raw> = latest.iter().map(|row| &row.raw).collect();
    assert_eq!(raws, [&c, &b, &a]);
    let places: Vec<_> = latest.iter().map(|row| (row.rack.as_deref(), row.cluster.as_deref())).collect();
    assert_eq!(places, [(None, None), (Some("r1"), Some("k")), (None, None)]);
}

pub(crate) fn alerts_come_back(store: &mut dyn Store) {
    let full = alert("GPU-a", 0, Status::Firing);
    put(store, &of_alerts(vec![full.clone()]));
    assert_eq!(store.alerts(AlertFilter::Open).unwrap(), [full]);
    let bare = Alert { since: T0.plus(SECOND).to_string(), ..bare_alert() };
    put(store, &of_alerts(vec![bare.clone()]));
    assert_eq!(store.alerts(AlertFilter::Newest(1)).unwrap(), [bare]);
}

pub(crate) fn alerts_newest_first(store: &mut dyn Store) {
    let status = |n| if n % 2 == 0 { Status::Firing } else { Status::Resolved };
    put(store, &of_alerts([3, 0, 2, 1].map(|n| alert("GPU-a", n, status(n))).to_vec()));
    let mut since = |filter| -> Vec<i64> {
        let alerts = store.alerts(filter).unwrap();
        alerts.iter().map(|alert| Time::parse(&alert.since).unwrap().since(T0) / SECOND).collect()
    };
    assert_eq!(since(AlertFilter::Open), [2, 0]);
    assert_eq!(since(AlertFilter::Newest(3)), [3, 2, 1]);
    assert_eq!(since(AlertFilter::Newest(0)), [0; 0]);
}

pub(crate) fn gpus_in_order(store: &mut dyn Store) {
    put(store, &of_raw(["GPU-c", "GPU-a", "GPU-b", "GPU-a"].iter().zip(0..).map(|(gpu, s)| raw(gpu, s)).collect()));
    assert_eq!(store.gpus().unwrap(), ["GPU-a", "GPU-b", "GPU-c"]);
}

pub(crate) fn raw_span(store: &mut dyn Store) {
    put(store, &of_raw([9, 1, 5, 3, 7].map(|s| raw("GPU-a", s)).into_iter().chain([raw("GPU-b", 4)]).collect()));
    let at = |s| T0.plus(s * SECOND);
    let want = (Some(raw("GPU-a", 1)), vec![raw("GPU-a", 3), raw("GPU-a", 5)]);
    assert_eq!(store.raw("GPU-a", at(3), at(7)).unwrap(), want);
    assert_eq!(store.raw("GPU-a", at(0), at(1)).unwrap(), (None, vec![]));
    let (before, rows) = store.raw("GPU-a", at(10), at(11)).unwrap();
    assert_eq!((before.map(|row| row.time), rows), (Some(at(9)), vec![]));
}

pub(crate) fn counters_before_a_span(store: &mut dyn Store) {
    let fan = metric::index("fan_speed_pct").unwrap();
    let (energy, replays) = (metric::index("energy_mj").unwrap(), metric::index("pcie_replays").unwrap());
    let row = |seconds, named: &[(usize, i64)]| {
        let mut row = Raw { values: Values::default(), ..raw("GPU-a", seconds) };
        for (metric, value) in named {
            row.values.set(*metric, Value::Int(*value));
        }
        row
    };
    let last = i64::from(LOOK_BACK) + 1;
    let (sbe, pstate) = (metric::index("ecc_sbe_volatile").unwrap(), metric::index("pstate").unwrap());
    let mut rows = vec![row(0, &[(replays, 1)]), row(1, &[(energy, 5), (sbe, 7), (pstate, 2)]), row(2, &[(energy, 6)])];
    rows.extend((3..=last).map(|seconds| row(seconds, &[(fan, 30)])));
    rows.push(Raw { gpu_uuid: "GPU-b".into(), ..row(last - 1, &[(replays, 8)]) });
    put(store, &of_raw(rows));
    // The newest of each within reach, and of counters alone; what lies further back is not looked for.
    let at = |seconds| T0.plus(seconds * SECOND);
    let before = store.raw("GPU-a", at(last + 1), at(last + 2)).unwrap().0;
    assert_eq!(before, Some(row(last, &[(fan, 30), (energy, 6), (sbe, 7)])));
    let before = store.raw("GPU-a", at(last), at(last + 2)).unwrap().0;
    assert_eq!(before, Some(row(last - 1, &[(fan, 30), (energy, 6), (sbe, 7), (replays, 1)])));
    assert_eq!(store.raw("GPU-a", at(1), at(2)).unwrap().0, Some(row(0, &[(replays, 1)])));
}

pub(crate) fn next_raw(store: &mut dyn Store) {
    put(store, &of_raw(vec![raw("GPU-a", 5), raw("GPU-a", 9), raw("GPU-b", 7)]));
    let mut next = |seconds| store.next_raw("GPU-a", T0.plus(seconds * SECOND)).unwrap();
    let found = [0, 5, 6, 10].map(|seconds| next(seconds).map(|time| time.since(T0) / SECOND));
    assert_eq!(found, [Some(5), Some(5), Some(9), None]);
}

pub(crate) fn backfill_keeps_the_fuller(store: &mut dyn Store) {
    for size in Size::ALL {
        let nth =
            |n, count, hostname: &str| Window { count, hostname: hostname.into(), ..window("GPU-a", size, n, true) };
        put(store, &of_windows((0..4).map(|n| nth(n, 5, "live")).collect()));
        let rebuilt: Vec<Window> = [(0, 4), (1, 5), (2, 6)].map(|(n, count)| nth(n, count, "rebuilt")).into();
        assert_eq!(store.backfill(&rebuilt, T0, true).unwrap(), 2);
        assert_eq!(store.backfill(&rebuilt, T0, false).unwrap(), 2);
        let want = [nth(0, 5, "live"), nth(1, 5, "rebuilt"), nth(2, 6, "rebuilt"), nth(3, 5, "live")];
        assert_eq!(store.windows("GPU-a", size, Time(0), Time(i64::MAX)).unwrap(), want);
    }
}

pub(crate) fn window_span(store: &mut dyn Store) {
    for size in Size::ALL {
        let nth = |n| window("GPU-a", size, n, n < 3);
        let all = [3, 0, 2, 1].map(nth).into_iter().chain([window("GPU-b", size, 1, true)]);
        put(store, &of_windows(all.collect()));
        assert_eq!(store.windows("GPU-a", size, nth(1).start, nth(3).start).unwrap(), [nth(1), nth(2)]);
        assert_eq!(store.newest_final("GPU-a", size).unwrap(), Some(nth(2).start));
        assert_eq!(store.newest_final("GPU-z", size).unwrap(), None);
    }
}
