//! Reading: what the group says is taken in, records are gathered by partition, ends are noted.

use std::time::Duration;

use rdkafka::Message as _;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use super::crew::Change;
use super::{KafkaConsumer, Own, Standing, TELL};
use crate::bus::kafka::lifeline::hold;
use crate::bus::kafka::patience::Deadline;
use crate::bus::kafka::scan::{position, record};
use crate::bus::{Batch, BusError, Polled};

/// How long records are gathered once the first has come: a transaction costs about 5 ms, however few are in it.
const GATHER: Duration = Duration::from_millis(50);
/// Bytes of records that are read ahead at most, but for one record: a step of large ones is shorter.
pub(super) const BYTES: usize = 32 << 20;
/// Least wait for what a broker is about to send: who reads to an end asks without waiting.
const MOMENT: Duration = Duration::from_millis(10);

impl KafkaConsumer {
    fn list<'a>(
        &self,
        partitions: impl IntoIterator<Item = (&'a i32, Offset)>,
    ) -> Result<TopicPartitionList, BusError> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in partitions {
            list.add_partition_offset(&self.topic, *partition, offset).map_err(|error| self.assigning(&error))?;
        }
        Ok(list)
    }

    fn assigning(&self, error: &KafkaError) -> BusError {
        self.kafka.words.error("take partitions of topic", &self.join.topic, error)
    }

    /// Lets librdkafka read what was recovered since the last poll.
    pub(super) fn read_on(&mut self) -> Result<(), BusError> {
        if self.is_over() {
            return Ok(());
        }
        let ready = |own: &Own| matches!(own.standing, Standing::Ready(_));
        let again = self.owned.iter().filter(|(_, own)| own.assigned && ready(own));
        let again = self.list(again.map(|(partition, _)| (partition, Offset::Invalid)))?;
        if again.count() > 0 {
            self.client.incremental_unassign(&again).map_err(|error| self.assigning(&error))?;
        }
        // What the group gave is taken whole, also what was not recovered: that is not handed out.
        let begin = self.owned.iter().filter(|(_, own)| !own.assigned || ready(own)).map(|(partition, own)| {
            let offset =
                if let Standing::Ready(offset) = own.standing { Offset::Offset(offset) } else { Offset::Stored };
            (partition, offset)
        });
        let begin = self.list(begin)?;
        if begin.count() == 0 {
            return Ok(());
        }
        self.client.incremental_assign(&begin).map_err(|error| self.assigning(&error))?;
        for own in self.owned.values_mut() {
            own.assigned = true;
            if let Standing::Ready(offset) = own.standing {
                own.standing = Standing::Owned;
                (own.next, own.at_end, own.fresh) = (offset, false, false);
                own.read.clear();
            }
        }
        Ok(())
    }

    /// Reads at most about `max` records, and not many bytes more than [`BYTES`]; returns when there are some, when the
    /// group has something to say, or after `wait`.
    pub(super) fn fetch(&mut self, max: usize, wait: Duration) -> Result<(), BusError> {
        hold(self.client.client());
        let mut deadline = Deadline::after(wait.max(MOMENT));
        let (mut count, mut bytes) = self.kept();
        while count < max && bytes < BYTES {
            let before = count;
            match self.client.poll(deadline.left()) {
                Some(Ok(message)) => {
                    self.kafka.words.well();
                    let (partition, record) = (message.partition(), record(&message));
                    let weight = record.key.len() + record.value.len();
                    if self.owned.get_mut(&partition).is_some_and(|own| own.keep(record)) {
                        (count, bytes) = (count + 1, bytes + weight);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => self.ended(partition),
                Some(Err(error)) => {
                    self.changed()?;
                    if let Some(error) = self.trouble(&error) {
                        return Err(error);
                    }
                }
                None => {
                    if self.changed()? || deadline.is_over() {
                        break;
                    }
                }
            }
            if before == 0 && count == 1 {
                deadline = Deadline::after(GATHER);
            } else if deadline.is_over() {
                break;
            }
        }
        self.changed().map(|_| ())
    }

    /// Records that were read and not handed out yet, and their bytes.
    pub(super) fn kept(&self) -> (usize, usize) {
        let all = || self.owned.values().flat_map(|own| &own.read);
        (all().count(), all().map(|record| record.key.len() + record.value.len()).sum())
    }

    /// Gives up what was read and not handed out: it is read again by the next poll.
    pub(super) fn read_later(&mut self) {
        for own in self.owned.values_mut().filter(|own| own.standing == Standing::Owned) {
            own.standing = Standing::Ready(own.next);
            own.read = Vec::new();
        }
    }

    fn ended(&mut self, partition: i32) {
        let at = self.client.position().ok().and_then(|list| position(&list, &self.topic, partition));
        let Some(own) = self.owned.get_mut(&partition).filter(|own| own.standing == Standing::Owned) else { return };
        let last = own.read.last().map_or(own.next, |record| record.offset + 1);
        (own.at_end, own.fresh) = (true, true);
        // The position passes the markers that transactions leave, which are offsets without a record.
        own.end = at.unwrap_or(last).max(last);
    }

    /// Takes in what the group said; whether it said anything. Of a client that is over nothing can be taken in.
    pub(super) fn changed(&mut self) -> Result<bool, BusError> {
        if self.is_over() {
            return Ok(false);
        }
        let changes = self.client.context().changes();
        let any = !changes.is_empty();
        // Each is answered, whatever became of the one before: the group waits for it.
        let mut answered = Ok(());
        for change in changes {
            let done = match change {
                Change::Given(partitions) => self.given(&partitions),
                Change::Revoked(partitions) => {
                    self.revoked(partitions);
                    Ok(())
                }
                Change::Lost(partitions) => self.lost(&partitions),
            };
            answered = answered.and(done);
        }
        if any {
            answered = answered.and(self.let_go());
        }
        answered.map(|()| any)
    }

    fn given(&mut self, partitions: &[i32]) -> Result<(), BusError> {
        tracing::debug!("kafka: given {partitions:?} of {}", self.topic);
        if let Some(new) = partitions.iter().find(|partition| **partition >= self.partitions) {
            let why = format!("topic {} has a new partition {new}", self.join.topic);
            let hint =
                "a partition count is for life: make topics with another --topic-prefix by `gpuhm migrate topics`";
            return Err(self.kafka.words.unusable(why, Some(hint.to_owned())));
        }
        if partitions.is_empty() {
            return self.client.incremental_assign(&TopicPartitionList::new()).map_err(|error| self.assigning(&error));
        }
        for partition in partitions {
            self.owned.insert(*partition, Own::given());
        }
        Ok(())
    }

    fn revoked(&mut self, partitions: Vec<i32>) {
        tracing::debug!("kafka: {partitions:?} of {} are to go", self.topic);
        for partition in &partitions {
            let Some(own) = self.owned.get_mut(partition) else { continue };
            if own.standing != (Standing::Given { told: false }) {
                own.standing = Standing::Leaving;
            }
        }
        self.revoked.extend(partitions);
    }

    fn lost(&mut self, partitions: &[i32]) -> Result<(), BusError> {
        tracing::debug!("kafka: {partitions:?} of {} are lost", self.topic);
        let list = self.list(partitions.iter().map(|partition| (partition, Offset::Invalid)))?;
        for partition in partitions {
            self.recovered.remove(partition);
            self.revoked.remove(partition);
            let Some(own) = self.owned.remove(partition) else { continue };
            if own.standing != (Standing::Given { told: false }) {
                self.untold.lost.push(*partition);
            }
        }
        self.give_back(&list)
    }

    /// Answers the group, which waits for it. What it gave and takes away before it was read was never assigned: that
    /// is made up for, since librdkafka refuses to take away what it does not have, and would wait for ever.
    fn give_back(&self, list: &TopicPartitionList) -> Result<(), BusError> {
        let had = self.client.assignment().map_err(|error| self.assigning(&error))?;
        let mut missing = TopicPartitionList::new();
        for at in list.elements() {
            if had.find_partition(at.topic(), at.partition()).is_none() {
                missing.add_partition(at.topic(), at.partition());
            }
        }
        if missing.count() > 0 {
            self.client.incremental_assign(&missing).map_err(|error| self.assigning(&error))?;
        }
        self.client.incremental_unassign(list).map_err(|error| self.assigning(&error))
    }

    /// Gives back to the group what it takes away, when nothing of it is open here any more.
    pub(super) fn let_go(&mut self) -> Result<(), BusError> {
        let open = |own: &Own| own.standing == Standing::Leaving;
        if self.revoked.is_empty() || self.revoked.iter().any(|at| self.owned.get(at).is_some_and(open)) {
            return Ok(());
        }
        let list = self.list(self.revoked.iter().map(|partition| (partition, Offset::Invalid)))?;
        self.give_back(&list)?;
        for partition in std::mem::take(&mut self.revoked) {
            self.owned.remove(&partition);
        }
        Ok(())
    }

    /// Says what is there: partitions that came or are to go, records, and ends.
    pub(super) fn tell(&mut self, polled: &mut Polled) {
        let news = self.owned.values().any(|own| !own.read.is_empty() || own.fresh);
        let again = !news || self.told.is_over();
        if again {
            self.told = Deadline::after(TELL);
        }
        for (partition, own) in &mut self.owned {
            match &mut own.standing {
                Standing::Given { told } if !*told && !self.revoked.contains(partition) => {
                    *told = true;
                    polled.assigned.push(*partition);
                }
                Standing::Leaving => polled.revoking.push(*partition),
                Standing::Owned if !own.read.is_empty() || own.fresh || (own.at_end && again) => {
                    let records = std::mem::take(&mut own.read);
                    let last = records.last().map_or(own.next, |record| record.offset + 1);
                    own.next = if own.at_end { own.end.max(last) } else { last };
                    own.fresh = false;
                    polled.batches.push(Batch { partition: *partition, records, next: own.next, end: own.at_end });
                }
                _ => {}
            }
        }
    }
}

impl Own {
    /// Keeps a record that is read in its turn; whether it was.
    fn keep(&mut self, record: crate::bus::Record) -> bool {
        if self.standing != Standing::Owned || record.offset < self.next {
            return false;
        }
        (self.at_end, self.fresh) = (false, false);
        self.read.push(record);
        true
    }
}
