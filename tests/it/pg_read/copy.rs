//! Copies the rows of an embedded store into tables on a server, with nothing of gpuhm's own writing there.

use std::path::Path;

use gpuhm::store::schema::{Holds, tables};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tokio_postgres::types::ToSql;

use crate::database::schema::Direct;

/// Copies every table, and makes the list of GPUs.
pub(crate) fn copy(from: &Path, to: &mut Direct) {
    let from = Connection::open(from).unwrap();
    to.run("BEGIN; DELETE FROM gpuhm_meta");
    for table in tables() {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
        let values: Vec<String> = table
            .columns
            .iter()
            .zip(1..)
            .map(|(column, at)| expression(table.name, &column.name, column.holds, at))
            .collect();
        let insert = format!("INSERT INTO {} ({}) VALUES ({})", table.name, names.join(", "), values.join(", "));
        let mut rows = from.prepare(&format!("SELECT {} FROM {}", names.join(", "), table.name)).unwrap();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let texts: Vec<Option<String>> = (0..names.len()).map(|at| text(row.get_ref(at).unwrap())).collect();
            let values: Vec<&(dyn ToSql + Sync)> = texts.iter().map(|text| -> &(dyn ToSql + Sync) { text }).collect();
            to.query(&insert, &values);
        }
    }
    to.run("INSERT INTO gpus SELECT gpu_uuid, min(time), max(time) FROM gpu_metrics GROUP BY gpu_uuid; COMMIT");
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(String::from_utf8(text.to_vec()).unwrap()),
        ValueRef::Blob(_) => panic!("no column holds bytes"),
    }
}

fn expression(table: &str, column: &str, holds: Holds, at: i32) -> String {
    match holds {
        Holds::Int if (table, column) == ("writers", "partition") => format!("${at}::text::integer"),
        Holds::Int => format!("${at}::text::bigint"),
        Holds::Real => format!("${at}::text::real"),
        Holds::Double => format!("${at}::text::double precision"),
        Holds::Time => format!("timestamptz 'epoch' + ${at}::text::bigint * interval '1 millisecond'"),
        Holds::Flag => format!("${at}::text::boolean"),
        Holds::Json => format!("${at}::text::jsonb"),
        Holds::Text => format!("${at}::text"),
    }
}
