//! Reading by assignment: no group is joined, nothing is committed, and only what is committed is seen.
//!
//! librdkafka wants a group id all the same and asks for its coordinator; where that is not allowed, it is no matter.

use std::time::Duration;

use bytes::Bytes;
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Offset, TopicPartitionList};

use super::Kafka;
use super::context::Plain;
use super::lifeline::hold;
use super::look;
use super::settings::Role;
use super::words::Words;
use crate::bus::{BusError, Record};
use crate::event::Time;

/// What one look brought.
#[derive(Debug)]
pub(super) enum Seen {
    /// A record of a partition.
    Record(i32, Record),
    /// A partition's end was reached.
    End(i32),
    /// Nothing came in time.
    Nothing,
}

/// A client that reads one topic.
pub(super) struct Scan {
    consumer: BaseConsumer<Plain>,
    topic: String,
    full: String,
    words: Words,
}

impl Scan {
    pub(super) fn open(kafka: &Kafka, topic: &str) -> Result<Scan, BusError> {
        let role = Role::Scan { group: format!("{}gpuhm-scan", kafka.settings.prefix) };
        let made = kafka.settings.client(&role).create_with_context(Plain::new(kafka.words.clone()));
        let consumer = made.map_err(|error| kafka.words.error("connect", "", &error))?;
        Ok(Scan { consumer, topic: topic.to_owned(), full: kafka.full(topic), words: kafka.words.clone() })
    }

    fn error(&self, what: &'static str, error: &KafkaError) -> BusError {
        self.words.error(what, &self.topic, error)
    }

    /// Reads these partitions from these offsets on, and no others.
    pub(super) fn assign(&self, positions: &[(i32, i64)]) -> Result<(), BusError> {
        let mut list = TopicPartitionList::with_capacity(positions.len());
        let begin = |error: KafkaError| self.error("begin to read topic", &error);
        for (partition, offset) in positions {
            list.add_partition_offset(&self.full, *partition, Offset::Offset(*offset)).map_err(begin)?;
        }
        self.consumer.assign(&list).map_err(begin)
    }

    /// Where reading stands in a partition, past offsets that hold no record; `None` before anything was read.
    pub(super) fn position(&self, partition: i32) -> Option<i64> {
        position(&self.consumer.position().ok()?, &self.full, partition)
    }

    /// The stable offset of each of these partitions: the end of what can be read now.
    pub(super) fn stable(&self, partitions: &[i32]) -> Result<Vec<i64>, BusError> {
        look::offsets(&self.consumer, &self.full, partitions, Offset::End)
            .map_err(|error| self.error("read the ends of topic", &error))
    }

    /// The first offset whose record reached the bus at `time` or later, in each of these partitions.
    pub(super) fn arrived(&self, partitions: &[i32], time: Time) -> Result<Vec<i64>, BusError> {
        look::offsets(&self.consumer, &self.full, partitions, Offset::Offset(time.ms().max(0)))
            .map_err(|error| self.error("find a time in topic", &error))
    }

    /// The next record or end.
    pub(super) fn next(&self, wait: Duration) -> Result<Seen, BusError> {
        match self.consumer.poll(wait) {
            None => {
                hold(self.consumer.client());
                Ok(Seen::Nothing)
            }
            Some(Ok(message)) => {
                self.words.well();
                Ok(Seen::Record(message.partition(), record(&message)))
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => Ok(Seen::End(partition)),
            Some(Err(error)) if passes(&error) => Ok(Seen::Nothing),
            Some(Err(error)) => Err(self.error("read topic", &error)),
        }
    }
}

/// A partition's position in a list of them.
pub(super) fn position(list: &TopicPartitionList, topic: &str, partition: i32) -> Option<i64> {
    match list.find_partition(topic, partition)?.offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}

/// What the client mends by itself, and has told the error callback.
pub(super) fn passes(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    let (KafkaError::MessageConsumption(code) | KafkaError::Global(code)) = error else { return false };
    matches!(
        code,
        Code::AllBrokersDown
            | Code::BrokerTransportFailure
            | Code::Resolve
            | Code::OperationTimedOut
            | Code::GroupAuthorizationFailed
            | Code::PollExceeded
            | Code::AutoOffsetReset
            | Code::CoordinatorLoadInProgress
            | Code::CoordinatorNotAvailable
            | Code::NotCoordinator
            | Code::RebalanceInProgress
    )
}

/// A record as it stands in the log.
pub(super) fn record(message: &BorrowedMessage<'_>) -> Record {
    let bytes = |bytes: Option<&[u8]>| bytes.map(Bytes::copy_from_slice).unwrap_or_default();
    Record {
        offset: message.offset(),
        time: Time(message.timestamp().to_millis().unwrap_or(0)),
        key: bytes(message.key()),
        value: bytes(message.payload()),
    }
}
