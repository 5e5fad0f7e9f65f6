//! What a store holds, row by row, as text that can be compared: every column but `written_at` and the passes' marks.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

/// Tables that say how a store is kept, not what it knows: migrations run at wall times, tokens count take-overs. And what
/// passes wrote: it follows from when they ran, not from the samples alone.
const APART: [&str; 6] =
    ["gpuhm_migrations", "writers", "sqlite_stat1", "gpu_health_scores", "fleet_health", "gpu_failure_predictions"];

/// Rows of every table.
pub(crate) type Tables = BTreeMap<String, Vec<String>>;

fn open(store: &Path) -> Connection {
    Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// A number that a query gives.
pub(crate) fn number(store: &Path, query: &str) -> i64 {
    open(store).query_row(query, [], |row| row.get(0)).unwrap()
}

fn names(connection: &Connection) -> Vec<String> {
    let mut tables = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Rules of the passes, whose alerts follow from when they ran, too.
pub(crate) const PASSES: [&str; 8] = [
    "health_grade",
    "incident",
    "gpu_silent",
    "host_silent",
    "gpus_missing",
    "collector_silent",
    "collector_dropping",
    "pipeline_silent",
];

fn rows(connection: &Connection, table: &str) -> Vec<String> {
    let only =
        if table == "gpu_alerts" { format!(" WHERE rule NOT IN ('{}')", PASSES.join("', '")) } else { String::new() };
    let mut select = connection.prepare(&format!("SELECT * FROM \"{table}\"{only}")).unwrap();
    let columns: Vec<String> = select.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = select.query([]).unwrap();
    let mut texts = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let cells =
            columns.iter().enumerate().filter(|(_, name)| !["written_at", "suppressed_by"].contains(&name.as_str()));
        let cells = cells.map(|(at, name)| match row.get::<_, Value>(at).unwrap() {
            Value::Null => String::new(),
            // The bits: two numbers that print alike are not yet the same.
            Value::Real(value) => format!("{name}={value}/{:x} ", value.to_bits()),
            Value::Integer(value) => format!("{name}={value} "),
            Value::Text(value) => format!("{name}={value:?} "),
            Value::Blob(value) => format!("{name}={value:?} "),
        });
        texts.push(cells.collect());
    }
    texts.sort_unstable();
    texts
}

/// Everything in a store.
pub(crate) fn all(store: &Path) -> Tables {
    let connection = open(store);
    let names = names(&connection).into_iter().filter(|name| !APART.contains(&name.as_str()));
    names.map(|name| (name.clone(), rows(&connection, &name))).collect()
}

/// Panics with the first rows that differ, named by `told`.
pub(crate) fn same(told: &str, table: &str, whole: &[String], other: &[String]) {
    let missing: Vec<&String> = whole.iter().filter(|row| other.binary_search(row).is_err()).take(3).collect();
    let added: Vec<&String> = other.iter().filter(|row| whole.binary_search(row).is_err()).take(3).collect();
    assert!(
        missing.is_empty() && added.is_empty() && whole.len() == other.len(),
        "{told}: {table}: {} rows undisturbed, {} here\nundisturbed only: {missing:#?}\nhere only: {added:#?}",
        whole.len(),
        other.len()
    );
}

/// Holds every table of two stores against each other.
pub(crate) fn all_same(told: &str, whole: &Tables, other: &Tables) {
    assert_eq!(whole.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (table, rows) in whole {
        same(told, table, rows, &other[table]);
    }
}
