//! What the group says: librdkafka's rebalance callback only notes it; it is acted upon between two reads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};

use super::super::context::said;
use super::super::lifeline::{Held, Lifeline};
use super::super::words::Words;

/// What librdkafka's log calls a session that is over; nothing else tells of it.
const EXPIRED: &str = "SESSTMOUT";
/// How often a consumer that is being closed is looked at, and for how long each time (J): its end takes a millisecond.
const LOOKS: u32 = 10;
const LOOK: Duration = Duration::from_millis(10);

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
    lifeline: Lifeline,
    changes: Mutex<Vec<Change>>,
    closing: AtomicBool,
    /// The client took its own session for over.
    expired: AtomicBool,
}

impl Crew {
    pub(super) fn new(words: Words) -> Crew {
        let lifeline = Lifeline::new(words.brokers());
        let (closing, expired) = (AtomicBool::new(false), AtomicBool::new(false));
        Crew { words, lifeline, changes: Mutex::default(), closing, expired }
    }

    /// What has changed since it was last asked.
    pub(super) fn changes(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the client has ever taken its session for over: from then on the group may fence it without a namesake.
    pub(super) fn expired(&self) -> bool {
        self.expired.load(Ordering::SeqCst)
    }

    /// From now on everything is let go at once.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }
}

impl Held for Crew {
    fn lifeline(&self) -> &Lifeline {
        &self.lifeline
    }
}

impl ClientContext for Crew {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        said(level, facility, message);
        if facility == EXPIRED {
            self.expired.store(true, Ordering::SeqCst);
        }
        self.words.log(facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.lifeline.hear(&error);
        self.words.hear(&error, reason);
    }
}

/// Whether a consumer that is being closed has ended already, seen for a moment. One that was left out of its group, with a
/// change of it still unheard, waits for no answer to it when it is closed, and librdkafka (2.12) drops an answer that comes
/// in the moment of its end: who gave it would wait for ever.
fn ends(client: &BaseConsumer<Crew>) -> bool {
    (0..LOOKS).any(|_| {
        if !client.closed() {
            std::thread::sleep(LOOK);
        }
        client.closed()
    })
}

impl ConsumerContext for Crew {
    fn rebalance(&self, client: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let given = what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.closing.load(Ordering::SeqCst) {
            if ends(client) {
                return;
            }
            let done = if given { client.incremental_assign(list) } else { client.incremental_unassign(list) };
            if let Err(error) = done {
                tracing::debug!("kafka: closing: {error}");
            }
            return;
        }
        let partitions = list.elements().iter().map(TopicPartitionListElem::partition).collect();
        let change = match (given, client.assignment_lost()) {
            (true, _) => Change::Given(partitions),
            (false, false) => Change::Revoked(partitions),
            (false, true) => Change::Lost(partitions),
        };
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }
}
