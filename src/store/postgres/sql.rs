//! The statements that read samples, windows, alerts, collectors and asset records, built once from the schema's own
//! names; no value and nothing from outside is ever part of a text.
//!
//! The list of GPUs and the place of the newest row of each come from `gpus`. `LATERAL … LIMIT 1` stands where the other
//! table is to be sought once a GPU: no other way of joining is open to the planner there, and of the partitions only
//! the one with the row is opened. A test asks `EXPLAIN` about every text.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::event::Size;
use crate::store::LOOK_BACK;
use crate::store::schema::{self, Table};

/// The statements on one window table.
#[derive(Debug)]
pub(super) struct WindowSql {
    pub(super) span: String,
    pub(super) newest_final: String,
}

/// All statements.
#[derive(Debug)]
pub(super) struct Sql {
    pub(super) raw_span: String,
    pub(super) raw_before: String,
    pub(super) latest: String,
    windows: [WindowSql; 3],
    pub(super) alerts_open: String,
    pub(super) alerts_newest: String,
    pub(super) collectors: String,
    pub(super) assets: String,
}

pub(super) const ASSETS_VERSION: &str = "SELECT value FROM gpuhm_meta WHERE name = 'assets'";
pub(super) const RAW_NEXT: &str =
    "SELECT time FROM gpu_metrics WHERE gpu_uuid = $1 AND time >= $2 ORDER BY time LIMIT 1";
/// A GPU whose newest row is gone has none.
pub(super) const GPUS: &str = "SELECT g.gpu_uuid FROM gpus g CROSS JOIN LATERAL (
    SELECT 1 FROM gpu_metrics WHERE time = g.last_time AND gpu_uuid = g.gpu_uuid LIMIT 1
) m ORDER BY g.gpu_uuid";
/// The order of alerts.
pub(super) const NEWEST_FIRST: &str = "ORDER BY since DESC, alert_id DESC";

impl Sql {
    /// The statements on the windows of `size`.
    pub(super) fn windows(&self, size: Size) -> &WindowSql {
        let [minute, quarter, hour] = &self.windows;
        match size {
            Size::Minute => minute,
            Size::Quarter => quarter,
            Size::Hour => hour,
        }
    }
}

/// The statements.
pub(super) static SQL: LazyLock<Sql> = LazyLock::new(|| {
    let (raw, alerts) = (schema::raw(), schema::alerts());
    let select = format!("SELECT {} FROM gpu_metrics", list(&raw, ""));
    let listed = format!("SELECT {} FROM gpu_alerts", list(&alerts, ""));
    Sql {
        raw_span: format!("{select} WHERE gpu_uuid = $1 AND time >= $2 AND time < $3 ORDER BY time"),
        raw_before: format!("{select} WHERE gpu_uuid = $1 AND time < $2 ORDER BY time DESC LIMIT {}", LOOK_BACK + 1),
        latest: format!(
            "SELECT {}, a.rack, a.cluster FROM {} LEFT JOIN gpu_assets a ON a.gpu_uuid = g.gpu_uuid",
            list(&raw, "m."),
            newest_raw()
        ),
        windows: Size::ALL.map(windows),
        alerts_open: format!("{listed} WHERE status = 'firing' {NEWEST_FIRST}"),
        alerts_newest: format!("{listed} {NEWEST_FIRST} LIMIT $1"),
        collectors: format!("SELECT {} FROM collectors ORDER BY hostname", list(&schema::collectors(), "")),
        assets: format!("SELECT {} FROM gpu_assets ORDER BY gpu_uuid", list(&schema::assets(), "")),
    }
});

/// Every GPU as `g` with its newest raw row as `m`, found by its whole key.
pub(super) fn newest_raw() -> &'static str {
    "gpus g CROSS JOIN LATERAL (
        SELECT * FROM gpu_metrics WHERE time = g.last_time AND gpu_uuid = g.gpu_uuid LIMIT 1
    ) m"
}

fn windows(size: Size) -> WindowSql {
    let (list, name) = (list(&schema::window(size), ""), size.table());
    WindowSql {
        span: format!("SELECT {list} FROM {name} WHERE gpu_uuid = $1 AND start >= $2 AND start < $3 ORDER BY start"),
        newest_final: format!("SELECT start FROM {name} WHERE gpu_uuid = $1 AND final ORDER BY start DESC LIMIT 1"),
    }
}

/// The columns that are read back: all but `written_at`.
pub(super) fn list(table: &Table, of: &str) -> String {
    let mut text = String::new();
    for column in table.columns.iter().filter(|column| column.name != "written_at") {
        let comma = if text.is_empty() { "" } else { ", " };
        if write!(text, "{comma}{of}{}", column.name).is_err() {
            debug_assert!(false, "writing to a String cannot fail");
        }
    }
    text
}
