//! The world that fakes share and that outlives every runner: logs, groups, tables, tokens, and what befalls a life.
//!
//! Each act of a bus or store has an edge before it and one behind it, where its reply is lost. A plan counts edges:
//! at the last one the present life dies, or it is held up while a new owner takes over and works, and then goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use gpuhm::bus::key::partition;
use gpuhm::event::record::{ALERTS, INVALID, VALIDATED};
use gpuhm::event::{Asset, Message, Record, Time};
use gpuhm::pipeline::Clock;

use super::fake_bus::Group;
use super::fake_store::Tables;

/// What is wrong with a world on purpose, to see that it is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Positions are said to be settled though states before them were not saved.
    SettledTooFar,
    /// The store writes whatever the token.
    TokensUnchecked,
    /// The bus finishes for whoever asks.
    FinishUnfenced,
    /// Of two raw rows with one key the last stays.
    LastRawStays,
    /// Positions move, and the states that were to be saved with them are lost.
    StatesLost,
}

/// What befalls a life.
pub(crate) enum Fate {
    /// It is killed.
    Die,
    /// It stands still while this runs, which takes its partitions over.
    Stall(Box<dyn FnOnce() + Send>),
}

/// What happened so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) edges: u64,
    pub(crate) kills: u64,
    pub(crate) stalls: u64,
    /// Writes the store refused, and finishes the bus refused.
    pub(crate) fenced_writes: u64,
    pub(crate) fenced_finishes: u64,
    /// Records that were read again after a restart.
    pub(crate) reread: u64,
    /// Partitions that a poll told were lost.
    pub(crate) lost: u64,
    /// Polls that asked for partitions back.
    pub(crate) rebalances: u64,
    /// Rows of windows written as they stood.
    pub(crate) shown: u64,
}

impl Counts {
    pub(crate) fn fenced(&self) -> u64 {
        self.fenced_writes + self.fenced_finishes
    }

    pub(crate) fn add(&mut self, other: Counts) {
        self.edges += other.edges;
        self.kills += other.kills;
        self.stalls += other.stalls;
        self.fenced_writes += other.fenced_writes;
        self.fenced_finishes += other.fenced_finishes;
        self.reread += other.reread;
        self.lost += other.lost;
        self.rebalances += other.rebalances;
        self.shown += other.shown;
    }
}

/// The world's inside.
#[derive(Default)]
pub(crate) struct Inner {
    partitions: i32,
    /// Offsets a record takes: its own, and behind it some that hold none, as where a log keeps marks of its own.
    stride: usize,
    topics: BTreeMap<String, Vec<Vec<Record>>>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) members: u64,
    pub(crate) tables: Tables,
    pub(crate) tokens: BTreeMap<(String, i32), i64>,
    pub(crate) assets: Vec<Asset>,
    pub(crate) flaw: Option<Flaw>,
    pub(crate) counts: Counts,
    /// Asks the next poller to give up every other partition it has.
    pub(crate) rebalance: bool,
    /// Whether a poll tells which partitions were lost; else only `recover` and `finish` do.
    pub(crate) notices: bool,
    plan: Option<(u64, Fate)>,
}

/// A record's place in no log: key and bytes.
pub(crate) type Pair = (Bytes, Bytes);

/// All that may be compared of a run. Arrival on topics that stages write depends on the run, and is left out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) tables: Tables,
    pub(crate) topics: BTreeMap<&'static str, Vec<Vec<Pair>>>,
}

/// A handle on a world.
#[derive(Clone)]
pub(crate) struct World {
    inner: Arc<Mutex<Inner>>,
    pub(crate) clock: Arc<Clock>,
}

impl World {
    pub(crate) fn new((partitions, stride): (i32, usize), start: Time, flaw: Option<Flaw>) -> World {
        let inner = Inner { partitions, stride, flaw, ..Inner::default() };
        World { inner: Arc::new(Mutex::new(inner)), clock: Arc::new(Clock::driven(start)) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // An assertion that fails under the lock must be seen, and not what its poison would cause.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(self.clock.now().plus(seconds * 1000));
    }

    /// Lets `fate` befall the present life at the edge that `left` others come before.
    pub(crate) fn arm(&self, left: u64, fate: Fate) {
        self.lock().plan = Some((left, fate));
    }

    /// Takes the plan back; false where it was carried out.
    pub(crate) fn disarm(&self) -> bool {
        self.lock().plan.take().is_some()
    }

    /// Passes an edge; true where the life ended at it.
    #[must_use]
    pub(crate) fn edge(&self) -> bool {
        let mut inner = self.lock();
        inner.counts.edges += 1;
        match inner.plan.take() {
            None => false,
            Some((left @ 1.., fate)) => {
                inner.plan = Some((left - 1, fate));
                false
            }
            Some((0, Fate::Die)) => {
                inner.counts.kills += 1;
                true
            }
            Some((0, Fate::Stall(meanwhile))) => {
                inner.counts.stalls += 1;
                drop(inner);
                meanwhile();
                false
            }
        }
    }

    /// Whether the group has finished everything in the topic, also what is still to arrive.
    pub(crate) fn drained(&self, group: &str, topic: &str) -> bool {
        self.lock().behind(group, topic, Time(i64::MAX)) == 0
    }

    /// Whether the group has not finished everything that has arrived.
    pub(crate) fn lags(&self, group: &str, topic: &str) -> bool {
        self.lock().behind(group, topic, self.clock.now()) > 0
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let mut inner = self.lock();
        let pairs = |log: &Vec<Record>| log.iter().map(|record| (record.key.clone(), record.value.clone())).collect();
        let topics = [VALIDATED, INVALID, ALERTS].map(|topic| (topic, inner.logs(topic).iter().map(pairs).collect()));
        Outcome { tables: inner.tables.clone(), topics: topics.into() }
    }
}

impl Inner {
    pub(crate) fn logs(&mut self, topic: &str) -> &mut Vec<Vec<Record>> {
        let partitions = usize::try_from(self.partitions).unwrap();
        self.topics.entry(topic.to_owned()).or_insert_with(|| vec![Vec::new(); partitions])
    }

    pub(crate) fn log(&mut self, topic: &str, at: i32) -> &mut Vec<Record> {
        &mut self.logs(topic)[usize::try_from(at).unwrap()]
    }

    /// Appends a record that arrives at `time`. Those without a key are all one partition's, so that order is defined.
    pub(crate) fn append(&mut self, message: &Message, time: Time) {
        let at = if message.key.is_empty() { 0 } else { partition(&message.key, self.partitions) };
        let stride = self.stride;
        let log = self.log(message.topic, at);
        let offset = i64::try_from(log.len() * stride).unwrap();
        assert!(log.last().is_none_or(|last| last.time <= time), "a record that arrives before the one before it");
        log.push(Record { offset, time, key: message.key.clone(), value: message.value.clone() });
    }

    pub(crate) fn all(&self) -> std::ops::Range<i32> {
        0..self.partitions
    }

    /// The next offset of a partition for who looks at `now`.
    pub(crate) fn end(&mut self, topic: &str, at: i32, now: Time) -> i64 {
        let records = self.log(topic, at).partition_point(|record| record.time <= now);
        i64::try_from(records * self.stride).unwrap()
    }

    /// The records from `from` up to but without `to`, at most `max`.
    pub(crate) fn records(&mut self, topic: &str, at: i32, (from, to): (i64, i64), max: usize) -> Vec<Record> {
        let log = self.log(topic, at);
        let first = log.partition_point(|record| record.offset < from);
        log[first..].iter().take_while(|record| record.offset < to).take(max).cloned().collect()
    }

    fn behind(&mut self, group: &str, topic: &str, now: Time) -> i64 {
        let ends: Vec<i64> = self.all().map(|at| self.end(topic, at, now)).collect();
        let group = self.groups.entry(group.to_owned()).or_default();
        (0..).zip(ends).map(|(at, end)| end - group.position(at).0).sum()
    }
}
