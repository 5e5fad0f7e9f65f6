//! The statements, built once from the schema's own names; no value and nothing from outside is ever part of a text.
//!
//! `INDEXED BY` stands where the choice of an index decides between a seek and a walk over weeks of rows: there SQLite
//! must not guess. A test asks `EXPLAIN QUERY PLAN` about every text here.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::event::Size;
use crate::store::LOOK_BACK;
use crate::store::schema::{self, Table};

/// The statements on one window table.
#[derive(Debug)]
pub(super) struct WindowSql {
    pub(super) upsert: String,
    pub(super) rebuilt: String,
    pub(super) span: String,
    pub(super) newest_final: String,
}

/// All statements.
#[derive(Debug)]
pub(super) struct Sql {
    pub(super) raw_insert: String,
    pub(super) raw_span: String,
    pub(super) raw_before: String,
    pub(super) raw_next: String,
    pub(super) latest: String,
    pub(super) gpus: String,
    windows: [WindowSql; 3],
    pub(super) happening_upsert: String,
    pub(super) alert_upsert: String,
    pub(super) alerts_open: String,
    pub(super) alerts_newest: String,
    pub(super) collector_upsert: String,
    pub(super) collectors: String,
    pub(super) asset_upsert: String,
    pub(super) assets: String,
}

pub(super) const TOKEN_RAISE: &str = "INSERT INTO writers (stage, partition, token) VALUES (?1, ?2, 1)
    ON CONFLICT (stage, partition) DO UPDATE SET token = token + 1 RETURNING token";
pub(super) const TOKEN: &str = "SELECT token FROM writers WHERE stage = ?1 AND partition = ?2";
pub(super) const ASSETS_VERSION: &str = "SELECT value FROM gpuhm_meta WHERE name = 'assets'";
pub(super) const ASSETS_BUMP: &str = "INSERT INTO gpuhm_meta (name, value) VALUES ('assets', 1)
    ON CONFLICT (name) DO UPDATE SET value = value + 1";

/// The GPUs that have raw rows: from each to the next by one seek in the index, however many rows lie between.
pub(super) const GPUS: &str = "WITH RECURSIVE each (gpu) AS (
    SELECT min(gpu_uuid) FROM gpu_metrics INDEXED BY gpu_metrics_gpu
    UNION ALL
    SELECT (SELECT min(gpu_uuid) FROM gpu_metrics INDEXED BY gpu_metrics_gpu WHERE gpu_uuid > each.gpu)
    FROM each WHERE each.gpu IS NOT NULL
)";

const RAW_NEXT: &str = "SELECT time FROM gpu_metrics INDEXED BY gpu_metrics_gpu";

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
    let raw = schema::raw();
    let alerts = schema::alerts();
    let collectors = schema::collectors();
    let assets = schema::assets();
    let select = format!("SELECT {} FROM gpu_metrics INDEXED BY gpu_metrics_gpu", list(&raw, ""));
    let listed = format!("SELECT {} FROM gpu_alerts INDEXED BY", list(&alerts, ""));
    let newest_first = "ORDER BY since DESC, alert_id DESC";
    Sql {
        raw_insert: format!("{} ON CONFLICT DO NOTHING", insert(&raw)),
        raw_span: format!("{select} WHERE gpu_uuid = ?1 AND time >= ?2 AND time < ?3 ORDER BY time"),
        raw_before: format!("{select} WHERE gpu_uuid = ?1 AND time < ?2 ORDER BY time DESC LIMIT {}", LOOK_BACK + 1),
        raw_next: format!("{RAW_NEXT} WHERE gpu_uuid = ?1 AND time >= ?2 ORDER BY time LIMIT 1"),
        latest: latest(&raw),
        gpus: format!("{GPUS} SELECT gpu FROM each WHERE gpu IS NOT NULL"),
        windows: Size::ALL.map(windows),
        happening_upsert: upsert(&schema::happenings()),
        alert_upsert: alert_upsert(&alerts),
        alerts_open: format!("{listed} gpu_alerts_open WHERE status = 'firing' {newest_first}"),
        alerts_newest: format!("{listed} gpu_alerts_since {newest_first} LIMIT ?1"),
        collector_upsert: format!("{} WHERE excluded.time >= collectors.time", upsert(&collectors)),
        collectors: format!("SELECT {} FROM collectors ORDER BY hostname", list(&collectors, "")),
        asset_upsert: format!("{} WHERE {}", upsert(&assets), differs(&assets)),
        assets: format!("SELECT {} FROM gpu_assets ORDER BY gpu_uuid", list(&assets, "")),
    }
});

fn latest(raw: &Table) -> String {
    // CROSS JOIN fixes the order: GPUs first, then the one row of each by its whole key.
    format!(
        "{GPUS} SELECT {}, a.rack, a.cluster FROM each CROSS JOIN gpu_metrics m
        ON m.gpu_uuid = each.gpu AND m.time = (
            SELECT max(time) FROM gpu_metrics INDEXED BY gpu_metrics_gpu WHERE gpu_uuid = each.gpu
        )
        LEFT JOIN gpu_assets a ON a.gpu_uuid = each.gpu",
        list(raw, "m.")
    )
}

/// A stage's alert says nothing of what suppresses it: only one that names something changes that.
fn alert_upsert(alerts: &Table) -> String {
    let ours = "coalesce(excluded.suppressed_by, gpu_alerts.suppressed_by)";
    upsert(alerts).replace("= excluded.suppressed_by", &format!("= {ours}"))
}

fn windows(size: Size) -> WindowSql {
    let (table, name) = (schema::window(size), size.table());
    WindowSql {
        upsert: upsert(&table),
        rebuilt: format!("{} WHERE excluded.count >= {name}.count", upsert(&table)),
        span: format!(
            "SELECT {} FROM {name} WHERE gpu_uuid = ?1 AND start >= ?2 AND start < ?3 ORDER BY start",
            list(&table, "")
        ),
        newest_final: format!("SELECT start FROM {name} WHERE gpu_uuid = ?1 AND final = 1 ORDER BY start DESC LIMIT 1"),
    }
}

/// The columns that are read back: all but `written_at`.
pub(super) fn list(table: &Table, of: &str) -> String {
    let mut text = String::new();
    for column in table.columns.iter().filter(|column| column.name != "written_at") {
        let comma = if text.is_empty() { "" } else { ", " };
        push(&mut text, format_args!("{comma}{of}{}", column.name));
    }
    text
}

fn insert(table: &Table) -> String {
    let mut text = format!("INSERT INTO {} (", table.name);
    for (at, column) in table.columns.iter().enumerate() {
        push(&mut text, format_args!("{}{}", if at == 0 { "" } else { ", " }, column.name));
    }
    text.push_str(") VALUES (");
    for at in 1..=table.columns.len() {
        push(&mut text, format_args!("{}?{at}", if at == 1 { "" } else { ", " }));
    }
    text.push(')');
    text
}

pub(super) fn upsert(table: &Table) -> String {
    let mut text = format!("{} ON CONFLICT ({}) DO UPDATE SET ", insert(table), table.key.join(", "));
    let mut comma = "";
    for name in values(table) {
        push(&mut text, format_args!("{comma}{name} = excluded.{name}"));
        comma = ", ";
    }
    text
}

pub(super) fn differs(table: &Table) -> String {
    let mut text = String::new();
    for name in values(table) {
        let or = if text.is_empty() { "" } else { " OR " };
        push(&mut text, format_args!("{or}{}.{name} IS NOT excluded.{name}", table.name));
    }
    text
}

/// The columns that are not part of the key.
fn values(table: &Table) -> impl Iterator<Item = &str> {
    table.columns.iter().map(|column| column.name.as_ref()).filter(|name| !table.key.contains(name))
}

fn push(text: &mut String, part: std::fmt::Arguments<'_>) {
    if text.write_fmt(part).is_err() {
        debug_assert!(false, "writing to a String cannot fail");
    }
}
