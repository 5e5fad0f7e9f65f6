//! A member of a group for tests: it keeps what it was told and checks what always holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gpuhm::bus::{Bus, Consumer, From, Join, Message, PARTITIONS, Position, RAW, Reader, Record};

/// Longest wait for anything: 2,400 polls of 25 ms. A shared disk was seen to take six seconds for one sync.
pub(crate) const ROUNDS: usize = 2400;
pub(crate) const WAIT: Duration = Duration::from_millis(25);

pub(crate) fn message(topic: &'static str, key: &str, value: &str) -> Message {
    Message { topic, key: key.to_owned().into(), value: value.to_owned().into() }
}

pub(crate) fn text(record: &Record) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&record.key), text(&record.value))
}

/// Publishes `count` records, `n` under the key `k(n % 7)`.
pub(crate) fn fill(bus: &dyn Bus, count: usize) {
    let mut producer = bus.producer().unwrap();
    producer
        .send(&(0..count).map(|n| message(RAW, &format!("k{}", n % 7), &n.to_string())).collect::<Vec<_>>())
        .unwrap();
}

pub(crate) fn join(group: &str, instance: &str) -> Join {
    Join { group: group.to_owned(), topic: RAW.to_owned(), instance: instance.to_owned(), once: false }
}

/// A consumer and what it was told.
pub(crate) struct Member {
    pub(crate) consumer: Box<dyn Consumer>,
    pub(crate) own: BTreeSet<i32>,
    pub(crate) next: BTreeMap<i32, i64>,
    pub(crate) seen: Vec<(i32, Record)>,
    pub(crate) ends: BTreeSet<i32>,
    pub(crate) revoking: Vec<i32>,
    pub(crate) lost: Vec<i32>,
    pub(crate) skipped: u64,
}

impl Member {
    pub(crate) fn join(bus: &dyn Bus, group: &str, instance: &str) -> Member {
        Member {
            consumer: bus.consumer(&join(group, instance)).unwrap(),
            own: BTreeSet::new(),
            next: BTreeMap::new(),
            seen: Vec::new(),
            ends: BTreeSet::new(),
            revoking: Vec::new(),
            lost: Vec::new(),
            skipped: 0,
        }
    }

    pub(crate) fn step(&mut self) {
        let polled = self.consumer.poll(100, WAIT).unwrap();
        self.skipped += polled.skipped;
        for partition in polled.lost {
            assert!(self.own.remove(&partition), "lost {partition}, which was not owned");
            self.lost.push(partition);
        }
        for partition in polled.assigned {
            assert!(self.own.insert(partition), "assigned {partition} twice");
            self.next.insert(partition, self.consumer.recover(partition).unwrap().committed);
        }
        self.revoking = polled.revoking;
        for batch in polled.batches {
            assert!(self.own.contains(&batch.partition), "records of {}, which is not owned", batch.partition);
            for record in batch.records {
                let next = self.next.get_mut(&batch.partition).unwrap();
                assert!(record.offset >= *next, "offset {} again", record.offset);
                *next = record.offset + 1;
                self.seen.push((batch.partition, record));
            }
            let next = self.next.get_mut(&batch.partition).unwrap();
            assert!(batch.next >= *next, "position {} after {next}", batch.next);
            *next = batch.next;
            if batch.end {
                self.ends.insert(batch.partition)
            } else {
                self.ends.remove(&batch.partition)
            };
        }
    }

    pub(crate) fn until(&mut self, what: &str, reached: impl Fn(&Member) -> bool) {
        for _ in 0..ROUNDS {
            if reached(self) {
                return;
            }
            self.step();
        }
        panic!("never: {what}");
    }

    /// Positions behind all it has seen.
    pub(crate) fn positions(&self) -> Vec<Position> {
        let owned = self.next.iter().filter(|(partition, _)| self.own.contains(partition));
        owned.map(|(&partition, &next)| Position { partition, next, settled: next }).collect()
    }

    pub(crate) fn release(&mut self) {
        let revoking = std::mem::take(&mut self.revoking);
        self.consumer.release(&revoking).unwrap();
        self.own.retain(|partition| !revoking.contains(partition));
    }
}

/// Reads until there are `count` records, or nothing has come for [`ROUNDS`] waits.
pub(crate) fn all(reader: &mut dyn Reader, count: usize) -> Vec<(i32, Record)> {
    let mut records = Vec::new();
    let mut quiet = 0;
    while records.len() < count && quiet < ROUNDS {
        let read = reader.read(1000, WAIT).unwrap();
        quiet = if read.is_empty() { quiet + 1 } else { 0 };
        records.extend(read);
    }
    records
}

/// Everything in a topic, after a moment for what should not come.
pub(crate) fn whole(bus: &dyn Bus, topic: &str) -> Vec<(String, String)> {
    let mut reader = bus.reader(topic, From::Beginning).unwrap();
    let mut records = Vec::new();
    let mut quiet = 0;
    while quiet < 3 {
        let read = reader.read(1000, WAIT).unwrap();
        quiet = if read.is_empty() { quiet + 1 } else { 0 };
        records.extend(read.iter().map(|(_, record)| text(record)));
    }
    records
}

pub(crate) fn everything() -> BTreeSet<i32> {
    (0..PARTITIONS).collect()
}
