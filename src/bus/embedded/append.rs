//! Publishing: messages become blocks before the file is locked, and rows while it is.
//!
//! Compression takes most of the time and needs no lock, so a writer holds the file only for its inserts. The instant
//! of arrival is taken under the lock: log order and arrival order are then one order, which retention and
//! [`From::Arrived`](crate::bus::From) rely on. It is taken twice: the run's clock may show last year, where a recording
//! is played, so what ages a record is the machine's, which SQLite reads.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::block::{Block, Codec, Filling, RECORD_LIMIT};
use super::file::{Db, Place, Step};
use crate::bus::{BusError, Message, PARTITIONS, Producer, Stamp, key};
use crate::event::Time;

/// Bytes a row takes beside its block: its columns, its index entry and what page borders waste. Only the size bound
/// of retention sees it.
pub(super) const ROW_BYTES: i64 = 100;

/// Blocks to append, by topic and partition.
pub(super) type Packed = BTreeMap<(&'static str, i32), Vec<Block>>;

/// Turns messages into blocks. What has no key goes to the partition `keyless`.
pub(super) fn pack(codec: &mut Codec, place: &Place, messages: &[Message], keyless: i32) -> Result<Packed, BusError> {
    let mut open: BTreeMap<(&'static str, i32), Filling> = BTreeMap::new();
    let failed = |error: std::io::Error| place.failed("compress", error);
    for message in messages {
        let size = message.key.len().saturating_add(message.value.len());
        if size > RECORD_LIMIT {
            return Err(BusError::TooLarge { topic: message.topic.to_owned(), size, limit: RECORD_LIMIT });
        }
        let partition = if message.key.is_empty() { keyless } else { key::partition(&message.key, PARTITIONS) };
        let filling = open.entry((message.topic, partition)).or_default();
        filling.push(codec, &message.key, &message.value).map_err(failed)?;
    }
    open.into_iter().map(|(place, filling)| Ok((place, filling.finish(codec).map_err(failed)?))).collect()
}

/// Appends blocks.
pub(super) fn append(tx: &Transaction<'_>, packed: &Packed, now: Time) -> Step<()> {
    let mut tip = tx.prepare_cached("SELECT next FROM tip WHERE topic = ?1 AND partition = ?2")?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO batch (topic, partition, base, count, arrived, landed, raw, body)
         VALUES (?1, ?2, ?3, ?4, ?5, CAST(unixepoch('subsec') * 1000 AS INTEGER), ?6, ?7)",
    )?;
    let mut advance =
        tx.prepare_cached("UPDATE tip SET next = ?3, bytes = bytes + ?4 WHERE topic = ?1 AND partition = ?2")?;
    for ((topic, partition), blocks) in packed {
        let next: Option<i64> = tip.query_row(params![topic, partition], |row| row.get(0)).optional()?;
        let Some(mut next) = next else {
            return Err(BusError::NoTopic((*topic).to_owned()).into());
        };
        let mut bytes = 0;
        for block in blocks {
            let (count, raw) = (int(block.count), int(block.raw));
            insert.execute(params![topic, partition, next, count, now.ms(), raw, block.body])?;
            next += count;
            bytes += int(block.body.len()) + ROW_BYTES;
        }
        advance.execute(params![topic, partition, next, bytes])?;
    }
    Ok(())
}

/// Lengths in memory fit the database's integers.
pub(super) fn int(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The partitions that messages without a key go to, in turn; one for a whole send, so that it stays one block.
#[derive(Debug, Default)]
pub(super) struct Turn(i32);

impl Turn {
    pub(super) fn next(&mut self) -> i32 {
        let turn = self.0;
        self.0 = (turn + 1) % PARTITIONS;
        turn
    }
}

/// A producer on its own connection.
pub(super) struct EmbeddedProducer {
    db: Db,
    codec: Codec,
    stamp: Stamp,
    turn: Turn,
}

impl EmbeddedProducer {
    pub(super) fn new(db: Db, codec: Codec, stamp: Stamp) -> EmbeddedProducer {
        EmbeddedProducer { db, codec, stamp, turn: Turn::default() }
    }
}

impl Producer for EmbeddedProducer {
    fn send(&mut self, messages: &[Message]) -> Result<(), BusError> {
        if messages.is_empty() {
            return Ok(());
        }
        let packed = pack(&mut self.codec, self.db.place(), messages, self.turn.next())?;
        let stamp = &self.stamp;
        self.db.write("publish", |tx| append(tx, &packed, stamp()))
    }
}
