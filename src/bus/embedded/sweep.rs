//! Reading: which partitions have news, and a bounded, fair share of it.
//!
//! A sweep compares the ends of the partitions with the caller's positions and reads only where there is more. Blocks
//! are read whole, so that none is decompressed twice: a read exceeds what was asked for by less than a block. Each
//! partition gets its share of the request and the next sweep begins behind the last one read, so no partition starves.
//! This module must not know who reads: groups and readers without one use it alike.

use std::time::Duration;

use rusqlite::{Transaction, params};

use super::block::{Codec, Head};
use super::file::{Db, Step, Trouble};
use crate::bus::BusError;
use crate::event::{Record, Time};

/// Bytes of records in one sweep, whatever their number. Double, and a sweep of the largest records is a quarter of a
/// small machine's memory; half, and it changes nothing for real events.
const SWEEP_BYTES: i64 = 32 << 20;
/// Pause between two looks at the file's change counter, which cost a few microseconds each. Double, and four hops of
/// one alert are a fifth of a second late; half, and an idle machine wakes eighty times a second a reader.
const NAP: Duration = Duration::from_millis(25);

/// First and next offset of every partition; [`BusError::NoTopic`] where there are none.
pub(super) fn tips(tx: &Transaction<'_>, topic: &str) -> Step<Vec<(i64, i64)>> {
    let mut select = tx.prepare_cached("SELECT first, next FROM tip WHERE topic = ?1 ORDER BY partition")?;
    let rows = select.query_map([topic], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let tips = rows.collect::<Result<Vec<_>, _>>()?;
    if tips.is_empty() { Err(BusError::NoTopic(topic.to_owned()).into()) } else { Ok(tips) }
}

/// What may still be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    records: usize,
    bytes: i64,
}

impl Budget {
    pub(super) fn new(max: usize) -> Budget {
        Budget { records: max.max(1), bytes: SWEEP_BYTES }
    }

    fn spent(self) -> bool {
        self.records == 0 || self.bytes <= 0
    }

    fn take(&mut self, records: usize, bytes: i64) {
        self.records = self.records.saturating_sub(records);
        self.bytes -= bytes;
    }
}

/// Records of one partition in `from..to`, until the budget is spent.
///
/// The caller has made sure that `from` is not before the first offset and `to` not behind the next one.
pub(super) fn fetch(
    tx: &Transaction<'_>,
    codec: &mut Codec,
    (topic, partition): (&str, i32),
    (from, to): (i64, i64),
    budget: &mut Budget,
) -> Step<Vec<Record>> {
    let mut select = tx.prepare_cached(
        "SELECT base, count, arrived, raw, body FROM batch
         WHERE topic = ?1 AND partition = ?2 AND base < ?4 AND base >= coalesce((SELECT base FROM batch
           WHERE topic = ?1 AND partition = ?2 AND base <= ?3 ORDER BY base DESC LIMIT 1), ?3)
         ORDER BY base",
    )?;
    let mut rows = select.query(params![topic, partition, from, to])?;
    let mut found: Vec<Record> = Vec::new();
    let mut next = from;
    while next < to && !budget.spent() {
        let corrupt = |why: String| Trouble::Corrupt(format!("{topic} partition {partition} offset {next}: {why}"));
        let Some(row) = rows.next()? else {
            return Err(corrupt("the records are missing".to_owned()));
        };
        let head = Head { base: row.get(0)?, count: row.get(1)?, arrived: Time(row.get(2)?), raw: row.get(3)? };
        let body = row.get_ref(4)?.as_blob().map_err(|error| corrupt(error.to_string()))?;
        let after = head.base.saturating_add(head.count);
        if head.base > next || after <= next {
            return Err(corrupt("the records are missing".to_owned()));
        }
        let mut records = codec.read(head, body).map_err(|why| corrupt(format!("damaged block: it {why}")))?;
        records.retain(|record| record.offset >= next && record.offset < to);
        next = after.min(to);
        budget.take(records.len(), head.raw);
        if found.is_empty() {
            found = records;
        } else {
            found.append(&mut records);
        }
    }
    Ok(found)
}

/// Where a reader stands in a partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    /// The partition.
    pub(super) partition: i32,
    /// The next record to read.
    pub(super) position: i64,
}

/// What a sweep found in a partition.
#[derive(Debug)]
pub(super) struct Found {
    /// The partition.
    pub(super) partition: i32,
    /// The position behind `records`.
    pub(super) position: i64,
    /// Records that retention had dropped before they were read.
    pub(super) skipped: u64,
    /// The records.
    pub(super) records: Vec<Record>,
    /// Whether the log ends there.
    pub(super) end: bool,
}

/// One look at all cursors. Partitions behind the end come with records, or without where the budget did not reach
/// them; `turn` is the partition to begin with and is moved on.
pub(super) fn sweep(
    tx: &Transaction<'_>,
    codec: &mut Codec,
    topic: &str,
    cursors: &[Cursor],
    max: usize,
    turn: &mut i32,
) -> Step<Vec<Found>> {
    let tips = tips(tx, topic)?;
    let mut found = Vec::with_capacity(cursors.len());
    for cursor in cursors {
        let tip = usize::try_from(cursor.partition).ok().and_then(|at| tips.get(at));
        let Some(&(first, next)) = tip else {
            continue;
        };
        let skipped = u64::try_from(first - cursor.position).unwrap_or(0);
        let position = cursor.position.max(first);
        let (partition, end) = (cursor.partition, position >= next);
        found.push((next, Found { partition, position, skipped, records: Vec::new(), end }));
    }
    let begin = *turn;
    found.sort_by_key(|(_, found)| (found.partition < begin, found.partition));
    let behind = found.iter().filter(|(_, found)| !found.end).count();
    let share = max.div_ceil(behind.max(1));
    let mut total = Budget::new(max);
    for (next, found) in found.iter_mut().filter(|(_, found)| !found.end) {
        if total.spent() {
            break;
        }
        let mut own = Budget { records: share.min(total.records).max(1), bytes: total.bytes };
        found.records = fetch(tx, codec, (topic, found.partition), (found.position, *next), &mut own)?;
        found.position = found.records.last().map_or(found.position, |record| record.offset + 1);
        found.end = found.position >= *next;
        total.take(found.records.len(), total.bytes - own.bytes);
        *turn = found.partition + 1;
    }
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

/// Sleeps until another connection has changed the file since `version`, at most `wait`; returns how long it slept.
///
/// The time is counted in sleeps, not measured: nothing here needs a clock, and a wait that is a little long harms
/// nobody.
pub(super) fn nap(db: &Db, version: i64, wait: Duration) -> Result<Duration, BusError> {
    let mut slept = Duration::ZERO;
    while slept < wait {
        let nap = NAP.min(wait.saturating_sub(slept));
        std::thread::sleep(nap);
        slept += nap;
        if db.version()? != version {
            break;
        }
    }
    Ok(slept)
}
