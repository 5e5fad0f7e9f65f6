//! Retention: what is too old, or too much, goes oldest first, whole batches at a time.
//!
//! It works in short transactions, so that nobody waits for it. The file keeps its size: its pages are used again,
//! which costs nothing, while giving them back would move every page behind them. What some group had not read is
//! counted, since it is lost to it; on a topic that a stage reads, that is everything until its group commits.
//!
//! Age runs from the arrival by the machine's clock, never by the run's. Batches lie in the order of arrival, so one
//! that is too old says so of all before it, also of those that a clock set wrong dated into the future.

use rusqlite::{Transaction, params};

use super::append::{ROW_BYTES, int};
use super::file::{Db, Step};
use crate::bus::{BusError, RAW, VALIDATED};
use crate::event::Time;

/// Batches in one transaction. Double, and writers wait twice as long for the file (a batch has up to 1 MiB to free);
/// half, and a purge of a day syncs twice as often.
const AT_ONCE: usize = 256;
/// Topics that a stage reads in any case: while no group has a position, nobody has read anything yet. The others are
/// for whoever wants them.
const AWAITED: [&str; 2] = [RAW, VALIDATED];

/// What may stay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The present.
    pub(super) now: Time,
    /// What landed before this is too old.
    pub(super) before: Time,
    /// Bytes of all topics together.
    pub(super) bytes: i64,
}

/// A batch that has to go.
struct Old {
    id: i64,
    topic: String,
    partition: i32,
    after: i64,
    base: i64,
    bytes: i64,
}

/// Drops what is beyond the bounds; how many records of it some group had not read.
pub(super) fn retain(db: &mut Db, bounds: Bounds) -> Result<u64, BusError> {
    let mut unread = 0u64;
    loop {
        // A look without the lock first: mostly there is nothing to do.
        if db.read("look for what is too old", |tx| doomed(tx, bounds))?.is_empty() {
            return Ok(unread);
        }
        unread += db.write("drop what is too old", |tx| {
            let doomed = doomed(tx, bounds)?;
            doomed.iter().try_fold(0, |sum, old| Ok(sum + drop_one(tx, old)?))
        })?;
    }
}

/// The oldest batches that have to go, at most [`AT_ONCE`].
fn doomed(tx: &Transaction<'_>, bounds: Bounds) -> Step<Vec<Old>> {
    let total: i64 = tx.query_row("SELECT coalesce(sum(bytes), 0) FROM tip", [], |row| row.get(0))?;
    let mut excess = total.saturating_sub(bounds.bytes);
    let mut select = tx.prepare_cached(
        "SELECT id, landed, length(body), topic, partition, base, base + count FROM batch ORDER BY id",
    )?;
    let mut rows = select.query([])?;
    let (mut doomed, mut certain) = (Vec::new(), 0);
    while let Some(row) = rows.next()?
        && certain < AT_ONCE
    {
        let (id, landed) = (row.get(0)?, row.get::<_, i64>(1)?);
        let bytes = row.get::<_, i64>(2)? + ROW_BYTES;
        let goes = excess > 0 || landed < bounds.before.ms();
        // One that landed in the future proves nothing: it goes with the first behind it that does.
        if !goes && landed <= bounds.now.ms() {
            break;
        }
        excess -= bytes;
        if doomed.len() < AT_ONCE {
            let (topic, partition, base, after) = (row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?);
            doomed.push(Old { id, topic, partition, after, base, bytes });
        }
        if goes {
            certain = doomed.len();
        }
    }
    doomed.truncate(certain);
    Ok(doomed)
}

/// Drops the batches of a topic that a group has read to their end, so that a spool holds what waits and little else.
pub(super) fn forget(db: &mut Db, group: &str, topic: &str) -> Result<(), BusError> {
    loop {
        if db.read("look for what was read", |tx| read(tx, group, topic))?.is_empty() {
            return Ok(());
        }
        db.write("drop what was read", |tx| {
            read(tx, group, topic)?.iter().try_for_each(|old| drop_one(tx, old).map(|_| ()))
        })?;
    }
}

/// Batches that a group has read to their end, at most [`AT_ONCE`].
fn read(tx: &Transaction<'_>, group: &str, topic: &str) -> Step<Vec<Old>> {
    let mut select = tx.prepare_cached(
        "SELECT b.id, length(b.body), b.topic, b.partition, b.base, b.base + b.count FROM position AS p
         JOIN batch AS b ON b.topic = p.topic AND b.partition = p.partition AND b.base < p.next
         WHERE p.crew = ?1 AND p.topic = ?2 AND b.base + b.count <= p.next ORDER BY b.id LIMIT ?3",
    )?;
    let rows = select.query_map(params![group, topic, int(AT_ONCE)], |row| {
        let (bytes, topic, partition) = (row.get::<_, i64>(1)? + ROW_BYTES, row.get(2)?, row.get(3)?);
        Ok(Old { id: row.get(0)?, topic, partition, after: row.get(5)?, base: row.get(4)?, bytes })
    })?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?)
}

fn drop_one(tx: &Transaction<'_>, old: &Old) -> Step<u64> {
    // A group that has positions in the topic, but none in this partition, has read nothing of it.
    let mut slowest = tx.prepare_cached(
        "SELECT min(coalesce((SELECT next FROM position WHERE crew = p.crew AND topic = ?1 AND partition = ?2), 0))
         FROM (SELECT DISTINCT crew FROM position WHERE topic = ?1) AS p",
    )?;
    let read: Option<i64> = slowest.query_row(params![old.topic, old.partition], |row| row.get(0))?;
    let read = read.or_else(|| AWAITED.contains(&old.topic.as_str()).then_some(0));
    let mut delete = tx.prepare_cached("DELETE FROM batch WHERE id = ?1")?;
    delete.execute([old.id])?;
    let mut advance = tx.prepare_cached(
        "UPDATE tip SET first = max(first, ?3), bytes = max(bytes - ?4, 0) WHERE topic = ?1 AND partition = ?2",
    )?;
    advance.execute(params![old.topic, old.partition, old.after, old.bytes])?;
    Ok(read.map_or(0, |read| u64::try_from(old.after - old.base.max(read)).unwrap_or(0)))
}
