//! A member of a group: it looks after its partitions, reads them, and waits for news.
//!
//! Every half second a poll looks at the group before it reads. What a member owns is proved by the lease's generation
//! it holds; what it merely believes is checked again in each `finish`. Time here is uptime, for heartbeats, and never
//! the run's clock, which only stamps records.

mod membership;
mod news;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::append::{Turn, pack};
use super::block::Codec;
use super::commit;
use super::file::{Db, Trouble};
use super::group::{self, Standing, Survey};
use super::process::{Process, uptime};
use super::sweep::{self, Budget};
use crate::bus::{BusError, Consumer, Finish, Join, Polled, Recovery, Stamp};
use crate::event::Record;

/// Milliseconds between two heartbeats, each a synced write: six must fail before a member counts as dead.
const BEAT: i64 = 10_000;
/// How long leaving may wait for the file: who leaves is often being stopped.
const LEAVE_WAIT: Duration = Duration::from_secs(1);

/// An owned partition.
#[derive(Debug, Clone, Copy)]
struct Own {
    generation: i64,
    position: i64,
    /// When its end was told, if nothing has come since.
    told: Option<i64>,
}

/// A consumer on its own connection.
pub(super) struct EmbeddedConsumer {
    db: Db,
    codec: Codec,
    stamp: Stamp,
    join: Join,
    me: Process,
    id: i64,
    owned: BTreeMap<i32, Own>,
    revoking: BTreeSet<i32>,
    /// Found lost by `finish` or `recover`, for the next look at the group.
    lost: BTreeSet<i32>,
    /// What a poll that failed would have told.
    untold: Polled,
    checked: Option<i64>,
    beaten: i64,
    turn: i32,
    keyless: Turn,
}

impl EmbeddedConsumer {
    pub(super) fn enter(mut db: Db, codec: Codec, stamp: Stamp, join: &Join) -> Result<EmbeddedConsumer, BusError> {
        let me = Process::this().map_err(|error| db.place().failed("join", error))?;
        let now = uptime();
        let id = db.write("join", |tx| {
            sweep::tips(tx, &join.topic)?;
            group::enter(tx, join, &me, now)
        })?;
        Ok(EmbeddedConsumer {
            db,
            codec,
            stamp,
            join: join.clone(),
            me,
            id,
            owned: BTreeMap::new(),
            revoking: BTreeSet::new(),
            lost: BTreeSet::new(),
            untold: Polled::default(),
            checked: None,
            beaten: now,
            turn: 0,
            keyless: Turn::default(),
        })
    }

    fn generations(&self) -> BTreeMap<i32, i64> {
        self.owned.iter().map(|(partition, own)| (*partition, own.generation)).collect()
    }

    fn fenced(&self, partition: i32) -> BusError {
        BusError::Fenced { group: self.join.group.clone(), topic: self.join.topic.clone(), partition }
    }

    /// The generation by which a partition is held.
    fn generation(&self, partition: i32) -> Result<i64, BusError> {
        self.owned.get(&partition).map(|own| own.generation).ok_or_else(|| self.fenced(partition))
    }

    fn lose(&mut self, partition: i32) {
        if self.owned.remove(&partition).is_some() {
            self.revoking.remove(&partition);
            self.lost.insert(partition);
        }
        self.checked = None;
    }
}

impl Consumer for EmbeddedConsumer {
    fn poll(&mut self, max: usize, wait: Duration) -> Result<Polled, BusError> {
        let mut polled = std::mem::take(&mut self.untold);
        match self.await_news(max, wait, &mut polled) {
            Ok(()) => Ok(polled),
            Err(error) => {
                self.untold = polled;
                Err(error)
            }
        }
    }

    fn recover(&mut self, partition: i32) -> Result<Recovery, BusError> {
        let generation = self.generation(partition)?;
        let (join, id) = (&self.join, self.id);
        let found = self.db.read("recover", |tx| {
            if !Survey::read(tx, join)?.holds(partition, id, generation) {
                return Ok(None);
            }
            commit::recover(tx, join, partition).map(Some)
        })?;
        found.ok_or_else(|| {
            self.lose(partition);
            self.fenced(partition)
        })
    }

    fn reread(&mut self, partition: i32, from: i64, to: i64, max: usize) -> Result<Vec<Record>, BusError> {
        self.generation(partition)?;
        let topic = &self.join.topic;
        self.db.read("read again", |tx| {
            let at = usize::try_from(partition).unwrap_or(usize::MAX);
            let (first, next) = sweep::tips(tx, topic)?.get(at).copied().unwrap_or_default();
            let range = (from.max(first), to.min(next));
            sweep::fetch(tx, &mut self.codec, (topic, partition), range, &mut Budget::new(max))
        })
    }

    fn finish(&mut self, finish: &Finish) -> Result<(), BusError> {
        let place = self.db.place().clone();
        let packed = pack(&mut self.codec, &place, &finish.events, self.keyless.next())?;
        let touched: BTreeSet<i32> = (finish.positions.iter().map(|position| position.partition))
            .chain(finish.states.iter().map(|(partition, _)| *partition))
            .collect();
        let own = self.generations();
        let now = uptime();
        let beat = now.saturating_sub(self.beaten) >= BEAT;
        let (join, id, stamp) = (&self.join, self.id, &self.stamp);
        let mut fenced = Vec::new();
        let done = self.db.write("finish", |tx| {
            let survey = Survey::read(tx, join)?;
            match survey.standing(id, &join.instance) {
                Standing::Replaced => return Err(group::replaced(&place, join).into()),
                Standing::Removed if touched.is_empty() => {
                    return Err(place.failed("finish", "this member was silent and has been removed").into());
                }
                Standing::Member | Standing::Removed => {}
            }
            for partition in touched {
                if own.get(&partition).is_none_or(|generation| !survey.holds(partition, id, *generation)) {
                    fenced.push(partition);
                }
            }
            if let Some(&partition) = fenced.first() {
                let (group, topic) = (join.group.clone(), join.topic.clone());
                return Err(Trouble::Bus(BusError::Fenced { group, topic, partition }));
            }
            commit::commit(tx, join, finish, &packed, stamp)?;
            if beat { group::beat(tx, id, now) } else { Ok(()) }
        });
        for partition in fenced {
            self.lose(partition);
        }
        if done.is_ok() && beat {
            self.beaten = now;
        }
        done
    }

    fn release(&mut self, partitions: &[i32]) -> Result<(), BusError> {
        let (join, id, owned) = (&self.join, self.id, &self.owned);
        self.db.write("release", |tx| {
            for partition in partitions {
                if let Some(own) = owned.get(partition) {
                    group::release(tx, join, *partition, id, own.generation)?;
                }
            }
            Ok(())
        })?;
        for partition in partitions {
            self.owned.remove(partition);
            self.revoking.remove(partition);
        }
        Ok(())
    }

    fn others(&mut self) -> Result<Vec<String>, BusError> {
        let now = uptime();
        let (join, id, me) = (&self.join, self.id, &self.me);
        self.db.read("look at the group", |tx| Ok(Survey::read(tx, join)?.living(Some(id), me, now)))
    }

    fn session(&self) -> Duration {
        // A dead process's partitions are free at once.
        Duration::ZERO
    }

    fn ends(&mut self) -> Result<Vec<i64>, BusError> {
        let topic = &self.join.topic;
        self.db.read("read the ends", |tx| Ok(sweep::tips(tx, topic)?.into_iter().map(|(_, next)| next).collect()))
    }
}

impl Drop for EmbeddedConsumer {
    fn drop(&mut self) {
        self.db.hurry(LEAVE_WAIT);
        let id = self.id;
        if let Err(error) = self.db.write("leave", |tx| group::leave(tx, id)) {
            // The process's end frees them just as well.
            tracing::debug!(%error, "could not leave the group");
        }
    }
}
