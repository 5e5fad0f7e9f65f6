//! The log's tables, their version, and the topics in them.
//!
//! A batch is one row: small rows of events would cost an index entry and a page walk each, and would not compress.
//! `tip` holds what a reader compares its positions with, so that a look for news touches a page or two and no batch.
//! The version stands in the file's header, where even a damaged schema leaves it readable.

use rusqlite::{Connection, params};

use super::file::{Place, Step};
use crate::bus::{PARTITIONS, TOPICS};

/// "gphm" in the header's application field: this is a log of ours and nobody else's database.
const APPLICATION: i64 = 0x6770_686d;
/// Version of the tables below.
const VERSION: i64 = 1;

const TABLES: &str = "
-- The ends of each partition, and the bytes its batches take.
CREATE TABLE tip (topic TEXT NOT NULL, partition INTEGER NOT NULL, first INTEGER NOT NULL, next INTEGER NOT NULL,
  bytes INTEGER NOT NULL, PRIMARY KEY (topic, partition)) STRICT, WITHOUT ROWID;
-- The records: `count` of them from `base` on, `raw` bytes before compression. `id` grows with arrival, which was at
-- `arrived` by the run's clock and at `landed` by the machine's: the first is the records' time, the second ages them.
-- Retention walks by `id` and stops at the first that stays, so it needs no index.
CREATE TABLE batch (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL, base INTEGER NOT NULL,
  count INTEGER NOT NULL, arrived INTEGER NOT NULL, landed INTEGER NOT NULL, raw INTEGER NOT NULL,
  body BLOB NOT NULL) STRICT;
CREATE INDEX batch_at ON batch (topic, partition, base, arrived);
-- Who reads in a group: one process's consumer each; `id` is never used twice. `beat` is uptime in milliseconds.
CREATE TABLE member (id INTEGER PRIMARY KEY AUTOINCREMENT, crew TEXT NOT NULL, topic TEXT NOT NULL,
  instance TEXT NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL, boot TEXT NOT NULL, space TEXT NOT NULL,
  beat INTEGER NOT NULL, UNIQUE (crew, topic, instance)) STRICT;
-- Whose a partition is (NULL: nobody's), and how often it changed hands.
CREATE TABLE lease (crew TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, member INTEGER,
  generation INTEGER NOT NULL, PRIMARY KEY (crew, topic, partition)) STRICT, WITHOUT ROWID;
-- How far a group got.
CREATE TABLE position (crew TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
  settled INTEGER NOT NULL, PRIMARY KEY (crew, topic, partition)) STRICT, WITHOUT ROWID;
-- What a group knows of an entity.
CREATE TABLE state (crew TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, entity TEXT NOT NULL,
  upto INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (crew, topic, partition, entity)) STRICT, WITHOUT ROWID;
";

fn header(conn: &Connection, field: &str) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, field, |row| row.get(0))
}

/// Whether the file is new and empty.
///
/// Fails where it is another program's database or a newer gpuhm's.
pub(super) fn is_fresh(conn: &Connection, place: &Place) -> Step<bool> {
    let (application, version) = (header(conn, "application_id")?, header(conn, "user_version")?);
    if application == APPLICATION {
        return match version {
            VERSION => Ok(false),
            newer if newer > VERSION => Err(place
                .unusable(format!("made by a newer gpuhm (log version {newer}; this one knows {VERSION})"))
                .into()),
            other => Err(place.unusable(format!("log version {other} is none that gpuhm ever made")).into()),
        };
    }
    let things: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && version == 0 && things == 0 {
        return Ok(true);
    }
    Err(place.unusable("not a gpuhm log: it is another program's SQLite database").into())
}

/// Makes the tables.
pub(super) fn make(conn: &Connection) -> Step<()> {
    conn.execute_batch(TABLES)?;
    conn.pragma_update(None, "application_id", APPLICATION)?;
    conn.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}

/// Whether a topic of this version is not in the file yet.
pub(super) fn lacks_topics(conn: &Connection) -> Step<bool> {
    for topic in TOPICS {
        let partitions: i32 =
            conn.query_row("SELECT count(*) FROM tip WHERE topic = ?1", params![topic], |row| row.get(0))?;
        if partitions < PARTITIONS {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes the topics that are not there.
pub(super) fn add_topics(conn: &Connection) -> Step<()> {
    let mut add =
        conn.prepare("INSERT OR IGNORE INTO tip (topic, partition, first, next, bytes) VALUES (?1, ?2, 0, 0, 0)")?;
    for topic in TOPICS {
        for partition in 0..PARTITIONS {
            add.execute(params![topic, partition])?;
        }
    }
    Ok(())
}
