//! Alerts as rows: one an alert, as its newest event left it. What is read back equals what was written.

use rusqlite::types::Type::Text;
use rusqlite::{Connection, Error, Result, Row, Transaction};

use super::bind::Binder;
use super::sql::SQL;
use crate::event::alert::{ALERT, AlertGpu, AlertHost};
use crate::event::{Alert, Severity, Status, Time};
use crate::store::{AlertFilter, json};

/// `since` and `at` of an alert, where both read.
pub(super) fn times(alert: &Alert) -> Option<(Time, Time)> {
    Some((Time::parse(&alert.since)?, Time::parse(&alert.at)?))
}

/// Writes alerts whose times were checked with [`times`].
pub(super) fn put(transaction: &Transaction<'_>, alerts: &[Alert], now: Time) -> Result<()> {
    let mut statement = transaction.prepare_cached(&SQL.alert_upsert)?;
    for alert in alerts {
        let Some((since, at)) = times(alert) else { continue };
        let evidence =
            serde_json::to_string(&alert.evidence).map_err(|error| Error::ToSqlConversionFailure(error.into()))?;
        let mut to = Binder::new(&mut statement);
        to.put(&alert.alert_id)?;
        to.put(&alert.schema_version)?;
        to.put(&alert.fingerprint)?;
        to.put(&alert.rule)?;
        to.put(alert.status.word())?;
        to.put(alert.severity.word())?;
        let gpu = alert.gpu.as_ref();
        to.put(gpu.map(|gpu| &gpu.gpu_uuid))?;
        to.put(gpu.and_then(|gpu| gpu.device_index))?;
        to.put(gpu.and_then(|gpu| gpu.name.as_ref()))?;
        to.put(gpu.and_then(|gpu| gpu.pci_bus_id.as_ref()))?;
        to.put(&alert.host.hostname)?;
        to.put(&alert.host.cluster)?;
        to.put(&alert.host.rack)?;
        to.put(&alert.host.datacenter)?;
        to.put(alert.value)?;
        to.put(alert.threshold)?;
        to.put(&alert.unit)?;
        to.put(since.ms())?;
        to.put(at.ms())?;
        to.put((alert.status == Status::Resolved).then_some(at.ms()))?;
        to.put(&alert.summary)?;
        to.put(&alert.action)?;
        to.put(evidence)?;
        to.put(&alert.suppressed_by)?;
        to.put(now.ms())?;
        to.run()?;
    }
    Ok(())
}

/// Alerts, those that began last first.
pub(super) fn list(connection: &Connection, filter: AlertFilter) -> Result<Vec<Alert>> {
    match filter {
        AlertFilter::Open => connection.prepare_cached(&SQL.alerts_open)?.query_map([], alert)?.collect(),
        AlertFilter::Newest(count) => {
            connection.prepare_cached(&SQL.alerts_newest)?.query_map([count], alert)?.collect()
        }
    }
}

pub(super) fn alert(row: &Row<'_>) -> Result<Alert> {
    let gpu = match row.get(6)? {
        Some(gpu_uuid) => {
            Some(AlertGpu { gpu_uuid, device_index: row.get(7)?, name: row.get(8)?, pci_bus_id: row.get(9)? })
        }
        None => None,
    };
    Ok(Alert {
        schema_version: row.get(1)?,
        event_type: ALERT.to_owned(),
        alert_id: row.get(0)?,
        fingerprint: row.get(2)?,
        rule: row.get(3)?,
        status: word(row, 4, |word| {
            [Status::Firing, Status::Resolved].into_iter().find(|status| status.word() == word)
        })?,
        severity: word(row, 5, Severity::parse)?,
        gpu,
        host: AlertHost { hostname: row.get(10)?, cluster: row.get(11)?, rack: row.get(12)?, datacenter: row.get(13)? },
        value: row.get(14)?,
        threshold: row.get(15)?,
        unit: row.get(16)?,
        since: Time(row.get(17)?).to_string(),
        at: Time(row.get(18)?).to_string(),
        // 19 is `resolved_at`, which follows from status and `at`.
        summary: row.get(20)?,
        action: row.get(21)?,
        evidence: json::object(row.get_ref(22)?.as_str()?).map_err(|error| unreadable(22, error))?,
        suppressed_by: row.get(23)?,
    })
}

pub(super) fn word<T>(row: &Row<'_>, at: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
    let text = row.get_ref(at)?.as_str()?;
    parse(text).ok_or_else(|| unreadable(at, format!("no such word: {text:?}")))
}

pub(super) fn unreadable(at: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::FromSqlConversionFailure(at, Text, error.into())
}
