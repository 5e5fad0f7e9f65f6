//! Opening the file: whose database it is, and how it is run.
//!
//! WAL, so that views read while a stage writes. `synchronous = FULL`, since a step's rows must be on the disk before
//! the bus moves its positions past them: with NORMAL a power cut could take the rows and leave the positions.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::fault::{fault, unusable};
use crate::store::StoreError;

/// "gphs" in the file's header: a gpuhm store, as `file` and we can tell.
pub(in crate::store) const APPLICATION: i32 = 0x6770_6873;

/// How long a statement waits for another process's transaction. Steps and retention chunks take well under a second;
/// half of it, and a stalled disk, which was seen to take six for a sync, counts as lost; double, and who is told to
/// stop notices it only when a service's 20 s for ending are over. Stages try again in any case.
const BUSY: Duration = Duration::from_secs(10);
/// Between two tries to switch to WAL, the one statement that does not wait by itself.
const PAUSE: Duration = Duration::from_millis(50);
/// Tries of it: as long as `BUSY`.
const TRIES: u32 = 200;
const _: () = assert!(PAUSE.saturating_mul(TRIES).as_millis() == BUSY.as_millis(), "as long as `BUSY`");
const _: () = assert!(BUSY.as_secs() < 20, "a stop must be noticed in time");
/// Page cache in KiB, taken as needed: the hot leaves of the index by GPU for 10,000 GPUs at 4 KiB each, and room.
const CACHE_KIB: i64 = 64 * 1024;
/// What the WAL keeps on disk after a large transaction, in bytes.
const WAL_KEPT: i64 = 64 * 1024 * 1024;
/// Statements kept prepared: all there are.
const STATEMENTS: usize = 96;

/// What the connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Access {
    /// Reading only; the file must be there.
    Read,
    /// Reading and writing; the file is made where it is missing.
    Make,
    /// Writing to tables that were made without gpuhm.
    Adopt,
}

/// Opens `path`.
pub(in crate::store) fn connect(path: &Path, access: Access) -> Result<Connection, StoreError> {
    let flags = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Make => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Access::Adopt => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    prepare_place(path, access)?;
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| fault(path, "open", &error))?;
    set_up(&connection, access).map_err(|error| match error {
        Trouble::Sqlite(error) => fault(path, "open", &error),
        Trouble::Foreign => unusable(path, "it is a database of another program; name another file"),
        Trouble::Locked => unusable(path, "this user may read it but not write it; run as its owner"),
        Trouble::NoWal(mode) => unusable(
            path,
            format!("its file system does not allow write-ahead logging (journal mode {mode}); use a local disk"),
        ),
    })?;
    Ok(connection)
}

fn prepare_place(path: &Path, access: Access) -> Result<(), StoreError> {
    if path.is_dir() {
        return Err(unusable(path, "it is a directory; name a file in it"));
    }
    if access != Access::Make {
        if path.exists() {
            return Ok(());
        }
        return Err(unusable(path, "there is no such file; a stage that writes makes it, and so does `gpuhm migrate`"));
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)
            .map_err(|error| unusable(path, format!("its directory cannot be made: {error}")))?;
    }
    crate::private::make(path).map_err(|error| unusable(path, format!("it cannot be made: {error}")))
}

enum Trouble {
    Sqlite(rusqlite::Error),
    Foreign,
    Locked,
    NoWal(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        Trouble::Sqlite(error)
    }
}

fn set_up(connection: &Connection, access: Access) -> Result<(), Trouble> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    if !ours(connection, access)? {
        return Err(Trouble::Foreign);
    }
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    if access == Access::Read {
        return Ok(());
    }
    // SQLite opens a file for reading, without a word, where it may not write it.
    if connection.is_readonly("main")? {
        return Err(Trouble::Locked);
    }
    // Only a file without a table takes this: it lets retention give pages back without rewriting the whole file.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    let mode = log_ahead(connection)?;
    if mode != "wal" {
        return Err(Trouble::NoWal(mode));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", WAL_KEPT)?;
    Ok(())
}

/// Whether the database is a gpuhm store, or nobody's yet.
fn ours(connection: &Connection, access: Access) -> rusqlite::Result<bool> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id != 0 || access == Access::Adopt {
        return Ok(id == APPLICATION || id == 0);
    }
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    // A store takes its tables and its mark in one transaction; between the two statements here it may have done so.
    let now: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(tables == 0 || now == APPLICATION)
}

/// Switches to WAL. Several processes may open a new file at once, and this switch answers "busy" without waiting.
fn log_ahead(connection: &Connection) -> rusqlite::Result<String> {
    let mut tries = 0;
    loop {
        let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match mode {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && tries < TRIES => {
                tries += 1;
                std::thread::sleep(PAUSE);
            }
            mode => return mode,
        }
    }
}
