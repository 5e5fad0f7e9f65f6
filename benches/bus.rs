//! The embedded bus against a table with a row an event: same pragmas, one transaction a batch, the same bytes.
//!
//! A batch is a tick of 512 GPUs. Each commit is synced, so the wall clock is the honest one here; the CPU time of the
//! process stands beside it, since compression is what the embedded log spends to write less.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gpuhm::bus::embedded::{Embedded, Options};
use gpuhm::bus::{Bus, From, Message, RAW};
use gpuhm::event::Time;
use rusqlite::{Connection, params};

use super::corpus::{Fleet, START};
use super::harness::{Pair, Rounds, Took, real, timed};

const GPUS: usize = 512;
const TICKS: usize = 40;

pub(crate) fn run() -> anyhow::Result<()> {
    let mut fleet = Fleet::new(GPUS)?;
    let ticks = (0..TICKS).map(|_| tick(&mut fleet)).collect::<anyhow::Result<Vec<_>>>()?;
    let bytes: usize = ticks.iter().flatten().map(|message| message.value.len()).sum();
    let mut sizes = (0, 0);
    let mut appended = Vec::new();
    let mut read = Vec::new();
    let rounds = Rounds::run(|subject_first| {
        let (first, second) = if subject_first {
            let log = log(&ticks)?;
            (log, rows(&ticks)?)
        } else {
            let rows = rows(&ticks)?;
            (log(&ticks)?, rows)
        };
        sizes = (first.size, second.size);
        appended.push((first.append, second.append));
        read.push((first.read, second.read));
        let sum = |side: &Side| {
            let mut sum = side.append;
            sum += side.read;
            sum
        };
        Ok((sum(&first), sum(&second)))
    })?;
    let pair = |subject| Pair {
        subject,
        baseline: "a row an event in SQLite",
        unit: "event",
        items: real(GPUS * TICKS),
        bytes: real(bytes) / real(GPUS * TICKS),
        aim: None,
    };
    let (append, read) = (Rounds::before(appended), Rounds::before(read));
    for (what, rounds) in [("append", append), ("read", read), ("append+read", rounds)] {
        println!("{}", rounds.line(&pair(format!("embedded bus, {what}, wall")), |took| took.wall));
        println!("{}", rounds.line(&pair(format!("embedded bus, {what}, process CPU")), |took| took.process));
    }
    let (log, rows) = (sizes.0 / 1024, sizes.1 / 1024);
    println!("on disk: {log} KiB against {rows} KiB, ratio {:.2}", real(log) / real(rows));
    Ok(())
}

/// What one side took, and what its files take on the disk.
struct Side {
    append: Took,
    read: Took,
    size: usize,
}

fn tick(fleet: &mut Fleet) -> anyhow::Result<Vec<Message>> {
    let (_, events) = fleet.tick()?;
    let message = |event: &gpuhm::event::Event<'_>| {
        let mut value = Vec::new();
        gpuhm::event::codec::encode(event, &mut value);
        let key = event.entity().map_or_else(Bytes::new, |entity| Bytes::copy_from_slice(entity.as_bytes()));
        Message { topic: RAW, key, value: Bytes::from(value) }
    };
    Ok(events.iter().map(message).collect())
}

/// Bytes of the database, its log moved into it first.
fn size(path: &Path) -> anyhow::Result<usize> {
    let conn = Connection::open(path)?;
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(usize::try_from(std::fs::metadata(path)?.len())?)
}

fn log(ticks: &[Vec<Message>]) -> anyhow::Result<Side> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bus.db");
    let bus = Embedded::open(&path, Arc::new(|| START), Options::default())?;
    let (mut producer, mut reader) = (bus.producer()?, bus.reader(RAW, From::Beginning)?);
    let (mut append, mut read) = (Took::default(), Took::default());
    for tick in ticks {
        let (took, sent) = timed(|| producer.send(tick));
        sent?;
        append += took;
        let mut left = tick.len();
        while left > 0 {
            let (took, records) = timed(|| reader.read(GPUS, Duration::ZERO));
            let records = records?;
            anyhow::ensure!(!records.is_empty(), "{left} records are missing");
            left -= records.len();
            read += took;
        }
    }
    Ok(Side { append, read, size: size(&path)? })
}

fn rows(ticks: &[Vec<Message>]) -> anyhow::Result<Side> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.db");
    let connect = || -> rusqlite::Result<Connection> {
        let conn = Connection::open(&path)?;
        conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
        Ok(conn)
    };
    let (mut writer, reader) = (connect()?, connect()?);
    writer.execute_batch(
        "CREATE TABLE event (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL,
         arrived INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL) STRICT;",
    )?;
    let (mut append, mut read) = (Took::default(), Took::default());
    let mut position = 0;
    for tick in ticks {
        let (took, done) = timed(|| insert(&mut writer, tick, START));
        done?;
        append += took;
        let (took, found) = timed(|| select(&reader, position));
        let found = found?;
        anyhow::ensure!(found.len() == tick.len(), "{} of {} rows", found.len(), tick.len());
        position += i64::try_from(found.len())?;
        read += took;
    }
    drop((writer, reader));
    Ok(Side { append, read, size: size(&path)? })
}

fn insert(conn: &mut Connection, tick: &[Message], now: Time) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    {
        let mut insert =
            tx.prepare_cached("INSERT INTO event (topic, partition, arrived, key, value) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for message in tick {
            let partition = gpuhm::bus::key::partition(&message.key, gpuhm::bus::PARTITIONS);
            insert.execute(params![message.topic, partition, now.ms(), &message.key[..], &message.value[..]])?;
        }
    }
    tx.commit()
}

/// A row: number, partition, arrival, key, value.
type Row = (i64, i32, i64, Vec<u8>, Vec<u8>);

fn select(conn: &Connection, after: i64) -> rusqlite::Result<Vec<Row>> {
    let mut select = conn.prepare_cached(
        "SELECT id, partition, arrived, key, value FROM event WHERE topic = ?1 AND id > ?2 ORDER BY id",
    )?;
    let rows = select
        .query_map(params![RAW, after], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    black_box(rows.collect())
}
