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
use crate::bus::kafka::producer::{check, client, drain, enqueue, put, sized};
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

/// How long all tries together may take: who is told to stop is not kept waiting.
const LONGEST: Duration = Duration::from_secs(20);

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
        let deadline = Deadline::after(LONGEST);
        for _ in 0..TRIES {
            if deadline.is_over() {
                break;
            }
            if let Some(gone) = touched().find(|partition| !self.holds(*partition)) {
                // A commit whose outcome is unknown is ended by the next writer.
                if self.writer.as_ref().is_some_and(|writer| writer.asked.is_some()) {
                    self.writer = None;
                }
                return Err(self.fenced(gone));
            }
            if let Err(error) = self.ensure_writer() {
                self.hear()?;
                return Err(error);
            }
            match self.attempt(finish) {
                Ok(()) => return Ok(()),
                Err(Broken::Nothing(error)) => {
                    self.writer = None;
                    self.hear()?;
                    return Err(error);
                }
                Err(Broken::Unknown(error)) => {
                    self.hear()?;
                    return Err(error);
                }
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
        self.writer = None;
        Err(self.fenced(first))
    }

    /// Takes in what the group says, which waits for an answer even while nothing can be finished.
    fn hear(&mut self) -> Result<(), BusError> {
        self.fetch_ahead(Duration::ZERO)
    }

    /// Reads on, as far as little memory goes: what is more is read again later, since who does not read hears nothing.
    fn fetch_ahead(&mut self, wait: Duration) -> Result<(), BusError> {
        if self.kept().0 >= READ_AHEAD {
            self.read_later();
        }
        self.fetch(READ_AHEAD, wait)
    }

    /// Takes in for a while what the group says; an error where this member's name is another's by now.
    fn listen(&mut self, wait: Duration) -> Result<(), BusError> {
        let deadline = Deadline::after(wait);
        while !deadline.is_over() {
            self.fetch_ahead(deadline.left().min(Duration::from_millis(100)))?;
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
                // Without a place in the group its generation would prove nothing.
                if self.client.assignment_lost() {
                    return Err(Broken::Changing);
                }
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
                    // Positions are how the same commit is known again.
                    Broken::Nothing(told) if retriable(&error) && !finish.positions.is_empty() => {
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
    let drained = drain(kafka, client, ANSWER).map_err(|error| sized(error, &finish.events));
    drained.map_err(|error| match client.client().fatal_error() {
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
