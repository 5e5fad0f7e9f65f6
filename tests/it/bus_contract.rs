//! What every bus must do, as small checks; each gets a bus with empty topics. The checks know only the traits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gpuhm::bus::{Bus, BusError, Finish, From, Join, Message, PARTITIONS, RAW, Record, Saved, VALIDATED, key};
use gpuhm::event::Time;
use gpuhm::pipeline::clock::wall;

use crate::bus_groups::{
    dropped_is_passed, leaver, members_without_joining, not_owned_is_fenced, one_bearer, two_share,
};
use crate::bus_member::{Member, WAIT, all, everything, fill, join, message, text, whole};
use crate::bus_readers::{reader_goes_on, reader_keeps_to};

/// One check.
type Check = fn(&dyn Bus);

const CHECKS: [(&str, Check); 18] = [
    ("order per key", order_per_key),
    ("what is refused is kept in no part", refused_whole),
    ("ends are told", ends_are_told),
    ("finish is one act", finish_is_one_act),
    ("a restart goes on where it stopped", restart_goes_on),
    ("what is not owned is fenced", not_owned_is_fenced),
    ("a name has one bearer", one_bearer),
    ("two members share", two_share),
    ("what a leaver had is taken", leaver),
    ("members are told to who does not join", members_without_joining),
    ("what was dropped unread is passed over", dropped_is_passed),
    ("reread is exact", reread),
    ("readers begin where they are told", readers_begin),
    ("a reader follows", reader_follows),
    ("a reader keeps to the partitions it is told", reader_keeps_to),
    ("a reader goes on at its cursors", reader_goes_on),
    ("lag and topics", lag_and_topics),
    ("retention spares what is young", retention_spares),
];

/// Runs every check on a bus of its own, `most` at once; a failure names its check by the thread it happened in.
pub(crate) fn suite(most: usize, make: impl Fn() -> Arc<dyn Bus> + Sync) {
    let make = &make;
    let mut failed: Vec<&str> = Vec::new();
    for checks in CHECKS.chunks(most) {
        failed.extend(std::thread::scope(|scope| {
            let run = |(name, check): &(&'static str, Check)| {
                let thread = std::thread::Builder::new().name((*name).to_owned());
                let check = *check;
                (*name, thread.spawn_scoped(scope, move || check(&*make())).unwrap())
            };
            let running: Vec<_> = checks.iter().map(run).collect();
            running.into_iter().filter_map(|(name, thread)| thread.join().is_err().then_some(name)).collect::<Vec<_>>()
        }));
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}

fn order_per_key(bus: &dyn Bus) {
    fill(bus, 300);
    fill(bus, 300);
    let mut member = Member::join(bus, "g", "a");
    member.until("all 600", |member| member.seen.len() == 600);
    let mut by_key: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (partition, record) in &member.seen {
        let (name, value) = text(record);
        assert_eq!(*partition, key::partition(name.as_bytes(), PARTITIONS));
        by_key.entry(name).or_default().push(value.parse().unwrap());
    }
    for (key, values) in by_key {
        let once = (0..300).filter(|n| format!("k{}", n % 7) == key);
        assert_eq!(values, once.clone().chain(once).collect::<Vec<_>>(), "{key}");
    }
}

fn refused_whole(bus: &dyn Bus) {
    let mut producer = bus.producer().unwrap();
    let large = Message { value: vec![0; 9 << 20].into(), ..message(RAW, "k", "") };
    let error = producer.send(&[message(RAW, "k", "1"), large]).unwrap_err();
    assert!(matches!(error, BusError::TooLarge { .. }), "{error}");
    assert!(matches!(bus.consumer(&Join { topic: "none".to_owned(), ..join("g", "a") }), Err(BusError::NoTopic(_))));
    assert!(matches!(bus.reader("none", From::End), Err(BusError::NoTopic(_))));
    let error = producer.send(&[message(RAW, "k", "1"), message("none", "k", "2")]).unwrap_err();
    assert!(matches!(error, BusError::NoTopic(_)), "{error}");
    assert!(whole(bus, RAW).is_empty());
    producer.send(&[message(RAW, "", "3")]).unwrap();
    assert_eq!(whole(bus, RAW), [(String::new(), "3".to_owned())]);
}

fn ends_are_told(bus: &dyn Bus) {
    let mut member = Member::join(bus, "g", "a");
    member.until("the ends of empty partitions", |member| member.ends == everything());
    member.ends.clear();
    member.until("the ends again when nothing comes", |member| member.ends == everything());
    fill(bus, 50);
    member.ends.clear();
    member.until("the records, and their ends", |member| member.seen.len() == 50 && member.ends == everything());
    let ends: Vec<i64> = (0..PARTITIONS).map(|partition| member.next[&partition]).collect();
    assert_eq!(member.consumer.ends().unwrap(), ends);
}

fn saved(entity: &str, upto: i64, body: &[u8]) -> Saved {
    Saved { entity: entity.to_owned(), upto, body: body.to_vec() }
}

fn finish_is_one_act(bus: &dyn Bus) {
    fill(bus, 20);
    let mut member = Member::join(bus, "g", "a");
    member.until("the records", |member| member.seen.len() == 20);
    let partition = member.seen[0].0;
    let positions = member.positions();
    let too_large = Message { value: vec![0; 9 << 20].into(), ..message(VALIDATED, "k", "") };
    let states = vec![(partition, saved("e", 3, b"one"))];
    let bad = Finish { events: vec![message(VALIDATED, "k", "no"), too_large], states: states.clone(), positions };
    assert!(member.consumer.finish(&bad).is_err());
    assert_eq!(bus.lag("g", RAW).unwrap(), 20);
    assert!(member.consumer.recover(partition).unwrap().states.is_empty());
    let events = vec![message(VALIDATED, "k", "yes")];
    let positions = member.positions();
    member.consumer.finish(&Finish { events, states, positions }).unwrap();
    assert_eq!(bus.lag("g", RAW).unwrap(), 0);
    assert_eq!(whole(bus, VALIDATED), [("k".to_owned(), "yes".to_owned())]);
    assert_eq!(member.consumer.recover(partition).unwrap().states, [saved("e", 3, b"one")]);
}

fn restart_goes_on(bus: &dyn Bus) {
    fill(bus, 40);
    let mut member = Member::join(bus, "g", "a");
    member.until("the records", |member| member.seen.len() == 40);
    let (partition, last) = member.seen.last().map(|(partition, record)| (*partition, record.offset)).unwrap();
    let mut positions = member.positions();
    for position in &mut positions {
        if position.partition == partition {
            (position.next, position.settled) = (last, last - 1);
        }
    }
    let states = vec![(partition, saved("b", 2, b"two")), (partition, saved("a", 1, b"one"))];
    member.consumer.finish(&Finish { states, positions, ..Finish::default() }).unwrap();
    let states = vec![(partition, saved("b", 3, b"three"))];
    member.consumer.finish(&Finish { states, ..Finish::default() }).unwrap();
    drop(member);
    let mut member = Member::join(bus, "g", "a");
    member.until("the one record left", |member| member.ends == everything());
    assert_eq!(member.seen.iter().map(|(_, record)| record.offset).collect::<Vec<_>>(), [last]);
    let recovery = member.consumer.recover(partition).unwrap();
    assert_eq!((recovery.committed, recovery.settled), (last, last - 1));
    let mut states = recovery.states;
    states.sort_by(|a, b| a.entity.cmp(&b.entity));
    assert_eq!(states, [saved("a", 1, b"one"), saved("b", 3, b"three")]);
}

fn reread(bus: &dyn Bus) {
    let mut producer = bus.producer().unwrap();
    for n in 0..10 {
        producer.send(&(0..3).map(|m| message(RAW, "k", &format!("{n}.{m}"))).collect::<Vec<_>>()).unwrap();
    }
    let mut member = Member::join(bus, "g", "a");
    member.until("the records", |member| member.seen.len() == 30);
    let partition = member.seen[0].0;
    let offsets: Vec<i64> = member.seen.iter().map(|(_, record)| record.offset).collect();
    for (from, to) in [(0, 30), (4, 23), (5, 6), (7, 7), (9, 3)] {
        let mut found = Vec::new();
        let (mut at, end) = (offsets[from.min(29)], offsets.get(to).copied().unwrap_or(offsets[29] + 1));
        loop {
            let records = member.consumer.reread(partition, at, end, 2).unwrap();
            let Some(last) = records.last() else { break };
            at = last.offset + 1;
            found.extend(records);
        }
        let expected: Vec<Record> = member.seen[from..to.max(from)].iter().map(|(_, record)| record.clone()).collect();
        assert_eq!(found, expected, "{from}..{to}");
    }
}

fn readers_begin(bus: &dyn Bus) {
    let mut producer = bus.producer().unwrap();
    for n in 0..6 {
        producer.send(&[message(RAW, "k", &n.to_string())]).unwrap();
    }
    let count = |from| {
        let mut reader = bus.reader(RAW, from).unwrap();
        let records = all(&mut *reader, 1);
        (records.len(), records.first().map(|(_, record)| text(record).1))
    };
    let times: Vec<Time> =
        all(&mut *bus.reader(RAW, From::Beginning).unwrap(), 6).iter().map(|(_, record)| record.time).collect();
    let at = times.iter().position(|time| *time == times[4]).unwrap();
    assert_eq!(count(From::Beginning).1.as_deref(), Some("0"));
    assert_eq!(count(From::Newest(2)).1.as_deref(), Some("4"));
    assert_eq!(count(From::Newest(100)).1.as_deref(), Some("0"));
    assert_eq!(count(From::Offset(3)).1.as_deref(), Some("3"));
    assert_eq!(count(From::Arrived(times[4])).1, Some(at.to_string()));
    let mut end = bus.reader(RAW, From::End).unwrap();
    assert!(end.read(10, WAIT).unwrap().is_empty());
    let mut late = bus.reader(RAW, From::Arrived(times[5].plus(1))).unwrap();
    assert!(late.read(10, WAIT).unwrap().is_empty());
}

fn reader_follows(bus: &dyn Bus) {
    let mut reader = bus.reader(RAW, From::End).unwrap();
    assert!(reader.read(10, Duration::ZERO).unwrap().is_empty());
    fill(bus, 100);
    assert_eq!(all(&mut *reader, 100).len(), 100);
    let total: i64 = reader.ranges().unwrap().iter().map(|(first, next)| next - first).sum();
    assert_eq!(total, 100);
    assert!(reader.read(10, Duration::ZERO).unwrap().is_empty());
}

fn lag_and_topics(bus: &dyn Bus) {
    assert_eq!(bus.lag("g", RAW).unwrap(), 0);
    fill(bus, 30);
    assert_eq!(bus.lag("g", RAW).unwrap(), 30);
    let mut member = Member::join(bus, "g", "a");
    member.until("the records", |member| member.seen.len() == 30);
    let positions = member.positions();
    member.consumer.finish(&Finish { positions, ..Finish::default() }).unwrap();
    assert_eq!(bus.lag("g", RAW).unwrap(), 0);
    fill(bus, 5);
    assert_eq!(bus.lag("g", RAW).unwrap(), 5);
    assert!(matches!(bus.lag("g", "none"), Err(BusError::NoTopic(_))));
    let topics = bus.topics().unwrap();
    assert_eq!(topics.iter().map(|topic| topic.name.as_str()).collect::<Vec<_>>(), gpuhm::bus::TOPICS);
    assert_eq!(topics[0].ranges.len(), 32);
    assert_ne!(topics[0].bytes, Some(0));
}

fn retention_spares(bus: &dyn Bus) {
    fill(bus, 30);
    let stamps: Vec<Time> =
        all(&mut *bus.reader(RAW, From::Beginning).unwrap(), 30).iter().map(|(_, record)| record.time).collect();
    // Young is what has just arrived, whatever the run's clock showed.
    for now in [stamps[29], wall()] {
        assert_eq!(bus.retain(now).unwrap(), 0);
    }
    assert_eq!(whole(bus, RAW).len(), 30);
}
