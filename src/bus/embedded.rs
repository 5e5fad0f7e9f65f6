//! The embedded log: the bus in one SQLite file, shared by any number of processes and threads of one machine.
//!
//! SQLite, because a log of our own would have to earn again what it has: survival of power cuts, locks between
//! processes, and one transaction over records, states and positions, which makes `finish` atomic for nothing.
//! Writers append compressed batches; readers poll a change counter and read in short transactions; groups need no
//! server, since each member draws the same conclusions from the same rows (see `group`).
//! This module knows bytes, keys and positions; of events, stages and stores it knows nothing.

mod append;
mod block;
mod commit;
mod consumer;
mod file;
mod group;
mod process;
mod reader;
mod retain;
mod schema;
mod sweep;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Transaction, params};

use self::append::EmbeddedProducer;
use self::block::Codec;
use self::consumer::EmbeddedConsumer;
use self::file::{Db, Place, Step};
use self::group::Survey;
use self::process::{Process, uptime};
use self::reader::EmbeddedReader;
use self::retain::Bounds;
use super::{Bus, BusError, Consumer, From, Join, Producer, Reader, Stamp, TOPICS, TopicInfo};
use crate::event::Time;
use crate::event::time::DAY;

/// How much the log keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long a record stays, in milliseconds from its arrival by the machine's clock.
    pub age: i64,
    /// How many bytes all topics may take together, compressed.
    pub bytes: u64,
}

impl Default for Options {
    /// Seven days, as Kafka's topics; 8 GiB: two topics' worth of about fifty GPUs for those seven days.
    fn default() -> Options {
        Options { age: 7 * DAY, bytes: 8 << 30 }
    }
}

impl Options {
    /// What the collector keeps for a broker that is away: a day, and little of a node's disk.
    #[must_use]
    pub const fn spool() -> Options {
        Options { age: DAY, bytes: 256 << 20 }
    }
}

/// The embedded log.
#[derive(Clone)]
pub struct Embedded {
    path: PathBuf,
    stamp: Stamp,
    options: Options,
    /// For looks at the whole. Kept open, it also keeps the write-ahead log from being written back and removed each
    /// time a short-lived connection is the last one.
    looks: Arc<Mutex<Db>>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("path", &self.path).field("options", &self.options).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Opens the log in the file `path`; makes it, its directory and the topics where they are not there.
    ///
    /// # Errors
    /// [`BusError::Unusable`] where the file is no log of this version or cannot be made or written,
    /// [`BusError::Failed`] where it could not be opened now.
    pub fn open(path: &Path, stamp: Stamp, options: Options) -> Result<Embedded, BusError> {
        let looks = Arc::new(Mutex::new(Db::create(path)?));
        Ok(Embedded { path: path.to_owned(), stamp, options, looks })
    }

    /// Drops what `group` has read of `topic`, whole batches at a time: a spool keeps what was delivered no longer.
    ///
    /// # Errors
    /// Where the file cannot be written now; what is dropped until then stays dropped.
    pub fn forget(&self, group: &str, topic: &str) -> Result<(), BusError> {
        retain::forget(&mut self.looks.lock().unwrap_or_else(PoisonError::into_inner), group, topic)
    }

    fn db(&self) -> Result<Db, BusError> {
        Db::open(&self.path)
    }

    fn look<T>(&self, what: &'static str, look: impl FnOnce(&Transaction<'_>) -> Step<T>) -> Result<T, BusError> {
        // A panic elsewhere leaves no transaction behind: the connection is as good as before.
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).read(what, look)
    }

    fn codec(&self) -> Result<Codec, BusError> {
        Codec::new().map_err(|error| Place::new(&self.path).failed("set up compression", error))
    }
}

impl Bus for Embedded {
    fn producer(&self) -> Result<Box<dyn Producer>, BusError> {
        Ok(Box::new(EmbeddedProducer::new(self.db()?, self.codec()?, self.stamp.clone())))
    }

    fn consumer(&self, join: &Join) -> Result<Box<dyn Consumer>, BusError> {
        Ok(Box::new(EmbeddedConsumer::enter(self.db()?, self.codec()?, self.stamp.clone(), join)?))
    }

    fn reader(&self, topic: &str, from: From) -> Result<Box<dyn Reader>, BusError> {
        Ok(Box::new(EmbeddedReader::open(self.db()?, self.codec()?, topic, &from)?))
    }

    fn topics(&self) -> Result<Vec<TopicInfo>, BusError> {
        self.look("list the topics", |tx| {
            let mut bytes = tx.prepare_cached("SELECT coalesce(sum(bytes), 0) FROM tip WHERE topic = ?1")?;
            let mut topics = Vec::with_capacity(TOPICS.len());
            for name in TOPICS {
                let bytes: i64 = bytes.query_row([name], |row| row.get(0))?;
                let bytes = u64::try_from(bytes).unwrap_or(0);
                topics.push(TopicInfo { name: name.to_owned(), ranges: sweep::tips(tx, name)?, bytes: Some(bytes) });
            }
            Ok(topics)
        })
    }

    fn lag(&self, group: &str, topic: &str) -> Result<u64, BusError> {
        self.look("measure the lag", |tx| {
            sweep::tips(tx, topic)?;
            // A group that has committed nothing yet begins at the oldest record.
            let mut select = tx.prepare_cached(
                "SELECT coalesce(sum(max(t.next - max(coalesce(p.next, t.first), t.first), 0)), 0) FROM tip AS t
                 LEFT JOIN position AS p ON p.crew = ?1 AND p.topic = t.topic AND p.partition = t.partition
                 WHERE t.topic = ?2",
            )?;
            let lag: i64 = select.query_row(params![group, topic], |row| row.get(0))?;
            Ok(u64::try_from(lag).unwrap_or(0))
        })
    }

    fn members(&self, group: &str, topic: &str) -> Result<Vec<String>, BusError> {
        const LOOK: &str = "look at the group";
        let failed = |error| Place::new(&self.path).failed(LOOK, error);
        let (me, now) = (Process::this().map_err(failed)?, uptime());
        self.look(LOOK, |tx| Ok(Survey::of(tx, group, topic)?.living(None, &me, now)))
    }

    fn session(&self) -> Duration {
        // A dead process's partitions are free at once.
        Duration::ZERO
    }

    fn retain(&self, now: Time) -> Result<u64, BusError> {
        let bytes = i64::try_from(self.options.bytes).unwrap_or(i64::MAX);
        let before = now.plus(self.options.age.saturating_neg());
        retain::retain(&mut self.db()?, Bounds { now, before, bytes })
    }
}
