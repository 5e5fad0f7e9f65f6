//! Rows into the server's tables: copied straight in, and where a key is there already copied aside and merged.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures_util::SinkExt as _;
use rusqlite::Row;
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;

use super::encode::Lines;
use super::instant;
use crate::event::Time;
use crate::event::time::DAY;
use crate::store::postgres::fault::{Fault, Said};
use crate::store::postgres::link::Session;
use crate::store::postgres::stamp::Stamp;
use crate::store::postgres::write::{Parts, SPANS};
use crate::store::schema::Table;

const SESSION: &str = "SET statement_timeout = 0; SET client_min_messages = warning";

/// The server's side.
pub(super) struct Put {
    session: Session,
    parts: Parts,
}

/// The instants of a batch's rows.
pub(super) struct Spans {
    time: Option<usize>,
    gpu: Option<usize>,
    days: BTreeSet<i64>,
    gpus: BTreeMap<String, (Time, Time)>,
}

impl Spans {
    pub(super) fn of(table: &Table) -> Spans {
        let place = |name: &str| table.columns.iter().position(|column| column.name == name);
        let time = ["start", "time", "at"].into_iter().filter(|name| table.key.contains(name)).find_map(place);
        let gpu = if table.name == "gpu_metrics" { place("gpu_uuid") } else { None };
        Spans { time, gpu, days: BTreeSet::new(), gpus: BTreeMap::new() }
    }

    pub(super) fn note(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let Some(at) = self.time else { return Ok(()) };
        let time = instant(row, at)?;
        self.days.insert(time.ms().div_euclid(DAY));
        if let Some(at) = self.gpu {
            let gpu = row.get_ref(at)?.as_str()?;
            match self.gpus.get_mut(gpu) {
                Some((first, last)) => (*first, *last) = (time.min(*first), time.max(*last)),
                None => drop(self.gpus.insert(gpu.to_owned(), (time, time))),
            }
        }
        Ok(())
    }
}

impl Put {
    /// Ready to take rows of `tables`.
    pub(super) async fn new(mut session: Session, tables: &[Table]) -> Result<Put, Fault> {
        let client = session.client();
        client.batch_execute(SESSION).await?;
        for table in tables {
            let aside = format!("CREATE TEMP TABLE {0} (LIKE {1})", aside(table), table.name);
            client.batch_execute(&aside).await?;
        }
        Ok(Put { session, parts: Parts::default() })
    }

    /// Puts a batch in; returns how many rows were new.
    pub(super) async fn batch(&mut self, table: &Table, lines: Lines<'_>, spans: &Spans) -> Result<u64, Fault> {
        let days = spans.days.iter().map(|day| (table.name, Time(day * DAY)));
        self.parts.make(&mut self.session, days).await?;
        let lines = lines.end();
        let mut transaction = self.session.client().transaction().await?;
        let straight = transaction.savepoint("straight").await?;
        let new = match copy(&straight, table.name, table, lines.clone()).await {
            Ok(new) => {
                straight.commit().await?;
                new
            }
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                straight.rollback().await?;
                copy(&transaction, &aside(table), table, lines).await?;
                let new = transaction.execute(&merge(table), &[]).await?;
                transaction.batch_execute(&format!("TRUNCATE {}", aside(table))).await?;
                new
            }
            Err(error) => return Err(error.into()),
        };
        if !spans.gpus.is_empty() {
            let gpus: Vec<&str> = spans.gpus.keys().map(String::as_str).collect();
            let first: Vec<Stamp> = spans.gpus.values().map(|(first, _)| Stamp(*first)).collect();
            let last: Vec<Stamp> = spans.gpus.values().map(|(_, last)| Stamp(*last)).collect();
            transaction.execute(SPANS, &[&gpus, &first, &last]).await?;
        }
        transaction.commit().await?;
        Ok(new)
    }

    /// Rows of a table.
    pub(super) async fn count(&mut self, table: &str) -> Result<u64, Fault> {
        let row = self.session.client().query_one(&format!("SELECT count(*) FROM {table}"), &[]).await?;
        Ok(u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or(0))
    }
}

/// Says whose rows it was, and of which column where the server tells.
pub(super) fn named(fault: Fault, table: &Table) -> Fault {
    let column = match &fault {
        Fault::Sql(error) => error.as_db_error().and_then(|said| column(said.column(), said.where_())),
        _ => None,
    };
    let place = column.map_or_else(|| table.name.to_owned(), |column| format!("{}, column {column}", table.name));
    match fault.said() {
        Ok(Said { grave, why, hint }) => Said { grave, why: format!("table {place}: {why}"), hint }.into(),
        Err(error) => error.into(),
    }
}

/// The column that the server names by itself, or else in what it was at: `COPY t, line 3, column c`.
fn column(named: Option<&str>, at: Option<&str>) -> Option<String> {
    let at = || at?.lines().next()?.strip_prefix("COPY ")?.split_once(", column ").map(|(_, rest)| rest);
    let name = named.or_else(at)?;
    Some(name.split(':').next().unwrap_or(name).to_owned())
}

/// The table in which rows wait that may be there already.
fn aside(table: &Table) -> String {
    format!("pg_temp.gpuhm_copy_{}", table.name)
}

fn list(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    names.join(", ")
}

async fn copy(
    transaction: &Transaction<'_>,
    to: &str,
    table: &Table,
    lines: Bytes,
) -> Result<u64, tokio_postgres::Error> {
    let sql = format!("COPY {to} ({}) FROM STDIN BINARY", list(table));
    let sink = transaction.copy_in(&sql).await?;
    let mut sink = std::pin::pin!(sink);
    sink.send(lines).await?;
    sink.finish().await
}

/// Of two rows with one key the one that was written later stays. Raw rows never change; counters and tokens only rise.
fn merge(table: &Table) -> String {
    let (name, key, list) = (table.name, table.key.join(", "), list(table));
    let insert = format!("INSERT INTO {name} AS t ({list}) SELECT {list} FROM {} ON CONFLICT ({key}) DO", aside(table));
    let rises =
        |column: &str| format!("{insert} UPDATE SET {column} = excluded.{column} WHERE excluded.{column} > t.{column}");
    let rest = table.columns.iter().filter(|column| !table.key.contains(&column.name.as_ref()));
    let names: Vec<&str> = rest.map(|column| column.name.as_ref()).collect();
    let set: Vec<String> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let set = set.join(", ");
    match name {
        "gpu_metrics" => format!("{insert} NOTHING"),
        "writers" => rises("token"),
        "gpuhm_meta" => rises("value"),
        _ if names.contains(&"written_at") => {
            format!("{insert} UPDATE SET {set} WHERE excluded.written_at > t.written_at")
        }
        _ => {
            let (old, new) =
                (names.iter().map(|name| format!("t.{name}")), names.iter().map(|name| format!("excluded.{name}")));
            let (old, new): (Vec<_>, Vec<_>) = (old.collect(), new.collect());
            format!("{insert} UPDATE SET {set} WHERE ({}) IS DISTINCT FROM ({})", old.join(", "), new.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_read_from_what_the_server_says() {
        assert_eq!(column(Some("model"), None).as_deref(), Some("model"));
        assert_eq!(column(None, Some("COPY gpus, line 3, column model: \"x\"")).as_deref(), Some("model"));
        assert_eq!(column(None, Some("COPY gpus, line 3")), None);
        assert_eq!(column(None, Some("SQL statement \"SELECT a, column b\"")), None);
    }
}
