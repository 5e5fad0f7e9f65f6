//! Alerts as lines: fixed columns, so that they read and grep well; severity as a word, never by colour alone.

use super::escape::escaped;
use crate::event::{Alert, Severity, Status};

/// Four letters for a severity.
const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "INFO",
        Severity::Warning => "WARN",
        Severity::Critical => "CRIT",
    }
}

/// `host/index` of an alert, or what there is of it.
#[must_use]
pub fn place(alert: &Alert) -> String {
    let host = alert.host.hostname.as_deref().or(alert.host.rack.as_deref()).unwrap_or("-");
    match &alert.gpu {
        Some(gpu) => match gpu.device_index {
            Some(index) => format!("{host}/{index}"),
            None => format!("{host}/{}", gpu.gpu_uuid),
        },
        None => host.to_owned(),
    }
}

/// One line of an alert.
#[must_use]
pub fn line(alert: &Alert) -> String {
    let state = match alert.status {
        Status::Firing => word(alert.severity),
        Status::Resolved => "OK  ",
    };
    // 2026-11-24T07:41:18.123Z as 2026-11-24 07:41:18Z
    let at = alert.at.get(..19).map_or_else(|| alert.at.clone(), |at| format!("{}Z", at.replace('T', " ")));
    let place = place(alert);
    // The line names host and index already; as an event the summary stands alone.
    let named = place.replacen('/', " GPU ", 1) + ": ";
    let summary = alert.summary.strip_prefix(&named).unwrap_or(&alert.summary);
    let text = format!("{at} {state} {place:<18} {:<18} {summary}", alert.rule);
    escaped(&text).into_owned()
}
