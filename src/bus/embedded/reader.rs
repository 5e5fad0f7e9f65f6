//! A reader without a group: it begins where it is told and never commits.
//!
//! What one read brings from several partitions is merged by arrival, so that a person who follows a topic sees things
//! in the order in which they happened; within a partition, log order always holds.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::block::Codec;
use super::file::{Db, Step};
use super::sweep::{self, Cursor};
use crate::bus::{BusError, From, Reader};
use crate::event::{Record, Time};

/// A reader on its own connection.
pub(super) struct EmbeddedReader {
    db: Db,
    codec: Codec,
    topic: String,
    cursors: Vec<Cursor>,
    turn: i32,
}

impl EmbeddedReader {
    pub(super) fn open(mut db: Db, codec: Codec, topic: &str, from: &From) -> Result<EmbeddedReader, BusError> {
        let cursors = db.read("find where to begin", |tx| {
            let tips = sweep::tips(tx, topic)?;
            (0..).zip(tips).map(|(partition, tip)| begin(tx, topic, partition, tip, from)).collect::<Step<Vec<_>>>()
        })?;
        Ok(EmbeddedReader { db, codec, topic: topic.to_owned(), cursors, turn: 0 })
    }

    fn look(&mut self, max: usize) -> Result<Vec<(i32, Record)>, BusError> {
        let found = self
            .db
            .read("read", |tx| sweep::sweep(tx, &mut self.codec, &self.topic, &self.cursors, max, &mut self.turn))?;
        let mut merged = Vec::new();
        for found in found {
            if let Some(cursor) = self.cursors.iter_mut().find(|cursor| cursor.partition == found.partition) {
                cursor.position = found.position;
            }
            // A clock set back must not turn a partition's order around.
            let mut newest = Time(i64::MIN);
            for record in found.records {
                newest = newest.max(record.time);
                merged.push((newest, found.partition, record));
            }
        }
        merged.sort_by_key(|(time, partition, _)| (*time, *partition));
        Ok(merged.into_iter().map(|(_, partition, record)| (partition, record)).collect())
    }
}

fn begin(tx: &Transaction<'_>, topic: &str, partition: i32, (first, next): (i64, i64), from: &From) -> Step<Cursor> {
    let position = match from {
        From::Beginning => first,
        From::End => next,
        From::Newest(n) => next.saturating_sub(i64::try_from(*n).unwrap_or(i64::MAX)),
        From::Offset(offset) => *offset,
        From::Cursors(cursors) => cursors.get(&partition).copied().unwrap_or(first),
        From::Arrived(time) => {
            let mut select = tx.prepare_cached(
                "SELECT base FROM batch WHERE topic = ?1 AND partition = ?2 AND arrived >= ?3 ORDER BY base LIMIT 1",
            )?;
            select.query_row(params![topic, partition, time.ms()], |row| row.get(0)).optional()?.unwrap_or(next)
        }
    };
    Ok(Cursor { partition, position: position.max(first) })
}

impl Reader for EmbeddedReader {
    fn read(&mut self, max: usize, wait: Duration) -> Result<Vec<(i32, Record)>, BusError> {
        let mut waited = Duration::ZERO;
        loop {
            let version = self.db.version()?;
            let records = self.look(max)?;
            if !records.is_empty() || waited >= wait {
                return Ok(records);
            }
            waited += sweep::nap(&self.db, version, wait.saturating_sub(waited))?;
        }
    }

    fn only(&mut self, partitions: &[i32]) -> Result<(), BusError> {
        if let Some(wrong) = partitions.iter().find(|wanted| self.cursors.iter().all(|at| at.partition != **wanted)) {
            let why = format!("topic {} has no partition {wrong}", self.topic);
            return Err(self.db.place().unusable(why));
        }
        self.cursors.retain(|cursor| partitions.contains(&cursor.partition));
        Ok(())
    }

    fn positions(&self) -> BTreeMap<i32, i64> {
        self.cursors.iter().map(|cursor| (cursor.partition, cursor.position)).collect()
    }

    fn ranges(&mut self) -> Result<Vec<(i64, i64)>, BusError> {
        self.db.read("read the ends", |tx| sweep::tips(tx, &self.topic))
    }
}
