//! The log's file: opening it, making its schema on first use, and the two kinds of transaction.
//!
//! Every producer, consumer and reader has its own connection, so that SQLite's own locks are the only ones there are
//! and threads and processes behave alike. Errors are sorted here, once: what a person must mend is
//! [`BusError::Unusable`], what may pass by itself is [`BusError::Failed`]. The file, once there, is never opened other
//! than through SQLite: closing such a descriptor would drop the locks of every connection in the process.
//! This module must not know what the tables mean.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::schema;
use crate::bus::BusError;

/// Seconds that an act waits for a file that another is writing before it counts as failed. Half of it, and a sync of
/// six seconds, as a shared disk was seen to take, shows as an error; double, and who is told to stop notices it only
/// when a service's 20 s for ending are over. What has to go on in spite of it tries again.
const BUSY: u16 = 10;
/// Milliseconds between two tries for it. SQLite's own pauses grow to 100 ms, so that who has waited longest tries
/// least often: eight busy writers then kept one of them waiting for two seconds.
const BUSY_PAUSE: u16 = 2;
/// Pages of 4 KiB in the write-ahead log before a checkpoint: 16 MiB, a few full steps. Half, and every large step pays
/// for a checkpoint; double, and a fresh reader has twice as much of an index to build.
const CHECKPOINT_PAGES: i64 = 4000;
/// What stays of the write-ahead log's file after a burst.
const WAL_KEPT: i64 = 64 << 20;
/// Pause between two tries to switch to write-ahead logging, where SQLite does not wait by itself.
const SWITCH_PAUSE: Duration = Duration::from_millis(20);
/// Tries of the switch: as long as for anything else.
const SWITCH_TRIES: u16 = BUSY * 50;
/// What helps where the file is not what it should be.
const ADVICE: &str = "name another directory, or move this file away";

/// What goes wrong inside a transaction.
#[derive(Debug)]
pub(super) enum Trouble {
    /// SQLite says so.
    Sql(rusqlite::Error),
    /// What was read cannot be.
    Corrupt(String),
    /// Something the caller is told as it is.
    Bus(BusError),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        Trouble::Sql(error)
    }
}

impl From<BusError> for Trouble {
    fn from(error: BusError) -> Trouble {
        Trouble::Bus(error)
    }
}

/// A result inside a transaction.
pub(super) type Step<T> = Result<T, Trouble>;

/// The file's name, for messages.
#[derive(Debug, Clone)]
pub(super) struct Place(Arc<str>);

impl Place {
    pub(super) fn new(path: &Path) -> Place {
        Place(path.display().to_string().into())
    }

    pub(super) fn unusable(&self, why: impl Into<String>) -> BusError {
        BusError::Unusable { place: self.0.to_string(), why: why.into(), hint: None }
    }

    pub(super) fn failed(&self, what: &'static str, why: impl std::fmt::Display) -> BusError {
        BusError::Failed { place: self.0.to_string(), what, why: why.to_string(), hint: None }
    }

    /// Sorts an error: whether waiting may help, or a person must act.
    pub(super) fn sort(&self, what: &'static str, trouble: Trouble) -> BusError {
        let error = match trouble {
            Trouble::Bus(error) => return error,
            Trouble::Corrupt(why) => return self.unusable(format!("{why}; {ADVICE}")),
            Trouble::Sql(error) => error,
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => {
                self.unusable(format!("not a gpuhm log: it is no SQLite database; {ADVICE}"))
            }
            Some(ErrorCode::DatabaseCorrupt) => self.unusable(format!("damaged: {error}; {ADVICE}")),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => self.unusable(format!("not writable: {error}")),
            Some(ErrorCode::DatabaseBusy) => self.failed(what, locked()),
            Some(ErrorCode::DiskFull) => self.failed(what, "the disk is full"),
            _ => self.failed(what, error),
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Db {
    conn: Connection,
    place: Place,
}

impl Db {
    /// Opens the file, and makes it and its schema where there is none.
    pub(super) fn create(path: &Path) -> Result<Db, BusError> {
        let place = Place::new(path);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // As private as what will lie in it.
            (DirBuilder::new().recursive(true).mode(0o700).create(folder))
                .map_err(|error| place.unusable(format!("cannot make its directory: {error}")))?;
        }
        if path.is_dir() {
            return Err(place.unusable("is a directory"));
        }
        crate::private::make(path).map_err(|error| place.unusable(cannot_be_made(&error)))?;
        let mut db =
            Db::connect(path, &place, OpenFlags::SQLITE_OPEN_CREATE).map_err(|error| at_open(&place, error))?;
        db.prepare().map_err(|error| at_open(&place, error))?;
        Ok(db)
    }

    /// Another connection to a file that is known to be there and sound.
    pub(super) fn open(path: &Path) -> Result<Db, BusError> {
        let place = Place::new(path);
        Db::connect(path, &place, OpenFlags::empty()).map_err(|trouble| place.sort("open", trouble))
    }

    fn connect(path: &Path, place: &Place, more: OpenFlags) -> Step<Db> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_handler(Some(wait_for_others))?;
        conn.set_prepared_statement_cache_capacity(64);
        // The store's rows and the log's positions must agree after a power cut: each commit is synced.
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        conn.pragma_update(None, "journal_size_limit", WAL_KEPT)?;
        Ok(Db { conn, place: place.clone() })
    }

    fn prepare(&mut self) -> Step<()> {
        // Header and tables are looked at as of one instant: another process may be making them.
        let look = self.conn.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let fresh = schema::is_fresh(&look, &self.place)?;
        drop(look);
        if self.conn.is_readonly(rusqlite::MAIN_DB)? {
            return Err(self.place.unusable("not writable by this user").into());
        }
        self.switch_to_wal()?;
        if fresh || schema::lacks_topics(&self.conn)? {
            let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Another process may have been first.
            if schema::is_fresh(&tx, &self.place)? {
                schema::make(&tx)?;
            }
            schema::add_topics(&tx)?;
            tx.commit()?;
        }
        Ok(())
    }

    /// Write-ahead logging. The switch needs the file alone and does not wait for it by itself.
    fn switch_to_wal(&self) -> Step<()> {
        for _ in 0..SWITCH_TRIES {
            let mode = self.conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
            match mode {
                Ok(mode) if mode == "wal" => return Ok(()),
                Ok(_) => {
                    return Err(self.place.unusable("its file system cannot share memory between processes").into());
                }
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                    std::thread::sleep(SWITCH_PAUSE);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(self.place.failed("open", locked()).into())
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// A short look at one state of the file.
    pub(super) fn read<T>(
        &mut self,
        what: &'static str,
        look: impl FnOnce(&Transaction<'_>) -> Step<T>,
    ) -> Result<T, BusError> {
        self.within(TransactionBehavior::Deferred, look).map_err(|trouble| self.place.sort(what, trouble))
    }

    /// One atomic act; where it fails nothing is done, and the connection stays usable.
    pub(super) fn write<T>(
        &mut self,
        what: &'static str,
        act: impl FnOnce(&Transaction<'_>) -> Step<T>,
    ) -> Result<T, BusError> {
        self.within(TransactionBehavior::Immediate, act).map_err(|trouble| self.place.sort(what, trouble))
    }

    fn within<T>(&mut self, kind: TransactionBehavior, act: impl FnOnce(&Transaction<'_>) -> Step<T>) -> Step<T> {
        // Dropped without a commit, a transaction rolls back.
        let tx = self.conn.transaction_with_behavior(kind)?;
        let done = act(&tx)?;
        tx.commit()?;
        Ok(done)
    }

    /// A number that differs once another connection has changed the file.
    pub(super) fn version(&self) -> Result<i64, BusError> {
        let version =
            self.conn.prepare_cached("PRAGMA data_version").and_then(|mut s| s.query_row([], |row| row.get(0)));
        version.map_err(|error| self.place.sort("look for news", error.into()))
    }

    /// Waits less for others, where nobody should be kept waiting.
    pub(super) fn hurry(&self, wait: Duration) {
        if let Err(error) = self.conn.busy_timeout(wait) {
            tracing::debug!(%error, "busy timeout kept");
        }
    }
}

fn wait_for_others(tries: i32) -> bool {
    std::thread::sleep(Duration::from_millis(BUSY_PAUSE.into()));
    tries.saturating_mul(BUSY_PAUSE.into()) < i32::from(BUSY) * 1000
}

fn locked() -> String {
    format!("locked by another process for {BUSY} s")
}

/// At the first open, a file that cannot be opened is a person's to mend.
fn at_open(place: &Place, trouble: Trouble) -> BusError {
    match trouble {
        Trouble::Sql(error) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) => {
            place.unusable(cannot_be_made(&error))
        }
        other => place.sort("open", other),
    }
}

fn cannot_be_made(error: &dyn std::fmt::Display) -> String {
    format!("cannot be opened or made ({error}); may this user write in its directory?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_lock_gives_up_in_time_to_notice_a_stop() {
        let tries = i32::from(BUSY) * 1000 / i32::from(BUSY_PAUSE);
        assert!(wait_for_others(0) && wait_for_others(tries - 1) && !wait_for_others(tries));
        assert_eq!(SWITCH_PAUSE * SWITCH_TRIES.into(), Duration::from_secs(BUSY.into()));
        const { assert!(BUSY < 20, "what a service has for ending") };
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        let error = Place::new(Path::new("f")).sort("look", rusqlite::Error::SqliteFailure(busy, None).into());
        assert_eq!(error.to_string(), format!("bus f: look: locked by another process for {BUSY} s"));
    }

    #[test]
    fn a_full_disk_fails_one_act_and_leaves_the_connection_usable() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = Db::create(&folder.path().join("bus.db")).unwrap();
        let grow = |db: &mut Db| {
            db.write("grow", |tx| {
                Ok(tx.execute("INSERT INTO state VALUES ('g', 't', 0, 'e', 0, zeroblob(1000000))", [])?)
            })
        };
        let limit = |db: &Db, pages: i64| {
            db.conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
        };
        limit(&db, 30);
        let error = grow(&mut db).unwrap_err();
        assert!(matches!(&error, BusError::Failed { why, .. } if why == "the disk is full"), "{error}");
        limit(&db, 1 << 20);
        assert_eq!(grow(&mut db).unwrap(), 1);
    }
}
