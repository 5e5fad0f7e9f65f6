//! Giving a client its brokers back.
//!
//! A broker that is alone and was mute for longer than its own session is fenced for a moment when it is back: it answers
//! questions for metadata with topics and without one broker. librdkafka (2.10 to 2.13 at least, its issue 5301) then
//! forgets every broker it has, and stops its own new beginning with the bootstrap servers: such a client is silent for
//! ever. So a client that was told that all its brokers are down is given the bootstrap servers once more, after a while
//! and then seldom: where it knows them still, nothing happens. It knows no group and no topic. The one place in the bus
//! with unsafe code, as rdkafka has no call for it.

use std::ffi::CString;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::Client;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientContext, bindings};

use super::words::monotonic;

/// A client mends a usual loss by itself within this time (J).
const FIRST: Duration = Duration::from_secs(3);
/// Who hears nothing, good or bad, is helped this seldom in the end (J).
const LONGEST: Duration = Duration::from_mins(1);

/// The bootstrap servers of one client, and when it needs them next.
#[derive(Debug)]
pub(super) struct Lifeline {
    brokers: String,
    next: Mutex<Option<(Instant, Duration)>>,
}

/// A client's context that holds one.
pub(super) trait Held: ClientContext {
    fn lifeline(&self) -> &Lifeline;
}

impl Lifeline {
    pub(super) fn new(brokers: &str) -> Lifeline {
        Lifeline { brokers: brokers.to_owned(), next: Mutex::default() }
    }

    /// Takes in what a client was told.
    pub(super) fn hear(&self, error: &KafkaError) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.down(monotonic());
        }
    }

    fn down(&self, now: Instant) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let soon = now + FIRST;
        *next = Some((next.map_or(soon, |(at, _)| at.min(soon)), FIRST));
    }

    /// Whether help is due now; the next is due after twice the time.
    fn due(&self, now: Instant) -> bool {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        match *next {
            Some((at, pause)) if now >= at => {
                *next = Some((now + pause, (pause * 2).min(LONGEST)));
                true
            }
            _ => false,
        }
    }
}

/// Gives a client its bootstrap servers, where that is due; cheap where it is not. Called wherever a client waits.
pub(super) fn hold<C: Held>(client: &Client<C>) {
    let lifeline = client.context().lifeline();
    if !lifeline.due(monotonic()) {
        return;
    }
    let Ok(brokers) = CString::new(lifeline.brokers.as_str()) else { return };
    let added = add(client, &brokers);
    tracing::debug!("kafka: all brokers were down: {added} bootstrap servers were not known any more");
}

#[expect(unsafe_code, reason = "rdkafka has no call for it")]
fn add<C: ClientContext>(client: &Client<C>, brokers: &CString) -> i32 {
    // SAFETY: the client lives as long as its borrow, and the string ends with a zero and is only read; librdkafka takes
    // its own locks in this call, which may be made from any thread.
    unsafe { bindings::rd_kafka_brokers_add(client.native_ptr(), brokers.as_ptr()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_due_after_a_loss_and_then_seldom() {
        let lifeline = Lifeline::new("localhost:1");
        let start = monotonic();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert!(!lifeline.due(at(1000)), "nothing was lost");
        lifeline.down(at(0));
        lifeline.down(at(2));
        assert!(!lifeline.due(at(2)), "it may mend it by itself");
        assert!(lifeline.due(at(3)), "who hears of it often is not put off");
        let due: Vec<u64> = (4..200).filter(|second| lifeline.due(at(*second))).collect();
        assert_eq!(due, [6, 12, 24, 48, 96, 156]);
        lifeline.down(at(201));
        assert!(lifeline.due(at(204)), "lost anew");
    }

    #[test]
    fn only_the_loss_of_all_counts() {
        let lifeline = Lifeline::new("localhost:1");
        lifeline.hear(&KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure));
        assert!(lifeline.next.lock().unwrap().is_none());
        lifeline.hear(&KafkaError::Global(RDKafkaErrorCode::AllBrokersDown));
        assert!(lifeline.next.lock().unwrap().is_some());
    }
}
