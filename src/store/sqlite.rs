//! The embedded store: one SQLite file that any number of processes on one machine share.
//!
//! A write is one `BEGIN IMMEDIATE` transaction: SQLite's single write lock is the lock under which tokens are
//! checked. Statements are prepared once a connection; their texts are built from [`super::schema`] alone. It knows no
//! bus and no stage, and takes the time from its caller.

mod alerts;
mod assets;
mod bind;
mod fault;
mod judged;
mod open;
#[cfg(test)]
mod plans;
mod read;
mod retain;
mod sql;
mod write;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

pub(in crate::store) use fault::{fault, place, unusable};
pub(in crate::store) use open::{APPLICATION, Access, connect};

use super::migrate::sqlite::{MIGRATIONS, bring_up, standing};
use super::migrate::{OURS, State, judge};
use super::{AlertFilter, Latest, Retention, Store, StoreError, Token, Written};
use crate::event::rows::{CollectorRow, Raw};
use crate::event::{Alert, Asset, Rows, Size, Time, Window};

/// The embedded store.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
}

impl Sqlite {
    /// Opens the store at `path`, making it and its directory where they are missing and running what migrations are
    /// pending.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] where the file cannot be made or is not a gpuhm store, [`StoreError::TooNew`] where a
    /// later gpuhm made it, [`StoreError::Failed`] where the disk is full or another process keeps it locked.
    pub fn open(path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        let path = path.as_ref();
        let mut connection = connect(path, Access::Make)?;
        bring_up(&mut connection, path, &MIGRATIONS, None)?;
        Ok(Sqlite { connection, path: path.to_owned() })
    }

    /// Opens the store at `path` for reading; makes and changes nothing.
    ///
    /// # Errors
    /// As [`Sqlite::open`], and where the file is missing or has migrations pending.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        let path = path.as_ref();
        let connection = connect(path, Access::Read)?;
        let status = standing(&connection, path, &MIGRATIONS)?;
        judge::usable(&status)?;
        if status.steps.iter().any(|step| step.state == State::Pending) {
            let (at, newest) = (status.version, status.newest);
            let why = format!("its schema is {at}, and gpuhm {OURS} reads {newest}; run `gpuhm migrate`");
            return Err(unusable(path, why));
        }
        Ok(Sqlite { connection, path: path.to_owned() })
    }

    /// Runs `job`, naming `what` in its errors.
    fn with<T>(
        &mut self,
        what: &'static str,
        job: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        job(&mut self.connection).map_err(|error| fault(&self.path, what, &error))
    }
}

impl Store for Sqlite {
    fn raise(&mut self, stage: &str, partitions: &[i32]) -> Result<Vec<Token>, StoreError> {
        self.with("raise tokens", |connection| write::raise(connection, stage, partitions))
    }

    fn write(&mut self, tokens: &[Token], rows: &Rows, now: Time) -> Result<Written, StoreError> {
        if let Some(alert) = rows.alerts.iter().find(|alert| alerts::times(alert).is_none()) {
            let why = format!("alert {} has times that do not read: {:?}, {:?}", alert.alert_id, alert.since, alert.at);
            return Err(unusable(&self.path, why));
        }
        match self.with("write", |connection| write::write(connection, tokens, rows, now))? {
            write::Outcome::Written(written) => Ok(written),
            write::Outcome::Stale(token, newer) => {
                Err(StoreError::Fenced { stage: token.stage, partition: token.partition, newer, ours: token.number })
            }
        }
    }

    fn assets(&mut self, known: Option<i64>) -> Result<Option<(i64, Vec<Asset>)>, StoreError> {
        self.with("read asset records", |connection| assets::changed(connection, known))
    }

    fn put_assets(&mut self, assets: &[Asset]) -> Result<u64, StoreError> {
        self.with("write asset records", |connection| assets::put(connection, assets))
    }

    fn latest(&mut self) -> Result<Vec<Latest>, StoreError> {
        self.with("read the newest samples", |connection| read::latest(connection))
    }

    fn alerts(&mut self, filter: AlertFilter) -> Result<Vec<Alert>, StoreError> {
        self.with("read alerts", |connection| alerts::list(connection, filter))
    }

    fn collectors(&mut self) -> Result<Vec<CollectorRow>, StoreError> {
        self.with("read collectors", |connection| read::collectors(connection))
    }

    fn gpus(&mut self) -> Result<Vec<String>, StoreError> {
        self.with("list GPUs", |connection| read::gpus(connection))
    }

    fn raw(&mut self, gpu: &str, from: Time, to: Time) -> Result<(Option<Raw>, Vec<Raw>), StoreError> {
        self.with("read samples", |connection| read::raw(connection, gpu, from, to))
    }

    fn next_raw(&mut self, gpu: &str, from: Time) -> Result<Option<Time>, StoreError> {
        self.with("read samples", |connection| read::next_raw(connection, gpu, from))
    }

    fn windows(&mut self, gpu: &str, size: Size, from: Time, to: Time) -> Result<Vec<Window>, StoreError> {
        self.with("read windows", |connection| read::windows(connection, gpu, size, (from, to)))
    }

    fn newest_final(&mut self, gpu: &str, size: Size) -> Result<Option<Time>, StoreError> {
        self.with("read windows", |connection| read::newest_final(connection, gpu, size))
    }

    fn backfill(&mut self, windows: &[Window], now: Time, dry_run: bool) -> Result<u64, StoreError> {
        self.with("write windows", |connection| write::backfill(connection, windows, now, dry_run))
    }

    fn retain(&mut self, now: Time, keep: Retention) -> Result<u64, StoreError> {
        let (dropped, bytes) = self.with("drop old rows", |connection| retain::retain(connection, now, keep))?;
        if bytes > keep.bytes {
            tracing::warn!(store = %self.path.display(), bytes, limit = keep.bytes, "too large with no raw row left to drop");
        }
        Ok(dropped)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::rows::Happening;

    fn store() -> (tempfile::TempDir, Sqlite) {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(dir.path().join("store.db")).unwrap();
        (dir, store)
    }

    fn happenings(count: i64, detail: &str) -> Rows {
        let one = |code| Happening {
            gpu_uuid: "GPU-a".into(),
            at: Time(0),
            kind: "xid".into(),
            code,
            hostname: "h".into(),
            detail: detail.into(),
        };
        Rows { happenings: (0..count).map(one).collect(), ..Rows::default() }
    }

    fn count(store: &Sqlite, detail: &str) -> i64 {
        let sql = "SELECT count(*) FROM gpu_events WHERE detail = ?1";
        store.connection.query_row(sql, [detail], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_commit_is_on_the_disk_before_it_returns() {
        let (_dir, store) = store();
        let get = |name| store.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((get("synchronous"), get("auto_vacuum"), get("application_id")), (2, 2, i64::from(APPLICATION)));
    }

    #[test]
    fn a_full_disk_fails_the_write_whole_and_passes() {
        let (_dir, mut store) = store();
        let pages: i64 = store.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        store.connection.pragma_update_and_check(None, "max_page_count", pages + 4, |_| Ok(())).unwrap();
        let error = store.write(&[], &happenings(10_000, "x"), Time(0)).unwrap_err();
        assert!(matches!(error, StoreError::Failed { .. }), "{error}");
        assert_eq!(count(&store, "x"), 0);
        store.connection.pragma_update_and_check(None, "max_page_count", 1_000_000, |_| Ok(())).unwrap();
        store.write(&[], &happenings(10_000, "x"), Time(0)).unwrap();
        store.write(&[], &happenings(9_000, "y"), Time(0)).unwrap();
        assert_eq!((count(&store, "x"), count(&store, "y")), (1_000, 9_000));
    }

    #[test]
    fn a_lock_held_too_long_is_worth_another_try() {
        let (dir, mut store) = store();
        let other = Connection::open(dir.path().join("store.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        store.connection.busy_timeout(Duration::ZERO).unwrap();
        let error = store.write(&[], &happenings(1, "x"), Time(0)).unwrap_err();
        assert!(matches!(error, StoreError::Failed { .. }), "{error}");
        other.execute_batch("COMMIT").unwrap();
        store.write(&[], &happenings(1, "x"), Time(0)).unwrap();
    }

    #[test]
    fn a_smaller_bound_gives_pages_back() {
        let (_dir, mut store) = store();
        let old = "a line as long as those that a reset or an XID leaves behind, and some more".repeat(20);
        store.write(&[], &happenings(20_000, &old), Time(0)).unwrap();
        let pages =
            |store: &Sqlite, name| store.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        let before = pages(&store, "page_count");
        let keep = Retention { raw_ms: 0, windows_ms: 0, fresh_ms: 0, bytes: u64::MAX };
        assert_eq!(store.retain(Time(1), keep).unwrap(), 20_000);
        assert!(before > 8_000 && pages(&store, "freelist_count") <= 4_096, "{before}");
        assert!(pages(&store, "page_count") < before / 2);
    }
}
