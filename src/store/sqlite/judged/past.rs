//! The past of one GPU, and what was said of it at an instant. Every statement is a seek by the GPU.

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::super::{alerts, read};
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
const EVENTS: u32 = 500;
const ALERTS: u32 = 100;

/// The past of `gpu` in [from, to): six statements.
pub(super) fn past(connection: &mut Connection, gpu: &str, (from, to): (Time, Time)) -> Result<GpuPast> {
    // One transaction, so that all answers are of one moment.
    let transaction = connection.transaction()?;
    let size = match to.since(from) {
        span if span <= IN_MINUTES => Size::Minute,
        span if span <= IN_QUARTERS => Size::Quarter,
        _ => Size::Hour,
    };
    let span = params![gpu, from.ms(), to.ms()];
    let mut healths: Vec<Health> = health_at(&transaction, gpu, from.plus(-1))?.into_iter().collect();
    let mut within = transaction.prepare_cached(&JUDGED.healths_of_gpu)?;
    healths.extend(within.query_map(span, row::health)?.collect::<Result<Vec<Health>>>()?);
    let mut events = transaction.prepare_cached(&JUDGED.events_of_gpu)?;
    let mut alerts = transaction.prepare_cached(&JUDGED.alerts_of_gpu)?;
    let gone_by = params![gpu, from.ms(), to.ms(), EVENTS];
    Ok(GpuPast {
        gpu_uuid: gpu.to_owned(),
        windows: read::windows(&transaction, gpu, size, (from, to))?,
        raw: read::raw_rows(&transaction, gpu, (from.max(to.plus(-RAW_BACK)), to))?,
        events: events.query_map(gone_by, row::happening)?.collect::<Result<_>>()?,
        healths,
        alerts: alerts.query_map(params![gpu, ALERTS], alerts::alert)?.collect::<Result<_>>()?,
    })
}

/// The newest health of `gpu` up to `at`.
pub(super) fn health_at(connection: &Connection, gpu: &str, at: Time) -> Result<Option<Health>> {
    connection.prepare_cached(&JUDGED.health_before)?.query_row(params![gpu, at.ms()], row::health).optional()
}

/// The newest prediction of `gpu` up to `at`.
pub(super) fn prediction_at(connection: &Connection, gpu: &str, at: Time) -> Result<Option<Prediction>> {
    connection.prepare_cached(&JUDGED.prediction_before)?.query_row(params![gpu, at.ms()], row::prediction).optional()
}
