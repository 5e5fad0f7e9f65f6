//! A reader that outlives failures of its bus: opened again where it stopped, tried again within its patience.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gpuhm::bus::{Bus, BusError, From, Reader, Record};
use gpuhm::pipeline::Flag;
use gpuhm::pipeline::clock::monotonic;
use gpuhm::pipeline::retry::Retry;

use crate::exit::Failure;

/// Reads a topic.
pub(super) struct Reading {
    bus: Arc<dyn Bus>,
    topic: String,
    /// Only these partitions; all where there are none.
    partitions: Vec<i32>,
    /// Where to open the reader, where there is none.
    from: From,
    reader: Option<Box<dyn Reader>>,
    patience: Patience,
}

/// How long failures are borne.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    /// Ends it at once.
    pub(super) stop: Flag,
    /// How long the bus may be away.
    pub(super) longest: Duration,
    /// When the command is over, whatever comes.
    pub(super) deadline: Option<Instant>,
}

impl Patience {
    /// It, as what it allows from now on.
    pub(super) fn retry(&self) -> Retry {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(monotonic()));
        let patience = left.map_or(self.longest, |left| left.min(self.longest));
        Retry::new(self.stop.clone(), Some(patience))
    }
}

impl Reading {
    /// Opens a reader.
    pub(super) fn open(
        bus: Arc<dyn Bus>,
        topic: &str,
        partitions: &[i32],
        from: From,
        patience: Patience,
    ) -> Result<Reading, Failure> {
        let (topic, partitions) = (topic.to_owned(), partitions.to_vec());
        let mut reading = Reading { bus, topic, partitions, from, reader: None, patience };
        reading.act(|_| Ok(()))?;
        Ok(reading)
    }

    /// At most about `max` records; empty where none came within `wait`.
    pub(super) fn read(&mut self, max: usize, wait: Duration) -> Result<Vec<(i32, Record)>, Failure> {
        self.act(|reader| reader.read(max, wait))
    }

    /// The first and next offset of every partition that is read, as it stands.
    pub(super) fn ranges(&mut self) -> Result<BTreeMap<i32, (i64, i64)>, Failure> {
        let mut ranges: BTreeMap<i32, (i64, i64)> = (0..).zip(self.act(|reader| reader.ranges())?).collect();
        ranges.retain(|partition, _| self.partitions.is_empty() || self.partitions.contains(partition));
        Ok(ranges)
    }

    /// The next offset of every partition that is read.
    pub(super) fn positions(&self) -> BTreeMap<i32, i64> {
        match (&self.reader, &self.from) {
            (Some(reader), _) => reader.positions(),
            (None, From::Cursors(cursors)) => cursors.clone(),
            (None, _) => BTreeMap::new(),
        }
    }

    /// Acts on the reader until that succeeds; where it failed, on a new one that goes on where it stopped.
    fn act<T>(&mut self, mut act: impl FnMut(&mut dyn Reader) -> Result<T, BusError>) -> Result<T, Failure> {
        let retry = self.patience.retry();
        Ok(retry.run(|| {
            let mut reader = match self.reader.take() {
                Some(reader) => reader,
                None => self.reader()?,
            };
            // A reader that failed is in no known state: where it stood before is.
            self.from = From::Cursors(reader.positions());
            let value = act(&mut *reader)?;
            self.reader = Some(reader);
            Ok::<T, BusError>(value)
        })?)
    }

    fn reader(&self) -> Result<Box<dyn Reader>, BusError> {
        let mut reader = self.bus.reader(&self.topic, self.from.clone())?;
        if !self.partitions.is_empty() {
            reader.only(&self.partitions)?;
        }
        Ok(reader)
    }
}

#[cfg(test)]
mod tests;
