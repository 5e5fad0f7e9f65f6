//! The migrations of the embedded store, and how they run there.
//!
//! Each file and its bookkeeping row are one `BEGIN IMMEDIATE` transaction: the database's one write lock keeps two
//! processes that open a new file apart, and the loser finds the work done. The bookkeeping's times are SQLite's own:
//! they say when a person's machine did it, and no stage reads them.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::judge::{self, Ran};
use super::{Finding, Migration, OURS, State, Status, Step, TABLE};
use crate::event::Time;
use crate::store::StoreError;
use crate::store::schema::{self, Column, Holds, Table};
use crate::store::sqlite::{APPLICATION, Access, connect, fault, place, unusable};

/// The files, in order.
pub static MIGRATIONS: [Migration; 3] = [
    Migration { version: 1, name: "init", sql: include_str!("../../../migrations/sqlite/0001_init.sql") },
    Migration { version: 2, name: "windows", sql: include_str!("../../../migrations/sqlite/0002_windows.sql") },
    Migration { version: 3, name: "judgement", sql: include_str!("../../../migrations/sqlite/0003_judgement.sql") },
];

const BOOKKEEPING: &str = "CREATE TABLE IF NOT EXISTS gpuhm_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL,
    duration_ms INTEGER,
    gpuhm_version TEXT NOT NULL,
    compatible_from TEXT NOT NULL
)";
const CLOCK: &str = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// Where the store at `path` stands. Changes nothing, and makes no file.
///
/// # Errors
/// Where the file is not a gpuhm store or cannot be read.
pub fn status(path: &Path) -> Result<Status, StoreError> {
    if !path.exists() {
        return Ok(judge::status(&place(path), false, &MIGRATIONS, &[]));
    }
    let connection = connect(path, Access::Read)?;
    standing(&connection, path, &MIGRATIONS)
}

/// What [`up`] would run.
///
/// # Errors
/// As [`up`].
pub fn plan(path: &Path, to: Option<i64>) -> Result<Vec<Migration>, StoreError> {
    judge::pending(&MIGRATIONS, &status(path)?, to)
}

/// Runs what is pending, up to version `to`, making the file where it is missing; returns what ran, or under
/// `dry_run` what would.
///
/// # Errors
/// Where the schema is newer than this binary can use, was changed or has a gap, or where the database fails.
pub fn up(path: &Path, to: Option<i64>, dry_run: bool) -> Result<Vec<Step>, StoreError> {
    if dry_run {
        let todo = plan(path, to)?;
        return Ok(status(path)?.steps.into_iter().filter(|s| todo.iter().any(|m| m.version == s.version)).collect());
    }
    let mut connection = connect(path, Access::Make)?;
    bring_up(&mut connection, path, &MIGRATIONS, to)
}

/// What is wrong with the store's schema: changed or missing migrations, missing tables, columns and indexes.
///
/// # Errors
/// Where the file is missing, is not a gpuhm store or cannot be read.
pub fn verify(path: &Path) -> Result<Vec<Finding>, StoreError> {
    let connection = connect(path, Access::Read)?;
    let status = standing(&connection, path, &MIGRATIONS)?;
    let mut found: Vec<Finding> = status.steps.iter().filter_map(judge::wrong).collect();
    if let Err(error) = judge::usable(&status)
        && status.needs.is_some()
    {
        found.push(Finding { what: error.to_string(), remedy: "install that release".into() });
    }
    found.extend(differences(&connection).map_err(|error| fault(path, "verify", &error))?);
    Ok(found)
}

/// Takes the migrations up to `version` as applied in a database whose tables were made without them.
///
/// # Errors
/// Where the file is missing, has a history already, or lacks what `version` would have made.
pub fn baseline(path: &Path, version: i64) -> Result<Vec<Step>, StoreError> {
    let mut connection = connect(path, Access::Adopt)?;
    let failed = |error: rusqlite::Error| fault(path, "baseline", &error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let before = standing(&transaction, path, &MIGRATIONS)?;
    if before.version != 0 {
        return Err(unusable(path, format!("it has a history up to migration {} already", before.version)));
    }
    let taken = judge::pending(&MIGRATIONS, &before, Some(version))?;
    for migration in &taken {
        record(&transaction, migration, None).map_err(failed)?;
    }
    if version == before.newest
        && let Some(first) = differences(&transaction).map_err(failed)?.first()
    {
        return Err(unusable(path, format!("it is not at migration {version}: {}", first.what)));
    }
    let after = standing(&transaction, path, &MIGRATIONS)?;
    transaction.commit().map_err(failed)?;
    Ok(after.steps.into_iter().filter(|step| step.state == State::Baselined).collect())
}

/// Runs `ours` up to `to` on an open database.
pub(in crate::store) fn bring_up(
    connection: &mut Connection,
    path: &Path,
    ours: &[Migration],
    to: Option<i64>,
) -> Result<Vec<Step>, StoreError> {
    let mut done = Vec::new();
    let fresh = standing(connection, path, ours)?.version == 0;
    // Read before locking: the usual start finds nothing to do and waits for nobody.
    while !judge::pending(ours, &standing(connection, path, ours)?, to)?.is_empty() {
        let failed = |error: rusqlite::Error| fault(path, "migrate", &error);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let Some(next) = judge::pending(ours, &standing(&transaction, path, ours)?, to)?.first().copied() else {
            break;
        };
        run(&transaction, &next).map_err(failed)?;
        let after = standing(&transaction, path, ours)?;
        transaction.commit().map_err(failed)?;
        done.extend(after.steps.into_iter().filter(|step| step.version == next.version));
        // A store made on first use is no news; one that changes under its owner is.
        if fresh {
            tracing::debug!("store {}: made version {} ({})", path.display(), next.version, next.name);
        } else {
            tracing::info!("store {}: migrated to version {} ({})", path.display(), next.version, next.name);
        }
    }
    Ok(done)
}

/// Where an open database stands.
pub(in crate::store) fn standing(
    connection: &Connection,
    path: &Path,
    ours: &[Migration],
) -> Result<Status, StoreError> {
    let ran = ran(connection).map_err(|error| fault(path, "read its migrations", &error))?;
    Ok(judge::status(&place(path), true, ours, &ran))
}

fn run(transaction: &Transaction<'_>, migration: &Migration) -> rusqlite::Result<()> {
    let began: i64 = transaction.query_row(CLOCK, [], |row| row.get(0))?;
    transaction.execute_batch(migration.sql)?;
    let ended: i64 = transaction.query_row(CLOCK, [], |row| row.get(0))?;
    record(transaction, migration, Some(ended.saturating_sub(began).max(0)))
}

fn record(transaction: &Transaction<'_>, migration: &Migration, took: Option<i64>) -> rusqlite::Result<()> {
    transaction.execute_batch(BOOKKEEPING)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    let now: i64 = transaction.query_row(CLOCK, [], |row| row.get(0))?;
    let sql = format!("INSERT INTO {TABLE} VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    let (version, name, from) = (migration.version, migration.name, migration.compatible_from());
    transaction.execute(&sql, params![version, name, migration.checksum(), now, took, OURS, from])?;
    Ok(())
}

fn ran(connection: &Connection) -> rusqlite::Result<Vec<Ran>> {
    let known = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", [TABLE], |_| Ok(()))
        .optional()?;
    if known.is_none() {
        return Ok(Vec::new());
    }
    let columns = "version, name, checksum, applied_at, duration_ms, gpuhm_version, compatible_from";
    let mut statement = connection.prepare(&format!("SELECT {columns} FROM {TABLE} ORDER BY version"))?;
    let rows = statement.query_map([], |row| {
        Ok(Ran {
            version: row.get(0)?,
            name: row.get(1)?,
            checksum: row.get(2)?,
            applied_at: Time(row.get(3)?),
            duration_ms: row.get(4)?,
            gpuhm_version: row.get(5)?,
            compatible_from: row.get(6)?,
            dirty: false,
        })
    })?;
    rows.collect()
}

/// What the live tables lack or have otherwise than [`schema::tables`] says. More columns than that are welcome.
fn differences(connection: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let mut found = Vec::new();
    let remedy = "add what is missing by the text in migrations/sqlite, or start with a new store";
    let mut say = |what: String| found.push(Finding { what, remedy: remedy.into() });
    let mut statement = connection.prepare("SELECT name, type FROM pragma_table_info(?1)")?;
    for table in schema::tables() {
        let live = statement.query_map([table.name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let live: Vec<(String, String)> = live.collect::<rusqlite::Result<_>>()?;
        compare(table, &live).into_iter().for_each(&mut say);
    }
    let mut statement = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1")?;
    for name in MIGRATIONS.iter().flat_map(Migration::indexes) {
        if !statement.exists([name])? {
            say(format!("index {name} is missing"));
        }
    }
    Ok(found)
}

fn compare(table: &Table, live: &[(String, String)]) -> Vec<String> {
    if live.is_empty() {
        return vec![format!("table {} is missing", table.name)];
    }
    let fault = |column: &Column| match live.iter().find(|(name, _)| *name == column.name) {
        None => Some(format!("column {}.{} is missing", table.name, column.name)),
        Some((_, ty)) if ty != kind(column.holds) => {
            Some(format!("column {}.{} is {ty}, not {}", table.name, column.name, kind(column.holds)))
        }
        Some(_) => None,
    };
    table.columns.iter().filter_map(fault).collect()
}

/// The type a column has in the migrations.
const fn kind(holds: Holds) -> &'static str {
    match holds {
        Holds::Text | Holds::Json => "TEXT",
        Holds::Int | Holds::Time | Holds::Flag => "INTEGER",
        Holds::Real => "REAL",
        Holds::Double => "DOUBLE",
    }
}
