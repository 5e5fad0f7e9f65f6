//! A reader without a group: it begins where it is told and never commits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::Kafka;
use super::patience::{ANSWER, Deadline};
use super::scan::{Scan, Seen};
use crate::bus::{BusError, From, Reader, Record};

/// How long to wait for what a broker is about to send.
const MOMENT: Duration = Duration::from_millis(20);

/// A reader on its own client.
pub(super) struct KafkaReader {
    kafka: Kafka,
    topic: String,
    scan: Scan,
    /// The next offset to read of each partition that is read.
    cursors: Vec<(i32, i64)>,
    /// Partitions whose end has not been reached since something of them was read.
    pending: BTreeSet<i32>,
}

impl KafkaReader {
    pub(super) fn open(kafka: &Kafka, topic: &str, from: &From) -> Result<KafkaReader, BusError> {
        let partitions: Vec<i32> = (0..kafka.looks.partitions(topic)?).collect();
        let scan = Scan::open(kafka, topic)?;
        let first = kafka.looks.offsets(topic, &partitions, Offset::Beginning)?;
        let at = |partition: i32| usize::try_from(partition).unwrap_or(usize::MAX);
        let begin = match from {
            From::Beginning => first.clone(),
            From::Offset(offset) => vec![*offset; partitions.len()],
            From::Cursors(cursors) => {
                let of = |partition: &i32| cursors.get(partition).or(first.get(at(*partition))).copied();
                partitions.iter().filter_map(of).collect()
            }
            // The stable end: what an open transaction holds comes when it is committed.
            From::End => scan.stable(&partitions)?,
            From::Newest(count) => {
                let count = i64::try_from(*count).unwrap_or(i64::MAX);
                scan.stable(&partitions)?.into_iter().map(|end| end.saturating_sub(count)).collect()
            }
            From::Arrived(time) => {
                let ends = scan.stable(&partitions)?;
                let found = scan.arrived(&partitions, *time)?;
                found.into_iter().zip(ends).map(|(at, end)| at.min(end)).collect()
            }
        };
        let begin = begin.into_iter().zip(first).map(|(offset, first)| offset.max(first));
        let cursors: Vec<(i32, i64)> = partitions.into_iter().zip(begin).collect();
        scan.assign(&cursors)?;
        let pending = cursors.iter().map(|(partition, _)| *partition).collect();
        Ok(KafkaReader { kafka: kafka.clone(), topic: topic.to_owned(), scan, cursors, pending })
    }
}

impl Reader for KafkaReader {
    fn read(&mut self, max: usize, wait: Duration) -> Result<Vec<(i32, Record)>, BusError> {
        let mut records: Vec<(i32, Record)> = Vec::new();
        let (deadline, patience) = (Deadline::after(wait), Deadline::after(wait.max(ANSWER)));
        while records.len() < max {
            // No news is only what the broker says: until it has, even who does not want to wait waits.
            let left = match (records.is_empty(), self.pending.is_empty()) {
                (false, true) => Duration::ZERO,
                (false, false) => MOMENT,
                (true, true) => deadline.left(),
                (true, false) => MOMENT.max(deadline.left()),
            };
            match self.scan.next(left)? {
                Seen::Record(partition, record) => {
                    self.pending.insert(partition);
                    if let Some(cursor) = self.cursors.iter_mut().find(|(at, _)| *at == partition) {
                        cursor.1 = record.offset + 1;
                    }
                    records.push((partition, record));
                }
                Seen::End(partition) => {
                    self.pending.remove(&partition);
                    let behind = self.scan.position(partition);
                    if let Some(cursor) = self.cursors.iter_mut().find(|(at, _)| *at == partition) {
                        cursor.1 = cursor.1.max(behind.unwrap_or(cursor.1));
                    }
                }
                Seen::Nothing if !records.is_empty() => break,
                Seen::Nothing if self.pending.is_empty() && deadline.is_over() => {
                    // Silence of a cluster that is gone is no news of its topics.
                    if self.kafka.words.lost() {
                        let gone = KafkaError::Global(RDKafkaErrorCode::AllBrokersDown);
                        return Err(self.kafka.words.error("read topic", &self.topic, &gone));
                    }
                    break;
                }
                Seen::Nothing if patience.is_over() => {
                    let why = format!("no answer for {} s", patience.ran().as_secs());
                    return Err(self.kafka.words.failed("read topic", why));
                }
                Seen::Nothing => {}
            }
        }
        Ok(records)
    }

    fn positions(&self) -> BTreeMap<i32, i64> {
        self.cursors.iter().copied().collect()
    }

    fn only(&mut self, partitions: &[i32]) -> Result<(), BusError> {
        if let Some(wrong) = partitions.iter().find(|wanted| self.cursors.iter().all(|(at, _)| at != *wanted)) {
            return Err(self.kafka.words.unusable(format!("topic {} has no partition {wrong}", self.topic), None));
        }
        self.cursors.retain(|(partition, _)| partitions.contains(partition));
        self.pending = self.cursors.iter().map(|(partition, _)| *partition).collect();
        self.scan.assign(&self.cursors)
    }

    fn ranges(&mut self) -> Result<Vec<(i64, i64)>, BusError> {
        self.kafka.looks.ranges(&self.topic)
    }
}
