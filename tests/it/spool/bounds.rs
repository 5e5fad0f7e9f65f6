//! What a spool does not keep: too much, too old, too large; and how fast what is old goes. Each loss is counted.

use std::time::Duration;

use gpuhm::pipeline::Flag;
use gpuhm::pipeline::clock::monotonic;
use gpuhm::pipeline::sink::{Backlog, Sink as _};
use gpuhm::pipeline::spool::{Limits, Patience};

use super::fake::{Act, Broker, KEYS, drain, event, noise, start, until, whole};

#[test]
fn at_the_bound_the_oldest_go_and_are_counted_to_the_event() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::away();
    let limits = Limits { bytes: 400_000, ..Limits::default() };
    let spool = start(folder.path(), &broker, limits);
    let mut sink = spool.sink();
    for tick in 0..2000 {
        sink.put(KEYS.iter().map(|key| noise(key, tick, 1000)).collect()).unwrap();
    }
    let then = sink.backlog().unwrap();
    assert!(then.dropped > 8_000 && then.bytes <= 450_000, "{then:?}");
    assert_eq!(then.dropped + then.waiting, 10_000);
    broker.will(|_| Act::Take);
    until("the rest", || sink.backlog().unwrap().waiting == 0);
    let dropped = sink.backlog().unwrap().dropped;
    drain(spool);
    assert_eq!(dropped, then.dropped, "what was read before it was dropped is not lost");
    let arrived = broker.by_key();
    assert_eq!(10_000 - dropped, arrived.values().map(|numbers| numbers.len() as u64).sum::<u64>());
    for numbers in arrived.values() {
        assert!(numbers.is_sorted_by(|a, b| a < b) && *numbers.last().unwrap() == 1999, "{numbers:?}");
    }
}

#[test]
fn what_is_too_old_goes() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::away();
    let spool = start(folder.path(), &broker, Limits { age: 1_000, ..Limits::default() });
    let mut sink = spool.sink();
    // The sender holds the first wave in memory: that will arrive, whatever its age.
    sink.put((0..20_000).map(|n| event(&format!("k{}", n % 4_000), n)).collect()).unwrap();
    std::thread::sleep(Duration::from_millis(3_300));
    sink.put(vec![event("k0", 99_999)]).unwrap();
    let known = sink.backlog().unwrap();
    broker.will(|_| Act::Take);
    drain(spool);
    let arrived = broker.arrived();
    assert_eq!(arrived.len() as u64 + known.dropped, 20_001);
    assert!(known.dropped > 5_000, "{known:?}");
    assert_eq!(*broker.by_key()["k0"].last().unwrap(), 99_999);
}

#[test]
fn old_events_are_sent_at_the_rate() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::away();
    let spool = start(folder.path(), &broker, Limits::default());
    spool.sink().put((0..300).map(|n| event(&format!("k{}", n % 100), n / 100)).collect()).unwrap();
    let short = Patience { drain: Duration::ZERO, silence: None };
    spool.drain(short, &Flag::default()).unwrap();
    let rows = rusqlite::Connection::open(folder.path().join("spool-t.db")).unwrap();
    rows.execute("UPDATE batch SET arrived = arrived - 120000", []).unwrap();
    broker.will(|_| Act::Take);
    let begun = monotonic();
    let spool = start(folder.path(), &broker, Limits { rate: Some(100), ..Limits::default() });
    let mut sink = spool.sink();
    drain(spool);
    let took = begun.elapsed();
    assert!((Duration::from_millis(1_900)..Duration::from_secs(20)).contains(&took), "{took:?}");
    assert_eq!(sink.backlog().unwrap().waiting, 0);
    whole(&broker, &(0..100).map(|n| (&*format!("k{n}").leak(), 3)).collect(), 0);
}

#[test]
fn an_event_that_the_broker_never_takes_is_dropped_and_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::new(|messages| {
        if messages.iter().any(|message| message.value.len() > 5_000) { Act::TooLarge(5_000) } else { Act::Take }
    });
    let spool = start(folder.path(), &broker, Limits::default());
    let mut sink = spool.sink();
    sink.put(vec![event("k", 0), noise("k", 1, 9_000), event("k", 2)]).unwrap();
    until("the others", || broker.arrived().len() == 2);
    until("the account", || sink.backlog().unwrap() == Backlog { bytes: 0, dropped: 1, waiting: 0 });
    drain(spool);
    assert_eq!(broker.by_key()["k"], [0, 2]);
}
