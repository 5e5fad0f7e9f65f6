//! The past of one GPU, and what was said of it at an instant. Every statement is a seek by the GPU.

use futures_util::future::{try_join, try_join3};

use super::super::fault::Fault;
use super::super::link::Session;
use super::super::read::asked::{all, alone, look, prepared};
use super::super::row::{alert, raw, window};
use super::super::sql::SQL;
use super::super::stamp::Stamp;
use super::row;
use super::sql::JUDGED;
use crate::event::time::{DAY, HOUR, MINUTE};
use crate::event::{GpuPast, Health, Prediction, Size, Time};

/// The longest span that is told in minutes, and in 15-min windows: some 200 windows at most either way.
const IN_MINUTES: i64 = 3 * HOUR;
const IN_QUARTERS: i64 = 2 * DAY;
/// How long before the span's end raw rows begin.
const RAW_BACK: i64 = 30 * MINUTE;
/// Events and alerts at most.
const EVENTS: i64 = 500;
const ALERTS: i64 = 100;

/// The past of `gpu` in [from, to): six statements, asked together.
pub(super) async fn past(session: &mut Session, gpu: &str, (from, to): (Time, Time)) -> Result<GpuPast, Fault> {
    // One transaction, so that all answers are of one moment.
    let mut work = look(session).await?;
    let size = match to.since(from) {
        span if span <= IN_MINUTES => Size::Minute,
        span if span <= IN_QUARTERS => Size::Quarter,
        _ => Size::Hour,
    };
    let sql = &*JUDGED;
    let [before, within, events] =
        prepared(&mut work, [&sql.health_before, &sql.healths_of_gpu, &sql.events_of_gpu]).await?;
    let [windows, rows, alerts] =
        prepared(&mut work, [&SQL.windows(size).span, &SQL.raw_span, &sql.alerts_of_gpu]).await?;
    let (earlier, late) = (Stamp(from.plus(-1)), Stamp(from.max(to.plus(-RAW_BACK))));
    let (from, to) = (Stamp(from), Stamp(to));
    let judged = try_join3(
        all(&work, &before, [&gpu, &earlier], row::health),
        all(&work, &within, [&gpu, &from, &to], row::health),
        all(&work, &events, [&gpu, &from, &to, &EVENTS], row::happening),
    );
    let measured = try_join3(
        all(&work, &windows, [&gpu, &from, &to], |row| window(row, size)),
        all(&work, &rows, [&gpu, &late, &to], raw),
        all(&work, &alerts, [&gpu, &ALERTS], alert),
    );
    let ((mut healths, within, events), (windows, raw, alerts)) = try_join(judged, measured).await?;
    work.commit().await?;
    healths.extend(within);
    Ok(GpuPast { gpu_uuid: gpu.to_owned(), windows, raw, events, healths, alerts })
}

/// The newest health of `gpu` up to `at`.
pub(super) async fn health_at(session: &mut Session, gpu: &str, at: Time) -> Result<Option<Health>, Fault> {
    Ok(alone(session, &JUDGED.health_before, [&gpu, &Stamp(at)], row::health).await?.pop())
}

/// The newest prediction of `gpu` up to `at`.
pub(super) async fn prediction_at(session: &mut Session, gpu: &str, at: Time) -> Result<Option<Prediction>, Fault> {
    Ok(alone(session, &JUDGED.prediction_before, [&gpu, &Stamp(at)], row::prediction).await?.pop())
}
