//! Finishing: events, states and positions in one transaction.
//!
//! A transaction that fails before its commit was asked for has done nothing; what holds it is given up, and a new
//! writer ends it by taking its place. Where the commit's outcome is unknown the same commit is asked for again; where
//! that cannot be, the partitions are recovered, since what was committed is read there.

use std::time::Duration;

use rdkafka::Offset;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::KafkaConsumer;
use crate::bus::kafka::context::Deliveries;
use crate::bus::kafka::patience::{ANSWER, Deadline};
use crate::bus::kafka::producer::{check, client, drain, enqueue, put};
use crate::bus::kafka::settings::Role;
use crate::bus::kafka::states::{STATES, key, value};
use crate::bus::{BusError, Finish, Position};

/// A client that publishes in transactions.
pub(super) struct Writer {
    client: BaseProducer<Deliveries>,
    /// A commit whose outcome is unknown, of these positions.
    asked: Option<Vec<Position>>,
}

/// How long a fenced writer waits for its group to say whether another process took the name: two heartbeats and more.
const TAKEN: Duration = Duration::from_secs(7);
/// How often a commit is tried again because the group was about to change.
const TRIES: u32 = 20;

/// How a transaction ended that did not succeed.
enum Broken {
    /// Nothing was done; the same may succeed later.
    Nothing(BusError),
    /// Nothing was done; the group is changing.
    Changing,
    /// It is not known whether it was done; the same commit may be asked for again.
    Unknown(BusError),
    /// It is not known, and never will be here.
    Over,
    /// Another writer has taken the place of this one.
    Fenced,
}

impl KafkaConsumer {
    /// Makes the writer; this ends what a former life has left open.
    pub(super) fn ensure_writer(&mut self) -> Result<(), BusError> {
        if self.writer.is_some() {
            return Ok(());
        }
        let id = format!("{}-{}", self.group, self.join.instance);
        let client = client(&self.kafka, &Role::Transactions { id: id.clone() })?;
        client.init_transactions(ANSWER).map_err(|error| self.kafka.words.error("begin as writer", &id, &error))?;
        self.writer = Some(Writer { client, asked: None });
        Ok(())
    }

    pub(super) fn transact(&mut self, finish: &Finish) -> Result<(), BusError> {
        let touched = || {
            (finish.positions.iter().map(|position| position.partition))
                .chain(finish.states.iter().map(|(partition, _)| *partition))
        };
        check(&self.kafka, &finish.events, &mut self.known)?;
        let first = touched().next().unwrap_or(0);
        for _ in 0..TRIES {
            if let Some(gone) = touched().find(|partition| !self.holds(*partition)) {
                return Err(self.fenced(gone));
            }
            self.ensure_writer()?;
            match self.attempt(finish) {
                Ok(()) => return Ok(()),
                Err(Broken::Nothing(error)) => {
                    self.writer = None;
                    return Err(error);
                }
                Err(Broken::Unknown(error)) => return Err(error),
                Err(Broken::Changing) => {
                    self.writer = None;
                    self.listen(Duration::from_millis(250))?;
                }
                Err(Broken::Over) => {
                    self.writer = None;
                    return Err(self.fenced(first));
                }
                Err(Broken::Fenced) => {
                    self.writer = None;
                    // A coordinator that had waited too long fences as well; a namesake also takes the group's place.
                    self.listen(TAKEN)?;
                    return Err(self.fenced(first));
                }
            }
        }
        Err(self.fenced(first))
    }

    /// Takes in for a while what the group says; an error where this member's name is another's by now.
    fn listen(&mut self, wait: Duration) -> Result<(), BusError> {
        let deadline = Deadline::after(wait);
        while !deadline.is_over() {
            // What is read meanwhile is kept, as far as a step's worth.
            self.fetch(READ_AHEAD, deadline.left().min(Duration::from_millis(100)))?;
            if self.owned.values().map(|own| own.read.len()).sum::<usize>() >= READ_AHEAD {
                std::thread::sleep(Duration::from_millis(20));
                if let Some((code, _)) = self.client.client().fatal_error() {
                    return self.fenced_in_group(code);
                }
            }
        }
        Ok(())
    }

    fn attempt(&mut self, finish: &Finish) -> Result<(), Broken> {
        let Some(writer) = &mut self.writer else { return Err(Broken::Over) };
        if let Some(asked) = writer.asked.take() {
            if asked != finish.positions {
                return Err(Broken::Over);
            }
        } else {
            let words = &self.kafka.words;
            let broken = |error: KafkaError| {
                sorted(words.error("begin a transaction of group", &self.join.group, &error), &error)
            };
            writer.client.begin_transaction().map_err(broken)?;
            publish(&self.kafka, &writer.client, &self.group, finish)?;
            if !finish.positions.is_empty() {
                let metadata = self.client.group_metadata().ok_or(Broken::Changing)?;
                let list = positions(&self.topic, &finish.positions).map_err(broken)?;
                writer.client.send_offsets_to_transaction(&list, &metadata, ANSWER).map_err(|error| {
                    sorted(words.error("move positions of group", &self.join.group, &error), &error)
                })?;
            }
        }
        match writer.client.commit_transaction(ANSWER) {
            Ok(()) => Ok(()),
            Err(error) => {
                let told = self.kafka.words.error("commit for group", &self.join.group, &error);
                match sorted(told, &error) {
                    Broken::Fenced => Err(Broken::Fenced),
                    Broken::Changing => Err(Broken::Over),
                    Broken::Nothing(told) if retriable(&error) => {
                        writer.asked = Some(finish.positions.clone());
                        Err(Broken::Unknown(told))
                    }
                    _ => Err(Broken::Over),
                }
            }
        }
    }
}

/// Records that may be read while the group is listened to.
const READ_AHEAD: usize = 2048;

fn publish(
    kafka: &crate::bus::kafka::Kafka,
    client: &BaseProducer<Deliveries>,
    group: &str,
    finish: &Finish,
) -> Result<(), Broken> {
    enqueue(kafka, client, &finish.events).map_err(Broken::Nothing)?;
    let topic = kafka.full(STATES);
    for (partition, saved) in &finish.states {
        let (key, value) = (key(group, &saved.entity), value(saved));
        let record = BaseRecord::<[u8], [u8]>::to(&topic).partition(*partition).key(&key).payload(&value);
        put(kafka, client, record).map_err(Broken::Nothing)?;
    }
    drain(kafka, client, ANSWER).map_err(|error| match client.client().fatal_error() {
        Some((Code::Fenced | Code::InvalidProducerEpoch | Code::ProducerFenced, _)) => Broken::Fenced,
        _ => Broken::Nothing(error),
    })
}

fn positions(topic: &str, positions: &[Position]) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for position in positions {
        let mut at = list.add_partition(topic, position.partition);
        at.set_offset(Offset::Offset(position.next))?;
        at.set_metadata(position.settled.to_string());
    }
    Ok(list)
}

/// What a failure before the commit means.
fn sorted(told: BusError, error: &KafkaError) -> Broken {
    match error.rdkafka_error_code() {
        Some(Code::Fenced | Code::InvalidProducerEpoch | Code::ProducerFenced) => Broken::Fenced,
        Some(
            Code::IllegalGeneration
            | Code::RebalanceInProgress
            | Code::UnknownMemberId
            | Code::MemberIdRequired
            | Code::FencedInstanceId,
        ) => Broken::Changing,
        _ => Broken::Nothing(told),
    }
}

fn retriable(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.is_retriable())
}
