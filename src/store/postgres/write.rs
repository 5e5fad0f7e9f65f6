//! Writing: tokens, a step's rows, rebuilt windows, asset records, what people record. Each is one transaction; the
//! partitions it needs are made before it.

mod cells;
mod fold;
mod parts;
mod put;
mod row;
mod sql;

use std::collections::HashMap;

use foldhash::fast::RandomState;

pub(in crate::store) use parts::Parts;
pub(in crate::store) use sql::SPANS;

use self::put::{How, Putting, no_partition};
use self::sql::{ASSETS_BUMP, FAILURE_REMOVE, RAISE, SQL, SUPPRESS, TOKENS};
use super::fault::Fault;
use super::link::{Session, Work};
use super::stamp::Stamp;
use crate::event::prediction::FailureKind;
use crate::event::rows::{Raw, Suppression};
use crate::event::{Alert, Asset, Failure, Rows, Silence, Size, Time, Window};
use crate::store::{Refused, StoreError, Token, Written};

/// What a writer remembers from one write to the next.
#[derive(Debug, Default)]
pub(super) struct Memory {
    parts: Parts,
    /// Whether the last raw rows met some that were there: then the next will, too, in a replay.
    replayed: bool,
}

/// The first of `alerts` whose times do not read.
pub(super) fn unreadable(alerts: &[Alert]) -> Option<&Alert> {
    alerts.iter().find(|alert| fold::times(alert).is_none())
}

/// Raises the tokens of `partitions`.
pub(super) async fn raise(session: &mut Session, stage: &str, partitions: &[i32]) -> Result<Vec<Token>, Fault> {
    let mut sorted = partitions.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut work = session.begin().await?;
    let rows = work.query(RAISE, &[&stage, &sorted]).await?;
    work.commit().await?;
    let mut numbers = HashMap::new();
    for row in &rows {
        numbers.insert(row.try_get::<_, i32>(0)?, row.try_get::<_, i64>(1)?);
    }
    let token = |partition: &i32| {
        let number = *numbers.get(partition)?;
        Some(Token { stage: stage.to_owned(), partition: *partition, number })
    };
    Ok(partitions.iter().filter_map(token).collect())
}

/// Writes a step's rows if all `tokens` are the newest.
pub(super) async fn write(
    session: &mut Session,
    memory: &mut Memory,
    tokens: &[Token],
    rows: &Rows,
    now: Time,
) -> Result<Written, Fault> {
    memory.parts.make(session, parts::of_rows(rows)).await?;
    match once(session, memory, tokens, (rows, now), false).await {
        Err(fault) if no_partition(&fault) => {
            session.tidied().await?;
            memory.parts.forget();
            memory.parts.make(session, parts::of_rows(rows)).await?;
            once(session, memory, tokens, (rows, now), true).await
        }
        written => written,
    }
}

async fn once(
    session: &mut Session,
    memory: &mut Memory,
    tokens: &[Token],
    (rows, now): (&Rows, Time),
    homeless: bool,
) -> Result<Written, Fault> {
    let mut work = session.begin().await?;
    check(&mut work, tokens).await?;
    let mut to = Putting { work: &mut work, now, refused: Refused::default(), homeless };
    let mut written = put_raw(&mut to, memory, &rows.raw).await?;
    put_windows(&mut to, &rows.windows).await?;
    let happenings = fold::last(&rows.happenings, |row| (&row.gpu_uuid, row.at, &row.kind, row.code));
    to.put(&SQL.happenings, &happenings, How::Over).await?;
    let alerts = fold::alerts(&rows.alerts);
    to.put(&SQL.alerts, &alerts.iter().collect::<Vec<_>>(), How::Over).await?;
    to.put(&SQL.collectors, &fold::newest(&rows.collectors), How::Over).await?;
    put_judged(&mut to, rows).await?;
    written.refused = to.refused;
    work.commit().await?;
    Ok(written)
}

/// Holds the tokens against the newest, which nobody raises until the transaction ends.
async fn check(work: &mut Work<'_>, tokens: &[Token]) -> Result<(), Fault> {
    if tokens.is_empty() {
        return Ok(());
    }
    let stages: Vec<&str> = tokens.iter().map(|token| token.stage.as_str()).collect();
    let partitions: Vec<i32> = tokens.iter().map(|token| token.partition).collect();
    let rows = work.query(TOKENS, &[&stages, &partitions]).await?;
    let mut newest: HashMap<(&str, i32), i64> = HashMap::new();
    for row in &rows {
        newest.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
    }
    for token in tokens {
        let newer = newest.get(&(token.stage.as_str(), token.partition)).copied();
        // Another number, even a lower one, is another owner's or another store's.
        if newer != Some(token.number) {
            let (stage, partition, ours) = (token.stage.clone(), token.partition, token.number);
            return Err(StoreError::Fenced { stage, partition, newer: newer.unwrap_or(0), ours }.into());
        }
    }
    Ok(())
}

async fn put_raw(to: &mut Putting<'_, '_>, memory: &mut Memory, rows: &[Raw]) -> Result<Written, Fault> {
    let kept = fold::first(rows, |row| (row.time, row.gpu_uuid.as_str()));
    let how = if memory.replayed { How::Over } else { How::Straight };
    let put = to.put(&SQL.raw, &kept, how).await?;
    let all = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let repeated = all.saturating_sub(put.count).saturating_sub(put.refused.len() as u64);
    memory.replayed = put.met || (memory.replayed && repeated > 0);
    if put.count > 0 {
        spans(to.work, kept.iter().filter(|row| !put.refused.iter().any(|refused| std::ptr::eq(**row, *refused))))
            .await?;
    }
    Ok(Written { raw: put.count, repeated, refused: Refused::default() })
}

/// Widens the spans of the GPUs that raw rows are of.
async fn spans<'r>(work: &mut Work<'_>, rows: impl Iterator<Item = &'r &'r Raw>) -> Result<(), Fault> {
    let mut spans: HashMap<&str, (Time, Time), RandomState> = HashMap::default();
    for row in rows {
        let span = spans.entry(row.gpu_uuid.as_str()).or_insert((row.time, row.time));
        *span = (span.0.min(row.time), span.1.max(row.time));
    }
    let mut spans: Vec<(&str, (Time, Time))> = spans.into_iter().collect();
    spans.sort_unstable();
    let gpus: Vec<&str> = spans.iter().map(|(gpu, _)| *gpu).collect();
    let first: Vec<Stamp> = spans.iter().map(|(_, span)| Stamp(span.0)).collect();
    let last: Vec<Stamp> = spans.iter().map(|(_, span)| Stamp(span.1)).collect();
    work.execute(SPANS, &[&gpus, &first, &last]).await?;
    Ok(())
}

async fn put_windows(to: &mut Putting<'_, '_>, windows: &[Window]) -> Result<(), Fault> {
    for size in Size::ALL {
        let some = fold::last(windows.iter().filter(|window| window.size == size), |row| (&row.gpu_uuid, row.start));
        to.put(&SQL.windows(size).put, &some, How::Over).await?;
    }
    Ok(())
}

/// Writes everything of `rows` that is judgement. Its alerts are in their table: suppressions mark them.
async fn put_judged(to: &mut Putting<'_, '_>, rows: &Rows) -> Result<(), Fault> {
    to.put(&SQL.places, &fold::last(&rows.places, |row| (&row.gpu_uuid, row.since)), How::Over).await?;
    to.put(&SQL.healths, &fold::last(&rows.healths, |row| (&row.gpu_uuid, row.time)), How::Over).await?;
    to.put(&SQL.fleet, &fold::last(&rows.fleet, |row| row.time), How::Over).await?;
    to.put(&SQL.predictions, &fold::last(&rows.predictions, |row| (&row.gpu_uuid, row.time)), How::Over).await?;
    suppress(to.work, &rows.suppressions).await
}

async fn suppress(work: &mut Work<'_>, rows: &[Suppression]) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let last = fold::last(rows, |row| &row.alert_id);
    let alerts: Vec<&str> = last.iter().map(|row| row.alert_id.as_str()).collect();
    let by: Vec<Option<&str>> = last.iter().map(|row| row.by.as_deref()).collect();
    work.execute(SUPPRESS, &[&alerts, &by]).await?;
    Ok(())
}

/// Writes those of `windows` that are older than their GPU's newest final one of that size and that count no fewer
/// readings than the stored one. A dry run does the same and takes it back, so that both count alike.
pub(super) async fn backfill(
    session: &mut Session,
    memory: &mut Memory,
    windows: &[Window],
    now: Time,
    dry_run: bool,
) -> Result<u64, Fault> {
    memory.parts.make(session, parts::of_windows(windows)).await?;
    let mut work = session.begin().await?;
    let mut to = Putting { work: &mut work, now, refused: Refused::default(), homeless: true };
    let mut count = 0;
    for size in Size::ALL {
        let some = fold::last(windows.iter().filter(|window| window.size == size), |row| (&row.gpu_uuid, row.start));
        let newest = newest_finals(to.work, size, &some).await?;
        let older: Vec<&Window> = some
            .into_iter()
            .filter(|window| newest.get(window.gpu_uuid.as_str()).is_some_and(|newest| window.start < *newest))
            .collect();
        count += to.put(&SQL.windows(size).rebuilt, &older, How::Over).await?.count;
    }
    if dry_run {
        // Dropped, it takes everything back.
        return Ok(count);
    }
    work.commit().await?;
    Ok(count)
}

async fn newest_finals(work: &mut Work<'_>, size: Size, windows: &[&Window]) -> Result<HashMap<String, Time>, Fault> {
    let mut gpus: Vec<&str> = windows.iter().map(|window| window.gpu_uuid.as_str()).collect();
    gpus.dedup();
    if gpus.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = work.query(&SQL.windows(size).newest_final, &[&gpus]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<_, Stamp>(1)?.0))).collect()
}

/// Replaces whole asset records; of two for one GPU the last. Returns how many were new or differed.
pub(super) async fn put_assets(session: &mut Session, assets: &[Asset]) -> Result<u64, Fault> {
    let mut work = session.begin().await?;
    let changed = put_all(&mut work, &SQL.assets, &fold::last(assets, |asset| &asset.gpu_uuid)).await?;
    if changed > 0 {
        work.execute(ASSETS_BUMP, &[]).await?;
    }
    work.commit().await?;
    Ok(changed)
}

/// Puts failures in, whole rows by key; returns how many were new or differed.
pub(super) async fn put_failures(session: &mut Session, rows: &[Failure]) -> Result<u64, Fault> {
    let mut work = session.begin().await?;
    let last = fold::last(rows, |row| (&row.gpu_uuid, row.at, row.kind));
    let changed = put_all(&mut work, &SQL.failures, &last).await?;
    work.commit().await?;
    Ok(changed)
}

/// Takes a recorded failure back; whether there was one.
pub(super) async fn remove_failure(
    session: &mut Session,
    gpu: &str,
    at: Time,
    kind: FailureKind,
) -> Result<bool, Fault> {
    let mut work = session.begin().await?;
    let count = work.execute(FAILURE_REMOVE, &[&gpu, &Stamp(at), &kind.word()]).await?;
    work.commit().await?;
    Ok(count > 0)
}

/// Puts a silence in, or changes the one with its id.
pub(super) async fn put_silence(session: &mut Session, row: &Silence) -> Result<(), Fault> {
    let mut work = session.begin().await?;
    put_all(&mut work, &SQL.silences, &[row]).await?;
    work.commit().await
}

/// Puts in what a person wrote: all of it, or nothing and the server's words.
async fn put_all<T: row::Row>(work: &mut Work<'_>, into: &sql::Into, rows: &[&T]) -> Result<u64, Fault> {
    let mut to = Putting { work, now: Time(0), refused: Refused::default(), homeless: true };
    let put = to.put(into, rows, How::Over).await?;
    match to.refused.examples.pop() {
        Some(words) => Err(Fault::Unheld(words)),
        None => Ok(put.count),
    }
}
