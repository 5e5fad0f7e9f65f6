//! Holds the live tables against the schema's own names: columns, types, indexes, functions, partitions.

use tokio_postgres::GenericClient;

use super::super::{Finding, Migration};
use super::MIGRATIONS;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::look::FUNCTIONS;
use crate::store::schema::{self, Column, Holds, Table};

/// Tables that only this kind of store has, with their columns.
const OWN: [(&str, &[(&str, &str)]); 2] = [
    ("gpus", &[("gpu_uuid", "text"), ("first_time", INSTANT), ("last_time", INSTANT)]),
    ("gpuhm_series", &[("name", "text"), ("column_name", "text"), ("days", "integer")]),
];
const INSTANT: &str = "timestamp with time zone";

const COLUMNS: &str = "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition";
const WELL: &str = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = $1 AND i.indisvalid)";
const CALLABLE: &str = "SELECT to_regprocedure(format('%I.', current_schema()) || $1) IS NOT NULL";
/// Tables that should grow by partitions or chunks, and do neither.
const UNCUT: &str = "SELECT s.name FROM gpuhm_series s JOIN pg_class c ON c.oid = to_regclass(quote_ident(s.name))
    WHERE c.relkind <> 'p' ORDER BY s.name";
const HYPERTABLES: &str = "SELECT hypertable_name::text FROM timescaledb_information.hypertables
    WHERE hypertable_schema = current_schema()";

/// What the tables lack or have otherwise. More columns than ours are welcome.
pub(super) async fn differences(client: &impl GenericClient, timescale: bool) -> Result<Vec<Finding>, Fault> {
    let mut found = Vec::new();
    let remedy = "add what is missing by the text in migrations/postgres, or start with a new schema";
    let mut say = |what: String| found.push(Finding { what, remedy: remedy.into() });
    let mut live: Vec<(String, String, String)> = Vec::new();
    for row in client.query(COLUMNS, &[]).await? {
        live.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    schema::tables().iter().flat_map(|table| compare(table, &live)).for_each(&mut say);
    for (table, columns) in OWN {
        columns.iter().filter_map(|(name, ty)| fault(table, name, &[ty], &live)).for_each(&mut say);
    }
    for name in MIGRATIONS.iter().flat_map(Migration::indexes) {
        if !client.query_one(WELL, &[&name]).await?.try_get::<_, bool>(0)? {
            say(format!("index {name} is missing, or was not made to its end"));
        }
    }
    for name in FUNCTIONS {
        if !client.query_one(CALLABLE, &[&name]).await?.try_get::<_, bool>(0)? {
            say(format!("function {name} is missing"));
        }
    }
    if live.iter().any(|(table, _, _)| table == "gpuhm_series") {
        let mut chunks: Vec<String> = Vec::new();
        if timescale {
            for row in client.query(HYPERTABLES, &[]).await? {
                chunks.push(row.try_get(0)?);
            }
        }
        for row in client.query(UNCUT, &[]).await? {
            let name: String = row.try_get(0)?;
            if !chunks.contains(&name) {
                say(format!("table {name} is one piece: nothing can be dropped from it by age"));
            }
        }
    }
    Ok(found)
}

fn compare(table: &Table, live: &[(String, String, String)]) -> Vec<String> {
    let missing = |column: &Column| fault(table.name, &column.name, kinds(column.holds), live);
    if live.iter().any(|(name, _, _)| name == table.name) {
        return table.columns.iter().filter_map(missing).collect();
    }
    vec![format!("table {} is missing", table.name)]
}

fn fault(table: &str, column: &str, kinds: &[&str], live: &[(String, String, String)]) -> Option<String> {
    match live.iter().find(|(of, name, _)| of == table && name == column) {
        None => Some(format!("column {table}.{column} is missing")),
        Some((_, _, ty)) if !kinds.contains(&ty.as_str()) => {
            Some(format!("column {table}.{column} is {ty}, not {}", kinds.first()?))
        }
        Some(_) => None,
    }
}

/// The types that a column may have in the migrations.
const fn kinds(holds: Holds) -> &'static [&'static str] {
    match holds {
        Holds::Text => &["text"],
        Holds::Json => &["jsonb"],
        Holds::Int => &["bigint", "integer"],
        Holds::Time => &[INSTANT],
        Holds::Flag => &["boolean"],
        Holds::Real => &["real"],
        Holds::Double => &["double precision"],
    }
}
