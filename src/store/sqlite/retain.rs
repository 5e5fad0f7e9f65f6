//! Dropping what is too old, then what is too much: in chunks, so that a stage's write never waits long.
//!
//! Pages that become free are used again by later rows: that keeps a store at its bound at one size. Only when more than a
//! quarter of the file is free (its bounds were lowered, or a burst has aged out) are pages given back to the disk.

use rusqlite::{Connection, OptionalExtension, Result};

use crate::event::{Size, Time};
use crate::store::Retention;

/// Rows a transaction drops, more only where that many have one time: some 30 ms of the write lock.
const CHUNK: i64 = 5_000;
/// Pages a transaction gives back: 16 MiB.
const PAGES: i64 = 4_096;

/// A table, the column that ages its rows, and which of them may go.
type Aged = (&'static str, &'static str, &'static str);

/// Raw rows.
const RAW: Aged = ("gpu_metrics", "time", "");
/// The other tables that age. Of judgement the newest row stays, however old: it is how a GPU, or the fleet, stands.
const OTHERS: [Aged; 8] = [
    (Size::Minute.table(), "start", ""),
    (Size::Quarter.table(), "start", ""),
    (Size::Hour.table(), "start", ""),
    ("gpu_events", "at", ""),
    // NULL while it fires.
    ("gpu_alerts", "resolved_at", ""),
    (
        "gpu_health_scores",
        "time",
        " AND time < (SELECT max(n.time) FROM gpu_health_scores n WHERE n.gpu_uuid = gpu_health_scores.gpu_uuid)",
    ),
    (
        "gpu_failure_predictions",
        "time",
        " AND time < (SELECT max(n.time) FROM gpu_failure_predictions n WHERE n.gpu_uuid = gpu_failure_predictions.gpu_uuid)",
    ),
    ("fleet_health", "time", " AND time < (SELECT max(n.time) FROM fleet_health n)"),
];

/// Drops what `keep` does not keep; returns how many rows, and the bytes still in use.
pub(super) fn retain(connection: &Connection, now: Time, keep: Retention) -> Result<(u64, u64)> {
    let mut dropped = 0;
    let settled = now.plus(-keep.fresh_ms.max(0));
    let ages = OTHERS.map(|from| (from, keep.windows_ms));
    for (from, age) in std::iter::once((RAW, keep.raw_ms)).chain(ages) {
        while let count @ 1.. = drop_chunk(connection, from, now.plus(-age.max(0)), settled)? {
            dropped += count;
        }
    }
    while used(connection)? > keep.bytes {
        let count = drop_chunk(connection, RAW, Time(i64::MAX), Time(i64::MAX))?;
        if count == 0 {
            break;
        }
        dropped += count;
    }
    give_back(connection)?;
    Ok((dropped, used(connection)?))
}

/// The time up to which a chunk's rows go, and the statement that drops them.
fn texts((table, column, may): Aged) -> [String; 2] {
    [
        format!(
            "SELECT {column} FROM {table} WHERE {column} < ?1 AND written_at < ?2{may} ORDER BY {column} LIMIT 1 OFFSET {}",
            CHUNK - 1
        ),
        format!("DELETE FROM {table} WHERE {column} < ?1 AND written_at < ?2{may}"),
    ]
}

/// Every statement that looks for old rows.
#[cfg(test)]
pub(super) fn all_texts() -> impl Iterator<Item = String> {
    std::iter::once(RAW).chain(OTHERS).flat_map(texts)
}

/// Drops the oldest rows before `cut` that were written before `settled`, at most a chunk.
fn drop_chunk(connection: &Connection, from: Aged, cut: Time, settled: Time) -> Result<u64> {
    let [find, delete] = texts(from);
    let bounds = [cut.ms(), settled.ms()];
    let last: Option<i64> = connection.prepare_cached(&find)?.query_row(bounds, |row| row.get(0)).optional()?;
    let cut = last.map_or(cut.ms(), |last| last.saturating_add(1));
    let count = connection.prepare_cached(&delete)?.execute([cut, settled.ms()])?;
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}

/// Bytes of pages in use.
fn used(connection: &Connection) -> Result<u64> {
    let pages = pragma(connection, "page_count")? - pragma(connection, "freelist_count")?;
    Ok(u64::try_from(pages.saturating_mul(pragma(connection, "page_size")?)).unwrap_or(0))
}

fn give_back(connection: &Connection) -> Result<()> {
    loop {
        let (all, free) = (pragma(connection, "page_count")?, pragma(connection, "freelist_count")?);
        if free <= (all / 4).max(PAGES) {
            return Ok(());
        }
        // It gives back a page a step, so it must be stepped to its end.
        let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        if pragma(connection, "freelist_count")? >= free {
            // Not made with `auto_vacuum`: nothing to be had.
            return Ok(());
        }
    }
}

fn pragma(connection: &Connection, name: &str) -> Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
