//! Reading samples, windows and collectors back. Every query is a seek in an index; the order is the index's, or is
//! made here over the few rows of an answer.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::sql::SQL;
use crate::event::rows::{CollectorRow, Raw};
use crate::event::{Size, Time, Value, Values, Window};
use crate::metric::{self, Type};
use crate::store::Latest;
use crate::store::schema::{RAW_HEAD, WINDOW_HEAD};

/// The newest sample of every GPU.
pub(super) fn latest(connection: &Connection) -> Result<Vec<Latest>> {
    let mut statement = connection.prepare_cached(&SQL.latest)?;
    let rows = statement.query_map([], |row| {
        let (raw, next) = sample(row)?;
        Ok(Latest { raw, rack: row.get(next)?, cluster: row.get(next + 1)? })
    })?;
    let mut all = rows.collect::<Result<Vec<Latest>>>()?;
    all.sort_by(|a, b| {
        let key = |row: &'_ Latest| (row.raw.device_index, row.raw.time);
        let names = a.raw.hostname.cmp(&b.raw.hostname);
        names.then_with(|| key(a).cmp(&key(b))).then_with(|| a.raw.gpu_uuid.cmp(&b.raw.gpu_uuid))
    });
    Ok(all)
}

/// The GPUs that have raw rows.
pub(super) fn gpus(connection: &Connection) -> Result<Vec<String>> {
    connection.prepare_cached(&SQL.gpus)?.query_map([], |row| row.get(0))?.collect()
}

/// Raw rows of `gpu` in [from, to), and what was known before them.
pub(super) fn raw(connection: &mut Connection, gpu: &str, from: Time, to: Time) -> Result<(Option<Raw>, Vec<Raw>)> {
    // One transaction, so that both answers are of one moment.
    let transaction = connection.transaction()?;
    let before = known_before(&transaction, gpu, from)?;
    let span = raw_rows(&transaction, gpu, (from, to))?;
    Ok((before, span))
}

/// Raw rows of `gpu` in the span.
pub(super) fn raw_rows(connection: &Connection, gpu: &str, span: (Time, Time)) -> Result<Vec<Raw>> {
    let one = |row: &Row<'_>| sample(row).map(|(raw, _)| raw);
    connection.prepare_cached(&SQL.raw_span)?.query_map(params![gpu, span.0.ms(), span.1.ms()], one)?.collect()
}

/// The newest row before `from`, its missing counters from older ones.
fn known_before(connection: &Connection, gpu: &str, from: Time) -> Result<Option<Raw>> {
    let mut statement = connection.prepare_cached(&SQL.raw_before)?;
    let mut rows = statement.query_map(params![gpu, from.ms()], |row| sample(row).map(|(raw, _)| raw))?;
    let Some(mut newest) = rows.next().transpose()? else {
        return Ok(None);
    };
    for older in rows {
        if newest.values.fill_counters(&older?.values) {
            break;
        }
    }
    Ok(Some(newest))
}

/// Time of the first raw row of `gpu` at or after `from`.
pub(super) fn next_raw(connection: &Connection, gpu: &str, from: Time) -> Result<Option<Time>> {
    let mut statement = connection.prepare_cached(&SQL.raw_next)?;
    statement.query_row(params![gpu, from.ms()], |row| row.get(0).map(Time)).optional()
}

/// Windows of `gpu` that start in the span.
pub(super) fn windows(connection: &Connection, gpu: &str, size: Size, span: (Time, Time)) -> Result<Vec<Window>> {
    let mut statement = connection.prepare_cached(&SQL.windows(size).span)?;
    statement.query_map(params![gpu, span.0.ms(), span.1.ms()], |row| window(row, size))?.collect()
}

/// Start of the newest final window of `gpu`.
pub(super) fn newest_final(connection: &Connection, gpu: &str, size: Size) -> Result<Option<Time>> {
    let mut statement = connection.prepare_cached(&SQL.windows(size).newest_final)?;
    statement.query_row([gpu], |row| row.get(0).map(Time)).optional()
}

/// The collectors' newest reports.
pub(super) fn collectors(connection: &Connection) -> Result<Vec<CollectorRow>> {
    let mut statement = connection.prepare_cached(&SQL.collectors)?;
    let rows = statement.query_map([], |row| {
        let mut report = CollectorRow { hostname: row.get(0)?, time: Time(row.get(1)?), ..CollectorRow::default() };
        let mut at = 2;
        for count in &mut report.counts {
            *count = row.get(at)?;
            at += 1;
        }
        report.source = row.get(at)?;
        report.source_state = row.get(at + 1)?;
        report.version = row.get(at + 2)?;
        Ok(report)
    })?;
    rows.collect()
}

/// A raw row, and the index of the column after it.
pub(super) fn sample(row: &Row<'_>) -> Result<(Raw, usize)> {
    let mut values = Values::default();
    let mut at = RAW_HEAD;
    for (index, metric) in metric::sampled() {
        if let Some(value) = cell(row, at, metric.ty)? {
            values.set(index, value);
        }
        at += 1;
    }
    let raw = Raw {
        time: Time(row.get(0)?),
        gpu_uuid: row.get(1)?,
        hostname: row.get(2)?,
        device_index: row.get(3)?,
        model: row.get(4)?,
        values,
        latency_ms: row.get(at)?,
        interval_ms: row.get(at + 1)?,
    };
    Ok((raw, at + 2))
}

fn window(row: &Row<'_>, size: Size) -> Result<Window> {
    let columns = size.columns().iter().enumerate();
    let cells = columns.map(|(at, column)| cell(row, WINDOW_HEAD + at, column.ty)).collect::<Result<_>>()?;
    Ok(Window {
        gpu_uuid: row.get(0)?,
        start: Time(row.get(1)?),
        hostname: row.get(2)?,
        closed: row.get(3)?,
        count: row.get(4)?,
        expected: row.get(5)?,
        size,
        cells,
    })
}

fn cell(row: &Row<'_>, at: usize, ty: Type) -> Result<Option<Value>> {
    Ok(match ty {
        Type::Int => row.get::<_, Option<i64>>(at)?.map(Value::Int),
        Type::Real => row.get::<_, Option<f64>>(at)?.map(Value::Real),
    })
}
