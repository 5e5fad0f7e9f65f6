//! What only the embedded log must do: files that are none, damage, the dead, and retention.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use gpuhm::bus::embedded::{Embedded, Options};
use gpuhm::bus::{Bus, BusError, Finish, From, Message, PARTITIONS, Position, RAW, key};
use gpuhm::event::Time;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::bus_contract::suite;
use crate::bus_member::{Member, all, message};

/// A log in a directory of its own, stamped by a clock that moves a millisecond a record batch.
struct Log {
    folder: TempDir,
    clock: Arc<AtomicI64>,
    bus: Embedded,
}

impl Log {
    fn new(options: Options) -> Log {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(1_000_000));
        let bus = open(&folder.path().join("bus.db"), &clock, options).unwrap();
        Log { folder, clock, bus }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("bus.db")
    }

    fn sql(&self, text: &str) -> usize {
        let conn = Connection::open(self.path()).unwrap();
        conn.busy_timeout(Duration::from_secs(10)).unwrap();
        conn.execute(text, []).unwrap()
    }

    fn send(&self, key: &str, values: std::ops::Range<i32>) {
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
        Err(BusError::Unusable { place, why }) => {
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
    suite(|| {
        let name = format!("{}/bus.db", made.fetch_add(1, Ordering::Relaxed));
        Arc::new(open(&folder.path().join(name), &Arc::default(), Options::default()).unwrap())
    });
}

#[test]
fn a_file_that_is_no_log_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    std::fs::write(&path, "not a database, but long enough to look at".repeat(100)).unwrap();
    assert!(why(&path).contains("no SQLite database"), "{}", why(&path));
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

#[test]
fn retention_drops_the_oldest_and_counts_what_was_unread() {
    let log = Log::new(Options { age: 1000, ..Options::default() });
    log.send("k", 0..10);
    let mut member = Member::join(&log.bus, "g", "a");
    member.until("the records", |member| member.seen.len() == 10);
    let at = key::partition(b"k", PARTITIONS);
    let position = Position { partition: at, next: 4, settled: 2 };
    member.consumer.finish(&Finish { positions: vec![position], ..Finish::default() }).unwrap();
    drop(member);
    log.clock.store(1_000_500, Ordering::Relaxed);
    log.send("k", 10..20);
    assert_eq!(log.bus.retain(Time(1_000_900)).unwrap(), 0);
    assert_eq!(log.bus.retain(Time(1_001_200)).unwrap(), 6);
    assert_eq!(log.bus.topics().unwrap()[0].ranges[usize::try_from(at).unwrap()], (10, 20));
    assert_eq!(log.bus.lag("g", RAW).unwrap(), 10);
    let mut member = Member::join(&log.bus, "g", "a");
    member.until("the rest", |member| member.seen.len() == 10);
    assert_eq!((member.skipped, member.seen[0].1.offset), (6, 10));
    let recovery = member.consumer.recover(at).unwrap();
    assert_eq!((recovery.committed, recovery.settled), (10, 10));
    // What is dropped before a running member has read it is told, too.
    member.revoking.clear();
    log.send("k", 20..30);
    log.bus.retain(Time(9_000_000)).unwrap();
    member.until("what was skipped", |member| member.skipped == 16);
    assert_eq!(log.bus.topics().unwrap()[0].bytes, 0);
    log.send("k", 30..31);
    member.until("what comes next", |member| member.seen.last().unwrap().1.offset == 30);
}

#[test]
fn retention_keeps_within_its_bytes() {
    let log = Log::new(Options { bytes: 20_000, ..Options::default() });
    let mut producer = log.bus.producer().unwrap();
    let mut noise = 1u64;
    for n in 0..600 {
        let bytes = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            noise.to_be_bytes()[0]
        });
        let value: Vec<u8> = bytes.take(200).collect();
        producer.send(&[Message { value: value.into(), ..message(RAW, &format!("k{n}"), "") }]).unwrap();
    }
    assert_eq!(log.bus.retain(Time(0)).unwrap(), 0, "nobody reads");
    let bytes = log.bus.topics().unwrap()[0].bytes;
    assert!((19_000..=20_000).contains(&bytes), "{bytes}");
    let mut reader = log.bus.reader(RAW, From::Beginning).unwrap();
    let count: i64 = reader.ranges().unwrap().iter().map(|(first, next)| next - first).sum();
    let kept = all(&mut *reader, usize::try_from(count).unwrap());
    let oldest = kept.iter().map(|(_, record)| record.time).min().unwrap();
    assert_eq!(usize::try_from(1_000_600 - oldest.ms()).unwrap(), kept.len(), "the newest are kept");
}
