//! What moves between a bus and who uses it: batches, states, positions, and how to join or begin.

use std::collections::BTreeMap;

use crate::event::Time;
use crate::event::record::{Message, Record};

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
    /// Whether it comes only to reach the log's end: then it leaves at once when it has, and nobody waits for it.
    pub once: bool,
}

/// Where a reader without a group begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// The oldest record.
    Beginning,
    /// What comes next.
    End,
    /// The newest `n` of each partition.
    Newest(u64),
    /// The first record that reached the bus at this instant or later.
    Arrived(Time),
    /// This offset, in every partition.
    Offset(i64),
    /// An offset of its own in each of these partitions; at the oldest record in all others.
    Cursors(BTreeMap<i32, i64>),
}

/// Sizes and bounds of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicInfo {
    /// Its name.
    pub name: String,
    /// First and next offset of each partition.
    pub ranges: Vec<(i64, i64)>,
    /// Bytes it takes, where the bus can tell.
    pub bytes: Option<u64>,
}
