//! A consumer on the world's logs. That it lost a partition, a poll may tell or not; `recover` and `finish` always do.

use std::collections::BTreeMap;
use std::time::Duration;

use gpuhm::bus::{ALERTS, Batch, BusError, Consumer, Finish, Polled, Record, Recovery, Saved};

use super::world::{Flaw, Inner, World};

/// A group as the bus keeps it.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// Committed and settled.
    positions: BTreeMap<i32, (i64, i64)>,
    states: BTreeMap<(i32, String), Saved>,
    /// Owner and generation.
    leases: BTreeMap<i32, (Option<u64>, i64)>,
}

impl Group {
    pub(crate) fn position(&self, partition: i32) -> (i64, i64) {
        self.positions.get(&partition).copied().unwrap_or_default()
    }

    fn take(&mut self, partition: i32, id: u64) -> i64 {
        let lease = self.leases.entry(partition).or_default();
        *lease = (Some(id), lease.1 + 1);
        lease.1
    }
}

/// Generation and position of an owned partition.
type Own = (i64, i64);

/// A member. With its first poll it takes every partition, or every other, from whoever has it; later what is free.
pub(crate) struct FakeConsumer {
    world: World,
    group: String,
    topic: String,
    id: u64,
    own: BTreeMap<i32, Own>,
    half: bool,
    joined: bool,
    /// What the last poll asked back, and how often anyone had been fenced then: who is fenced saves nothing.
    asked: (Vec<i32>, u64),
    turn: usize,
}

/// What every act of a life that ended fails with; the runner does not try it again.
pub(crate) fn killed() -> BusError {
    BusError::Unusable { place: "fake".to_owned(), why: "killed".to_owned(), hint: None }
}

/// A member that is gone holds nothing; whoever polls next may have it.
impl Drop for FakeConsumer {
    fn drop(&mut self) {
        let mut inner = self.world.lock();
        let Some(group) = inner.groups.get_mut(&self.group) else { return };
        for (owner, _) in group.leases.values_mut() {
            if *owner == Some(self.id) {
                *owner = None;
            }
        }
    }
}

impl FakeConsumer {
    pub(crate) fn new(world: &World, group: &str, topic: &str, half: bool) -> FakeConsumer {
        let id = {
            let mut inner = world.lock();
            inner.members += 1;
            inner.members
        };
        let (group, topic, own) = (group.to_owned(), topic.to_owned(), BTreeMap::new());
        FakeConsumer {
            world: world.clone(),
            group,
            topic,
            id,
            own,
            half,
            joined: false,
            asked: (Vec::new(), 0),
            turn: 0,
        }
    }

    /// Does `act` between two edges.
    fn act<T>(&mut self, act: impl FnOnce(&mut Self, &mut Inner) -> Result<T, BusError>) -> Result<T, BusError> {
        let world = self.world.clone();
        if world.edge() {
            return Err(killed());
        }
        let done = {
            let mut inner = world.lock();
            act(self, &mut inner)
        };
        if world.edge() { Err(killed()) } else { done }
    }

    fn lose(&mut self, inner: &mut Inner, polled: &mut Polled) {
        polled.lost = self.own.keys().copied().filter(|partition| !self.owns(inner, *partition)).collect();
        self.own.retain(|partition, _| !polled.lost.contains(partition));
        inner.counts.lost += u64::try_from(polled.lost.len()).unwrap();
    }

    fn take(&mut self, inner: &mut Inner, polled: &mut Polled) {
        let all = inner.all();
        let group = inner.groups.entry(self.group.clone()).or_default();
        for partition in all {
            let free = group.leases.get(&partition).is_none_or(|(owner, _)| owner.is_none());
            if (free && !polled.lost.contains(&partition)) || !(self.joined || self.half && partition % 2 == 1) {
                let generation = group.take(partition, self.id);
                self.own.insert(partition, (generation, group.position(partition).0));
                polled.assigned.push(partition);
            }
        }
        self.joined = true;
    }

    fn read(&mut self, inner: &mut Inner, max: usize, polled: &mut Polled) {
        let now = self.world.clock.now();
        let mut left = max;
        let mut quiet = Vec::new();
        let mut order: Vec<i32> = self.own.keys().copied().filter(|at| !polled.revoking.contains(at)).collect();
        self.turn += 1;
        let first = self.turn.checked_rem(order.len()).unwrap_or(0);
        order.rotate_left(first);
        for partition in order {
            let end = inner.end(&self.topic, partition, now);
            let own = self.own.get_mut(&partition).unwrap();
            let before = own.1;
            let records = inner.records(&self.topic, partition, (before, end), left);
            left -= records.len();
            // What holds no record is passed over by itself, in a poll of its own.
            own.1 = match records.last() {
                Some(last) => last.offset + 1,
                None if left > 0 => end,
                None => before,
            };
            let next = own.1;
            let news = next != before;
            let batch = Batch { partition, next, end: next == end, records };
            if news { polled.batches.push(batch) } else { quiet.push(batch) }
        }
        if polled.batches.is_empty() {
            polled.batches = quiet;
        }
    }

    fn fenced(&self, partition: i32) -> BusError {
        BusError::Fenced { group: self.group.clone(), topic: self.topic.clone(), partition }
    }

    fn owns(&self, inner: &Inner, partition: i32) -> bool {
        let Some((generation, _)) = self.own.get(&partition) else { return false };
        let lease = inner.groups.get(&self.group).and_then(|group| group.leases.get(&partition));
        lease == Some(&(Some(self.id), *generation))
    }

    fn commit(&mut self, inner: &mut Inner, finish: &Finish) -> Result<(), BusError> {
        let touched = finish.positions.iter().map(|position| position.partition);
        for partition in touched.chain(finish.states.iter().map(|(partition, _)| *partition)) {
            if !self.owns(inner, partition) && inner.flaw != Some(Flaw::FinishUnfenced) {
                inner.counts.fenced_finishes += 1;
                self.own.remove(&partition);
                return Err(self.fenced(partition));
            }
        }
        for message in &finish.events {
            let saved = finish.states.iter().any(|(_, saved)| saved.entity.as_bytes() == message.key);
            assert!(saved || message.topic != ALERTS, "an alert without its entity's state");
            inner.append(message, self.world.clock.now());
        }
        let flaw = inner.flaw;
        let group = inner.groups.entry(self.group.clone()).or_default();
        for (partition, saved) in finish.states.iter().filter(|_| flaw != Some(Flaw::StatesLost)) {
            group.states.insert((*partition, saved.entity.clone()), saved.clone());
        }
        for position in &finish.positions {
            let settled = if flaw == Some(Flaw::SettledTooFar) { position.next } else { position.settled };
            let before = group.positions.insert(position.partition, (position.next, settled)).unwrap_or_default();
            if flaw.is_none() {
                assert!(before.0 <= position.next, "a committed position went back");
                assert!(before.1 <= settled && settled <= position.next, "settled: {before:?}, then {position:?}");
            }
        }
        Ok(())
    }
}

impl Consumer for FakeConsumer {
    fn poll(&mut self, max: usize, _wait: Duration) -> Result<Polled, BusError> {
        self.act(|me, inner| {
            let mut polled = Polled::default();
            if inner.notices {
                me.lose(inner, &mut polled);
            }
            me.take(inner, &mut polled);
            if std::mem::take(&mut inner.rebalance) {
                let owned = me.own.keys().filter(|partition| !polled.assigned.contains(partition));
                polled.revoking = owned.step_by(2).copied().collect();
                inner.counts.rebalances += u64::from(!polled.revoking.is_empty());
            }
            me.asked = (polled.revoking.clone(), inner.counts.fenced());
            me.read(inner, max, &mut polled);
            Ok(polled)
        })
    }

    fn recover(&mut self, partition: i32) -> Result<Recovery, BusError> {
        self.act(|me, inner| {
            if !me.owns(inner, partition) {
                return Err(me.fenced(partition));
            }
            let group = inner.groups.entry(me.group.clone()).or_default();
            let (committed, settled) = group.position(partition);
            let states = group.states.iter().filter(|((of, _), _)| *of == partition);
            Ok(Recovery { committed, settled, states: states.map(|(_, saved)| saved.clone()).collect() })
        })
    }

    fn reread(&mut self, partition: i32, from: i64, to: i64, max: usize) -> Result<Vec<Record>, BusError> {
        self.act(|me, inner| {
            // Small pieces, so that going on after one is tested, too.
            let records = inner.records(&me.topic, partition, (from, to), max.min(300));
            inner.counts.reread += u64::try_from(records.len()).unwrap();
            Ok(records)
        })
    }

    fn finish(&mut self, finish: &Finish) -> Result<(), BusError> {
        self.act(|me, inner| me.commit(inner, finish))
    }

    fn release(&mut self, partitions: &[i32]) -> Result<(), BusError> {
        self.act(|me, inner| {
            let excused = inner.flaw.is_some() || me.asked.1 != inner.counts.fenced();
            for partition in partitions {
                if me.owns(inner, *partition) {
                    let group = inner.groups.entry(me.group.clone()).or_default();
                    group.leases.entry(*partition).or_default().0 = None;
                    let (committed, settled) = group.position(*partition);
                    let whole = committed == settled || excused || !me.asked.0.contains(partition);
                    assert!(whole, "gave up partition {partition} without saving its states");
                }
                me.own.remove(partition);
            }
            Ok(())
        })
    }

    fn session(&self) -> Duration {
        Duration::ZERO
    }

    fn others(&mut self) -> Result<Vec<String>, BusError> {
        Ok(Vec::new())
    }

    fn ends(&mut self) -> Result<Vec<i64>, BusError> {
        let now = self.world.clock.now();
        self.act(|me, inner| Ok(inner.all().map(|partition| inner.end(&me.topic, partition, now)).collect()))
    }
}
