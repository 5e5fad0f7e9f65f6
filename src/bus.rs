//! The bus: ordered, partitioned topics with consumer groups. Adapters implement these traits and pass one contract suite.
//!
//! There is one way to commit: [`Consumer::finish`] publishes events, saves states and moves positions in one atomic
//! act. A member owns a partition from the poll that reports it assigned until the poll that reports it revoked; what a
//! member that lost its partition still tries to finish fails with [`BusError::Fenced`] and leaves no trace.
//! This module knows nothing of what the bytes mean, of stages or of stores.

pub mod embedded;
pub mod key;

use std::sync::Arc;
use std::time::Duration;

use crate::event::Time;
pub use crate::event::record::{ALERTS, INVALID, Message, RAW, Record, TOPICS, VALIDATED};

/// Partitions of each topic: the seed's 32.
pub const PARTITIONS: i32 = 32;

/// What can go wrong with a bus.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The log cannot be opened, made or used as it stands; a person must act.
    #[error("bus {place}: {why}")]
    Unusable {
        /// File or address.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// It cannot be reached or failed now; trying again may help. After a time-out it may have been done all the same.
    #[error("bus {place}: {what}: {why}")]
    Failed {
        /// File or address.
        place: String,
        /// The operation.
        what: &'static str,
        /// What happened.
        why: String,
    },
    /// The partition is to be dropped and recovered: it has another owner now, or none can tell how far its owner is.
    #[error("{topic} partition {partition} of group {group} has a new owner")]
    Fenced {
        /// The group.
        group: String,
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// No topic of that name.
    #[error("no topic {0:?}")]
    NoTopic(String),
    /// A record larger than the bus takes.
    #[error("record of {size} bytes for {topic}: the bus takes at most {limit}")]
    TooLarge {
        /// The topic.
        topic: String,
        /// The record's size.
        size: usize,
        /// The limit.
        limit: usize,
    },
}

/// Records of one partition, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The partition.
    pub partition: i32,
    /// Its records from the member's position on; may be empty.
    pub records: Vec<Record>,
    /// The member's position behind this batch: offsets that hold no record, or none any more, are passed over.
    pub next: i64,
    /// Whether the log ended after them when they were read.
    pub end: bool,
}

/// What one poll brought. What is lost is to be dropped before what is assigned is taken over.
#[derive(Debug, Default)]
pub struct Polled {
    /// Partitions that are the member's from now on; it must `recover` each before it applies anything.
    pub assigned: Vec<i32>,
    /// Partitions that are no longer the member's; whatever it holds of them is to be dropped.
    pub lost: Vec<i32>,
    /// Partitions others should have: finish what is open, save their states, then `release` them.
    pub revoking: Vec<i32>,
    /// Records of owned partitions. Every owned partition whose end is newly reached is among them; those that still
    /// stand at theirs come again, without records, when a poll brings no news, and every second or so while others do,
    /// so that a runner can show what fell idle. Partitions in `revoking` bring nothing.
    pub batches: Vec<Batch>,
    /// Records that retention dropped before this group read them; told of a partition when it is assigned for the first
    /// time, too.
    pub skipped: u64,
}

/// A saved state of one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The entity.
    pub entity: String,
    /// Position behind the last event in it.
    pub upto: i64,
    /// The state's bytes.
    pub body: Vec<u8>,
}

/// Where a partition's new owner takes over.
#[derive(Debug, Default)]
pub struct Recovery {
    /// The committed position: the first record not yet finished.
    pub committed: i64,
    /// The lowest position still needed to bring saved states up to `committed`.
    pub settled: i64,
    /// The saved states.
    pub states: Vec<Saved>,
}

/// How far one partition got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The partition.
    pub partition: i32,
    /// The first offset not yet finished.
    pub next: i64,
    /// Its metadata: the lowest unsaved position.
    pub settled: i64,
}

/// One atomic act of a member.
#[derive(Debug, Default)]
pub struct Finish {
    /// Events to publish.
    pub events: Vec<Message>,
    /// States to save, each with its partition.
    pub states: Vec<(i32, Saved)>,
    /// Positions to move.
    pub positions: Vec<Position>,
}

/// How a consumer joins.
#[derive(Debug, Clone)]
pub struct Join {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// The member's name, which survives a restart.
    pub instance: String,
}

/// Where a reader without a group begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The oldest record.
    Beginning,
    /// What comes next.
    End,
    /// The newest `n` of each partition.
    Newest(u64),
    /// The first record that reached the bus at this instant or later.
    Arrived(Time),
    /// This offset, in every partition chosen.
    Offset(i64),
}

/// Sizes and bounds of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicInfo {
    /// Its name.
    pub name: String,
    /// First and next offset of each partition.
    pub ranges: Vec<(i64, i64)>,
    /// Bytes it takes.
    pub bytes: u64,
}

/// A bus that can be opened for any of its uses. Cheap to share.
pub trait Bus: Send + Sync {
    /// Something that publishes.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn producer(&self) -> Result<Box<dyn Producer>, BusError>;

    /// A member of a group.
    ///
    /// # Errors
    /// Where the bus cannot be reached or has no such topic.
    fn consumer(&self, join: &Join) -> Result<Box<dyn Consumer>, BusError>;

    /// A reader without a group, which never commits.
    ///
    /// # Errors
    /// Where the bus cannot be reached or has no such topic.
    fn reader(&self, topic: &str, from: From) -> Result<Box<dyn Reader>, BusError>;

    /// The topics.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn topics(&self) -> Result<Vec<TopicInfo>, BusError>;

    /// Records between the group's committed positions and the log's end.
    ///
    /// # Errors
    /// Where the bus cannot be reached or has no such topic.
    fn lag(&self, group: &str, topic: &str) -> Result<u64, BusError>;

    /// Names of the group's members that live, in order; to ask is not to join, and disturbs nobody.
    ///
    /// # Errors
    /// Where the bus cannot be reached or has no such topic.
    fn members(&self, group: &str, topic: &str) -> Result<Vec<String>, BusError>;

    /// Drops what is too old at `now` or too much; returns how many records that some group had not read. `now` is the
    /// wall clock's, as the arrival is from which a record ages: the run's clock, which stamps it, may be far from both.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn retain(&self, now: Time) -> Result<u64, BusError>;
}

/// Publishes records.
pub trait Producer: Send {
    /// Publishes in order; when it returns, they are kept.
    ///
    /// # Errors
    /// None was kept where one of them is refused. On [`BusError::Failed`] some may have been: sending all again is
    /// harmless, since who reads what is sent here drops repeats.
    fn send(&mut self, messages: &[Message]) -> Result<(), BusError>;
}

/// A member of a consumer group.
pub trait Consumer: Send {
    /// Waits at most `wait` for news and returns at most about `max` records.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn poll(&mut self, max: usize, wait: Duration) -> Result<Polled, BusError>;

    /// Where to take over a partition that was just assigned.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn recover(&mut self, partition: i32) -> Result<Recovery, BusError>;

    /// At most about `max` records of an owned partition, from `from` up to but without `to`.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn reread(&mut self, partition: i32, from: i64, to: i64, max: usize) -> Result<Vec<Record>, BusError>;

    /// The one way to commit.
    ///
    /// # Errors
    /// [`BusError::Fenced`] where a partition is another's by now, else where the bus failed. [`BusError::Failed`] says
    /// here that nothing was done, and is tried again; who cannot tell finds out, or says `Fenced` or `Unusable`.
    fn finish(&mut self, finish: &Finish) -> Result<(), BusError>;

    /// Gives partitions up.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn release(&mut self, partitions: &[i32]) -> Result<(), BusError>;

    /// Other members of the group that are alive.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn others(&mut self) -> Result<Vec<String>, BusError>;

    /// The next offset of every partition of the topic, as it stands; a member that read all stands there.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn ends(&mut self) -> Result<Vec<i64>, BusError>;
}

/// Reads a topic without a group.
pub trait Reader: Send {
    /// Waits at most `wait` for records and returns at most about `max`, each with its partition. Empty where there was
    /// no news.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn read(&mut self, max: usize, wait: Duration) -> Result<Vec<(i32, Record)>, BusError>;

    /// The first and next offset of every partition, as it stands.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn ranges(&mut self) -> Result<Vec<(i64, i64)>, BusError>;
}

/// Says what instant a record reaches the bus; the run's clock.
pub type Stamp = Arc<dyn Fn() -> Time + Send + Sync>;
