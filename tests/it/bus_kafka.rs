//! The contract suite on Apache Kafka.

use std::sync::Arc;

use gpuhm::bus::kafka::Kafka;

use crate::broker;
use crate::broker::topics::{Topics, settings};
use crate::bus_contract::suite;

/// Checks at once: each makes topics, which the broker does one after the other.
const MOST: usize = 4;

#[test]
fn contract() {
    let Some(address) = broker::shared("bus_kafka::contract") else { return };
    let topics = std::sync::Mutex::new(Vec::new());
    suite(MOST, || {
        let made = Topics::make(&address);
        let bus = Kafka::open(settings(&address, made.prefix())).unwrap();
        topics.lock().unwrap().push(made);
        Arc::new(bus)
    });
}
