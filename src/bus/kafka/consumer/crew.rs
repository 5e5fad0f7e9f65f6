//! What the group says: librdkafka's rebalance callback only notes it; it is acted upon between two reads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};

use super::super::context::said;
use super::super::words::Words;

/// A change of what is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// These come.
    Given(Vec<i32>),
    /// These go, once they are let go.
    Revoked(Vec<i32>),
    /// These are gone already.
    Lost(Vec<i32>),
}

/// The callbacks of a member's client.
#[derive(Debug)]
pub(super) struct Crew {
    words: Words,
    changes: Mutex<Vec<Change>>,
    closing: AtomicBool,
    expired: AtomicBool,
}

impl Crew {
    pub(super) fn new(words: Words) -> Crew {
        Crew { words, changes: Mutex::default(), closing: AtomicBool::new(false), expired: AtomicBool::new(false) }
    }

    /// What has changed since it was last asked.
    pub(super) fn changes(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the member's session has run out in its own eyes: no broker answered for as long.
    pub(super) fn expired(&self) -> bool {
        self.expired.load(Ordering::SeqCst)
    }

    /// From now on everything is let go at once.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }
}

impl ClientContext for Crew {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // No event tells of it.
        if facility == "SESSTMOUT" {
            self.expired.store(true, Ordering::SeqCst);
        }
        said(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.words.hear(&error, reason);
    }
}

impl ConsumerContext for Crew {
    fn rebalance(&self, client: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let given = what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.closing.load(Ordering::SeqCst) {
            let done = if given { client.incremental_assign(list) } else { client.incremental_unassign(list) };
            if let Err(error) = done {
                tracing::debug!("kafka: closing: {error}");
            }
            return;
        }
        let partitions = list.elements().iter().map(|at| at.partition()).collect();
        let change = match (given, client.assignment_lost()) {
            (true, _) => Change::Given(partitions),
            (false, false) => Change::Revoked(partitions),
            (false, true) => Change::Lost(partitions),
        };
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_ran_out_is_heard_of_in_the_log() {
        let crew = Crew::new(Words::new("h1:9092"));
        crew.log(RDKafkaLogLevel::Info, "FAIL", "Disconnected");
        assert!(!crew.expired());
        crew.log(RDKafkaLogLevel::Warning, "SESSTMOUT", "Consumer group session timed out");
        assert!(crew.expired());
    }
}
