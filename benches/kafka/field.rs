//! Topics of a bench's own on the broker, and events on them.

use bytes::Bytes;
use gpuhm::bus::kafka::Kafka;
use gpuhm::bus::kafka::settings::Settings;
use gpuhm::bus::kafka::topics::{Options, make, plan};
use gpuhm::bus::{Bus, Message, RAW};
use gpuhm::event::codec::encode;

use super::corpus::Fleet;
use super::harness::load;

/// GPUs of the fleet.
pub(crate) const GPUS: usize = 512;
/// Ticks: 500,224 events.
const TICKS: usize = 977;
/// Events on the raw topic.
pub(crate) const EVENTS: usize = GPUS * TICKS;

/// A broker.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) address: String,
}

impl Field {
    pub(crate) fn new(address: &str) -> Field {
        Field { address: address.to_owned() }
    }

    /// Topics under a prefix; made where they are not there.
    pub(crate) fn topics(&self, prefix: &str) -> anyhow::Result<Kafka> {
        let mut settings = Settings::new(&self.address);
        prefix.clone_into(&mut settings.prefix);
        let kafka = Kafka::open(settings)?;
        make(&kafka, &plan(&kafka, Options::default())?)?;
        Ok(kafka)
    }

    /// Topics whose raw one holds a fleet's events; written where they are not there.
    pub(crate) fn filled(&self, prefix: &str) -> anyhow::Result<Kafka> {
        let kafka = self.topics(prefix)?;
        let there: i64 = kafka
            .topics()?
            .iter()
            .filter(|topic| topic.name == RAW)
            .flat_map(|topic| &topic.ranges)
            .map(|at| at.1)
            .sum();
        if there > 0 {
            return Ok(kafka);
        }
        let (mut fleet, mut producer, mut bytes) = (Fleet::new(GPUS)?, kafka.producer()?, 0);
        let mut tick = Vec::new();
        for number in 1..=TICKS {
            for event in fleet.tick()?.1 {
                let mut value = Vec::new();
                encode(&event, &mut value);
                bytes += value.len();
                let key = event.entity().map_or_else(Bytes::new, |entity| Bytes::copy_from_slice(entity.as_bytes()));
                tick.push(Message { topic: RAW, key, value: Bytes::from(value) });
            }
            if number % 16 == 0 || number == TICKS {
                producer.send(&tick)?;
                tick.clear();
            }
        }
        println!("{EVENTS} events of {GPUS} GPUs, {} bytes each; load {}", bytes / EVENTS, load());
        Ok(kafka)
    }
}
