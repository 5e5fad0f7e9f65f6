//! The embedded store: the contract, and what can befall a file.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use gpuhm::event::{Rows, Time};
use gpuhm::store::migrate::sqlite::{self as migrate, MIGRATIONS};
use gpuhm::store::migrate::{OURS, State};
use gpuhm::store::schema::{self, Holds};
use gpuhm::store::sqlite::Sqlite;
use gpuhm::store::{Store, StoreError};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::store_fixtures::{T0, raw};

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/er/store.db");
    (dir, path)
}

fn made() -> (TempDir, PathBuf) {
    let (dir, path) = place();
    drop(Sqlite::open(&path).unwrap());
    (dir, path)
}

fn sql(path: &Path, text: &str) {
    Connection::open(path).unwrap().execute_batch(text).unwrap();
}

fn unusable(result: Result<Sqlite, StoreError>) -> String {
    match result {
        Err(StoreError::Unusable { why, .. }) => why,
        other => panic!("not refused as unusable: {other:?}"),
    }
}

#[test]
fn keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let count = Cell::new(0);
    crate::store_contract::suite(crate::store_retention::Drops::Rows, || {
        count.set(count.get() + 1);
        Box::new(Sqlite::open(dir.path().join(format!("{}.db", count.get()))).unwrap())
    });
}

#[test]
fn tables_have_the_columns_of_the_registry() {
    let (_dir, path) = made();
    let connection = Connection::open(&path).unwrap();
    let advice = "add a migration in migrations/sqlite (and postgres) for it, and list it in store/migrate";
    for table in schema::tables() {
        let mut info = connection.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)").unwrap();
        let live: Vec<(String, String, bool, usize)> = info
            .query_map([table.name], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for column in &table.columns {
            let found = live.iter().find(|(name, ..)| *name == column.name);
            let (_, ty, required, pk) =
                found.unwrap_or_else(|| panic!("{}.{} is in no migration: {advice}", table.name, column.name));
            let want = match column.holds {
                Holds::Text | Holds::Json => "TEXT",
                Holds::Int | Holds::Time | Holds::Flag => "INTEGER",
                Holds::Real => "REAL",
                Holds::Double => "DOUBLE",
            };
            let at = table.key.iter().position(|key| *key == column.name).map_or(0, |at| at + 1);
            assert_eq!((ty.as_str(), *required, *pk), (want, column.required, at), "{}.{}", table.name, column.name);
        }
        for (name, ..) in &live {
            let known = table.columns.iter().any(|column| column.name == *name);
            assert!(known, "{}.{name} is in a migration but in no registry: drop it by another one", table.name);
        }
    }
    assert_eq!(migrate::verify(&path).unwrap(), []);
}

#[test]
fn every_migration_is_listed_and_well_formed() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    let listed: Vec<String> = MIGRATIONS.iter().map(|m| format!("{:04}_{}.sql", m.version, m.name)).collect();
    assert_eq!(listed, names);
    for (migration, number) in MIGRATIONS.iter().zip(1..) {
        assert_eq!(migration.version, number);
        assert!(migration.sql.starts_with("-- compatible-from: "), "{}", migration.name);
        assert!(!migration.undo().is_empty(), "{} does not say how it is undone", migration.name);
        let transaction = ["BEGIN", "COMMIT", "ROLLBACK"].iter().any(|word| migration.sql.contains(word));
        assert!(!transaction, "{} must leave its transaction to the runner", migration.name);
    }
}

#[test]
fn migrates_step_by_step_and_reports() {
    let (_dir, path) = place();
    let before = migrate::status(&path).unwrap();
    assert!(!before.exists && !before.settled() && !path.exists());
    assert_eq!(migrate::plan(&path, None).unwrap(), MIGRATIONS);
    assert_eq!(migrate::up(&path, None, true).unwrap().len(), MIGRATIONS.len());
    assert!(!path.exists(), "looking makes no file");
    assert_eq!(migrate::up(&path, Some(1), false).unwrap()[0].state, State::Applied);
    assert_eq!(migrate::plan(&path, None).unwrap()[0].version, 2);
    assert!(!migrate::verify(&path).unwrap().is_empty());
    assert!(unusable(Sqlite::open_read_only(&path)).contains("its schema is 1"));
    drop(Sqlite::open(&path).unwrap());
    let after = migrate::status(&path).unwrap();
    assert!(after.settled());
    assert_eq!((after.version, after.newest), (3, 3));
    assert!(after.steps.iter().all(|s| s.gpuhm_version.as_deref() == Some(OURS) && s.applied_at > Some(T0)));
    assert_eq!(migrate::up(&path, None, false).unwrap(), []);
    assert!(migrate::up(&path, Some(7), false).is_err());
}

#[test]
fn verify_names_what_is_missing() {
    let (_dir, path) = made();
    sql(&path, "ALTER TABLE gpu_metrics DROP COLUMN gpu_temp; DROP INDEX gpu_metrics_gpu; DROP TABLE collectors");
    let found: Vec<String> = migrate::verify(&path).unwrap().into_iter().map(|finding| finding.what).collect();
    let want =
        ["column gpu_metrics.gpu_temp is missing", "table collectors is missing", "index gpu_metrics_gpu is missing"];
    assert_eq!(found, want);
}

#[test]
fn a_changed_or_missing_migration_is_refused() {
    let (_dir, path) = made();
    sql(&path, "UPDATE gpuhm_migrations SET checksum = 'x' WHERE version = 1");
    assert!(unusable(Sqlite::open(&path)).contains("migration 1 (init) ran here with another text"));
    assert!(migrate::verify(&path).unwrap()[0].what.contains("changed"));
    sql(&path, "DELETE FROM gpuhm_migrations WHERE version = 1");
    assert!(unusable(Sqlite::open(&path)).contains("migration 1 (init) never ran"));
}

#[test]
fn a_newer_schema_is_used_only_where_it_allows() {
    let (_dir, path) = made();
    let newer = |version: i64, from: &str| {
        let row = format!("VALUES ({version}, 'new', 'x', 0, 1, '{from}', '{from}')");
        sql(&path, &format!("INSERT INTO gpuhm_migrations {row}"));
    };
    newer(4, OURS);
    drop(Sqlite::open(&path).unwrap());
    drop(Sqlite::open_read_only(&path).unwrap());
    newer(5, "99.1.0");
    for result in [Sqlite::open(&path), Sqlite::open_read_only(&path)] {
        let error = result.unwrap_err();
        assert!(matches!(&error, StoreError::TooNew { found: 5, needs, .. } if needs == "99.1.0"), "{error}");
    }
    assert_eq!(migrate::status(&path).unwrap().needs.as_deref(), Some("99.1.0"));
}

#[test]
fn a_baseline_takes_existing_tables_over() {
    let (_dir, path) = place();
    assert!(migrate::baseline(&path, 3).is_err(), "there is no file");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    sql(&path, MIGRATIONS[0].sql);
    assert!(unusable(Sqlite::open(&path)).contains("another program"));
    let error = migrate::baseline(&path, 3).unwrap_err().to_string();
    assert!(error.contains("table gpu_metrics_1m is missing"), "{error}");
    sql(&path, MIGRATIONS[1].sql);
    sql(&path, MIGRATIONS[2].sql);
    let taken = migrate::baseline(&path, 3).unwrap();
    assert!(taken.len() == 3 && taken.iter().all(|step| step.state == State::Baselined));
    assert!(migrate::baseline(&path, 3).unwrap_err().to_string().contains("has a history"));
    drop(Sqlite::open(&path).unwrap());
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let (_dir, path) = place();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "this is a text and no database at all, but long enough to be read as a header\n".repeat(99))
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(unusable(Sqlite::open(&path)).contains("not a database"));
    assert!(migrate::status(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let foreign = path.with_file_name("foreign.db");
    for text in ["CREATE TABLE theirs (a)", "PRAGMA application_id = 7"] {
        sql(&foreign, text);
        let before = std::fs::read(&foreign).unwrap();
        assert!(unusable(Sqlite::open(&foreign)).contains("another program"));
        assert_eq!(std::fs::read(&foreign).unwrap(), before);
    }
    assert!(unusable(Sqlite::open(path.parent().unwrap())).contains("directory"));
    assert!(unusable(Sqlite::open(path.join("store.db"))).contains("cannot be made"));
}

#[test]
fn a_damaged_file_is_an_error() {
    let (_dir, path) = made();
    let mut store = Sqlite::open(&path).unwrap();
    store.write(&[], &Rows { raw: (0..500).map(|s| raw("GPU-a", s)).collect(), ..Rows::default() }, T0).unwrap();
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let error = Sqlite::open(&path).and_then(|mut store| store.latest()).unwrap_err();
    assert!(matches!(&error, StoreError::Unusable { why, .. } if why.contains("damaged")), "{error}");
}

/// Opens what is at `path` and uses it; whatever comes of it, nothing may panic.
fn use_it(path: &Path) {
    let Ok(mut store) = Sqlite::open(path) else { return };
    let answers = (store.latest().is_ok(), store.raw("GPU-a", Time(0), Time(i64::MAX)).is_ok(), store.gpus().is_ok());
    let rows = Rows { raw: vec![raw("GPU-a", 9_999)], ..Rows::default() };
    let written = store.raise("aggregate", &[0]).and_then(|tokens| store.write(&tokens, &rows, T0));
    drop((answers, written));
}

#[test]
fn no_damage_panics() {
    let (_dir, path) = made();
    let mut store = Sqlite::open(&path).unwrap();
    store.write(&[], &Rows { raw: (0..200).map(|s| raw("GPU-a", s)).collect(), ..Rows::default() }, T0).unwrap();
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let spoilt = path.with_file_name("spoilt.db");
    for nth in 0..40 {
        let mut bytes = whole.clone();
        let at = if nth < 20 { nth * 5 } else { bytes.len() / 20 * (nth - 20) };
        bytes[at..at + 40].fill(0xff);
        std::fs::write(&spoilt, bytes).unwrap();
        use_it(&spoilt);
        std::fs::write(&spoilt, &whole[..whole.len() / 40 * nth]).unwrap();
        use_it(&spoilt);
    }
}

#[test]
fn many_may_open_a_new_store_at_once() {
    for _ in 0..5 {
        let (_dir, path) = place();
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for worker in 0..8_i64 {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    let mut store = Sqlite::open(path).unwrap();
                    let rows = Rows { raw: vec![raw("GPU-a", worker)], ..Rows::default() };
                    store.write(&[], &rows, T0).unwrap();
                });
            }
        });
        let mut store = Sqlite::open(&path).unwrap();
        assert_eq!(store.raw("GPU-a", Time(0), Time(i64::MAX)).unwrap().1.len(), 8);
        assert_eq!(migrate::verify(&path).unwrap(), []);
    }
}

#[test]
fn a_reader_sees_and_cannot_write() {
    let (_dir, path) = place();
    assert!(unusable(Sqlite::open_read_only(&path)).contains("no such file"));
    assert!(!path.exists());
    let mut writer = Sqlite::open(&path).unwrap();
    let mut reader = Sqlite::open_read_only(&path).unwrap();
    let rows = Rows { raw: vec![raw("GPU-a", 0)], ..Rows::default() };
    writer.write(&[], &rows, T0).unwrap();
    assert_eq!(reader.latest().unwrap().len(), 1);
    assert!(matches!(reader.write(&[], &rows, T0), Err(StoreError::Unusable { .. })));
    drop(writer);
    assert_eq!(reader.gpus().unwrap(), ["GPU-a"]);
    drop(reader);
    assert_eq!(Sqlite::open_read_only(&path).unwrap().assets(None).unwrap(), Some((0, vec![])));
}

#[test]
fn unreadable_alert_times_write_nothing() {
    let (_dir, path) = place();
    let mut store = Sqlite::open(&path).unwrap();
    let mut alert = crate::store_fixtures::bare_alert();
    alert.since = "yesterday".into();
    let rows = Rows { raw: vec![raw("GPU-a", 0)], alerts: vec![alert], ..Rows::default() };
    assert!(store.write(&[], &rows, T0).unwrap_err().to_string().contains("yesterday"));
    assert_eq!(store.gpus().unwrap(), Vec::<String>::new());
}

#[test]
fn a_new_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, path) = place();
    let _open = Sqlite::open(&path).unwrap();
    for end in ["", "-wal", "-shm"] {
        let about = std::fs::metadata(format!("{}{end}", path.display())).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "{end}");
    }
}
