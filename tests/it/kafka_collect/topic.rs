//! A raw topic on a real broker: made, and read by a client that knows nothing of gpuhm.

use std::collections::{BTreeMap, HashSet};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;

use crate::process::{parsed, until};

const PATIENCE: Duration = Duration::from_mins(1);
const PARTITIONS: i32 = 32;

/// What stands in the topic.
pub(crate) struct Arrived {
    /// The distinct events of each partition.
    pub(crate) distinct: Vec<i64>,
    /// Events of each key, in order, repeats among them.
    pub(crate) keys: BTreeMap<String, Vec<Value>>,
}

impl Arrived {
    /// Distinct events in all.
    pub(crate) fn count(&self) -> i64 {
        self.distinct.iter().sum()
    }

    /// Of each key the first copies must come in the order of time; returns the most repeats that a key has.
    pub(crate) fn in_order(&self) -> usize {
        let mut most = 0;
        for (key, events) in &self.keys {
            let (mut seen, mut newest) = (HashSet::new(), "");
            for event in events {
                let time = event["timestamp"].as_str().unwrap();
                if seen.insert(time) {
                    assert!(time > newest, "{key}: {time} behind {newest}");
                    newest = time;
                }
            }
            most = most.max(events.len() - seen.len());
        }
        most
    }

    /// The reports of collectors.
    pub(crate) fn reports(&self) -> impl Iterator<Item = &Value> {
        self.keys.iter().filter(|(key, _)| key.starts_with("host:")).flat_map(|(_, events)| events)
    }
}

fn config(address: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", address).set("log_level", "0");
    config
}

/// Makes it.
pub(crate) fn make(address: &str, name: &str) {
    let admin: AdminClient<DefaultClientContext> = config(address).create().unwrap();
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let new = NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1));
    let topics = [&new];
    let mut asked = std::pin::pin!(admin.create_topics(topics, &options));
    until("a topic", PATIENCE, || match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(made) => {
            made.unwrap().remove(0).unwrap();
            true
        }
        Poll::Pending => false,
    });
}

/// Reads all of it.
pub(crate) fn read(address: &str, name: &str) -> Arrived {
    let mut config = config(address);
    config.set("group.id", "readers").set("enable.partition.eof", "true").set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut all = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        all.add_partition_offset(name, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&all).unwrap();
    let mut arrived = Arrived { distinct: vec![0; 32], keys: BTreeMap::new() };
    let (mut seen, mut ends) = (HashSet::new(), 0);
    until("the end of a topic", PATIENCE, || {
        while let Some(polled) = consumer.poll(Duration::from_millis(100)) {
            match polled {
                Ok(message) => {
                    let key = String::from_utf8(message.key().unwrap().to_vec()).unwrap();
                    let event = parsed(std::str::from_utf8(message.payload().unwrap()).unwrap());
                    if seen.insert((key.clone(), event["timestamp"].as_str().unwrap().to_owned())) {
                        arrived.distinct[usize::try_from(message.partition()).unwrap()] += 1;
                    }
                    arrived.keys.entry(key).or_default().push(event);
                }
                Err(KafkaError::PartitionEOF(_)) => ends += 1,
                // On the way to a broker that has just come back.
                Err(_) => {}
            }
        }
        ends >= PARTITIONS
    });
    arrived
}
