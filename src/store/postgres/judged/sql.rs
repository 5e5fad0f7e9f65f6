//! The statements of judgement that read, built once from the schema's own names, as `super::super::sql` builds the others.
//!
//! What is asked of every GPU goes from the list of GPUs by one seek into the other table, newest partition first, and
//! ends there; or is a range of time over an index, so that whole partitions and compressed chunks stay closed.

use std::sync::LazyLock;

use super::super::sql::{NEWEST_FIRST, list, newest_raw};
use crate::event::Size;
use crate::store::schema::{self, Table};

/// All statements.
#[derive(Debug)]
pub(super) struct JudgedSql {
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
const LOAD: &str = "power_usage_p50, power_usage_p95, power_usage_p99, power_limit_w_last, sm_active_mean,
    sm_clock_mhz_mean, gpu_util_pct_mean";

/// The statements.
pub(super) static JUDGED: LazyLock<JudgedSql> = LazyLock::new(|| {
    let (healths, predictions) = (schema::healths(), schema::predictions());
    let alerts = format!("SELECT {} FROM gpu_alerts", list(&schema::alerts(), ""));
    let silence = format!("SELECT {} FROM silences", list(&schema::silences(), ""));
    let event = format!("SELECT {} FROM gpu_events", list(&schema::happenings(), ""));
    JudgedSql {
        latest: format!("SELECT {}, m.written_at, g.first_time FROM {}", list(&schema::raw(), "m."), newest_raw()),
        places: places(),
        healths: newest(&healths),
        predictions: newest(&predictions),
        numbers: format!("SELECT {} FROM fleet_health ORDER BY time DESC LIMIT $1", list(&schema::fleet(), "")),
        // In the order of their index or none: whoever reads them orders those of each GPU.
        events: format!("{event} WHERE at >= $1 AND at <= $2"),
        throttled: faulty(Size::Minute, &THROTTLES),
        errors: faulty(Size::Minute, &ERRORS),
        links: faulty(Size::Minute, &LINKS),
        hours: format!(
            "SELECT gpu_uuid, start, {LOAD} FROM {} WHERE start > $1 AND start <= $2 AND final",
            Size::Hour.table()
        ),
        quarters: quarters(),
        corrected: faulty(Size::Hour, &CORRECTED),
        retired: retired(),
        failures: format!("SELECT {} FROM gpu_failures ORDER BY gpu_uuid, at, kind", list(&schema::failures(), "")),
        silences: format!("{silence} ORDER BY id"),
        silences_since: format!("{silence} WHERE until_at > $1"),
        silences_newest: format!("{silence} ORDER BY until_at DESC LIMIT $1"),
        alerts_ended: format!("{alerts} WHERE status <> 'firing' {NEWEST_FIRST} LIMIT $1"),
        alerts_of_gpu: format!("{alerts} WHERE gpu_uuid = $1 {NEWEST_FIRST} LIMIT $2"),
        events_of_gpu: format!(
            "{event} WHERE gpu_uuid = $1 AND at >= $2 AND at < $3 ORDER BY at DESC, kind DESC, code DESC LIMIT $4"
        ),
        health_before: before(&healths),
        prediction_before: before(&predictions),
        healths_of_gpu: format!(
            "SELECT {} FROM {} WHERE gpu_uuid = $1 AND time >= $2 AND time < $3 ORDER BY time",
            list(&healths, ""),
            healths.name
        ),
    }
});

/// The newest row of every GPU: $1 is 1.
///
/// A statement with a value is planned each time. Planned once, while the newest partition was empty, it would have that
/// one's index of times walked for every GPU from then on.
fn newest(table: &Table) -> String {
    let (list, name) = (list(table, ""), table.name);
    format!(
        "SELECT t.* FROM gpus g CROSS JOIN LATERAL (
            SELECT {list} FROM {name} WHERE gpu_uuid = g.gpu_uuid ORDER BY time DESC LIMIT $1
        ) t"
    )
}

/// The newest place of every GPU, and the time of the oldest.
fn places() -> String {
    let places = schema::places();
    let (list, name) = (list(&places, ""), places.name);
    format!(
        "SELECT t.*, o.since FROM gpus g CROSS JOIN LATERAL (
            SELECT {list} FROM {name} WHERE gpu_uuid = g.gpu_uuid ORDER BY since DESC LIMIT 1
        ) t CROSS JOIN LATERAL (
            SELECT since FROM {name} WHERE gpu_uuid = g.gpu_uuid ORDER BY since LIMIT 1
        ) o"
    )
}

/// The newest row of one GPU up to an instant.
fn before(table: &Table) -> String {
    let (list, name) = (list(table, ""), table.name);
    format!("SELECT {list} FROM {name} WHERE gpu_uuid = $1 AND time <= $2 ORDER BY time DESC LIMIT 1")
}

/// GPU, start and `columns` of the windows in [$1, $2] in which one of these is above 0: the rows of a partial index whose
/// condition is this very text.
fn faulty(size: Size, columns: &[&str]) -> String {
    let (table, wanted) = (size.table(), columns.join(", "));
    let any = columns.iter().map(|column| format!("{column} > 0")).collect::<Vec<_>>().join(" OR ");
    format!("SELECT gpu_uuid, start, {wanted} FROM {table} WHERE start >= $1 AND start <= $2 AND ({any})")
}

/// The 15-min windows in ($1, $2] from the end of every GPU's newest final hour on. An hour that ended before the span does
/// not matter, and so is not looked for: $3 is an hour before $1.
fn quarters() -> String {
    let (quarter, hour) = (Size::Quarter.table(), Size::Hour.table());
    format!(
        "SELECT g.gpu_uuid, w.start, {LOAD} FROM gpus g
        LEFT JOIN LATERAL (
            SELECT start + interval '1 hour' AS ends FROM {hour} WHERE gpu_uuid = g.gpu_uuid AND final
            AND start > $3 AND start <= $2 ORDER BY start DESC LIMIT 1
        ) h ON true
        CROSS JOIN LATERAL (
            SELECT * FROM {quarter} WHERE gpu_uuid = g.gpu_uuid AND start > $1 AND start <= $2
            AND start >= coalesce(h.ends, $1) ORDER BY start OFFSET 0
        ) w"
    )
}

/// `retired_pages_dbe` of every GPU in its first hour in [$1, $2).
fn retired() -> String {
    format!(
        "SELECT g.gpu_uuid, w.retired_pages_dbe_last FROM gpus g CROSS JOIN LATERAL (
            SELECT retired_pages_dbe_last FROM {} WHERE gpu_uuid = g.gpu_uuid AND start >= $1 AND start < $2
            ORDER BY start LIMIT 1
        ) w WHERE w.retired_pages_dbe_last IS NOT NULL",
        Size::Hour.table()
    )
}
