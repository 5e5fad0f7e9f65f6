//! Watches what the groups have committed: never past what can be read, never back, its settled position never past it.

use std::collections::HashMap;
use std::time::Duration;

use gpuhm::bus::PARTITIONS;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::count::{Found, client};

/// How long one question may take.
const ANSWER: Duration = Duration::from_secs(20);

/// One group on its topic.
pub(super) struct Watch {
    topic: String,
    /// Sees what is committed now, whatever is under way.
    now: BaseConsumer,
    /// Sees how far can be read.
    stable: BaseConsumer,
    /// Position and settled position at the last look.
    last: HashMap<i32, (i64, i64)>,
}

impl Watch {
    pub(super) fn new(address: &str, prefix: &str, group: &str, topic: &str) -> Watch {
        let group = format!("{prefix}{group}");
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", address).set("group.id", &group).set("isolation.level", "read_uncommitted");
        let now = config.set("log_level", "0").create().unwrap();
        Watch { topic: format!("{prefix}{topic}"), now, stable: client(address, &group), last: HashMap::new() }
    }

    fn list(&self, offset: Offset) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            list.add_partition_offset(&self.topic, partition, offset).unwrap();
        }
        list
    }

    fn committed(&self) -> Result<HashMap<i32, (i64, i64)>, KafkaError> {
        let found = self.now.committed_offsets(self.list(Offset::Invalid), ANSWER)?;
        let mut committed = HashMap::new();
        for at in found.elements_for_topic(&self.topic) {
            at.error()?;
            if let Offset::Offset(offset) = at.offset() {
                let settled = at.metadata().parse();
                committed.insert(at.partition(), (offset, settled.expect("a settled position beside each position")));
            }
        }
        Ok(committed)
    }

    /// How far can be read.
    fn ends(&self) -> Result<HashMap<i32, i64>, KafkaError> {
        let found = self.stable.offsets_for_times(self.list(Offset::End), ANSWER)?;
        let ends = found.elements_for_topic(&self.topic).into_iter().map(|at| {
            at.error()?;
            Ok((at.partition(), at.offset().to_raw().unwrap()))
        });
        ends.collect()
    }

    /// Looks; a broker that is away is looked at the next time. Returns whether it answered.
    pub(super) fn look(&mut self, told: &str) -> bool {
        // In this order: what can be read only grows.
        let Ok(committed) = self.committed() else { return false };
        let Ok(ends) = self.ends() else { return false };
        for (partition, (offset, settled)) in &committed {
            let place = format!("{told}: {} partition {partition}", self.topic);
            let end = ends[partition];
            assert!(*offset <= end, "{place}: committed {offset}, readable up to {end}");
            assert!(0 <= *settled && settled <= offset, "{place}: settled {settled}, committed {offset}");
            if let Some((before, settled_before)) = self.last.get(partition) {
                assert!(before <= offset, "{place}: committed {before}, later {offset}");
                assert!(settled_before <= settled, "{place}: settled {settled_before}, later {settled}");
            }
        }
        for partition in self.last.keys() {
            assert!(committed.contains_key(partition), "{told}: {} partition {partition}: no position", self.topic);
        }
        self.last = committed;
        true
    }

    /// Everything that was read is behind the group.
    pub(super) fn is_through(&mut self, told: &str, records: &[Found]) {
        assert!(self.look(told), "{told}: no answer");
        for record in records {
            let at = self.last.get(&record.partition).map_or(0, |(offset, _)| *offset);
            let place = format!("{told}: {} partition {}", self.topic, record.partition);
            assert!(at > record.offset, "{place}: record {} is there, committed {at}", record.offset);
        }
    }
}
