//! The collector's spool against a broker that is away, fails half-way, or takes and does not say so; and what a killed
//! collector, a full spool and a second collector come to.

pub(crate) mod fake;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use gpuhm::bus::BusError;
use gpuhm::pipeline::sink::{Backlog, Sink as _};
use gpuhm::pipeline::spool::{Limits, OF_A_KEY, Patience, Spool};
use gpuhm::pipeline::{Flag, PipelineError};

use crate::spool::fake::{Act, Broker, copy, drain, event, noise};
use crate::support::random::splitmix;

fn start(path: &Path, broker: &Broker, limits: Limits) -> Spool {
    Spool::start(path, "t", limits, broker.connect()).unwrap()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

const KEYS: [&str; 5] = ["GPU-a", "GPU-b", "GPU-c", "GPU-d", "host:n"];

/// Whatever failed: of each key the first copies come in order and none is missing, and a sender's death repeats no more
/// than 16 of a key.
fn whole(broker: &Broker, put: &BTreeMap<&str, u64>, most_repeats: usize) {
    let arrived = broker.by_key();
    for (key, count) in put {
        let got = arrived.get(*key).cloned().unwrap_or_default();
        let mut next = 0;
        for number in &got {
            assert!(*number <= next, "{key}: {number} before {next} in {got:?}");
            next = next.max(number + 1);
        }
        assert_eq!(next, *count, "{key}: {got:?}");
        let repeats = got.len() - usize::try_from(*count).unwrap();
        assert!(repeats <= most_repeats, "{key}: {repeats} repeats");
    }
}

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

/// One run of puts against a broker that fails at random and kills the sender `kills` times.
fn ordeal(seed: u64, kills: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut random = seed;
    let mut dice = seed ^ 0xabcd;
    let mut left = kills;
    let broker = Broker::new(move |messages| {
        let roll = splitmix(&mut dice);
        let part = usize::try_from(roll >> 32).unwrap() % (messages.len() + 1);
        match roll % 16 {
            0 if left > 0 => {
                left -= 1;
                Act::Die(part)
            }
            1 => Act::Fail(part),
            2 => Act::Fail(messages.len()),
            _ => Act::Take,
        }
    });
    let mut life = 0;
    let mut place = folder.path().join("0");
    let mut spool = start(&place, &broker, Limits::default());
    let mut put: BTreeMap<&str, u64> = BTreeMap::new();
    for _ in 0..60 {
        let messages = (0..splitmix(&mut random) % 40).map(|_| {
            let key = KEYS[usize::try_from(splitmix(&mut random) % 5).unwrap()];
            let count = put.entry(key).or_default();
            *count += 1;
            event(key, *count - 1)
        });
        spool.sink().put(messages.collect()).unwrap();
        std::thread::sleep(Duration::from_millis(splitmix(&mut random) % 8));
        if broker.is_dead() {
            life += 1;
            let next = folder.path().join(life.to_string());
            copy(&place, &next);
            (place, spool) = (next.clone(), start(&next, &broker, Limits::default()));
        }
    }
    until("the end", || {
        if broker.is_dead() {
            life += 1;
            let next = folder.path().join(life.to_string());
            copy(&place, &next);
            (place, spool) = (next.clone(), start(&next, &broker, Limits::default()));
        }
        spool.backlog().unwrap().waiting == 0
    });
    assert_eq!(spool.backlog().unwrap().dropped, 0, "seed {seed}");
    drain(spool);
    whole(&broker, &put, usize::MAX);
}

#[test]
fn whatever_fails_each_keys_events_come_in_order_and_none_is_missing() {
    std::thread::scope(|scope| {
        for seed in 0..8 {
            scope.spawn(move || ordeal(seed, 3));
        }
    });
}

#[test]
fn a_killed_sender_repeats_at_most_sixteen_of_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a"), folder.path().join("b"));
    // It takes two waves, and of the third the sender never learns that all of it arrived.
    let mut sends = 0;
    let broker = Broker::new(move |messages| {
        sends += 1;
        if sends == 3 { Act::Die(messages.len()) } else { Act::Take }
    });
    let spool = start(&first, &broker, Limits::default());
    spool.sink().put((0..500).map(|n| event(KEYS[usize::try_from(n % 5).unwrap()], n / 5)).collect()).unwrap();
    until("its death", || broker.is_dead());
    copy(&first, &second);
    let other = start(&second, &broker, Limits::default());
    drain(other);
    whole(&broker, &KEYS.map(|key| (key, 100)).into(), usize::from(OF_A_KEY));
    assert!(broker.arrived().len() > 500, "something was repeated, so this was a death");
}

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
fn a_collector_begins_with_what_the_last_one_left() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::away();
    let spool = start(folder.path(), &broker, Limits::default());
    spool.sink().put((0..100).map(|n| event("k", n)).collect()).unwrap();
    let service = Patience { drain: Duration::from_millis(300), silence: None };
    let left = spool.drain(service, &Flag::default()).unwrap();
    assert_eq!((left.events, left.unsaved, left.dropped), (100, 0, 0));
    assert!(broker.connects() > 1, "a producer that failed is made anew");
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
    let begun = Instant::now();
    for n in 1..20 {
        sink.put(vec![event("k", n)]).unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let patience = Patience { drain: Duration::from_secs(60), silence: Some(Duration::from_secs(1)) };
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
    let begun = Instant::now();
    let spool = start(folder.path(), &broker, Limits { rate: Some(100), ..Limits::default() });
    let mut sink = spool.sink();
    drain(spool);
    let took = begun.elapsed();
    assert!((Duration::from_millis(1_900)..Duration::from_secs(20)).contains(&took), "{took:?}");
    assert_eq!(sink.backlog().unwrap().waiting, 0);
    whole(&broker, &(0..100).map(|n| (&*format!("k{n}").leak(), 3)).collect(), 0);
}
