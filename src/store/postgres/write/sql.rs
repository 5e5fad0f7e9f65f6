//! The statements that write, built once from the schema's own names; no value and nothing from outside is ever part of a
//! text.
//!
//! An upsert takes one array a column: one statement and one way to the server and back for any number of rows, and nothing
//! to be made first, so that it works behind a pooler too.

use std::sync::LazyLock;

use super::cells::type_name;
use crate::event::Size;
use crate::store::schema::{self, Table};

/// A table as rows are written to it.
#[derive(Debug)]
pub(super) struct Into {
    pub(super) table: Table,
    /// Rows straight in; fails where a key is there.
    pub(super) copy: String,
    /// Rows by arrays, with what a key that is there comes to.
    pub(super) upsert: String,
}

/// The windows of one size.
#[derive(Debug)]
pub(super) struct WindowSql {
    pub(super) put: Into,
    /// Never over one that counts more readings.
    pub(super) rebuilt: Into,
    pub(super) newest_final: String,
}

/// All tables.
#[derive(Debug)]
pub(super) struct Sql {
    pub(super) raw: Into,
    windows: [WindowSql; 3],
    pub(super) happenings: Into,
    pub(super) alerts: Into,
    pub(super) collectors: Into,
    pub(super) assets: Into,
    pub(super) places: Into,
    pub(super) healths: Into,
    pub(super) fleet: Into,
    pub(super) predictions: Into,
    pub(super) failures: Into,
    pub(super) silences: Into,
}

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

pub(super) const RAISE: &str = "INSERT INTO writers (stage, partition, token) SELECT $1, unnest($2::int4[]), 1
    ON CONFLICT (stage, partition) DO UPDATE SET token = writers.token + 1 RETURNING partition, token";
/// In one order for everyone, so that no two wait for each other.
pub(super) const TOKENS: &str = "SELECT stage, partition, token FROM writers
    WHERE (stage, partition) IN (SELECT * FROM unnest($1::text[], $2::int4[])) ORDER BY stage, partition FOR SHARE";
pub(super) const ASSETS_BUMP: &str = "INSERT INTO gpuhm_meta (name, value) VALUES ('assets', 1)
    ON CONFLICT (name) DO UPDATE SET value = gpuhm_meta.value + 1";
/// The span of each GPU's raw rows.
pub(in crate::store) const SPANS: &str = "INSERT INTO gpus (gpu_uuid, first_time, last_time)
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[])
    ON CONFLICT (gpu_uuid) DO UPDATE SET first_time = least(gpus.first_time, excluded.first_time),
        last_time = greatest(gpus.last_time, excluded.last_time)
    WHERE excluded.first_time < gpus.first_time OR excluded.last_time > gpus.last_time";
pub(super) const SUPPRESS: &str = "UPDATE gpu_alerts a SET suppressed_by = s.by
    FROM unnest($1::text[], $2::text[]) s (alert_id, by) WHERE a.alert_id = s.alert_id";
pub(super) const FAILURE_REMOVE: &str = "DELETE FROM gpu_failures WHERE gpu_uuid = $1 AND at = $2 AND kind = $3";

/// The statements.
pub(super) static SQL: LazyLock<Sql> = LazyLock::new(|| Sql {
    raw: first_stays(schema::raw()),
    windows: Size::ALL.map(windows),
    happenings: replaced(schema::happenings()),
    alerts: alerts(schema::alerts()),
    collectors: only_where(schema::collectors(), "excluded.time >= collectors.time"),
    assets: changed(schema::assets()),
    places: replaced(schema::places()),
    healths: replaced(schema::healths()),
    fleet: replaced(schema::fleet()),
    predictions: replaced(schema::predictions()),
    failures: changed(schema::failures()),
    silences: replaced(schema::silences()),
});

fn windows(size: Size) -> WindowSql {
    let name = size.table();
    WindowSql {
        put: replaced(schema::window(size)),
        rebuilt: only_where(schema::window(size), &format!("excluded.count >= {name}.count")),
        newest_final: format!(
            "SELECT g.gpu, n.start FROM unnest($1::text[]) g (gpu) CROSS JOIN LATERAL (
                SELECT start FROM {name} WHERE gpu_uuid = g.gpu AND final ORDER BY start DESC LIMIT 1
            ) n"
        ),
    }
}

fn first_stays(table: Table) -> Into {
    let upsert = format!("{} ON CONFLICT ({}) DO NOTHING", insert(&table), table.key.join(", "));
    Into { copy: copy(&table), upsert, table }
}

fn replaced(table: Table) -> Into {
    Into { copy: copy(&table), upsert: upsert(&table), table }
}

fn only_where(table: Table, condition: &str) -> Into {
    Into { copy: copy(&table), upsert: format!("{} WHERE {condition}", upsert(&table)), table }
}

/// Rows that are there as they stand are left alone.
fn changed(table: Table) -> Into {
    let of = |of: &str| values(&table).map(|name| format!("{of}.{name}")).collect::<Vec<_>>().join(", ");
    let differs = format!("({}) IS DISTINCT FROM ({})", of(table.name), of("excluded"));
    only_where(table, &differs)
}

/// A stage's alert says nothing of what suppresses it: only one that names something changes that.
fn alerts(table: Table) -> Into {
    let ours = "= coalesce(excluded.suppressed_by, gpu_alerts.suppressed_by)";
    let upsert = upsert(&table).replace("= excluded.suppressed_by", ours);
    Into { copy: copy(&table), upsert, table }
}

fn names(table: &Table) -> String {
    table.columns.iter().map(|column| column.name.as_ref()).collect::<Vec<_>>().join(", ")
}

fn copy(table: &Table) -> String {
    format!("COPY {} ({}) FROM STDIN BINARY", table.name, names(table))
}

fn insert(table: &Table) -> String {
    let arrays = table.columns.iter().zip(1..).map(|(column, at)| format!("${at}::{}[]", type_name(column.holds)));
    let arrays = arrays.collect::<Vec<_>>().join(", ");
    format!("INSERT INTO {} ({}) SELECT * FROM unnest({arrays})", table.name, names(table))
}

fn upsert(table: &Table) -> String {
    let set = values(table).map(|name| format!("{name} = excluded.{name}")).collect::<Vec<_>>().join(", ");
    format!("{} ON CONFLICT ({}) DO UPDATE SET {set}", insert(table), table.key.join(", "))
}

/// The columns that are not part of the key.
fn values(table: &Table) -> impl Iterator<Item = &str> {
    table.columns.iter().map(|column| column.name.as_ref()).filter(|name| !table.key.contains(name))
}
