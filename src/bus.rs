//! The bus: ordered, partitioned topics with consumer groups. Adapters implement these traits and pass one contract suite.
//!
//! There is one way to commit: [`Consumer::finish`] publishes events, saves states and moves positions in one atomic
//! act. A member owns a partition from the poll that reports it assigned until the poll that reports it revoked; what a
//! member that lost its partition still tries to finish fails with [`BusError::Fenced`] and leaves no trace.
//! This module knows nothing of what the bytes mean, of stages or of stores.

pub mod embedded;
mod error;
pub mod kafka;
pub mod key;
mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use self::error::BusError;
pub use self::parts::{Batch, Finish, From, Join, Polled, Position, Recovery, Saved, TopicInfo};
use crate::event::Time;
pub use crate::event::record::{ALERTS, INVALID, Message, RAW, Record, TOPICS, VALIDATED};

/// Partitions of each topic: the seed's 32.
pub const PARTITIONS: i32 = 32;

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

    /// How long a member that has died may still count as one that lives.
    fn session(&self) -> Duration;

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

    /// How long [`Consumer::others`] may name a member that has died.
    fn session(&self) -> Duration;

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

    /// Reads these partitions only, from now on.
    ///
    /// # Errors
    /// [`BusError::Unusable`] where the topic has no such partition; where the bus cannot be reached.
    fn only(&mut self, partitions: &[i32]) -> Result<(), BusError>;

    /// The next offset that it will read, of every partition that it reads. What holds no record, or none any more, is
    /// passed over as soon as that is known: at the end of a partition it is the `next` that `ranges` gives.
    fn positions(&self) -> BTreeMap<i32, i64>;

    /// The first and next offset of every partition, as it stands.
    ///
    /// # Errors
    /// Where the bus cannot be reached.
    fn ranges(&mut self) -> Result<Vec<(i64, i64)>, BusError>;
}

/// Says what instant a record reaches the bus; the run's clock.
pub type Stamp = Arc<dyn Fn() -> Time + Send + Sync>;
