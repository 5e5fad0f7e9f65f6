//! What every store must do for passes, views and people, as small checks that each start from an empty one: two handles on
//! it, for what one process does to another. Run by each adapter's own test.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gpuhm::event::prediction::FailureKind;
use gpuhm::event::rows::Suppression;
use gpuhm::event::time::{DAY, HOUR, MINUTE, SECOND};
use gpuhm::event::{Alert, Facts, Failure, FleetNow, GpuPast, Health, Rows, Severity, Silence, Size, Status};
use gpuhm::store::{AlertFilter, Store};

use crate::store_contract::{of_alerts, of_raw, of_windows, put};
use crate::store_fixtures::{T0, alert, bare_alert, happening, raw, report, window};
use crate::store_judged_facts as facts;
use crate::store_judged_rows::{bare_health, failure, health, numbers, place, prediction, silence};
use crate::store_retention::{self, Drops};

type Check = fn(&mut dyn Store);

/// Runs every check on stores that `make` makes, each empty and with two handles.
pub(crate) fn suite(drops: Drops, make: impl Fn() -> [Box<dyn Store>; 2]) {
    let checks: [(&str, Check); 16] = [
        ("an empty store answers", empty_answers),
        ("scores come back equal, as they stood at an instant", healths_come_back),
        ("predictions come back equal, as they stood at an instant", predictions_come_back),
        ("silences come back newest first and change", silences_come_back),
        ("failures come back by time and count changes", failures_come_back),
        ("a suppression survives a stage's later row", suppressions_survive),
        ("the fleet has its newest alerts and all that fire", fleet_alerts),
        ("the fleet has the newest of everything", fleet_newest),
        ("the past of a GPU fits its span", past_fits_its_span),
        ("the past of a GPU is that GPU's", past_is_of_one),
        ("facts know places, records and what is newest", facts::newest),
        ("facts have faulty minutes to their edges", facts::minutes),
        ("facts have an hour once", facts::hours),
        ("facts have corrected errors and pages retired a week ago", facts::longer),
        ("facts have events to their edges", facts::events),
        ("facts have open alerts, silences, failures, numbers", facts::recorded),
    ];
    let holds = |name: &str, check: &dyn Fn(&mut dyn Store)| {
        let [mut store, _] = make();
        let outcome = catch_unwind(AssertUnwindSafe(|| check(store.as_mut())));
        assert!(outcome.is_ok(), "it does not hold that {name}");
    };
    for (name, check) in checks {
        holds(name, &check);
    }
    holds("the newest judgement stays however old", &|store| store_retention::keeps_the_newest(store, drops));
    let [mut one, mut other] = make();
    one_holds(one.as_mut(), other.as_mut());
}

pub(crate) fn of_healths(healths: Vec<Health>) -> Rows {
    Rows { healths, ..Rows::default() }
}

fn empty_answers(store: &mut dyn Store) {
    assert_eq!(store.facts(T0).unwrap(), Facts::default());
    assert_eq!(store.fleet().unwrap(), FleetNow::default());
    let nothing = GpuPast { gpu_uuid: "GPU-a".into(), ..GpuPast::default() };
    assert_eq!(store.past("GPU-a", T0, T0.plus(DAY)).unwrap(), nothing);
    assert_eq!(store.health_at("GPU-a", T0).unwrap(), None);
    assert_eq!(store.prediction_at("GPU-a", T0).unwrap(), None);
    assert_eq!(store.silences().unwrap(), []);
    assert_eq!((store.failures().unwrap(), store.put_failures(&[]).unwrap()), (vec![], 0));
}

fn healths_come_back(store: &mut dyn Store) {
    let again = Health { score: 9, ..bare_health("GPU-a", 60) };
    put(store, &of_healths(vec![health("GPU-a", 0), bare_health("GPU-a", 60), health("GPU-b", 30)]));
    put(store, &of_healths(vec![again.clone()]));
    let at = |store: &mut dyn Store, ms| store.health_at("GPU-a", T0.plus(ms)).unwrap();
    assert_eq!(at(store, -1), None);
    assert_eq!(at(store, 0), Some(health("GPU-a", 0)));
    assert_eq!(at(store, 60 * SECOND - 1), Some(health("GPU-a", 0)));
    assert_eq!(at(store, DAY), Some(again));
}

fn predictions_come_back(store: &mut dyn Store) {
    let rows = vec![prediction("GPU-a", 0), prediction("GPU-a", 60), prediction("GPU-b", 30)];
    put(store, &Rows { predictions: rows, ..Rows::default() });
    let at = |store: &mut dyn Store, ms| store.prediction_at("GPU-a", T0.plus(ms)).unwrap();
    assert_eq!(at(store, -1), None);
    assert_eq!(at(store, 60 * SECOND - 1), Some(prediction("GPU-a", 0)));
    assert_eq!(at(store, 60 * SECOND), Some(prediction("GPU-a", 60)));
}

fn silences_come_back(store: &mut dyn Store) {
    for one in [silence("b", 5), silence("a", 5), silence("c", 9)] {
        store.put_silence(&one).unwrap();
    }
    assert_eq!(store.silences().unwrap(), [silence("c", 9), silence("a", 5), silence("b", 5)]);
    let ended = Silence { ended: Some(T0.plus(DAY)), matchers: vec![], ..silence("a", 5) };
    store.put_silence(&ended).unwrap();
    assert_eq!(store.silences().unwrap(), [silence("c", 9), ended, silence("b", 5)]);
}

fn failures_come_back(store: &mut dyn Store) {
    let (a, b) = (failure("GPU-a", 9, FailureKind::Rma), failure("GPU-b", 3, FailureKind::Dbe));
    let c = failure("GPU-a", 9, FailureKind::OffBus);
    assert_eq!(store.put_failures(&[a.clone(), b.clone(), c.clone()]).unwrap(), 3);
    assert_eq!(store.failures().unwrap(), [b.clone(), c.clone(), a.clone()]);
    let told = Failure { note: Some("bank 3".into()), ..a.clone() };
    assert_eq!(store.put_failures(&[told.clone(), b.clone()]).unwrap(), 1);
    assert_eq!(store.failures().unwrap(), [b, c, told]);
}

fn suppressions_survive(store: &mut dyn Store) {
    let by = |by: &str| Some(by.to_owned());
    let fires = alert("GPU-a", 0, Status::Firing);
    let mark = |alert: &Alert, by| Suppression { alert_id: alert.alert_id.clone(), by };
    let marks = |suppressions| Rows { suppressions, ..Rows::default() };
    let newest = |store: &mut dyn Store| store.alerts(AlertFilter::Newest(1)).unwrap().remove(0);
    // In one write with the alert itself, as a pass does it.
    let first = Rows { suppressions: vec![mark(&fires, by("silence:a"))], ..of_alerts(vec![fires.clone()]) };
    put(store, &first);
    assert_eq!(newest(store), Alert { suppressed_by: by("silence:a"), ..fires.clone() });
    let worse = Alert { severity: Severity::Critical, ..fires.clone() };
    put(store, &of_alerts(vec![worse.clone()]));
    assert_eq!(newest(store), Alert { suppressed_by: by("silence:a"), ..worse.clone() });
    // A pass's own alert says by what; a mark takes it away, alone.
    let named = Alert { suppressed_by: by("incident"), ..worse.clone() };
    put(store, &of_alerts(vec![named.clone()]));
    assert_eq!(store.alerts(AlertFilter::Open).unwrap(), [named]);
    let nobody = Suppression { alert_id: "none".into(), by: None };
    put(store, &marks(vec![nobody, mark(&worse, None)]));
    assert_eq!(newest(store), worse);
}

fn fleet_alerts(store: &mut dyn Store) {
    let other = |seconds| Alert { alert_id: format!("{seconds}"), ..alert("GPU-a", seconds, Status::Resolved) };
    let old = [-9, -5].map(|seconds| alert("GPU-b", seconds, Status::Firing));
    let new = alert("GPU-b", 300, Status::Firing);
    let ended: Vec<Alert> = (0..501).map(other).collect();
    put(store, &of_alerts(old.iter().cloned().chain([new.clone()]).chain(ended).collect()));
    let alerts = store.fleet().unwrap().alerts;
    assert_eq!(alerts.len(), 503, "all that fire and 500 others");
    assert!(alerts.is_sorted_by(|a, b| a.since >= b.since));
    assert_eq!(alerts[500], other(1));
    assert_eq!(alerts[501..], [old[1].clone(), old[0].clone()]);
    assert_eq!(alerts.iter().filter(|alert| alert.status == Status::Firing).count(), 3);
}

fn fleet_newest(store: &mut dyn Store) {
    let rows = Rows {
        raw: vec![raw("GPU-a", 1), raw("GPU-a", 5), raw("GPU-b", 3)],
        places: vec![place("GPU-a", 0, "r1"), place("GPU-a", 4, "r2")],
        healths: vec![health("GPU-a", 0), bare_health("GPU-a", 60), health("GPU-z", 0)],
        predictions: vec![prediction("GPU-a", 0), prediction("GPU-a", 60)],
        fleet: (0..250).map(numbers).collect(),
        collectors: vec![report("a", 0)],
        ..Rows::default()
    };
    put(store, &rows);
    store.put_silence(&silence("a", 0)).unwrap();
    let fleet = store.fleet().unwrap();
    let [a, b] = &fleet.gpus[..] else { panic!("{} GPUs", fleet.gpus.len()) };
    assert_eq!((&a.latest, &a.place), (&raw("GPU-a", 5), &place("GPU-a", 4, "r2")));
    assert_eq!((&a.health, &a.prediction), (&Some(bare_health("GPU-a", 60)), &Some(prediction("GPU-a", 60))));
    // Without a row of its own a GPU is where its samples say, since the first of them.
    assert_eq!(
        (b.place.hostname.as_str(), b.place.since, b.place.device_index),
        ("host-b", T0.plus(3 * SECOND), Some(3))
    );
    assert_eq!((b.place.get("model"), b.place.rack()), (Some("NVIDIA H100 80GB HBM3"), None));
    assert_eq!((&b.health, &b.prediction), (&None, &None));
    assert_eq!(fleet.numbers, (10..250).map(numbers).collect::<Vec<_>>());
    assert_eq!((fleet.collectors, fleet.silences), (vec![report("a", 0)], vec![silence("a", 0)]));
}

fn past_fits_its_span(store: &mut dyn Store) {
    for size in Size::ALL {
        put(store, &of_windows((0..4).map(|n| window("GPU-a", size, n, true)).collect()));
    }
    for (span, size) in
        [(3 * HOUR, Size::Minute), (3 * HOUR + 1, Size::Quarter), (2 * DAY, Size::Quarter), (2 * DAY + 1, Size::Hour)]
    {
        let second = window("GPU-a", size, 1, true);
        let past = store.past("GPU-a", second.start, second.start.plus(span)).unwrap();
        assert_eq!(past.windows, (1..4).map(|n| window("GPU-a", size, n, true)).collect::<Vec<_>>(), "{span}");
    }
    // Raw rows of the last half hour, and never from before the span.
    put(store, &of_raw([0, 1, 1800, 1801].map(|s| raw("GPU-a", s)).into()));
    let mut seconds = |from: i64, to: i64| -> Vec<i64> {
        let past = store.past("GPU-a", T0.plus(from * SECOND), T0.plus(to * SECOND)).unwrap();
        past.raw.iter().map(|row| row.time.since(T0) / SECOND).collect()
    };
    assert_eq!(seconds(-9, 1801), [1, 1800]);
    assert_eq!(seconds(1800, 1802), [1800, 1801]);
}

fn past_is_of_one(store: &mut dyn Store) {
    let mut happenings: Vec<_> = (0..502).map(|code| happening("GPU-a", code, "x")).collect();
    happenings[7].at = T0.plus(MINUTE);
    happenings[8].at = T0.plus(-1);
    let other = happening("GPU-b", 1, "x");
    let alerts = (0..101).map(|s| alert("GPU-a", s, Status::Resolved)).chain([alert("GPU-b", 500, Status::Firing)]);
    let healths = [-120, -60, 0, 59, 60].map(|s| health("GPU-a", s)).into_iter().chain([health("GPU-b", 1)]);
    let rows = Rows {
        happenings: happenings.iter().cloned().chain([other]).collect(),
        alerts: alerts.chain([bare_alert()]).collect(),
        healths: healths.collect(),
        ..Rows::default()
    };
    put(store, &rows);
    let past = store.past("GPU-a", T0, T0.plus(MINUTE)).unwrap();
    assert_eq!(past.healths, [-60, 0, 59].map(|s| health("GPU-a", s)));
    assert_eq!((past.events.len(), past.events[0].code, past.events[499].code), (500, 501, 0));
    let past = store.past("GPU-a", T0, T0.plus(MINUTE + 1)).unwrap();
    assert_eq!((past.events.len(), past.events[0].code, past.events[499].code), (500, 7, 1));
    assert_eq!(past.alerts, (1..101).rev().map(|s| alert("GPU-a", s, Status::Resolved)).collect::<Vec<_>>());
}

fn one_holds(one: &mut dyn Store, other: &mut dyn Store) {
    let held = one.hold("score").unwrap();
    assert!(held.is_some());
    assert!(other.hold("score").unwrap().is_none(), "two hold one right");
    assert!(one.hold("score").unwrap().is_none(), "nor does one handle twice");
    let another = other.hold("predict-daily").unwrap();
    assert!(another.is_some(), "another right is free");
    drop(held);
    assert!(other.hold("score").unwrap().is_some());
    for name in ["", "a/b", "Score", "..", "a b", "a1"] {
        assert!(one.hold(name).is_err(), "{name:?}");
    }
}
