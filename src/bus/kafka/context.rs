//! What librdkafka calls back: reasons, log lines, rebalances and delivery reports, each put where its client looks.

use std::sync::{Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;

use super::lifeline::{Held, Lifeline};
use super::words::Words;

/// Of a client that joins no group and publishes nothing.
#[derive(Debug)]
pub(super) struct Plain {
    words: Words,
    lifeline: Lifeline,
}

impl Plain {
    pub(super) fn new(words: Words) -> Plain {
        Plain { lifeline: Lifeline::new(words.brokers()), words }
    }
}

impl Held for Plain {
    fn lifeline(&self) -> &Lifeline {
        &self.lifeline
    }
}

impl ClientContext for Plain {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        said(level, facility, message);
        self.words.log(facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.lifeline.hear(&error);
        self.words.hear(&error, reason);
    }
}

impl ConsumerContext for Plain {}

/// librdkafka's own log is for who looks for a fault: what matters comes as an error, too, or is taken by [`Words::log`].
pub(super) fn said(level: RDKafkaLogLevel, facility: &str, message: &str) {
    tracing::debug!("librdkafka {level:?} {facility}: {message}");
}

/// Of a client that publishes: the first delivery that failed since it was last asked.
#[derive(Debug)]
pub(super) struct Deliveries {
    words: Words,
    lifeline: Lifeline,
    failed: Mutex<Option<(KafkaError, String)>>,
}

impl Deliveries {
    pub(super) fn new(words: Words) -> Deliveries {
        Deliveries { lifeline: Lifeline::new(words.brokers()), words, failed: Mutex::new(None) }
    }

    /// The first that failed, with its topic, and begins anew.
    pub(super) fn take(&self) -> Option<(KafkaError, String)> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Held for Deliveries {
    fn lifeline(&self) -> &Lifeline {
        &self.lifeline
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        said(level, facility, message);
        self.words.log(facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.lifeline.hear(&error);
        self.words.hear(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        use rdkafka::Message as _;
        if let Err((error, message)) = result {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.get_or_insert_with(|| (error.clone(), message.topic().to_owned()));
        }
    }
}
