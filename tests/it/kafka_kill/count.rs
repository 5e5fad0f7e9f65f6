//! Counts what stands on Kafka with a reader of its own: rdkafka by assignment, `read_committed`, nothing of gpuhm's.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use gpuhm::bus::PARTITIONS;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use serde_json::Value;

use crate::process::{parsed, until};

/// Longer than a transaction that was left open hides what lies behind it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A record.
pub(super) struct Found {
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

impl Found {
    fn place(&self) -> (i32, i64) {
        (self.partition, self.offset)
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.value).ok()
    }

    /// The time that the event names.
    fn time(&self) -> Option<String> {
        Some(self.json()?["timestamp"].as_str()?.to_owned())
    }

    pub(super) fn line(&self) -> String {
        String::from_utf8(self.value.clone()).unwrap()
    }
}

/// A client for a group's name, which reads what is committed.
pub(super) fn client(address: &str, group: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", address).set("group.id", group).set("enable.auto.commit", "false");
    config.set("enable.partition.eof", "true").set("isolation.level", "read_committed").set("log_level", "0");
    config.create().unwrap()
}

/// All that can be read of a topic, partition by partition, in order.
pub(super) fn read(address: &str, topic: &str) -> Vec<Found> {
    let consumer = client(address, "counts");
    let mut all = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        all.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&all).unwrap();
    let (mut found, mut ended) = (Vec::new(), BTreeSet::new());
    until("the end of a topic", PATIENCE, || {
        while let Some(polled) = consumer.poll(Duration::from_millis(20)) {
            match polled {
                Ok(message) => {
                    let bytes = |bytes: Option<&[u8]>| bytes.unwrap_or_default().to_vec();
                    found.push(Found {
                        partition: message.partition(),
                        offset: message.offset(),
                        key: bytes(message.key()),
                        value: bytes(message.payload()),
                    });
                }
                Err(KafkaError::PartitionEOF(partition)) => {
                    ended.insert(partition);
                }
                // On the way to a broker that has just come back.
                Err(_) => {}
            }
        }
        ended.len() == usize::try_from(PARTITIONS).unwrap()
    });
    found.sort_by_key(Found::place);
    found
}

/// The place in `gpu-metrics-raw` that a refusal names.
fn refused_at(refusal: &Found) -> (i32, i64) {
    let source = &parsed(&refusal.line())["source"];
    assert_eq!(source["topic"], "gpu-metrics-raw", "{source}");
    (i32::try_from(source["partition"].as_i64().unwrap()).unwrap(), source["offset"].as_i64().unwrap())
}

/// What became of each record of `gpu-metrics-raw`: refused once, by the place that its refusal names, or of its key and
/// time once among the validated, in the order in which the first copies came.
pub(super) fn once_each(told: &str, raw: &[Found], validated: &[Found], invalid: &[Found]) {
    let places: Vec<(i32, i64)> = invalid.iter().map(refused_at).collect();
    let refused: HashSet<(i32, i64)> = places.iter().copied().collect();
    assert_eq!(refused.len(), places.len(), "{told}: a record was refused twice");
    let there: HashSet<(i32, i64)> = raw.iter().map(Found::place).collect();
    assert!(refused.is_subset(&there), "{told}: a refusal of a record that is not there");
    let sound = raw.iter().filter(|record| !refused.contains(&record.place()));
    let (wanted, had) = (times(sound, true), times(validated.iter(), false));
    for (key, times) in &wanted {
        let key = String::from_utf8_lossy(&key.1);
        assert_eq!(Some(times), had.get(&of(validated, &key)), "{told}: validated of {key}, in order");
    }
    assert_eq!(wanted.keys().collect::<Vec<_>>(), had.keys().collect::<Vec<_>>(), "{told}: keys");
}

fn of(records: &[Found], key: &str) -> (i32, Vec<u8>) {
    let partition = records.iter().find(|record| record.key == key.as_bytes()).map_or(-1, |record| record.partition);
    (partition, key.as_bytes().to_vec())
}

/// The times of each key, in its partition; `first` copies only.
fn times<'a>(records: impl Iterator<Item = &'a Found>, first: bool) -> BTreeMap<(i32, Vec<u8>), Vec<String>> {
    let (mut times, mut seen) = (BTreeMap::<_, Vec<String>>::new(), HashSet::new());
    for record in records {
        let (key, time) =
            ((record.partition, record.key.clone()), record.time().expect("an event that was not refused"));
        if seen.insert((key.clone(), time.clone())) || !first {
            times.entry(key).or_default().push(time);
        }
    }
    times
}

/// Each change of an alert's status or severity stands once on `gpu-alerts`.
pub(super) fn alerts_once(told: &str, alerts: &[Found]) {
    let mut seen = HashSet::new();
    for alert in alerts {
        let alert = parsed(&alert.line());
        let change = format!("{} {} {}", alert["alert_id"], alert["status"], alert["severity"]);
        assert!(seen.insert(change), "{told}: twice on gpu-alerts: {alert}");
    }
}
