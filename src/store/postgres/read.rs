//! Reading samples, windows, alerts, collectors and asset records back. Every query is a seek in an index; the order is
//! the index's, or is made here over the few rows of an answer.

pub(super) mod asked;

use futures_util::future::try_join;

use self::asked::{all, alone, look, prepared};
use super::fault::Fault;
use super::link::Session;
use super::row;
use super::sql::{ASSETS_VERSION, GPUS, RAW_NEXT, SQL};
use super::stamp::Stamp;
use crate::event::rows::{CollectorRow, Raw};
use crate::event::{Alert, Asset, Size, Time, Window};
use crate::store::{AlertFilter, Latest};

/// The asset records with their version, unless that is `known`.
pub(super) async fn assets(session: &mut Session, known: Option<i64>) -> Result<Option<(i64, Vec<Asset>)>, Fault> {
    // One transaction: the records must be those of the version they are handed out under.
    let mut work = look(session).await?;
    let version = work.query(ASSETS_VERSION, &[]).await?;
    let version = version.first().map_or(Ok(0), |row| row::Cells::new(row).get())?;
    if known == Some(version) {
        work.commit().await?;
        return Ok(None);
    }
    let statement = work.prepared(&SQL.assets).await?;
    let records = all(&work, &statement, [], row::asset).await?;
    work.commit().await?;
    Ok(Some((version, records)))
}

/// The newest sample of every GPU.
pub(super) async fn latest(session: &mut Session) -> Result<Vec<Latest>, Fault> {
    let mut all = alone(session, &SQL.latest, [], row::latest).await?;
    all.sort_by(|a, b| {
        let key = |row: &'_ Latest| (row.raw.device_index, row.raw.time);
        let names = a.raw.hostname.cmp(&b.raw.hostname);
        names.then_with(|| key(a).cmp(&key(b))).then_with(|| a.raw.gpu_uuid.cmp(&b.raw.gpu_uuid))
    });
    Ok(all)
}

/// Alerts, those that began last first.
pub(super) async fn alerts(session: &mut Session, filter: AlertFilter) -> Result<Vec<Alert>, Fault> {
    match filter {
        AlertFilter::Open => alone(session, &SQL.alerts_open, [], row::alert).await,
        AlertFilter::Newest(count) => alone(session, &SQL.alerts_newest, [&i64::from(count)], row::alert).await,
    }
}

/// The collectors' newest reports.
pub(super) async fn collectors(session: &mut Session) -> Result<Vec<CollectorRow>, Fault> {
    alone(session, &SQL.collectors, [], row::collector).await
}

/// The GPUs that have raw rows.
pub(super) async fn gpus(session: &mut Session) -> Result<Vec<String>, Fault> {
    alone(session, GPUS, [], row::text).await
}

/// Raw rows of `gpu` in [from, to), and what was known before them.
pub(super) async fn raw(
    session: &mut Session,
    gpu: &str,
    from: Time,
    to: Time,
) -> Result<(Option<Raw>, Vec<Raw>), Fault> {
    // One transaction, so that both answers are of one moment.
    let mut work = look(session).await?;
    let [before, span] = prepared(&mut work, [&SQL.raw_before, &SQL.raw_span]).await?;
    let (from, to) = (Stamp(from), Stamp(to));
    let (older, rows) =
        try_join(all(&work, &before, [&gpu, &from], row::raw), all(&work, &span, [&gpu, &from, &to], row::raw)).await?;
    work.commit().await?;
    Ok((filled(older), rows))
}

/// The newest row, which is the first, its missing counters from older ones.
fn filled(newest_first: Vec<Raw>) -> Option<Raw> {
    let mut rows = newest_first.into_iter();
    let mut newest = rows.next()?;
    for older in rows {
        if newest.values.fill_counters(&older.values) {
            break;
        }
    }
    Some(newest)
}

/// Time of the first raw row of `gpu` at or after `from`.
pub(super) async fn next_raw(session: &mut Session, gpu: &str, from: Time) -> Result<Option<Time>, Fault> {
    Ok(alone(session, RAW_NEXT, [&gpu, &Stamp(from)], row::time).await?.pop())
}

/// Windows of `gpu` that start in the span.
pub(super) async fn windows(
    session: &mut Session,
    gpu: &str,
    size: Size,
    (from, to): (Time, Time),
) -> Result<Vec<Window>, Fault> {
    let text = &SQL.windows(size).span;
    alone(session, text, [&gpu, &Stamp(from), &Stamp(to)], |row| row::window(row, size)).await
}

/// Start of the newest final window of `gpu`.
pub(super) async fn newest_final(session: &mut Session, gpu: &str, size: Size) -> Result<Option<Time>, Fault> {
    Ok(alone(session, &SQL.windows(size).newest_final, [&gpu], row::time).await?.pop())
}
