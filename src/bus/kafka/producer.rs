//! Publishes outside transactions: what collectors and passes send. Idempotent, acknowledged by all replicas.
//!
//! What could be refused is refused before anything is sent. What is not acknowledged in time goes on waiting, so that the
//! same send, tried again, makes no second copy of it; only where a record was given up does the client go, and the
//! caller, who has it, sends all again by a new one: order per key holds, since a wave is repeated whole.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::Kafka;
use super::context::Deliveries;
use super::lifeline::hold;
use super::patience::Deadline;
use super::settings::Role;
use crate::bus::{BusError, Message, Producer};

/// Bytes of a record, key and value, at most: as the embedded bus takes.
pub(super) const RECORD_LIMIT: usize = 8 << 20;
/// How long acknowledgements may stay away before a send counts as failed.
const STALLED: Duration = Duration::from_secs(10);
/// Pause between two looks at acknowledgements. The client's own wait burns the last millisecond of its time-out.
const LOOK: Duration = Duration::from_micros(200);

/// A producer on its own client.
pub(super) struct KafkaProducer {
    kafka: Kafka,
    client: Option<BaseProducer<Deliveries>>,
    known: HashSet<&'static str>,
    /// What a send that was not acknowledged in time had handed over.
    waiting: Vec<Message>,
}

impl KafkaProducer {
    pub(super) fn new(kafka: &Kafka) -> KafkaProducer {
        KafkaProducer { kafka: kafka.clone(), client: None, known: HashSet::new(), waiting: Vec::new() }
    }

    fn send_all(&mut self, messages: &[Message]) -> Result<(), BusError> {
        let client = match self.client.take() {
            Some(client) => client,
            None => client(&self.kafka, &Role::Producer)?,
        };
        // What waits from an earlier try is on its way still: it is not sent a second time beside that.
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            // Where this fails, the client goes with what it holds.
            enqueue(&self.kafka, &client, messages)?;
        }
        match drain(&self.kafka, &client, STALLED) {
            Err(error) if client.in_flight_count() > 0 => {
                self.waiting = if waiting.is_empty() { messages.to_vec() } else { waiting };
                self.client = Some(client);
                return Err(error);
            }
            done => done?,
        }
        self.client = Some(client);
        if waiting.is_empty() || waiting == messages { Ok(()) } else { self.send_all(messages) }
    }
}

/// A client that publishes.
pub(super) fn client(kafka: &Kafka, role: &Role) -> Result<BaseProducer<Deliveries>, BusError> {
    let made = kafka.settings.client(role).create_with_context(Deliveries::new(kafka.words.clone()));
    made.map_err(|error| kafka.words.error("connect", "", &error))
}

/// Refuses what can be refused before anything is sent.
pub(super) fn check(kafka: &Kafka, messages: &[Message], known: &mut HashSet<&'static str>) -> Result<(), BusError> {
    for message in messages {
        let size = message.key.len() + message.value.len();
        if size > RECORD_LIMIT {
            return Err(BusError::TooLarge { topic: message.topic.to_owned(), size, limit: RECORD_LIMIT });
        }
        if !known.contains(message.topic) {
            kafka.looks.partitions(message.topic)?;
            known.insert(message.topic);
        }
    }
    Ok(())
}

/// Hands messages to the client, in order; waits where its queue is full.
pub(super) fn enqueue(kafka: &Kafka, client: &BaseProducer<Deliveries>, messages: &[Message]) -> Result<(), BusError> {
    for message in messages {
        let topic = kafka.full(message.topic);
        let record = BaseRecord::<[u8], [u8]>::to(&topic).payload(&*message.value);
        let record = if message.key.is_empty() { record } else { record.key(&*message.key) };
        put(kafka, client, record)?;
    }
    Ok(())
}

/// Hands one record to the client.
pub(super) fn put(
    kafka: &Kafka,
    client: &BaseProducer<Deliveries>,
    mut record: BaseRecord<'_, [u8], [u8], ()>,
) -> Result<(), BusError> {
    let mut deadline: Option<Deadline> = None;
    loop {
        match client.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                let deadline = deadline.get_or_insert_with(|| Deadline::after(STALLED));
                if deadline.is_over() {
                    let why = format!("not acknowledged for {} s", deadline.ran().as_secs());
                    return Err(kafka.words.failed("publish", why));
                }
                client.poll(Duration::ZERO);
                std::thread::sleep(LOOK);
                record = back;
            }
            Err((error, record)) => return Err(kafka.words.error("publish to", record.topic, &error)),
        }
    }
}

/// Waits until everything is acknowledged: as long as something is, or for `stalled`.
pub(super) fn drain(kafka: &Kafka, client: &BaseProducer<Deliveries>, stalled: Duration) -> Result<(), BusError> {
    let (mut deadline, mut left) = (Deadline::after(stalled), client.in_flight_count());
    while left > 0 {
        client.poll(Duration::ZERO);
        let now = client.in_flight_count();
        if now < left {
            deadline = Deadline::after(stalled);
        } else {
            hold(client.client());
            std::thread::sleep(LOOK);
        }
        left = now;
        if deadline.is_over() {
            let why = format!("{left} records not acknowledged for {} s", deadline.ran().as_secs());
            return Err(kafka.words.failed("publish", why));
        }
    }
    client.poll(Duration::ZERO);
    match client.context().take() {
        None => {
            kafka.words.well();
            Ok(())
        }
        Some((error, topic)) => Err(match error.rdkafka_error_code() {
            // Who sent it knows its size; a topic that others made may take less than we do.
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => BusError::TooLarge { topic, size: 0, limit: 0 },
            _ => kafka.words.error("publish to", &topic, &error),
        }),
    }
}

/// Says of the largest record that it is too large, where a broker refused one and did not say which.
pub(super) fn sized(error: BusError, messages: &[Message]) -> BusError {
    match error {
        BusError::TooLarge { topic, size: 0, .. } => {
            let size = messages.iter().map(|message| message.key.len() + message.value.len()).max().unwrap_or(0);
            BusError::TooLarge { topic, size, limit: size.saturating_sub(1) }
        }
        error => error,
    }
}

impl Producer for KafkaProducer {
    fn send(&mut self, messages: &[Message]) -> Result<(), BusError> {
        check(&self.kafka, messages, &mut self.known)?;
        self.send_all(messages).map_err(|error| sized(error, messages))
    }
}
