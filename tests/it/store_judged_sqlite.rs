//! The embedded store: the contract of judgement, and what files and processes add to it.

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use gpuhm::event::Rows;
use gpuhm::event::time::MINUTE;
use gpuhm::store::sqlite::Sqlite;
use gpuhm::store::{Judged as _, Store, StoreError};

use crate::store_fixtures::{T0, raw};
use crate::store_judged_rows::{health, place, prediction, silence};

#[test]
fn keeps_the_contract_of_judgement() {
    let dir = tempfile::tempdir().unwrap();
    let count = Cell::new(0);
    crate::store_judged::suite(crate::store_retention::Drops::Rows, || {
        count.set(count.get() + 1);
        let path = dir.path().join(format!("{}.db", count.get()));
        [(); 2].map(|()| -> Box<dyn Store> { Box::new(Sqlite::open(&path).unwrap()) })
    });
}

#[test]
fn a_reader_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut writer = Sqlite::open(&path).unwrap();
    let rows = Rows {
        raw: vec![raw("GPU-a", 0)],
        places: vec![place("GPU-a", 0, "r1")],
        healths: vec![health("GPU-a", 0)],
        predictions: vec![prediction("GPU-a", 0)],
        ..Rows::default()
    };
    writer.write(&[], &rows, T0).unwrap();
    let mut reader = Sqlite::open_read_only(&path).unwrap();
    assert_eq!(reader.facts(T0).unwrap(), writer.facts(T0).unwrap());
    assert_eq!(reader.fleet().unwrap(), writer.fleet().unwrap());
    let past = reader.past("GPU-a", T0, T0.plus(MINUTE)).unwrap();
    assert_eq!((past.raw.len(), past.healths.len()), (1, 1));
    assert_eq!(reader.health_at("GPU-a", T0).unwrap(), Some(health("GPU-a", 0)));
    assert_eq!(reader.prediction_at("GPU-a", T0).unwrap(), Some(prediction("GPU-a", 0)));
    assert!(matches!(reader.put_silence(&silence("a", 0)), Err(StoreError::Unusable { .. })));
}

/// Names the store to a process that holds a right until it is killed.
const CHILD: &str = "GPUHM_HOLDS";

#[test]
fn a_right_is_free_when_its_holder_dies() {
    if let Some(store) = std::env::var_os(CHILD) {
        let held = Sqlite::open(Path::new(&store)).unwrap().hold("score").unwrap();
        let mut out = std::io::stdout();
        std::io::Write::write_all(&mut out, if held.is_some() { b"\nheld\n" } else { b"\nnot held\n" }).unwrap();
        std::thread::sleep(std::time::Duration::from_mins(1));
        drop(held);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut store = Sqlite::open(&path).unwrap();
    let this = "store_judged_sqlite::a_right_is_free_when_its_holder_dies";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", this, "--nocapture"])
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "held"));
    let meanwhile = store.hold("score").unwrap().is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!meanwhile, "two processes held it");
    assert!(store.hold("score").unwrap().is_some());
}
