//! What can be asked without joining: partitions, ends, committed positions, members.
//!
//! Ends are asked for all partitions at once. The high watermark is the end of what was written, the stable offset the
//! end of what a reader is given; they differ while a transaction is open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::groups::GroupInfo;
use rdkafka::{Offset, TopicPartitionList};

use super::context::Plain;
use super::lifeline::hold;
use super::members::{Member, name, topics};
use super::patience::{ANSWER, Deadline};
use super::settings::{Role, Settings};
use super::words::Words;
use crate::bus::BusError;

/// A client of its own for each group that is asked about: committed positions are told to who names the group.
pub(super) struct Looks {
    settings: Arc<Settings>,
    words: Words,
    clients: Mutex<HashMap<String, Arc<BaseConsumer<Plain>>>>,
}

/// The group that is named where none in particular is asked about.
const ANY: &str = "gpuhm-look";
/// Pause before a question is asked again that a cluster in change could not answer.
const PAUSE: Duration = Duration::from_millis(50);
/// Events that are heard before a question is asked; more wait for the next.
const HEARD: usize = 256;

/// A committed position and its metadata.
pub(super) type Committed = Option<(i64, String)>;

impl Looks {
    pub(super) fn new(settings: Arc<Settings>, words: Words) -> Looks {
        Looks { settings, words, clients: Mutex::default() }
    }

    /// The client that asks for no group in particular.
    pub(super) fn any(&self) -> Result<Arc<BaseConsumer<Plain>>, BusError> {
        self.client(ANY)
    }

    fn client(&self, group: &str) -> Result<Arc<BaseConsumer<Plain>>, BusError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(group) {
            // Whatever is asked, what the client was told meanwhile is heard first: that it has no broker left, above all.
            for _ in 0..HEARD {
                if client.poll(Duration::ZERO).is_none() {
                    break;
                }
            }
            hold(client.client());
            return Ok(Arc::clone(client));
        }
        let full = format!("{}{group}", self.settings.prefix);
        // Committed positions are stable only to who reads what is committed; ends are whole only to who reads all.
        let role = if group == ANY { Role::Look { group: full } } else { Role::Scan { group: full } };
        let made = self.settings.client(&role).create_with_context(Plain::new(self.words.clone()));
        let client: BaseConsumer<Plain> = made.map_err(|error| self.words.error("connect", "", &error))?;
        let client = Arc::new(client);
        clients.insert(group.to_owned(), Arc::clone(&client));
        Ok(client)
    }

    /// Partitions of a topic. One that was just made is not known to every broker yet: it is asked for twice.
    pub(super) fn partitions(&self, topic: &str) -> Result<i32, BusError> {
        match self.ask(topic) {
            Err(BusError::NoTopic(_)) => {
                std::thread::sleep(PAUSE * 4);
                self.ask(topic)
            }
            answer => answer,
        }
    }

    fn ask(&self, topic: &str) -> Result<i32, BusError> {
        let name = format!("{}{topic}", self.settings.prefix);
        let client = self.any()?;
        let asked = client.fetch_metadata(Some(&name), ANSWER);
        // Errors are told to a callback, which runs when the client is polled.
        drop(client.poll(Duration::ZERO));
        let metadata = asked.map_err(|error| self.words.error("look up the topic", topic, &error))?;
        let found = metadata.topics().iter().find(|found| found.name() == name);
        match found.map(|found| (found.error(), found.partitions().len())) {
            Some((None, count)) if count > 0 => {
                self.words.well();
                Ok(i32::try_from(count).unwrap_or(i32::MAX))
            }
            Some((Some(error), _)) if RDKafkaErrorCode::from(error) != RDKafkaErrorCode::UnknownTopicOrPartition => {
                let error = KafkaError::MetadataFetch(error.into());
                Err(self.words.error("look up the topic", topic, &error))
            }
            _ => Err(BusError::NoTopic(topic.to_owned())),
        }
    }

    /// The high watermark of each of these partitions, in their order; the first offset with [`Offset::Beginning`].
    pub(super) fn offsets(&self, topic: &str, partitions: &[i32], which: Offset) -> Result<Vec<i64>, BusError> {
        let name = format!("{}{topic}", self.settings.prefix);
        offsets(&*self.any()?, &name, partitions, which)
            .map_err(|error| self.words.error("read the ends of topic", topic, &error))
    }

    /// First and next offset of every partition.
    pub(super) fn ranges(&self, topic: &str) -> Result<Vec<(i64, i64)>, BusError> {
        let partitions: Vec<i32> = (0..self.partitions(topic)?).collect();
        let first = self.offsets(topic, &partitions, Offset::Beginning)?;
        let next = self.offsets(topic, &partitions, Offset::End)?;
        Ok(first.into_iter().zip(next).collect())
    }

    /// What `group` has committed of these partitions, in their order; transactions that are under way are waited for.
    pub(super) fn committed(&self, group: &str, topic: &str, partitions: &[i32]) -> Result<Vec<Committed>, BusError> {
        let client = self.client(group)?;
        let name = format!("{}{topic}", self.settings.prefix);
        committed(&*client, &name, partitions)
            .map_err(|error| self.words.error("read committed positions of group", group, &error))
    }

    /// Names of members that read `topic` in `group`, in order.
    pub(super) fn members(&self, group: &str, topic: &str) -> Result<Vec<String>, BusError> {
        let (full, topic) = (format!("{}{group}", self.settings.prefix), format!("{}{topic}", self.settings.prefix));
        let list = self.any()?.fetch_group_list(Some(&full), ANSWER);
        let list = list.map_err(|error| self.words.error("look at group", group, &error))?;
        let groups = list.groups().iter().filter(|found| found.name() == full);
        let reads =
            |member: &&Member| topics(member.metadata().unwrap_or_default()).is_none_or(|all| all.contains(&topic));
        let mut names: Vec<String> =
            groups.flat_map(GroupInfo::members).filter(reads).map(|member| name(member.id()).to_owned()).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }
}

/// Offsets of these partitions, in their order.
pub(super) fn offsets<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: &[i32],
    which: Offset,
) -> Result<Vec<i64>, KafkaError> {
    let deadline = Deadline::after(ANSWER);
    loop {
        match ask(client, topic, partitions, which) {
            Err(KafkaError::MetadataFetch(code) | KafkaError::OffsetFetch(code))
                if changing(code) && !deadline.is_over() =>
            {
                std::thread::sleep(PAUSE);
            }
            answer => return answer,
        }
    }
}

/// A partition has no leader now, or its new one is not known yet: topics were just made, or a broker went.
fn changing(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::NotLeaderForPartition
            | Code::LeaderNotAvailable
            | Code::UnknownTopicOrPartition
            | Code::OffsetNotAvailable
            | Code::FencedLeaderEpoch
            | Code::UnknownLeaderEpoch
    )
}

fn ask<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: &[i32],
    which: Offset,
) -> Result<Vec<i64>, KafkaError> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition_offset(topic, *partition, which)?;
    }
    let found = client.offsets_for_times(list, ANSWER)?;
    partitions
        .iter()
        .map(|partition| {
            let at = found.find_partition(topic, *partition).ok_or(KafkaError::NoMessageReceived)?;
            at.error()?;
            match at.offset() {
                Offset::Offset(offset) => Ok(offset),
                Offset::End => Ok(i64::MAX),
                _ => Err(KafkaError::NoMessageReceived),
            }
        })
        .collect()
}

/// What the client's group has committed, in the partitions' order.
pub(super) fn committed<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: &[i32],
) -> Result<Vec<Committed>, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(topic, *partition);
    }
    let found = client.committed_offsets(list, ANSWER)?;
    partitions
        .iter()
        .map(|partition| {
            let at = found.find_partition(topic, *partition).ok_or(KafkaError::NoMessageReceived)?;
            at.error()?;
            Ok(match at.offset() {
                Offset::Offset(offset) => Some((offset, at.metadata().to_owned())),
                _ => None,
            })
        })
        .collect()
}
