//! What goes wrong with Kafka, in words: what was tried, on what, why, and what to do about it.
//!
//! librdkafka tells reasons to a callback only, its calls return little more than that something failed. So every client
//! notes what it hears, and an error that is handed up is told with the newest reason.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::error::KafkaError;

use crate::bus::BusError;

/// The newest reason that the clients of one bus heard. Cheap to share.
#[derive(Debug, Clone)]
pub(super) struct Words {
    brokers: Arc<str>,
    heard: Arc<Mutex<Option<String>>>,
}

impl Words {
    /// Nothing heard yet.
    pub(super) fn new(brokers: &str) -> Words {
        Words { brokers: brokers.into(), heard: Arc::default() }
    }

    /// Notes what a client's error callback was told.
    pub(super) fn hear(&self, error: &KafkaError, reason: &str) {
        tracing::debug!("kafka: {error}: {reason}");
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }

    /// The cluster answers: what was heard before is over.
    pub(super) fn well(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// An error for what failed now and may pass, or must be mended, as its kind says. `subject` is the topic, group or
    /// transactional id that it was about; empty where there is none.
    pub(super) fn error(&self, what: &'static str, subject: &str, error: &KafkaError) -> BusError {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let why = heard.unwrap_or_else(|| error.to_string());
        let why = if subject.is_empty() { why } else { format!("{subject}: {why}") };
        BusError::Failed { place: self.brokers.to_string(), what, why, hint: None }
    }

    /// An error that only a person can mend.
    pub(super) fn unusable(&self, why: String, hint: Option<String>) -> BusError {
        BusError::Unusable { place: self.brokers.to_string(), why, hint }
    }

    /// An error that may pass.
    pub(super) fn failed(&self, what: &'static str, why: String) -> BusError {
        BusError::Failed { place: self.brokers.to_string(), what, why, hint: None }
    }
}
