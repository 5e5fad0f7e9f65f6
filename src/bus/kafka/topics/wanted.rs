//! The one table of what each topic should be (design.md section 4), and how copies follow from the brokers there are.

use crate::bus::RAW;
use crate::bus::kafka::STATES;

/// How many copies must be in sync for a record to be taken.
pub(super) const IN_SYNC: &str = "min.insync.replicas";

/// Copies of each record where there are brokers enough: one may be lost while another is being mended.
const COPIES: i32 = 3;

/// What one topic should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) partitions: i32,
    pub(super) replication: i32,
    pub(super) settings: Vec<(&'static str, String)>,
}

/// Every topic: seven days as the embedded bus; the codec is the producer's choice; 8 MiB, the largest record of the
/// embedded bus, and a MiB for what a batch adds.
const ALL: [(&str, &str); 2] = [("compression.type", "producer"), ("max.message.bytes", "9437184")];

/// Topics of records: what is old goes.
const RECORDS: [(&str, &str); 2] = [("cleanup.policy", "delete"), ("retention.ms", "604800000")];

/// Raw samples carry the broker's time: validate refuses what is ahead of it, and a collector's clock proves nothing.
const ARRIVAL: (&str, &str) = ("message.timestamp.type", "LogAppendTime");

/// States: the newest of each key stays. Small segments, since the open one is not compacted and a restart reads it whole:
/// 32 MiB or an hour, compacted when a tenth is stale.
const OF_STATES: [(&str, &str); 4] = [
    ("cleanup.policy", "compact"),
    ("segment.bytes", "33554432"),
    ("segment.ms", "3600000"),
    ("min.cleanable.dirty.ratio", "0.1"),
];

/// Copies of each record, by the brokers there are.
pub(super) fn replication(brokers: usize) -> i32 {
    i32::try_from(brokers).unwrap_or(COPIES).clamp(1, COPIES)
}

/// Copies that must be in sync, by the copies there are: one may be away where there are three, else none can be asked for
/// without losing writes whenever a broker restarts.
pub(super) fn insync(copies: i32) -> String {
    if copies >= COPIES { "2" } else { "1" }.to_owned()
}

/// What a topic should be.
pub(super) fn wanted(topic: &str, partitions: i32, copies: i32) -> Wanted {
    let own: &[(&str, &str)] = if topic == STATES { &OF_STATES } else { &RECORDS };
    let arrival = (topic == RAW).then_some(&ARRIVAL);
    let settings = ALL.iter().chain(own).chain(arrival).map(|(name, value)| (*name, (*value).to_owned()));
    let settings = settings.chain([(IN_SYNC, insync(copies))]).collect();
    Wanted { partitions, replication: copies, settings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_follow_from_the_brokers() {
        let of = |brokers| (replication(brokers), insync(replication(brokers)));
        assert_eq!(of(0), (1, "1".to_owned()));
        assert_eq!(of(1), (1, "1".to_owned()));
        assert_eq!(of(2), (2, "1".to_owned()));
        assert_eq!(of(3), (3, "2".to_owned()));
        assert_eq!(of(9), (3, "2".to_owned()));
    }

    #[test]
    fn raw_alone_is_stamped_by_the_broker_and_states_alone_are_compacted() {
        for topic in crate::bus::TOPICS.iter().chain([&STATES]) {
            let settings = wanted(topic, 32, 1).settings;
            let has = |name: &str, value: &str| settings.contains(&(name_of(name), value.to_owned()));
            assert_eq!(has("message.timestamp.type", "LogAppendTime"), *topic == RAW, "{topic}");
            assert_eq!(has("cleanup.policy", "compact"), *topic == STATES, "{topic}");
            assert_eq!(has("retention.ms", "604800000"), *topic != STATES, "{topic}");
        }
    }

    fn name_of(name: &str) -> &'static str {
        let all = ALL.iter().chain(&RECORDS).chain(&OF_STATES).chain([&ARRIVAL]);
        all.map(|(name, _)| *name).find(|known| *known == name).unwrap()
    }
}
