//! Apache Kafka: the bus of a fleet. Groups, rebalance and replication are the brokers'; what is said here is how the
//! contract of [`crate::bus`] is kept on them.
//!
//! `finish` is one transaction: events, states (to `gpuhm-state`, in the partition of their input's number) and positions
//! with their settled position as metadata. A member is static and so is its transactional id, so that a restart takes
//! over at once and its former life is fenced. Everything that can be asked without joining is asked by one client.
//! This module knows bytes, keys and positions; of events, stages and stores it knows nothing.

mod consumer;
mod context;
mod lifeline;
mod look;
mod members;
mod patience;
mod producer;
mod reach;
mod reader;
mod scan;
pub mod settings;
mod states;
pub mod topics;
mod words;

use std::sync::Arc;
use std::time::Duration;

use self::consumer::KafkaConsumer;
use self::look::Looks;
use self::producer::KafkaProducer;
use self::reach::reach;
use self::reader::KafkaReader;
use self::settings::Settings;
use self::words::Words;
use super::{Bus, BusError, Consumer, From, Join, Producer, Reader, TOPICS, TopicInfo};
use crate::event::Time;

pub use self::states::STATES;

/// How much longer than its session a dead member may be counted: a group that forms waits for late comers (3 s by
/// default), and the session of who dies meanwhile begins after it.
const FORMING: Duration = Duration::from_secs(5);

/// A Kafka cluster.
#[derive(Clone)]
pub struct Kafka {
    settings: Arc<Settings>,
    words: Words,
    looks: Arc<Looks>,
}

impl std::fmt::Debug for Kafka {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kafka").field("brokers", &self.settings.brokers()).finish_non_exhaustive()
    }
}

impl Kafka {
    /// Connects; the first answer is waited for as long as the settings say.
    ///
    /// # Errors
    /// [`BusError::Failed`] where no broker answers, [`BusError::Unusable`] where a setting or a login is wrong.
    pub fn open(settings: Settings) -> Result<Kafka, BusError> {
        Kafka::open_unless(settings, &|| false)
    }

    /// The same, ended early where `stop` says so, which is asked about once a second.
    ///
    /// # Errors
    /// As of [`Kafka::open`].
    pub fn open_unless(settings: Settings, stop: &dyn Fn() -> bool) -> Result<Kafka, BusError> {
        let mut words = Words::new(settings.brokers()).with_prefix(&settings.prefix);
        if let Some((user, mechanism)) = settings.login() {
            words = words.with_login(user, mechanism);
        }
        let settings = Arc::new(settings);
        let looks = Arc::new(Looks::new(Arc::clone(&settings), words.clone()));
        reach(&*looks.any()?, &words, settings.connect, stop)?;
        Ok(Kafka { settings, words, looks })
    }

    /// A name as the cluster knows it.
    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.settings.prefix)
    }
}

impl Bus for Kafka {
    fn producer(&self) -> Result<Box<dyn Producer>, BusError> {
        Ok(Box::new(KafkaProducer::new(self)))
    }

    fn consumer(&self, join: &Join) -> Result<Box<dyn Consumer>, BusError> {
        Ok(Box::new(KafkaConsumer::enter(self, join)?))
    }

    fn reader(&self, topic: &str, from: From) -> Result<Box<dyn Reader>, BusError> {
        Ok(Box::new(KafkaReader::open(self, topic, &from)?))
    }

    fn topics(&self) -> Result<Vec<TopicInfo>, BusError> {
        let info = |name: &str| Ok(TopicInfo { name: name.to_owned(), ranges: self.looks.ranges(name)?, bytes: None });
        TOPICS.into_iter().map(info).collect()
    }

    fn lag(&self, group: &str, topic: &str) -> Result<u64, BusError> {
        let ranges = self.looks.ranges(topic)?;
        let partitions: Vec<i32> = (0..).zip(&ranges).map(|(partition, _)| partition).collect();
        let committed = self.looks.committed(group, topic, &partitions)?;
        let behind = ranges.iter().zip(committed).map(|((first, next), committed)| {
            let at = committed.map_or(*first, |(offset, _)| offset.max(*first));
            u64::try_from(next - at).unwrap_or(0)
        });
        Ok(behind.sum())
    }

    fn members(&self, group: &str, topic: &str) -> Result<Vec<String>, BusError> {
        self.looks.partitions(topic)?;
        self.looks.members(group, topic)
    }

    fn session(&self) -> Duration {
        self.settings.session() + FORMING
    }

    fn retain(&self, _now: Time) -> Result<u64, BusError> {
        // Retention is the brokers'.
        Ok(0)
    }
}
