//! Retention of the embedded log: what goes, by which clock, and what of it is counted as unread.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gpuhm::bus::embedded::Options;
use gpuhm::bus::{ALERTS, Bus, Finish, From, Message, PARTITIONS, Position, RAW, VALIDATED, key};
use gpuhm::event::Time;
use gpuhm::event::time::DAY;
use gpuhm::pipeline::clock::wall;

use crate::bus_embedded::Log;
use crate::bus_member::{Member, all, message, whole};

/// Makes what the log has look as if it had arrived that much earlier.
fn age(log: &Log, ms: i64) {
    log.sql(&format!("UPDATE batch SET landed = landed - {ms}"));
}

#[test]
fn the_runs_clock_ages_nothing() {
    let log = Log::new(Options::default());
    log.send("last year's", 0..10);
    log.clock.store(wall().plus(900 * DAY).ms(), Ordering::Relaxed);
    log.send("years ahead", 0..10);
    assert_eq!(log.bus.retain(wall().plus(1)).unwrap(), 0);
    assert_eq!(log.bus.retain(wall().plus(7 * DAY - 60_000)).unwrap(), 0);
    assert_eq!(whole(&log.bus, RAW).len(), 20);
    let records = log.bus.reader(RAW, From::Beginning).unwrap().read(20, Duration::ZERO).unwrap();
    let oldest = records.iter().map(|(_, record)| record.time).min();
    assert_eq!(oldest, Some(Time(1_000_000)), "the record's time is the run's");
    assert_eq!(log.bus.retain(wall().plus(7 * DAY + 60_000)).unwrap(), 20);
    assert!(whole(&log.bus, RAW).is_empty());
}

#[test]
fn what_a_wrong_clock_dated_ahead_stops_nothing() {
    let log = Log::new(Options::default());
    for n in 0..300 {
        log.send("k", n..n + 1);
    }
    age(&log, -400 * DAY);
    log.send("k", 300..310);
    // Nothing behind it is too old, so it may be young.
    assert_eq!(log.bus.retain(wall().plus(1)).unwrap(), 0);
    log.sql("UPDATE batch SET landed = 0 WHERE base = 300");
    log.send("k", 310..320);
    log.sql(&format!("UPDATE batch SET landed = {} WHERE base = 310", wall().plus(400 * DAY).ms()));
    assert_eq!(log.bus.retain(wall().plus(1)).unwrap(), 310);
    assert_eq!(whole(&log.bus, RAW).len(), 10);
}

#[test]
fn it_drops_the_oldest_and_counts_what_was_unread() {
    let log = Log::new(Options { age: DAY, ..Options::default() });
    log.send("k", 0..10);
    let mut member = Member::join(&log.bus, "g", "a");
    member.until("the records", |member| member.seen.len() == 10);
    let at = key::partition(b"k", PARTITIONS);
    let position = Position { partition: at, next: 4, settled: 2 };
    member.consumer.finish(&Finish { positions: vec![position], ..Finish::default() }).unwrap();
    drop(member);
    assert_eq!(log.bus.retain(wall().plus(1)).unwrap(), 0);
    age(&log, 2 * DAY);
    log.send("k", 10..20);
    assert_eq!(log.bus.retain(wall().plus(1)).unwrap(), 6);
    assert_eq!(log.bus.topics().unwrap()[0].ranges[usize::try_from(at).unwrap()], (10, 20));
    assert_eq!(log.bus.lag("g", RAW).unwrap(), 10);
    let mut member = Member::join(&log.bus, "g", "a");
    member.until("the rest", |member| member.seen.len() == 10);
    assert_eq!((member.skipped, member.seen[0].1.offset), (6, 10));
    let recovery = member.consumer.recover(at).unwrap();
    assert_eq!((recovery.committed, recovery.settled), (10, 10));
    // What is dropped before a running member has read it is told, too.
    member.revoking.clear();
    log.send("k", 20..30);
    log.bus.retain(wall().plus(9 * DAY)).unwrap();
    member.until("what was skipped", |member| member.skipped == 16);
    assert_eq!(log.bus.topics().unwrap()[0].bytes, Some(0));
    log.send("k", 30..31);
    member.until("what comes next", |member| member.seen.last().unwrap().1.offset == 30);
}

#[test]
fn what_no_group_ever_read_is_counted_and_told_once() {
    let log = Log::new(Options { bytes: 0, ..Options::default() });
    let messages: Vec<_> = [RAW, RAW, VALIDATED, ALERTS].map(|topic| message(topic, "k", "v")).into();
    log.bus.producer().unwrap().send(&messages).unwrap();
    assert_eq!(log.bus.retain(wall()).unwrap(), 3, "of alerts nobody has to read any");
    log.send("k", 2..7);
    for (instance, skipped) in [("a", 2), ("b", 0)] {
        let mut member = Member::join(&log.bus, "g", instance);
        member.until("what is there", |member| member.seen.len() == 5);
        assert_eq!((member.skipped, member.seen[0].1.offset), (skipped, 2), "{instance}");
    }
    // It has committed nothing, but it has been told where it stands.
    assert_eq!(log.bus.lag("g", RAW).unwrap(), 5);
    assert_eq!(log.bus.retain(wall()).unwrap(), 5);
}

#[test]
fn it_keeps_within_its_bytes() {
    let log = Log::new(Options { bytes: 20_000, ..Options::default() });
    let mut producer = log.bus.producer().unwrap();
    let mut noise = 1u64;
    for n in 0..600 {
        let bytes = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            noise.to_be_bytes()[0]
        });
        let value: Vec<u8> = bytes.take(200).collect();
        producer.send(&[Message { value: value.into(), ..message(RAW, &format!("k{n}"), "") }]).unwrap();
    }
    let unread = log.bus.retain(Time(0)).unwrap();
    let bytes = log.bus.topics().unwrap()[0].bytes.unwrap();
    assert!((19_000..=20_000).contains(&bytes), "{bytes}");
    let mut reader = log.bus.reader(RAW, From::Beginning).unwrap();
    let count: i64 = reader.ranges().unwrap().iter().map(|(first, next)| next - first).sum();
    let kept = all(&mut *reader, usize::try_from(count).unwrap());
    assert_eq!(usize::try_from(unread).unwrap(), 600 - kept.len(), "nobody reads");
    let oldest = kept.iter().map(|(_, record)| record.time).min().unwrap();
    assert_eq!(usize::try_from(1_000_600 - oldest.ms()).unwrap(), kept.len(), "the newest are kept");
}
