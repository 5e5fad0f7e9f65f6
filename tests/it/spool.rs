//! The collector's spool against a broker that is away or does not answer, and against a second collector.

mod bounds;
mod deaths;
pub(crate) mod fake;

use std::time::Duration;

use gpuhm::bus::BusError;
use gpuhm::pipeline::clock::monotonic;
use gpuhm::pipeline::sink::{Backlog, Sink as _};
use gpuhm::pipeline::spool::{Limits, OF_A_KEY, Patience, Spool};
use gpuhm::pipeline::{Flag, PipelineError};

use self::fake::{Act, Broker, KEYS, drain, event, start, until, whole};

#[test]
fn events_arrive_in_order_and_the_spool_is_empty_then() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::well();
    let spool = start(folder.path(), &broker, Limits::default());
    let mut sink = spool.sink();
    for tick in 0..50 {
        sink.put(KEYS.iter().map(|key| event(key, tick)).collect()).unwrap();
    }
    until("the events", || broker.arrived().len() == 250);
    until("an empty spool", || sink.backlog().unwrap() == Backlog::default());
    drain(spool);
    whole(&broker, &KEYS.map(|key| (key, 50)).into(), 0);
    let rows = rusqlite::Connection::open(folder.path().join("spool-t.db")).unwrap();
    let left: i64 = rows.query_row("SELECT count(*) FROM batch", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "what was delivered goes at once");
}

#[test]
fn never_more_than_sixteen_of_a_key_are_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::away();
    let spool = start(folder.path(), &broker, Limits::default());
    spool.sink().put((0..400).map(|n| event(KEYS[usize::try_from(n % 2).unwrap()], n / 2)).collect()).unwrap();
    broker.will(|messages| {
        for key in &KEYS {
            let count = messages.iter().filter(|message| message.key == key.as_bytes()).count();
            assert!(count <= usize::from(OF_A_KEY), "{count} of {key}");
        }
        Act::Take
    });
    drain(spool);
    whole(&broker, &[("GPU-a", 200), ("GPU-b", 200)].into(), usize::from(OF_A_KEY));
}

#[test]
fn a_collector_begins_with_what_the_last_one_left() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::away();
    let spool = start(folder.path(), &broker, Limits::default());
    spool.sink().put((0..100).map(|n| event("k", n)).collect()).unwrap();
    let service = Patience { drain: Duration::from_millis(300), silence: None };
    let left = spool.drain(service, &Flag::default()).unwrap();
    assert_eq!((left.events, left.unsaved, left.dropped), (100, 0, 0));
    assert_eq!(broker.connects(), 1, "what waits in a producer is not sent by a second one beside it");
    broker.will(|_| Act::Take);
    let spool = start(folder.path(), &broker, Limits::default());
    spool.sink().put((100..110).map(|n| event("k", n)).collect()).unwrap();
    drain(spool);
    whole(&broker, &[("k", 110)].into(), 0);
}

#[test]
fn a_tick_never_waits_for_the_broker_and_a_one_shot_gives_up() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::new(|_| Act::Die(0));
    let spool = start(folder.path(), &broker, Limits::default());
    let mut sink = spool.sink();
    sink.put(vec![event("k", 0)]).unwrap();
    until("the sender that waits", || broker.is_dead());
    let begun = monotonic();
    for n in 1..20 {
        sink.put(vec![event("k", n)]).unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let patience = Patience { drain: Duration::from_mins(1), silence: Some(Duration::from_secs(1)) };
    let error = spool.drain(patience, &Flag::default()).unwrap_err();
    assert!(matches!(&error, PipelineError::Undelivered { events: 20, .. }), "{error}");
    assert!(error.to_string().starts_with("20 events not delivered; kept in spool "), "{error}");
    // The one that waits for the broker holds the spool until its process ends.
    let second = Spool::start(folder.path(), "t", Limits::default(), broker.connect());
    drop(second);
}

#[test]
fn a_second_collector_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::well();
    let spool = start(folder.path(), &broker, Limits::default());
    let error = Spool::start(folder.path(), "t", Limits::default(), broker.connect()).unwrap_err();
    assert!(matches!(&error, BusError::Unusable { hint: Some(hint), .. } if hint.contains("--instance")), "{error}");
    let other = Spool::start(folder.path(), "other", Limits::default(), broker.connect()).unwrap();
    drain(other);
    drain(spool);
    drain(start(folder.path(), &broker, Limits::default()));
}

#[test]
fn what_a_person_must_mend_ends_a_collector_that_never_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let refused = || BusError::NoTopic("gpu-metrics-raw".to_owned());
    let spool = Spool::start(folder.path(), "t", Limits::default(), Box::new(move || Err(refused()))).unwrap();
    let mut sink = spool.sink();
    let mut ended = None;
    until("the end", || {
        ended = sink.put(vec![event("k", 0)]).err();
        ended.is_some()
    });
    assert!(matches!(ended, Some(PipelineError::Bus(BusError::NoTopic(_)))), "{ended:?}");
    drop(spool);
}
