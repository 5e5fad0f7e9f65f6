//! Taking a partition over: where the group stands in it, and what was saved; and reading again what lies behind.
//!
//! Order matters: former lives of this instance are ended first, then the committed positions are read, then the states.
//! Everything that was given together is read together, since each reading of states passes over the whole partition.

use rdkafka::Offset;

use super::news::BYTES;
use super::{KafkaConsumer, Standing};
use crate::bus::kafka::look;
use crate::bus::kafka::patience::{ANSWER, Deadline};
use crate::bus::kafka::scan::{Scan, Seen};
use crate::bus::kafka::states;
use crate::bus::{BusError, Record, Recovery};

impl KafkaConsumer {
    pub(super) fn take(&mut self, partition: i32) -> Result<Recovery, BusError> {
        let standing = self.owned.get(&partition).map(|own| own.standing);
        match standing {
            None => Err(self.fenced(partition)),
            Some(Standing::Given { .. } | Standing::Ready(_)) => {
                if !self.recovered.contains_key(&partition) {
                    let given = |standing| matches!(standing, Standing::Given { .. });
                    let mut all: Vec<i32> =
                        self.owned.iter().filter(|(_, own)| given(own.standing)).map(|(at, _)| *at).collect();
                    if !all.contains(&partition) {
                        all.push(partition);
                    }
                    self.recovered = self.saved(&all)?.into_iter().collect();
                }
                let recovery = self.recovered.remove(&partition).unwrap_or_default();
                if let Some(own) = self.owned.get_mut(&partition) {
                    own.standing = Standing::Ready(recovery.committed);
                }
                Ok(recovery)
            }
            Some(Standing::Owned | Standing::Leaving) => {
                let mut found = self.saved(&[partition])?;
                Ok(found.pop().map(|(_, recovery)| recovery).unwrap_or_default())
            }
        }
    }

    /// Positions and states of these partitions.
    fn saved(&mut self, partitions: &[i32]) -> Result<Vec<(i32, Recovery)>, BusError> {
        self.ensure_writer()?;
        let committed = look::committed(&self.client, &self.topic, partitions)
            .map_err(|error| self.kafka.words.error("read committed positions of group", &self.join.group, &error))?;
        let first = self.kafka.looks.offsets(&self.join.topic, partitions, Offset::Beginning)?;
        let mut states = states::read(&self.kafka, &self.group, partitions)?;
        let mut found = Vec::with_capacity(partitions.len());
        for ((partition, committed), first) in partitions.iter().zip(committed).zip(first) {
            let (committed, settled) = match committed {
                None => (first, first),
                Some((offset, metadata)) => {
                    // A partition that is recovered again before it moved was told of already.
                    let told = self.skipped.insert(*partition, first).unwrap_or(0);
                    let dropped = first.saturating_sub(offset.max(told));
                    self.untold.skipped += u64::try_from(dropped).unwrap_or(0);
                    let settled = metadata.parse().unwrap_or(offset);
                    (offset.max(first), settled.max(first))
                }
            };
            let states = states.remove(partition).unwrap_or_default();
            found.push((*partition, Recovery { committed, settled, states }));
        }
        Ok(found)
    }

    /// At most about `max` records from `from` up to but without `to`.
    pub(super) fn again(&mut self, partition: i32, from: i64, to: i64, max: usize) -> Result<Vec<Record>, BusError> {
        let mut records = Vec::new();
        if from >= to || max == 0 {
            return Ok(records);
        }
        let (scan, begun) = match self.scout.take() {
            Some((scan, at, next)) if at == partition && next == from => (scan, true),
            Some((scan, ..)) => (scan, false),
            None => (Scan::open(&self.kafka, &self.join.topic)?, false),
        };
        if !begun {
            scan.assign(&[(partition, from)])?;
        }
        let mut deadline = Deadline::after(ANSWER);
        let mut bytes = 0;
        while records.len() < max && bytes < BYTES {
            match scan.next(deadline.left())? {
                Seen::Record(at, record) if at == partition => {
                    if record.offset >= to {
                        return Ok(records);
                    }
                    deadline = Deadline::after(ANSWER);
                    bytes += record.key.len() + record.value.len();
                    records.push(record);
                }
                // A leader that is new may not know yet how far its log is good: such an end is none.
                Seen::End(at) if at == partition && scan.position(at).is_some_and(|position| position >= to) => {
                    return Ok(records);
                }
                Seen::End(_) | Seen::Nothing if deadline.is_over() => {
                    let why = format!("no answer for {} s", deadline.ran().as_secs());
                    return Err(self.kafka.words.failed("read topic again", why));
                }
                Seen::Record(..) | Seen::End(_) | Seen::Nothing => {}
            }
        }
        let next = records.last().map_or(from, |record| record.offset + 1);
        self.scout = Some((scan, partition, next));
        Ok(records)
    }
}
