//! Writing: tokens, a step's rows, rebuilt windows. Each is one transaction that holds the write lock from its start.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{Connection, OptionalExtension, Result, Transaction, TransactionBehavior::Immediate};

use super::bind::Binder;
use super::sql::{SQL, TOKEN, TOKEN_RAISE};
use super::{alerts, judged, read};
use crate::event::rows::{CollectorRow, Happening, Raw};
use crate::event::{Rows, Time, Window};
use crate::metric;
use crate::store::{Token, Written};

/// What came of a write.
pub(super) enum Outcome {
    /// Everything was written.
    Written(Written),
    /// Nothing was: this token is not the store's, which is the number (0 where the store never gave one).
    Stale(Token, i64),
}

/// Raises the tokens of `partitions`.
pub(super) fn raise(connection: &mut Connection, stage: &str, partitions: &[i32]) -> Result<Vec<Token>> {
    let transaction = connection.transaction_with_behavior(Immediate)?;
    let mut tokens = Vec::with_capacity(partitions.len());
    {
        let mut statement = transaction.prepare_cached(TOKEN_RAISE)?;
        for &partition in partitions {
            let number = statement.query_row((stage, partition), |row| row.get(0))?;
            tokens.push(Token { stage: stage.to_owned(), partition, number });
        }
    }
    transaction.commit()?;
    Ok(tokens)
}

/// Writes a step's rows if all `tokens` are the newest.
pub(super) fn write(connection: &mut Connection, tokens: &[Token], rows: &Rows, now: Time) -> Result<Outcome> {
    let transaction = connection.transaction_with_behavior(Immediate)?;
    for token in tokens {
        let mut statement = transaction.prepare_cached(TOKEN)?;
        let newest: Option<i64> = statement.query_row((&token.stage, token.partition), |row| row.get(0)).optional()?;
        // Another number, even a lower one, is another owner's or another store's.
        if newest != Some(token.number) {
            return Ok(Outcome::Stale(token.clone(), newest.unwrap_or(0)));
        }
    }
    let written = put_raw(&transaction, &rows.raw, now)?;
    for window in &rows.windows {
        put_window(&transaction, &SQL.windows(window.size).upsert, window, now)?;
    }
    put_happenings(&transaction, &rows.happenings, now)?;
    alerts::put(&transaction, &rows.alerts, now)?;
    put_collectors(&transaction, &rows.collectors, now)?;
    judged::put(&transaction, rows, now)?;
    transaction.commit()?;
    Ok(Outcome::Written(written))
}

/// Writes those of `windows` that are older than their GPU's newest final one of that size and that count no fewer
/// readings than the stored one. A dry run does the same and takes it back, so that both count alike.
pub(super) fn backfill(connection: &mut Connection, windows: &[Window], now: Time, dry_run: bool) -> Result<u64> {
    let transaction = connection.transaction_with_behavior(Immediate)?;
    // What is written is older, so that the newest stays the newest throughout.
    let mut finals = HashMap::new();
    let mut count = 0;
    for window in windows {
        let newest = match finals.entry((window.gpu_uuid.as_str(), window.size)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => *place.insert(read::newest_final(&transaction, &window.gpu_uuid, window.size)?),
        };
        if newest.is_some_and(|newest| window.start < newest) {
            count += put_window(&transaction, &SQL.windows(window.size).rebuilt, window, now)?;
        }
    }
    if dry_run {
        transaction.rollback()?;
    } else {
        transaction.commit()?;
    }
    Ok(count)
}

fn put_raw(transaction: &Transaction<'_>, rows: &[Raw], now: Time) -> Result<Written> {
    let mut written = Written::default();
    let mut statement = transaction.prepare_cached(&SQL.raw_insert)?;
    for row in rows {
        let mut to = Binder::new(&mut statement);
        to.put(row.time.ms())?;
        to.put(&row.gpu_uuid)?;
        to.put(&row.hostname)?;
        to.put(row.device_index)?;
        to.put(&row.model)?;
        for (index, metric) in metric::sampled() {
            to.metric(metric.ty, row.values.get(index))?;
        }
        to.put(row.latency_ms)?;
        to.put(row.interval_ms)?;
        to.put(now.ms())?;
        if to.run()? == 0 {
            written.repeated += 1;
        } else {
            written.raw += 1;
        }
    }
    Ok(written)
}

/// Writes one window by `text`; returns how many rows that changed.
fn put_window(transaction: &Transaction<'_>, text: &str, window: &Window, now: Time) -> Result<u64> {
    let mut statement = transaction.prepare_cached(text)?;
    let mut to = Binder::new(&mut statement);
    to.put(&window.gpu_uuid)?;
    to.put(window.start.ms())?;
    to.put(&window.hostname)?;
    to.put(window.closed)?;
    to.put(window.count)?;
    to.put(window.expected)?;
    for (at, column) in window.size.columns().iter().enumerate() {
        to.metric(column.ty, window.cells.get(at).copied().flatten())?;
    }
    to.put(now.ms())?;
    Ok(to.run()? as u64)
}

fn put_happenings(transaction: &Transaction<'_>, rows: &[Happening], now: Time) -> Result<()> {
    let mut statement = transaction.prepare_cached(&SQL.happening_upsert)?;
    for row in rows {
        let mut to = Binder::new(&mut statement);
        to.put(&row.gpu_uuid)?;
        to.put(row.at.ms())?;
        to.put(&row.kind)?;
        to.put(row.code)?;
        to.put(&row.hostname)?;
        to.put(&row.detail)?;
        to.put(now.ms())?;
        to.run()?;
    }
    Ok(())
}

fn put_collectors(transaction: &Transaction<'_>, rows: &[CollectorRow], now: Time) -> Result<()> {
    let mut statement = transaction.prepare_cached(&SQL.collector_upsert)?;
    for row in rows {
        let mut to = Binder::new(&mut statement);
        to.put(&row.hostname)?;
        to.put(row.time.ms())?;
        for count in row.counts {
            to.put(count)?;
        }
        to.put(&row.source)?;
        to.put(&row.source_state)?;
        to.put(&row.version)?;
        to.put(now.ms())?;
        to.run()?;
    }
    Ok(())
}
