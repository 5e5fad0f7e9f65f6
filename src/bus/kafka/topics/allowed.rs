//! What this login may do, as far as it can be told without doing it.
//!
//! Each right is tried by a request that needs it and changes nothing. Writing to a topic, and reading as a member of a
//! group, have no such request: to try them would be to do them, so they are named as not told.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use super::super::states::STATES;
use super::shape;
use crate::bus::kafka::Kafka;
use crate::bus::kafka::context::{Deliveries, Plain};
use crate::bus::kafka::settings::Role;
use crate::bus::{BusError, TOPICS};

/// A right that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Kafka's name of the operation: Describe, Read, Write.
    pub operation: &'static str,
    /// Kafka's name of the kind: topic, group, transactional-id.
    pub kind: &'static str,
    /// The topic, group or id.
    pub name: String,
}

/// What cannot be told without doing it.
pub const UNTOLD: &str = "Write on topics and Read on groups cannot be told without using them";

/// How long one look for an answer takes at most.
const LOOK: Duration = Duration::from_millis(100);

/// Polls that serve what a client heard.
const HEARD: usize = 8;

/// Rights that this login lacks; `groups` are looked at, `id` is a transactional id that nothing else uses.
///
/// # Errors
/// [`BusError::Failed`] where no broker answers.
pub fn refused(kafka: &Kafka, groups: &[String], id: &str) -> Result<Vec<Refused>, BusError> {
    let (settings, words) = (&kafka.settings, &kafka.words);
    let group = format!("{}gpuhm-look", settings.prefix);
    let made = |error: KafkaError| words.error("connect", "", &error);
    let mut config = settings.client(&Role::Scan { group });
    // What is not there need not be waited for.
    config.set("fetch.wait.max.ms", "10");
    let looks: BaseConsumer<Plain> = config.create_with_context(Plain::new(words.clone())).map_err(made)?;
    let mut refused = Vec::new();
    let mut readable = Vec::new();
    for name in TOPICS.iter().chain([&STATES]).map(|name| format!("{}{name}", settings.prefix)) {
        let failed = |error: KafkaError| words.error("look at the topic", &name, &error);
        let metadata = looks.fetch_metadata(Some(&name), settings.connect).map_err(failed)?;
        match metadata.topics().first().map(shape) {
            Some(Err(RDKafkaErrorCode::TopicAuthorizationFailed)) => {
                refused.push(Refused { operation: "Describe", kind: "topic", name });
            }
            Some(Ok(Some(_))) => readable.push(name),
            _ => {}
        }
    }
    unreadable(&looks, readable, settings.connect, &mut refused);
    for name in groups.iter().map(|group| format!("{}{group}", settings.prefix)) {
        // Positions are a group's to describe; those of one partition of a topic that is there or not are enough to ask.
        let config = settings.client(&Role::Look { group: name.clone() });
        let look: BaseConsumer<Plain> = config.create_with_context(Plain::new(words.clone())).map_err(made)?;
        let mut asked = TopicPartitionList::new();
        asked.add_partition(&format!("{}{}", settings.prefix, TOPICS.first().unwrap_or(&STATES)), 0);
        let answer = look.committed_offsets(asked, settings.connect);
        let told = answer.as_ref().is_err_and(group_denied);
        // That the group's coordinator may not be asked for is told by the poll alone.
        let heard =
            || (0..HEARD).any(|_| matches!(look.poll(Duration::ZERO), Some(Err(error)) if group_denied(&error)));
        if told || (answer.is_err() && heard()) {
            refused.push(Refused { operation: "Describe", kind: "group", name });
        }
    }
    let id = format!("{}{id}", settings.prefix);
    let config = settings.client(&Role::Transactions { id: id.clone() });
    let producer: BaseProducer<Deliveries> =
        config.create_with_context(Deliveries::new(words.clone())).map_err(made)?;
    let answer = producer.init_transactions(settings.connect);
    if answer.as_ref().is_err_and(|error| denies(error, RDKafkaErrorCode::TransactionalIdAuthorizationFailed)) {
        refused.push(Refused { operation: "Write", kind: "transactional-id", name: id });
    }
    Ok(refused)
}

fn denies(error: &KafkaError, code: RDKafkaErrorCode) -> bool {
    error.rdkafka_error_code() == Some(code)
}

fn group_denied(error: &KafkaError) -> bool {
    denies(error, RDKafkaErrorCode::GroupAuthorizationFailed)
}

/// Which topics cannot be read: each is read at its end, where there is nothing, until it says so or refuses.
fn unreadable(looks: &BaseConsumer<Plain>, topics: Vec<String>, wait: Duration, refused: &mut Vec<Refused>) {
    for name in topics {
        let mut at = TopicPartitionList::new();
        if at.add_partition_offset(&name, 0, Offset::End).is_err() || looks.assign(&at).is_err() {
            continue;
        }
        for _ in 0..(wait.as_millis() / LOOK.as_millis()).max(1) {
            match looks.poll(LOOK) {
                Some(Err(error)) if denies(&error, RDKafkaErrorCode::TopicAuthorizationFailed) => {
                    refused.push(Refused { operation: "Read", kind: "topic", name });
                    break;
                }
                // At its end, or a record that came just now: both were read.
                Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => break,
                Some(Err(_)) | None => {}
            }
        }
    }
}
