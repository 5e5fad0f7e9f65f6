//! What both stores hold, row by row, as text that can be compared: every column but `written_at`.

use std::collections::BTreeMap;
use std::path::Path;

use gpuhm::event::Time;
use gpuhm::store::schema::{Column, Holds, Table, tables};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::database::schema::Direct;

/// How often partitions of the bus were taken over: it says how a store is kept, not what it knows.
const APART: [&str; 1] = ["writers"];

/// Rows of every table, sorted.
pub(crate) type Tables = BTreeMap<&'static str, Vec<String>>;

/// Rows with what is not the same in two runs: when a pass ran, and what was drawn by lot.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told {
    Whole,
    /// Every instant from here on is one and the same.
    Before(Time),
}

impl Told {
    fn time(self, column: &Column, value: Option<i64>) -> String {
        match (self, value) {
            (Told::Before(start), Some(ms)) if ms >= start.ms() && column.holds == Holds::Time => {
                format!("{}=now ", column.name)
            }
            _ => whole(column, value),
        }
    }

    fn text(self, table: &Table, column: &Column, value: Option<String>) -> String {
        let lot = matches!(self, Told::Before(_)) && (table.name, column.name.as_ref()) == ("silences", "id");
        if lot { "id=some ".to_owned() } else { text(column, value) }
    }
}

fn of_each(mut rows: impl FnMut(&Table, &[&Column]) -> Vec<String>) -> Tables {
    let told = tables().iter().filter(|table| !APART.contains(&table.name));
    let of = |table: &'static Table| {
        let columns: Vec<&Column> = table.columns.iter().filter(|column| column.name != "written_at").collect();
        let mut rows = rows(table, &columns);
        rows.sort_unstable();
        (table.name, rows)
    };
    told.map(of).collect()
}

/// What an embedded store holds.
pub(crate) fn embedded(path: &Path, told: Told) -> Tables {
    let store = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    of_each(|table, columns| {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_ref()).collect();
        let mut rows = store.prepare(&format!("SELECT {} FROM {}", names.join(", "), table.name)).unwrap();
        let rows = rows.query_map([], |row| {
            let cell = |(at, column): (usize, &&Column)| {
                Ok(match column.holds {
                    Holds::Int | Holds::Time | Holds::Flag => told.time(column, row.get(at)?),
                    Holds::Real | Holds::Double => real(column, row.get(at)?),
                    Holds::Text => told.text(table, column, row.get(at)?),
                    Holds::Json => json(column, row.get(at)?),
                })
            };
            columns.iter().enumerate().map(cell).collect::<rusqlite::Result<String>>()
        });
        rows.unwrap().map(Result::unwrap).collect()
    })
}

/// What a store on a server holds.
pub(crate) fn on_server(store: &mut Direct, told: Told) -> Tables {
    of_each(|table, columns| {
        let expressions: Vec<String> = columns.iter().map(|column| expression(column)).collect();
        let rows = store.query(&format!("SELECT {} FROM {}", expressions.join(", "), table.name), &[]);
        let row = |row: &tokio_postgres::Row| {
            let cell = |(at, column): (usize, &&Column)| match column.holds {
                Holds::Int | Holds::Time | Holds::Flag => told.time(column, row.get(at)),
                Holds::Real | Holds::Double => real(column, row.get(at)),
                Holds::Text => told.text(table, column, row.get(at)),
                Holds::Json => json(column, row.get(at)),
            };
            columns.iter().enumerate().map(cell).collect::<String>()
        };
        rows.iter().map(row).collect()
    })
}

fn expression(column: &Column) -> String {
    let name = &column.name;
    match column.holds {
        Holds::Time => format!("(extract(epoch FROM {name}) * 1000)::bigint"),
        Holds::Flag => format!("{name}::int::bigint"),
        // Every f32 is an f64.
        Holds::Real => format!("{name}::float8"),
        Holds::Json => format!("{name}::text"),
        Holds::Int | Holds::Double | Holds::Text => name.to_string(),
    }
}

fn whole(column: &Column, value: Option<i64>) -> String {
    value.map_or_else(String::new, |value| format!("{}={value} ", column.name))
}

fn real(column: &Column, value: Option<f64>) -> String {
    // The bits: two numbers that print alike are not yet the same.
    value.map_or_else(String::new, |value| format!("{}={value}/{:x} ", column.name, value.to_bits()))
}

fn text(column: &Column, value: Option<String>) -> String {
    value.map_or_else(String::new, |value| format!("{}={value:?} ", column.name))
}

/// A document without what only its writing says: the order of its keys and its blanks.
fn json(column: &Column, value: Option<String>) -> String {
    let Some(value) = value else { return String::new() };
    let value: Value = serde_json::from_str(&value).unwrap();
    format!("{}={} ", column.name, ordered(&value))
}

fn ordered(value: &Value) -> String {
    match value {
        Value::Array(list) => format!("{:?}", list.iter().map(ordered).collect::<Vec<_>>()),
        Value::Object(object) => {
            let all: BTreeMap<&String, String> = object.iter().map(|(key, value)| (key, ordered(value))).collect();
            format!("{all:?}")
        }
        // A whole number that was written as a real one comes back as a whole one from a server.
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |real| format!("{real:?}")),
        other => other.to_string(),
    }
}
