//! Retention: what is too old, or too much, goes oldest first, whole batches at a time.
//!
//! It works in short transactions, so that nobody waits for it. The file keeps its size: its pages are used again,
//! which costs nothing, while giving them back would move every page behind them. What some group had not read is
//! counted, since it is lost to it.

use rusqlite::{Transaction, params};

use super::append::ROW_BYTES;
use super::file::{Db, Step};
use crate::bus::BusError;
use crate::event::Time;

/// Batches in one transaction. Double, and writers wait twice as long for the file (a batch has up to 1 MiB to free);
/// half, and a purge of a day syncs twice as often.
const AT_ONCE: i64 = 256;

/// A batch that may have to go.
struct Old {
    id: i64,
    topic: String,
    partition: i32,
    after: i64,
    base: i64,
    arrived: i64,
    bytes: i64,
}

/// Drops batches that arrived before `before`, and the oldest beyond `limit` bytes; how many records of them some
/// group had not read.
pub(super) fn retain(db: &mut Db, before: Time, limit: i64) -> Result<u64, BusError> {
    let mut unread = 0u64;
    loop {
        // A look without the lock first: mostly there is nothing to do.
        if db.read("look for what is too old", |tx| doomed(tx, before, limit))?.is_empty() {
            return Ok(unread);
        }
        unread += db.write("drop what is too old", |tx| {
            let doomed = doomed(tx, before, limit)?;
            doomed.iter().try_fold(0, |sum, old| Ok(sum + drop_one(tx, old)?))
        })?;
    }
}

fn doomed(tx: &Transaction<'_>, before: Time, limit: i64) -> Step<Vec<Old>> {
    let total: i64 = tx.query_row("SELECT coalesce(sum(bytes), 0) FROM tip", [], |row| row.get(0))?;
    let mut excess = total.saturating_sub(limit);
    let mut select = tx.prepare_cached(
        "SELECT id, topic, partition, base, base + count, arrived, length(body) FROM batch ORDER BY id LIMIT ?1",
    )?;
    let rows = select.query_map([AT_ONCE], |row| {
        let (base, after) = (row.get(3)?, row.get(4)?);
        let bytes = row.get::<_, i64>(6)? + ROW_BYTES;
        let (id, topic, partition, arrived) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(5)?);
        Ok(Old { id, topic, partition, after, base, arrived, bytes })
    })?;
    let mut doomed = Vec::new();
    for old in rows {
        let old = old?;
        if excess <= 0 && old.arrived >= before.ms() {
            break;
        }
        excess -= old.bytes;
        doomed.push(old);
    }
    Ok(doomed)
}

fn drop_one(tx: &Transaction<'_>, old: &Old) -> Step<u64> {
    // A group that has positions in the topic, but none in this partition, has read nothing of it.
    let mut slowest = tx.prepare_cached(
        "SELECT min(coalesce((SELECT next FROM position WHERE crew = p.crew AND topic = ?1 AND partition = ?2), 0))
         FROM (SELECT DISTINCT crew FROM position WHERE topic = ?1) AS p",
    )?;
    let read: Option<i64> = slowest.query_row(params![old.topic, old.partition], |row| row.get(0))?;
    let mut delete = tx.prepare_cached("DELETE FROM batch WHERE id = ?1")?;
    delete.execute([old.id])?;
    let mut advance = tx.prepare_cached(
        "UPDATE tip SET first = max(first, ?3), bytes = max(bytes - ?4, 0) WHERE topic = ?1 AND partition = ?2",
    )?;
    advance.execute(params![old.topic, old.partition, old.after, old.bytes])?;
    Ok(read.map_or(0, |read| u64::try_from(old.after - old.base.max(read)).unwrap_or(0)))
}
