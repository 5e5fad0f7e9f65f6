//! The contract suite on Apache Kafka.

use std::sync::Arc;
use std::time::Duration;

use gpuhm::bus::Bus;
use gpuhm::bus::kafka::{Kafka, settings::Settings};

use crate::broker;
use crate::bus_contract::suite;

/// Settings for tests: a dead member is given up soon.
pub(crate) fn settings(address: &str, prefix: &str) -> Settings {
    let mut settings = Settings::new(address);
    settings.prefix = prefix.to_owned();
    for (key, value) in
        [("session.timeout.ms", "3000"), ("heartbeat.interval.ms", "300"), ("transaction.timeout.ms", "10000")]
    {
        settings.set(key, value);
    }
    settings
}

/// A bus with topics of its own.
pub(crate) fn fresh(address: &str) -> Arc<dyn Bus> {
    let prefix = broker::prefix();
    make(address, &prefix);
    Arc::new(Kafka::open(settings(address, &prefix)).unwrap())
}

fn make(address: &str, prefix: &str) {
    use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
    let admin: AdminClient<rdkafka::client::DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", address).create().unwrap();
    let names: Vec<String> = gpuhm::bus::TOPICS
        .iter()
        .copied()
        .chain([gpuhm::bus::kafka::STATES])
        .map(|name| format!("{prefix}{name}"))
        .collect();
    let topics: Vec<NewTopic<'_>> = names
        .iter()
        .map(|name| NewTopic::new(name, 32, TopicReplication::Fixed(1)).set("max.message.bytes", "9437184"))
        .collect();
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)));
    for made in pollster::block_on(admin.create_topics(&topics, &options)).unwrap() {
        made.unwrap();
    }
    // A broker answers before it has heard of them itself.
    for name in &names {
        let known = || {
            let metadata = admin.inner().fetch_metadata(Some(name), Duration::from_secs(5)).unwrap();
            metadata.topics()[0].partitions().len() == 32
        };
        assert!(
            (0..600).any(|_| known() || {
                std::thread::sleep(Duration::from_millis(50));
                false
            }),
            "{name} never came"
        );
    }
}

#[test]
fn contract() {
    let Some(address) = broker::shared("bus_kafka::contract") else { return };
    suite(|| fresh(&address));
}
