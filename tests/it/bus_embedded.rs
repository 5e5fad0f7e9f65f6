//! What only the embedded log must do: files that are none, who may read them, damage, and the dead.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use gpuhm::bus::embedded::{Embedded, Options};
use gpuhm::bus::{Bus, BusError, Finish, From, PARTITIONS, RAW, key};
use gpuhm::event::Time;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::bus_contract::suite;
use crate::bus_member::{Member, message};

/// A log in a directory of its own, stamped by a clock that moves a millisecond a record batch.
pub(crate) struct Log {
    folder: TempDir,
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) bus: Embedded,
}

impl Log {
    pub(crate) fn new(options: Options) -> Log {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(1_000_000));
        let bus = open(&folder.path().join("bus.db"), &clock, options).unwrap();
        Log { folder, clock, bus }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("bus.db")
    }

    pub(crate) fn sql(&self, text: &str) -> usize {
        let conn = Connection::open(self.path()).unwrap();
        conn.busy_timeout(Duration::from_secs(10)).unwrap();
        conn.execute(text, []).unwrap()
    }

    pub(crate) fn send(&self, key: &str, values: std::ops::Range<i32>) {
        let messages: Vec<_> = values.map(|value| message(RAW, key, &value.to_string())).collect();
        self.bus.producer().unwrap().send(&messages).unwrap();
    }
}

fn open(path: &Path, clock: &Arc<AtomicI64>, options: Options) -> Result<Embedded, BusError> {
    let clock = clock.clone();
    Embedded::open(path, Arc::new(move || Time(clock.fetch_add(1, Ordering::Relaxed))), options)
}

fn why(path: &Path) -> String {
    match open(path, &Arc::default(), Options::default()) {
        Err(BusError::Unusable { place, why, .. }) => {
            assert_eq!(place, path.display().to_string());
            why
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_embedded_log_is_a_bus() {
    let folder = tempfile::tempdir().unwrap();
    let made = AtomicUsize::new(0);
    suite(16, || {
        let name = format!("{}/bus.db", made.fetch_add(1, Ordering::Relaxed));
        Arc::new(open(&folder.path().join(name), &Arc::default(), Options::default()).unwrap())
    });
}

#[test]
fn a_file_that_is_no_log_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    std::fs::write(&path, "not a database, but long enough to look at".repeat(100)).unwrap();
    let advice = "no SQLite database; name another directory, or move this file away";
    assert!(why(&path).contains(advice), "{}", why(&path));
    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute("CREATE TABLE theirs (x)", []).unwrap();
    let before = std::fs::read(&foreign).unwrap();
    assert!(why(&foreign).contains("another program's"), "{}", why(&foreign));
    assert_eq!(std::fs::read(&foreign).unwrap(), before);
    assert_eq!(why(folder.path()), "is a directory");
    assert!(why(&path.join("below")).contains("directory"), "{}", why(&path.join("below")));
}

#[test]
fn a_newer_log_is_refused() {
    let log = Log::new(Options::default());
    Connection::open(log.path()).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert!(why(&log.path()).contains("newer gpuhm"), "{}", why(&log.path()));
}

#[test]
fn a_log_that_cannot_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let log = Log::new(Options::default());
    let allow = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    allow(&log.path(), 0o444);
    allow(log.folder.path(), 0o555);
    if std::fs::write(log.folder.path().join("probe"), "").is_ok() {
        use std::io::Write as _;
        writeln!(std::io::stderr(), "not checked: this user may write everywhere (root)").unwrap();
    } else {
        assert!(why(&log.path()).contains("writ"), "{}", why(&log.path()));
        assert!(why(&log.folder.path().join("new.db")).contains("writ"));
    }
    allow(log.folder.path(), 0o755);
}

#[test]
fn a_new_log_is_its_owners_alone_and_an_old_one_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let log = Log::new(Options::default());
    log.send("k", 0..10);
    let below = log.folder.path().join("new/below");
    open(&below.join("bus.db"), &Arc::default(), Options::default()).unwrap();
    for made in [&below, below.parent().unwrap()] {
        assert_eq!(std::fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700, "{made:?}");
    }
    let mode = |end: &str| {
        let path = PathBuf::from(format!("{}{end}", log.path().display()));
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(["", "-wal", "-shm"].map(mode), [0o600; 3]);
    std::fs::set_permissions(log.path(), std::fs::Permissions::from_mode(0o640)).unwrap();
    open(&log.path(), &Arc::default(), Options::default()).unwrap();
    assert_eq!(mode(""), 0o640);
}

#[test]
fn many_may_make_the_log_at_once() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus.db");
        let make = || {
            std::thread::spawn({
                let path = path.clone();
                move || open(&path, &Arc::default(), Options::default()).unwrap().topics().unwrap().len()
            })
        };
        let makers: Vec<_> = (0..8).map(|_| make()).collect();
        assert!(makers.into_iter().all(|thread| thread.join().unwrap() == 4));
    }
}

#[test]
fn a_damaged_row_is_named() {
    for (damage, says) in [
        ("UPDATE batch SET body = x'00'", "damaged block"),
        ("UPDATE batch SET raw = 1099511627776", "damaged block"),
        ("UPDATE batch SET count = 1", "too many"),
        ("UPDATE batch SET count = -4", "missing"),
        ("DELETE FROM batch", "missing"),
    ] {
        let log = Log::new(Options::default());
        log.send("k", 0..10);
        assert_eq!(log.sql(damage), 1);
        let error = log.bus.reader(RAW, From::Beginning).unwrap().read(100, Duration::ZERO).unwrap_err().to_string();
        let place = format!("{RAW} partition {} offset ", key::partition(b"k", PARTITIONS));
        assert!(error.contains(&place) && error.contains(says), "{damage}: {error}");
        assert!(error.ends_with("; name another directory, or move this file away"), "{error}");
    }
}

#[test]
fn a_poll_that_fails_forgets_nothing() {
    let log = Log::new(Options::default());
    log.send("k", 0..10);
    log.sql("UPDATE batch SET raw = raw + 1");
    let mut member = Member::join(&log.bus, "g", "a");
    assert!(member.consumer.poll(100, Duration::ZERO).is_err());
    log.sql("UPDATE batch SET raw = raw - 1");
    member.step();
    assert_eq!((member.own.len(), member.seen.len()), (32, 10));
}

#[test]
fn what_the_dead_had_is_taken_at_once() {
    let log = Log::new(Options::default());
    log.sql(
        "INSERT INTO member (id, crew, topic, instance, pid, start, boot, space, beat)
             SELECT 77, 'g', 'gpu-metrics-raw', 'dead', 999999999, 1, '', '', 1 << 60",
    );
    log.sql("INSERT INTO lease SELECT 'g', topic, partition, 77, 5 FROM tip WHERE topic = 'gpu-metrics-raw'");
    let mut member = Member::join(&log.bus, "g", "a");
    member.step();
    assert_eq!(member.own.len(), 32);
    assert!(member.consumer.others().unwrap().is_empty());
}

#[test]
fn who_was_silent_too_long_is_fenced_and_may_come_back() {
    let log = Log::new(Options::default());
    log.send("k", 0..10);
    let mut silent = Member::join(&log.bus, "g", "a");
    silent.until("the records", |member| member.seen.len() == 10);
    log.sql("UPDATE member SET beat = beat - 60001");
    let mut other = Member::join(&log.bus, "g", "b");
    other.step();
    assert_eq!(other.own.len(), 32);
    let positions = silent.positions();
    let error = silent.consumer.finish(&Finish { positions, ..Finish::default() }).unwrap_err();
    assert!(matches!(error, BusError::Fenced { .. }), "{error}");
    silent.step();
    assert_eq!((silent.lost.len(), silent.own.len()), (32, 0));
    other.until("what to give up", |member| member.revoking.len() == 16);
    other.release();
    silent.until("its share", |member| member.own.len() == 16);
}

#[test]
fn who_lost_its_name_is_told() {
    let log = Log::new(Options::default());
    let mut older = Member::join(&log.bus, "g", "a");
    older.step();
    let _newer = Member::join(&log.bus, "g", "a");
    for error in [older.consumer.finish(&Finish::default()).unwrap_err(), {
        std::thread::sleep(Duration::from_millis(520));
        older.consumer.poll(1, Duration::ZERO).unwrap_err()
    }] {
        let BusError::Unusable { why, .. } = error else { panic!("{error}") };
        assert_eq!(why, "another member named a has taken over in group g");
    }
}
