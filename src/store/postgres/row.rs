//! Rows as the server sends them, read back equal to what was written: a cursor over the columns, and the rows of
//! samples, windows, alerts, collectors and asset records.
//!
//! A column that does not read is told as such: trying again does not help. Knows no statement but by the order of its
//! columns, which is the schema's.

use std::error::Error;

use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type as SqlType};

use super::fault::Fault;
use super::stamp::Stamp;
use crate::event::alert::{ALERT, AlertGpu, AlertHost};
use crate::event::rows::{CollectorRow, Raw};
use crate::event::{Alert, Asset, Severity, Size, Status, Time, Value, Values, Window};
use crate::metric::{self, Type};
use crate::store::{Latest, json};

/// A row's columns, taken from the first on.
pub(super) struct Cells<'r> {
    row: &'r Row,
    next: usize,
}

/// The text of a JSON document: `JSONB` has a version before it.
struct Json<'a>(&'a str);

impl<'a> FromSql<'a> for Json<'a> {
    fn from_sql(ty: &SqlType, raw: &'a [u8]) -> Result<Json<'a>, Box<dyn Error + Sync + Send>> {
        let text = match raw.split_first() {
            Some((1, text)) if *ty == SqlType::JSONB => text,
            _ if *ty == SqlType::JSONB => return Err("a JSONB of another version".into()),
            _ => raw,
        };
        Ok(Json(std::str::from_utf8(text)?))
    }

    fn accepts(ty: &SqlType) -> bool {
        *ty == SqlType::JSONB || *ty == SqlType::JSON
    }
}

impl<'r> Cells<'r> {
    pub(super) fn new(row: &'r Row) -> Cells<'r> {
        Cells { row, next: 0 }
    }

    pub(super) fn get<T: FromSql<'r>>(&mut self) -> Result<T, Fault> {
        let at = self.next;
        self.next += 1;
        self.row.try_get(at).map_err(|error| self.unreadable(at, &error))
    }

    pub(super) fn time(&mut self) -> Result<Time, Fault> {
        Ok(self.get::<Stamp>()?.0)
    }

    pub(super) fn time_or_none(&mut self) -> Result<Option<Time>, Fault> {
        Ok(self.get::<Option<Stamp>>()?.map(|stamp| stamp.0))
    }

    /// A metric's real number, which is an `f32` there.
    pub(super) fn real(&mut self) -> Result<Option<f64>, Fault> {
        Ok(self.get::<Option<f32>>()?.map(f64::from))
    }

    pub(super) fn word<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Fault> {
        let text: &str = self.get()?;
        parse(text).ok_or_else(|| self.unreadable(self.next - 1, &format_args!("no such word: {text:?}")))
    }

    pub(super) fn list<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, Fault> {
        let text = self.get::<Json<'_>>()?.0;
        json::list(text).map_err(|error| self.unreadable(self.next - 1, &error))
    }

    pub(super) fn skip(&mut self) {
        self.next += 1;
    }

    fn cell(&mut self, ty: Type) -> Result<Option<Value>, Fault> {
        Ok(match ty {
            Type::Int => self.get::<Option<i64>>()?.map(Value::Int),
            Type::Real => self.real()?.map(Value::Real),
        })
    }

    fn unreadable(&self, at: usize, why: &dyn std::fmt::Display) -> Fault {
        let column = self.row.columns().get(at).map_or("?", |column| column.name());
        Fault::Unreadable(format!("column {column}: {why}"))
    }
}

/// The first column: a text.
pub(super) fn text(row: &Row) -> Result<String, Fault> {
    Cells::new(row).get()
}

/// The first column: an instant.
pub(super) fn time(row: &Row) -> Result<Time, Fault> {
    Cells::new(row).time()
}

/// A raw row.
pub(super) fn raw(row: &Row) -> Result<Raw, Fault> {
    sample(&mut Cells::new(row))
}

/// The columns of a raw row.
pub(super) fn sample(cells: &mut Cells<'_>) -> Result<Raw, Fault> {
    let mut raw = Raw {
        time: cells.time()?,
        gpu_uuid: cells.get()?,
        hostname: cells.get()?,
        device_index: cells.get()?,
        model: cells.get()?,
        values: Values::default(),
        latency_ms: None,
        interval_ms: None,
    };
    for (index, metric) in metric::sampled() {
        if let Some(value) = cells.cell(metric.ty)? {
            raw.values.set(index, value);
        }
    }
    (raw.latency_ms, raw.interval_ms) = (cells.get()?, cells.get()?);
    Ok(raw)
}

/// A raw row with rack and cluster.
pub(super) fn latest(row: &Row) -> Result<Latest, Fault> {
    let mut cells = Cells::new(row);
    Ok(Latest { raw: sample(&mut cells)?, rack: cells.get()?, cluster: cells.get()? })
}

/// A window.
pub(super) fn window(row: &Row, size: Size) -> Result<Window, Fault> {
    let mut cells = Cells::new(row);
    Ok(Window {
        gpu_uuid: cells.get()?,
        start: cells.time()?,
        hostname: cells.get()?,
        closed: cells.get()?,
        count: cells.get()?,
        expected: cells.get()?,
        size,
        cells: size.columns().iter().map(|column| cells.cell(column.ty)).collect::<Result<_, Fault>>()?,
    })
}

/// An alert.
pub(super) fn alert(row: &Row) -> Result<Alert, Fault> {
    let mut cells = Cells::new(row);
    let (alert_id, schema_version, fingerprint, rule) = (cells.get()?, cells.get()?, cells.get()?, cells.get()?);
    let status = cells.word(|word| [Status::Firing, Status::Resolved].into_iter().find(|one| one.word() == word))?;
    let severity = cells.word(Severity::parse)?;
    let uuid: Option<String> = cells.get()?;
    let (device_index, name, pci_bus_id) = (cells.get()?, cells.get()?, cells.get()?);
    Ok(Alert {
        schema_version,
        event_type: ALERT.to_owned(),
        alert_id,
        fingerprint,
        rule,
        status,
        severity,
        gpu: uuid.map(|gpu_uuid| AlertGpu { gpu_uuid, device_index, name, pci_bus_id }),
        host: AlertHost { hostname: cells.get()?, cluster: cells.get()?, rack: cells.get()?, datacenter: cells.get()? },
        value: cells.get()?,
        threshold: cells.get()?,
        unit: cells.get()?,
        since: cells.time()?.to_string(),
        at: cells.time()?.to_string(),
        summary: {
            // `resolved_at` follows from status and `at`.
            cells.skip();
            cells.get()?
        },
        action: cells.get()?,
        evidence: {
            let text = cells.get::<Json<'_>>()?.0;
            json::object(text).map_err(|error| Fault::Unreadable(format!("column evidence: {error}")))?
        },
        suppressed_by: cells.get()?,
    })
}

/// A collector's report.
pub(super) fn collector(row: &Row) -> Result<CollectorRow, Fault> {
    let mut cells = Cells::new(row);
    let mut report = CollectorRow { hostname: cells.get()?, time: cells.time()?, ..CollectorRow::default() };
    for count in &mut report.counts {
        *count = cells.get()?;
    }
    (report.source, report.source_state, report.version) = (cells.get()?, cells.get()?, cells.get()?);
    Ok(report)
}

/// An asset record.
pub(super) fn asset(row: &Row) -> Result<Asset, Fault> {
    let mut cells = Cells::new(row);
    let mut asset = Asset { gpu_uuid: cells.get()?, ..Asset::default() };
    for value in &mut asset.values {
        *value = cells.get()?;
    }
    Ok(asset)
}
