//! A member of a group: what it owns, what it reads, and the one way to commit.
//!
//! Partitions are had in steps: the group gives one (`Given`), `recover` finds where it begins (`Ready`), and only then
//! does librdkafka read it (`Owned`); what others should have is `Leaving` until it is released. So nothing is read
//! before its states are, and a rebalance waits for what is open here. Membership is static: a restart takes its former
//! life's partitions over at once. Parts: `crew` (what the group says), `exile` (being fenced), `news` (reading), `taking` (recover and read
//! again), `transaction` (finish).

mod crew;
mod exile;
mod news;
mod taking;
mod transaction;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;

use self::crew::Crew;
use self::transaction::Writer;
use super::Kafka;
use super::patience::Deadline;
use super::scan::Scan;
use super::settings::Role;
use super::states::STATES;
use crate::bus::{Bus, BusError, Consumer, Finish, Join, Polled, Record, Recovery};

/// How far a partition is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The group gave it; `told` once the caller was.
    Given { told: bool },
    /// Recovered; reading begins here.
    Ready(i64),
    /// It is read.
    Owned,
    /// Others should have it.
    Leaving,
}

/// A partition of the group's that is ours.
#[derive(Debug)]
struct Own {
    standing: Standing,
    /// Whether librdkafka reads it.
    assigned: bool,
    /// The position behind what was handed out.
    next: i64,
    /// Read, and not handed out yet.
    read: Vec<Record>,
    /// Whether the log's end was reached behind that, and where it is.
    at_end: bool,
    end: i64,
    /// The end is news.
    fresh: bool,
}

impl Own {
    fn given() -> Own {
        let standing = Standing::Given { told: false };
        Own { standing, assigned: false, next: 0, read: Vec::new(), at_end: false, end: 0, fresh: false }
    }
}

/// A consumer on its own clients.
pub(super) struct KafkaConsumer {
    kafka: Kafka,
    join: Join,
    /// The topic's and the group's full names.
    topic: String,
    group: String,
    partitions: i32,
    client: BaseConsumer<Crew>,
    writer: Option<Writer>,
    owned: BTreeMap<i32, Own>,
    /// What the group takes away and waits for.
    revoked: BTreeSet<i32>,
    /// Told with the next poll.
    untold: Polled,
    /// Topics that are known to exist.
    known: HashSet<&'static str>,
    /// Reads again what is behind.
    scout: Option<(Scan, i32, i64)>,
    /// Recoveries that were read together and not asked for yet.
    recovered: BTreeMap<i32, Recovery>,
    /// Up to where each partition's records are known to have been dropped unread.
    skipped: HashMap<i32, i64>,
    /// When ends were last told that are no news.
    told: Deadline,
}

/// How often ends that are no news are told again while records come.
const TELL: Duration = Duration::from_secs(1);

impl KafkaConsumer {
    pub(super) fn enter(kafka: &Kafka, join: &Join) -> Result<KafkaConsumer, BusError> {
        let partitions = kafka.looks.partitions(&join.topic)?;
        let states = kafka.looks.partitions(STATES)?;
        if partitions != states {
            let why = format!(
                "topic {} has {partitions} partitions, {STATES} has {states}: where a GPU's records lie has changed, and \
its state lies elsewhere",
                join.topic
            );
            let hint =
                "a partition count is for life: make topics with another --topic-prefix by `gpuhm migrate topics`";
            return Err(kafka.words.unusable(why, Some(hint.to_owned())));
        }
        let (topic, group) = (kafka.full(&join.topic), kafka.full(&join.group));
        let client = Self::client(kafka, join, &topic, &group)?;
        Ok(KafkaConsumer {
            kafka: kafka.clone(),
            join: join.clone(),
            topic,
            group,
            partitions,
            client,
            writer: None,
            owned: BTreeMap::new(),
            revoked: BTreeSet::new(),
            untold: Polled::default(),
            known: HashSet::new(),
            scout: None,
            recovered: BTreeMap::new(),
            skipped: HashMap::new(),
            told: Deadline::after(TELL),
        })
    }

    fn client(kafka: &Kafka, join: &Join, topic: &str, group: &str) -> Result<BaseConsumer<Crew>, BusError> {
        let instance = (!join.once).then(|| join.instance.clone());
        let mut config = kafka.settings.client(&Role::Member { group: group.to_owned(), instance });
        // The broker names a member that is not static by its client.
        config.set("client.id", &join.instance);
        let failed = |error: KafkaError| kafka.words.error("join group", &join.group, &error);
        let client: BaseConsumer<Crew> = config.create_with_context(Crew::new(kafka.words.clone())).map_err(failed)?;
        client.subscribe(&[topic]).map_err(failed)?;
        Ok(client)
    }

    fn fenced(&self, partition: i32) -> BusError {
        BusError::Fenced { group: self.join.group.clone(), topic: self.join.topic.clone(), partition }
    }

    /// Whether it may still be finished here.
    fn holds(&self, partition: i32) -> bool {
        let standing = self.owned.get(&partition).map(|own| own.standing);
        matches!(standing, Some(Standing::Owned | Standing::Leaving | Standing::Ready(_)))
    }
}

impl Consumer for KafkaConsumer {
    fn poll(&mut self, max: usize, wait: Duration) -> Result<Polled, BusError> {
        self.read_on()?;
        self.fetch(max, wait)?;
        let mut polled = std::mem::take(&mut self.untold);
        self.tell(&mut polled);
        Ok(polled)
    }

    fn recover(&mut self, partition: i32) -> Result<Recovery, BusError> {
        self.take(partition)
    }

    fn reread(&mut self, partition: i32, from: i64, to: i64, max: usize) -> Result<Vec<Record>, BusError> {
        if !self.owned.contains_key(&partition) {
            return Err(self.fenced(partition));
        }
        self.again(partition, from, to, max)
    }

    fn finish(&mut self, finish: &Finish) -> Result<(), BusError> {
        self.transact(finish)
    }

    fn release(&mut self, partitions: &[i32]) -> Result<(), BusError> {
        for partition in partitions {
            let Some(own) = self.owned.get_mut(partition) else { continue };
            own.read.clear();
            self.recovered.remove(partition);
            if own.standing == Standing::Leaving {
                own.standing = Standing::Given { told: true };
                continue;
            }
            // It stays ours for the group: the next poll tells of it anew.
            own.standing = Standing::Given { told: false };
        }
        self.let_go()
    }

    fn others(&mut self) -> Result<Vec<String>, BusError> {
        let mut members = self.kafka.looks.members(&self.join.group, &self.join.topic)?;
        members.retain(|name| *name != self.join.instance);
        Ok(members)
    }

    fn session(&self) -> Duration {
        Bus::session(&self.kafka)
    }

    fn ends(&mut self) -> Result<Vec<i64>, BusError> {
        let partitions: Vec<i32> = (0..self.partitions).collect();
        self.kafka.looks.offsets(&self.join.topic, &partitions, rdkafka::Offset::End)
    }
}

impl Drop for KafkaConsumer {
    fn drop(&mut self) {
        // What the group waits for must be answered before the client closes, or it never does.
        let heard = self.changed().map(|_| ());
        for own in self.owned.values_mut() {
            own.standing = Standing::Given { told: true };
        }
        for answered in [heard, self.read_on(), self.let_go()] {
            if let Err(error) = answered {
                tracing::debug!("kafka: leaving: {error}");
            }
        }
        self.leave();
    }
}
