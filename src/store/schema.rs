//! The tables both databases have: names, columns and their order, as a loop over the metric table.
//!
//! Statements are built from it, rows are bound and read in its order, and `migrate verify` holds a live database
//! against it. The DDL itself stands in `migrations/`, as text that people can read and run; a test keeps the two
//! equal. Nothing here comes from input, so SQL may be assembled from these names. Knows no database.

mod judged;

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::event::Size;
use crate::event::asset::FIELDS;
use crate::event::rows::COLLECTOR_COUNTS;
use crate::metric::{self, Type};

pub(crate) use judged::{failures, fleet, healths, places, predictions, silences};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// A 64-bit integer.
    Int,
    /// A real number rounded to `f32`: the metrics.
    Real,
    /// A real number with all its bits: what an alert was judged by must come back as it was.
    Double,
    /// An instant.
    Time,
    /// Yes or no.
    Flag,
    /// A JSON document.
    Json,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Cow<'static, str>,
    /// What it holds.
    pub holds: Holds,
    /// Whether it is never NULL.
    pub required: bool,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns of its primary key.
    pub key: &'static [&'static str],
    /// Its columns, in the order statements name them.
    pub columns: Vec<Column>,
}

/// Columns of a raw row before its metrics.
pub(crate) const RAW_HEAD: usize = 5;
/// Columns of a window before its statistics.
pub(crate) const WINDOW_HEAD: usize = 6;

/// Every table, in the order of the design.
#[must_use]
pub fn tables() -> &'static [Table] {
    static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
        let mut all = vec![raw()];
        all.extend(Size::ALL.map(window));
        all.extend([happenings(), alerts(), collectors(), assets(), writers(), meta()]);
        all.extend(judged::tables());
        all
    });
    &TABLES
}

/// What a metric's column holds.
#[must_use]
pub const fn holds(ty: Type) -> Holds {
    match ty {
        Type::Int => Holds::Int,
        Type::Real => Holds::Real,
    }
}

const fn must(name: &'static str, holds: Holds) -> Column {
    Column { name: Cow::Borrowed(name), holds, required: true }
}

const fn may(name: &'static str, holds: Holds) -> Column {
    Column { name: Cow::Borrowed(name), holds, required: false }
}

const WRITTEN_AT: Column = must("written_at", Holds::Time);

pub(crate) fn raw() -> Table {
    let mut columns = vec![
        must("time", Holds::Time),
        must("gpu_uuid", Holds::Text),
        must("hostname", Holds::Text),
        may("device_index", Holds::Int),
        may("model", Holds::Text),
    ];
    debug_assert_eq!(columns.len(), RAW_HEAD);
    columns.extend(metric::sampled().map(|(_, metric)| may(metric.column, holds(metric.ty))));
    columns.extend([may("collection_latency_ms", Holds::Int), may("interval_ms", Holds::Int), WRITTEN_AT]);
    Table { name: "gpu_metrics", key: &["time", "gpu_uuid"], columns }
}

pub(crate) fn window(size: Size) -> Table {
    let mut columns = vec![
        must("gpu_uuid", Holds::Text),
        must("start", Holds::Time),
        must("hostname", Holds::Text),
        must("final", Holds::Flag),
        must("count", Holds::Int),
        must("expected", Holds::Int),
    ];
    debug_assert_eq!(columns.len(), WINDOW_HEAD);
    columns.extend(size.columns().iter().map(|column| may(&column.name, holds(column.ty))));
    columns.push(WRITTEN_AT);
    Table { name: size.table(), key: &["gpu_uuid", "start"], columns }
}

pub(crate) fn happenings() -> Table {
    let columns = vec![
        must("gpu_uuid", Holds::Text),
        must("at", Holds::Time),
        must("kind", Holds::Text),
        must("code", Holds::Int),
        must("hostname", Holds::Text),
        must("detail", Holds::Text),
        WRITTEN_AT,
    ];
    Table { name: "gpu_events", key: &["gpu_uuid", "at", "kind", "code"], columns }
}

pub(crate) fn alerts() -> Table {
    let columns = vec![
        must("alert_id", Holds::Text),
        must("schema_version", Holds::Text),
        must("fingerprint", Holds::Text),
        must("rule", Holds::Text),
        must("status", Holds::Text),
        must("severity", Holds::Text),
        may("gpu_uuid", Holds::Text),
        may("device_index", Holds::Int),
        may("name", Holds::Text),
        may("pci_bus_id", Holds::Text),
        may("hostname", Holds::Text),
        may("cluster", Holds::Text),
        may("rack", Holds::Text),
        may("datacenter", Holds::Text),
        may("value", Holds::Double),
        may("threshold", Holds::Double),
        may("unit", Holds::Text),
        must("since", Holds::Time),
        must("at", Holds::Time),
        may("resolved_at", Holds::Time),
        must("summary", Holds::Text),
        must("action", Holds::Text),
        must("evidence", Holds::Json),
        may("suppressed_by", Holds::Text),
        WRITTEN_AT,
    ];
    Table { name: "gpu_alerts", key: &["alert_id"], columns }
}

pub(crate) fn collectors() -> Table {
    let mut columns = vec![must("hostname", Holds::Text), must("time", Holds::Time)];
    columns.extend(COLLECTOR_COUNTS.map(|name| may(name, Holds::Int)));
    columns.extend(["source", "source_state", "version"].map(|name| may(name, Holds::Text)));
    columns.push(WRITTEN_AT);
    Table { name: "collectors", key: &["hostname"], columns }
}

pub(crate) fn assets() -> Table {
    let mut columns = vec![must("gpu_uuid", Holds::Text)];
    columns.extend(FIELDS.map(|name| may(name, Holds::Text)));
    Table { name: "gpu_assets", key: &["gpu_uuid"], columns }
}

fn writers() -> Table {
    let columns = vec![must("stage", Holds::Text), must("partition", Holds::Int), must("token", Holds::Int)];
    Table { name: "writers", key: &["stage", "partition"], columns }
}

fn meta() -> Table {
    let columns = vec![must("name", Holds::Text), must("value", Holds::Int)];
    Table { name: "gpuhm_meta", key: &["name"], columns }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_table_names_a_column_twice() {
        for table in tables() {
            let mut names: Vec<_> = table.columns.iter().map(|column| column.name.as_ref()).collect();
            names.sort_unstable();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all, "{}", table.name);
        }
    }
}
