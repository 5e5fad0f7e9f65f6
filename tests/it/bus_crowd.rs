//! Many at once on one embedded log: threads that come and go, and processes that are killed. Each record is delivered
//! once and in order, whatever happens.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use gpuhm::bus::embedded::{Embedded, Options};
use gpuhm::bus::{Bus, Finish, From, Message, RAW, VALIDATED};
use gpuhm::event::Time;

use crate::bus_member::{Member, all, join, message};

const PRODUCERS: usize = 4;
/// Records of one producer, published thirty at a time.
const EACH: usize = 1500;

fn open(path: &Path) -> Embedded {
    let clock = AtomicI64::new(1_000_000);
    Embedded::open(path, Arc::new(move || Time(clock.fetch_add(1, Ordering::Relaxed))), Options::default()).unwrap()
}

fn produce(bus: &Embedded, producer: usize) {
    let mut out = bus.producer().unwrap();
    for part in 0..EACH / 30 {
        // Slow enough for members to come and go meanwhile.
        std::thread::sleep(Duration::from_millis(25));
        let key = |n: usize| format!("p{producer}k{}", n % 11);
        let numbers = part * 30..(part + 1) * 30;
        out.send(&numbers.map(|n| message(RAW, &key(n), &n.to_string())).collect::<Vec<_>>()).unwrap();
    }
}

/// Copies what one poll brings.
fn copy(member: &mut Member) {
    member.seen.clear();
    member.step();
    let copy = |record: &gpuhm::event::Record| Message {
        topic: VALIDATED,
        key: record.key.clone(),
        value: record.value.clone(),
    };
    let events: Vec<Message> = member.seen.iter().map(|(_, record)| copy(record)).collect();
    if !events.is_empty() {
        let positions = member.positions();
        member.consumer.finish(&Finish { events, positions, ..Finish::default() }).unwrap();
    }
    member.release();
}

/// Waits for all copies and looks whether each is there once, in the order of its key.
fn check_copies(bus: &Embedded) {
    let mut by_key = BTreeMap::<Vec<u8>, Vec<usize>>::new();
    let mut reader = bus.reader(VALIDATED, From::Beginning).unwrap();
    for (_, record) in all(&mut *reader, PRODUCERS * EACH) {
        let number = std::str::from_utf8(&record.value).unwrap().parse().unwrap();
        by_key.entry(record.key.to_vec()).or_default().push(number);
    }
    assert_eq!(by_key.values().map(Vec::len).sum::<usize>(), PRODUCERS * EACH);
    assert!(by_key.values().all(|numbers| numbers.is_sorted_by(|a, b| a < b)));
    assert!(reader.read(1, Duration::from_millis(50)).unwrap().is_empty(), "copied twice");
    assert_eq!(bus.lag("g", RAW).unwrap(), 0);
}

#[test]
fn threads_that_come_and_go_deliver_each_record_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let bus = open(&folder.path().join("bus.db"));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (name, steps) in [("a", usize::MAX), ("b", 12), ("c", 30)] {
            let (bus, done) = (&bus, &done);
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    let mut member = Member::join(bus, "g", name);
                    for _ in (0..steps).take_while(|_| !done.load(Ordering::SeqCst)) {
                        copy(&mut member);
                    }
                }
            });
        }
        for producer in 0..PRODUCERS {
            let bus = &bus;
            scope.spawn(move || produce(bus, producer));
        }
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check_copies(&bus)));
        done.store(true, Ordering::SeqCst);
        assert!(checked.is_ok());
    });
    assert!(bus.consumer(&join("g", "z")).unwrap().others().unwrap().is_empty(), "who leaves is gone");
}

/// Where a copying child finds its log and its name; the variable's absence makes the child's test do nothing.
const CHILD: &str = "GPUHM_TEST_BUS_CHILD";

#[test]
fn child() {
    let Some(told) = std::env::var_os(CHILD) else { return };
    let told = told.into_string().unwrap();
    let (name, path) = told.split_once('@').unwrap();
    let mut member = Member::join(&open(Path::new(path)), "g", name);
    loop {
        copy(&mut member);
    }
}

fn spawn(path: &Path, name: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "bus_crowd::child", "--nocapture"]).env(CHILD, format!("{name}@{}", path.display()));
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn processes_that_are_killed_deliver_each_record_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    let bus = open(&path);
    let mut children: Vec<(&str, Child)> = ["a", "b", "c"].map(|name| (name, spawn(&path, name))).into();
    std::thread::scope(|scope| {
        for producer in 0..PRODUCERS {
            let bus = &bus;
            scope.spawn(move || produce(bus, producer));
        }
        for round in 0..12u64 {
            std::thread::sleep(Duration::from_millis(70 + round * 37 % 90));
            let which = usize::try_from(round % 3).unwrap();
            let (name, child) = &mut children[which];
            assert!(child.try_wait().unwrap().is_none(), "{name} has ended by itself");
            child.kill().unwrap();
            // Nobody waits for the dead before its successor starts: a zombie must not hold anything.
            let mut dead = std::mem::replace(child, spawn(&path, name));
            scope.spawn(move || dead.wait().unwrap());
        }
    });
    let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check_copies(&bus)));
    for (_, mut child) in children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(checked.is_ok());
}
