//! The statements of judgement, built once from the schema's own names, as `super::super::sql` builds the others.
//!
//! What is asked of every GPU goes from each GPU to the next by one seek in the index of raw rows, and from there into the
//! other table by its whole key or a range of it: a fixed number of statements, linear in GPUs, however long their past.

use std::sync::LazyLock;

use super::super::sql::{GPUS, differs, list, upsert};
use crate::event::Size;
use crate::event::time::HOUR;
use crate::store::schema::{self, Table};

/// All statements.
#[derive(Debug)]
pub(in crate::store::sqlite) struct JudgedSql {
    pub(super) place_upsert: String,
    pub(super) health_upsert: String,
    pub(super) fleet_upsert: String,
    pub(super) prediction_upsert: String,
    pub(super) failure_upsert: String,
    pub(super) silence_upsert: String,
    pub(super) latest: String,
    pub(super) places: String,
    pub(super) healths: String,
    pub(super) predictions: String,
    pub(super) numbers: String,
    pub(super) events: String,
    pub(super) throttled: String,
    pub(super) errors: String,
    pub(super) links: String,
    pub(super) hours: String,
    pub(super) quarters: String,
    pub(super) corrected: String,
    pub(super) retired: String,
    pub(super) failures: String,
    pub(super) silences: String,
    pub(super) silences_since: String,
    pub(super) silences_newest: String,
    pub(super) alerts_ended: String,
    pub(super) alerts_of_gpu: String,
    pub(super) events_of_gpu: String,
    pub(super) health_before: String,
    pub(super) prediction_before: String,
    pub(super) healths_of_gpu: String,
}

pub(super) const FAILURE_REMOVE: &str = "DELETE FROM gpu_failures WHERE gpu_uuid = ?1 AND at = ?2 AND kind = ?3";
pub(super) const SUPPRESS: &str = "UPDATE gpu_alerts SET suppressed_by = ?2 WHERE alert_id = ?1";

/// Columns of a minute's throttle seconds, in the order of `FaultMinute`; the condition of their index is made of them.
pub(super) const THROTTLES: [&str; 4] =
    ["throttle_hw_slowdown_s", "throttle_hw_thermal_s", "throttle_hw_power_brake_s", "throttle_sw_thermal_s"];
/// Columns of a minute's memory errors; the condition of their index is made of them.
const ERRORS: [&str; 3] = ["ecc_dbe_volatile_delta", "ecc_dbe_aggregate_delta", "remapped_rows_uncorrectable_delta"];
/// Columns of a minute's link errors; the condition of their index is made of them.
const LINKS: [&str; 4] =
    ["nvlink_crc_errors_delta", "nvlink_replay_errors_delta", "nvlink_recovery_errors_delta", "pcie_replays_delta"];
/// Columns of an hour's corrected errors; the condition of their index is made of them.
const CORRECTED: [&str; 2] = ["ecc_sbe_volatile_delta", "ecc_sbe_aggregate_delta"];
/// Columns of a load, in its order.
const LOAD: &str = "w.power_usage_p50, w.power_usage_p95, w.power_usage_p99, w.power_limit_w_last, w.sm_active_mean,
    w.sm_clock_mhz_mean, w.gpu_util_pct_mean";

/// The statements.
pub(in crate::store::sqlite) static JUDGED: LazyLock<JudgedSql> = LazyLock::new(|| {
    let (healths, predictions, failures) = (schema::healths(), schema::predictions(), schema::failures());
    let (silences, events) = (schema::silences(), schema::happenings());
    let alerts = format!("SELECT {} FROM gpu_alerts INDEXED BY", list(&schema::alerts(), ""));
    let newest_first = "ORDER BY since DESC, alert_id DESC";
    let silence = format!("SELECT {} FROM silences", list(&silences, ""));
    let event = format!("SELECT {} FROM gpu_events", list(&events, ""));
    JudgedSql {
        place_upsert: upsert(&schema::places()),
        health_upsert: upsert(&healths),
        fleet_upsert: upsert(&schema::fleet()),
        prediction_upsert: upsert(&predictions),
        failure_upsert: format!("{} WHERE {}", upsert(&failures), differs(&failures)),
        silence_upsert: upsert(&silences),
        latest: latest(),
        places: newest(&schema::places(), "since", ", (SELECT min(since) FROM gpu_places WHERE gpu_uuid = each.gpu)"),
        healths: newest(&healths, "time", ""),
        predictions: newest(&predictions, "time", ""),
        numbers: format!("SELECT {} FROM fleet_health ORDER BY time DESC LIMIT ?1", list(&schema::fleet(), "")),
        events: format!(
            "{event} INDEXED BY gpu_events_at WHERE at >= ?1 AND at <= ?2 ORDER BY at, gpu_uuid, kind, code"
        ),
        throttled: faulty(Size::Minute, "gpu_metrics_1m_throttled", &THROTTLES),
        errors: faulty(Size::Minute, "gpu_metrics_1m_errors", &ERRORS),
        links: faulty(Size::Minute, "gpu_metrics_1m_links", &LINKS),
        hours: hours(),
        quarters: quarters(),
        corrected: faulty(Size::Hour, "gpu_metrics_1h_corrected", &CORRECTED),
        retired: retired(),
        failures: format!("SELECT {} FROM gpu_failures ORDER BY gpu_uuid, at, kind", list(&failures, "")),
        silences: format!("{silence} ORDER BY id"),
        silences_since: format!("{silence} INDEXED BY silences_until WHERE until_at > ?1"),
        silences_newest: format!("{silence} INDEXED BY silences_until ORDER BY until_at DESC LIMIT ?1"),
        alerts_ended: format!("{alerts} gpu_alerts_since WHERE status <> 'firing' {newest_first} LIMIT ?1"),
        alerts_of_gpu: format!("{alerts} gpu_alerts_gpu WHERE gpu_uuid = ?1 {newest_first} LIMIT ?2"),
        events_of_gpu: format!(
            "{event} WHERE gpu_uuid = ?1 AND at >= ?2 AND at < ?3 ORDER BY at DESC, kind DESC, code DESC LIMIT ?4"
        ),
        health_before: before(&healths),
        prediction_before: before(&predictions),
        healths_of_gpu: format!(
            "SELECT {} FROM gpu_health_scores WHERE gpu_uuid = ?1 AND time >= ?2 AND time < ?3 ORDER BY time",
            list(&healths, "")
        ),
    }
});

/// The newest raw row of every GPU, when it was written, and the time of the oldest.
fn latest() -> String {
    let raw = "gpu_metrics INDEXED BY gpu_metrics_gpu WHERE gpu_uuid = each.gpu";
    format!(
        "{GPUS} SELECT {}, m.written_at, (SELECT min(time) FROM {raw}) FROM each CROSS JOIN gpu_metrics m
        ON m.gpu_uuid = each.gpu AND m.time = (SELECT max(time) FROM {raw})",
        list(&schema::raw(), "m.")
    )
}

/// The newest row of every GPU by the column `by`, and what `more` selects.
fn newest(table: &Table, by: &str, more: &str) -> String {
    let name = table.name;
    format!(
        "{GPUS} SELECT {}{more} FROM each CROSS JOIN {name} t
        ON t.gpu_uuid = each.gpu AND t.{by} = (SELECT max({by}) FROM {name} WHERE gpu_uuid = each.gpu)",
        list(table, "t.")
    )
}

/// The newest row of one GPU up to an instant.
fn before(table: &Table) -> String {
    let (list, name) = (list(table, ""), table.name);
    format!("SELECT {list} FROM {name} WHERE gpu_uuid = ?1 AND time <= ?2 ORDER BY time DESC LIMIT 1")
}

/// GPU, start and `columns` of the windows in [?1, ?2] in which one of these is above 0: the rows of the partial index
/// `index`, whose condition is this very text.
fn faulty(size: Size, index: &str, columns: &[&str]) -> String {
    let (table, wanted) = (size.table(), columns.join(", "));
    let any = columns.iter().map(|column| format!("{column} > 0")).collect::<Vec<_>>().join(" OR ");
    format!(
        "SELECT gpu_uuid, start, {wanted} FROM {table} INDEXED BY {index} WHERE start >= ?1 AND start <= ?2 AND ({any})"
    )
}

/// The final hours of every GPU that start in (?1, ?2].
fn hours() -> String {
    let table = Size::Hour.table();
    format!(
        "{GPUS} SELECT each.gpu, w.start, {LOAD} FROM each CROSS JOIN {table} w INDEXED BY gpu_metrics_1h_load
        ON w.gpu_uuid = each.gpu AND w.start > ?1 AND w.start <= ?2 AND w.final = 1"
    )
}

/// The 15-min windows in (?1, ?2] from the end of every GPU's newest final hour on.
fn quarters() -> String {
    let (quarter, hour) = (Size::Quarter.table(), Size::Hour.table());
    format!(
        "{GPUS} SELECT each.gpu, w.start, {LOAD} FROM each CROSS JOIN {quarter} w
        ON w.gpu_uuid = each.gpu AND w.start <= ?2 AND w.start >= max(?1 + 1, coalesce((
            SELECT start FROM {hour} INDEXED BY gpu_metrics_1h_load
            WHERE gpu_uuid = each.gpu AND final = 1 AND start <= ?2 ORDER BY start DESC LIMIT 1
        ) + {HOUR}, ?1 + 1))"
    )
}

/// `retired_pages_dbe` of every GPU in its first hour in [?1, ?2).
fn retired() -> String {
    let table = Size::Hour.table();
    format!(
        "{GPUS} SELECT each.gpu, w.retired_pages_dbe_last FROM each CROSS JOIN {table} w
        ON w.gpu_uuid = each.gpu AND w.start = (
            SELECT min(start) FROM {table} WHERE gpu_uuid = each.gpu AND start >= ?1 AND start < ?2
        ) WHERE w.retired_pages_dbe_last IS NOT NULL"
    )
}

/// Every statement that reads.
#[cfg(test)]
pub(in crate::store::sqlite) fn all_texts() -> Vec<String> {
    let sql = &*JUDGED;
    let all = [
        &sql.latest,
        &sql.places,
        &sql.healths,
        &sql.predictions,
        &sql.numbers,
        &sql.events,
        &sql.throttled,
        &sql.errors,
        &sql.links,
        &sql.hours,
        &sql.quarters,
        &sql.corrected,
        &sql.retired,
        &sql.failures,
        &sql.silences,
        &sql.silences_since,
        &sql.silences_newest,
        &sql.alerts_ended,
        &sql.alerts_of_gpu,
        &sql.events_of_gpu,
        &sql.health_before,
        &sql.prediction_before,
        &sql.healths_of_gpu,
    ];
    all.into_iter().cloned().chain([SUPPRESS.to_owned()]).collect()
}
