//! The inside of one `finish`, and what a new owner reads of it.
//!
//! Events, states and positions stand or fall with the one transaction they are written in; that the member may write
//! them is the caller's to check, in the same transaction.

use rusqlite::{Transaction, params};

use super::append::{Packed, append};
use super::file::Step;
use super::group;
use super::sweep::tips;
use crate::bus::{Finish, Join, Recovery, Saved, Stamp};

/// Writes all of it.
pub(super) fn commit(tx: &Transaction<'_>, join: &Join, finish: &Finish, packed: &Packed, stamp: &Stamp) -> Step<()> {
    if !packed.is_empty() {
        append(tx, packed, stamp())?;
    }
    let mut save = tx.prepare_cached(
        "INSERT INTO state (crew, topic, partition, entity, upto, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET upto = excluded.upto, body = excluded.body",
    )?;
    for (partition, saved) in &finish.states {
        save.execute(params![join.group, join.topic, partition, saved.entity, saved.upto, saved.body])?;
    }
    for position in &finish.positions {
        group::move_to(tx, join, position.partition, position.next, position.settled)?;
    }
    Ok(())
}

/// Where a new owner takes over.
pub(super) fn recover(tx: &Transaction<'_>, join: &Join, partition: i32) -> Step<Recovery> {
    let tips = tips(tx, &join.topic)?;
    let first = usize::try_from(partition).ok().and_then(|at| tips.get(at)).map_or(0, |(first, _)| *first);
    let (next, settled) = group::position(tx, join, partition)?.unwrap_or((first, first));
    // What retention has dropped can be neither read nor read again.
    let committed = next.max(first);
    let settled = settled.max(first).min(committed);
    let mut select = tx.prepare_cached(
        "SELECT entity, upto, body FROM state WHERE crew = ?1 AND topic = ?2 AND partition = ?3 ORDER BY entity",
    )?;
    let states = select.query_map(params![join.group, join.topic, partition], |row| {
        Ok(Saved { entity: row.get(0)?, upto: row.get(1)?, body: row.get(2)? })
    })?;
    Ok(Recovery { committed, settled, states: states.collect::<Result<Vec<_>, _>>()? })
}
