//! Moves an embedded store to a server: every row of every table, as it stands at one moment.
//!
//! It may be killed and run again, as often as it takes: a batch of rows is one transaction, and rows that are there
//! already are left, or replaced where the file's were written later. The file is only read, and stages may go on writing
//! to it meanwhile: what they wrote after the moment is then missing, and that is said.

mod encode;
mod put;

use std::path::Path;

use rusqlite::{Connection, Row};
use tokio::runtime::Builder;

use super::postgres::check;
use super::sqlite::{MIGRATIONS, standing};
use crate::event::Time;
use crate::store::StoreError;
use crate::store::postgres::Settings;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::link::Session;
use crate::store::schema::{self, Table};
use crate::store::sqlite::{Access, connect, fault, unusable};
use encode::Lines;
use put::{Put, Spans};

/// Rows of a transaction: some hundred milliseconds of it.
const BATCH: u64 = 20_000;
/// Bytes of a transaction, for tables whose rows are long.
const BYTES: usize = 32 << 20;

/// What was copied of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its name.
    pub table: String,
    /// Rows the file has.
    pub rows: u64,
    /// Of these: rows that are on the server now and were not, or were written there earlier.
    pub new: u64,
    /// Rows that the server has now.
    pub there: u64,
}

/// What a copy did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// By table.
    pub tables: Vec<Copied>,
    /// Whether somebody wrote to the file meanwhile.
    pub changed: bool,
    /// Whether it was stopped before its end; rows on the server were not counted then.
    pub stopped: bool,
}

impl Copy {
    /// Whether everything that is in the file is on the server.
    #[must_use]
    pub fn whole(&self) -> bool {
        !self.changed && !self.stopped && self.tables.iter().all(|table| table.there >= table.rows)
    }
}

/// Copies the store at `from` to the server of `to`. `progress` is told how far it is, 0 to 1, and with which table, and
/// says whether to go on.
///
/// # Errors
/// Where either store is not at this version's schema, or fails.
pub fn copy(from: &Path, to: &Settings, progress: &mut dyn FnMut(f64, &str) -> bool) -> Result<Copy, StoreError> {
    let file = connect(from, Access::Read)?;
    let status = standing(&file, from, &MIGRATIONS)?;
    if !status.settled() || status.version < status.newest {
        return Err(unusable(from, "its schema is not this version's; `gpuhm migrate` brings it up to date"));
    }
    let failed = |why: String| StoreError::Failed { place: to.place.clone(), what: "copy", why, hint: None };
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| failed(error.to_string()))?;
    let copied = runtime.block_on(async {
        let mut session = Session::connect(to).await?;
        check(&mut session, &to.place).await?;
        let mut put = Put::new(session, schema::tables()).await?;
        whole(&file, from, &mut put, progress).await
    });
    copied.map_err(|fault| fault.told(&to.place, "copy"))
}

async fn whole(
    file: &Connection,
    from: &Path,
    put: &mut Put,
    progress: &mut dyn FnMut(f64, &str) -> bool,
) -> Result<Copy, Fault> {
    let sqlite = |error: rusqlite::Error| Fault::Told(fault(from, "copy", &error));
    let before = version(file).map_err(sqlite)?;
    // A transaction that reads sees one moment, whatever others write.
    let moment = file.unchecked_transaction().map_err(sqlite)?;
    let count = |table: &Table| -> rusqlite::Result<u64> {
        let rows: i64 = moment.query_row(&format!("SELECT count(*) FROM {}", table.name), [], |row| row.get(0))?;
        Ok(u64::try_from(rows).unwrap_or(0))
    };
    let mut sizes = Vec::new();
    for table in schema::tables() {
        sizes.push(count(table).map_err(sqlite)?);
    }
    let all: u64 = sizes.iter().sum::<u64>().max(1);
    let mut done = 0;
    let mut copy = Copy { tables: Vec::new(), changed: false, stopped: false };
    for (table, rows) in schema::tables().iter().zip(sizes) {
        let mut report = |within: u64| progress(share(done + within, all), table.name);
        let new = one(&moment, from, table, put, &mut report).await?;
        copy.stopped = new.is_none();
        copy.tables.push(Copied { table: table.name.to_owned(), rows, new: new.unwrap_or(0), there: 0 });
        if copy.stopped {
            return Ok(copy);
        }
        done += rows;
    }
    drop(moment);
    copy.changed = version(file).map_err(sqlite)? != before;
    for table in &mut copy.tables {
        table.there = put.count(&table.table).await?;
    }
    Ok(copy)
}

#[expect(clippy::cast_precision_loss, reason = "a share of a bar")]
fn share(done: u64, all: u64) -> f64 {
    done as f64 / all as f64
}

/// Changes when another connection writes.
fn version(file: &Connection) -> rusqlite::Result<i64> {
    file.pragma_query_value(None, "data_version", |row| row.get(0))
}

/// Copies one table; returns how many rows were new, or nothing where it was stopped.
async fn one(
    file: &Connection,
    from: &Path,
    table: &Table,
    put: &mut Put,
    report: &mut dyn FnMut(u64) -> bool,
) -> Result<Option<u64>, Fault> {
    let sqlite = |error: rusqlite::Error| Fault::Told(fault(from, "copy", &error));
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY {}", names.join(", "), table.name, table.key.join(", "));
    let mut statement = file.prepare(&sql).map_err(sqlite)?;
    let mut rows = statement.query([]).map_err(sqlite)?;
    let (mut new, mut read) = (0, 0);
    loop {
        let mut lines = Lines::new(table);
        let mut spans = Spans::of(table);
        let mut batch = 0;
        while batch < BATCH && lines.len() < BYTES {
            let Some(row) = rows.next().map_err(sqlite)? else { break };
            lines.row(row).map_err(sqlite)?;
            spans.note(row).map_err(sqlite)?;
            batch += 1;
        }
        if !report(read) {
            return Ok(None);
        }
        if batch == 0 {
            return Ok(Some(new));
        }
        new += put.batch(table, lines, &spans).await.map_err(|fault| put::named(fault, table))?;
        read += batch;
    }
}

/// An instant of a row.
fn instant(row: &Row<'_>, at: usize) -> rusqlite::Result<Time> {
    Ok(Time(row.get(at)?))
}
