//! The store: what is queried later. Adapters implement these traits and pass one contract suite.
//!
//! Writes are upserts on natural keys under fencing tokens: a partition's new owner raises its token first, and a
//! transaction whose tokens are not the newest writes nothing. This module knows nothing of buses or stages.

mod json;
pub mod judged;
mod known;
pub mod migrate;
pub mod postgres;
pub mod schema;
pub mod sqlite;

pub use judged::{Held, Judged};

use crate::event::rows::{CollectorRow, Raw};
use crate::event::{Alert, Asset, Rows, Size, Time, Window};

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened, made or used as it stands; a person must act.
    #[error("store {place}: {why}")]
    Unusable {
        /// File or address.
        place: String,
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Its schema is newer than this binary can use.
    #[error("store {place}: its schema {found} needs gpuhm {needs} or later; this is {ours}")]
    TooNew {
        /// File or address.
        place: String,
        /// Schema version found.
        found: i64,
        /// The oldest binary that may use it.
        needs: String,
        /// This binary.
        ours: &'static str,
    },
    /// It cannot be reached or failed now; trying again may help.
    #[error("store {place}: {what}: {why}")]
    Failed {
        /// File or address.
        place: String,
        /// The operation.
        what: &'static str,
        /// What happened.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A partition has a newer writer; nothing was written.
    #[error("{stage} partition {partition} has a newer writer (token {newer}, ours {ours})")]
    Fenced {
        /// The stage.
        stage: String,
        /// The partition.
        partition: i32,
        /// The newest token.
        newer: i64,
        /// Our token.
        ours: i64,
    },
}

impl StoreError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            StoreError::Unusable { hint, .. } | StoreError::Failed { hint, .. } => hint.as_deref(),
            StoreError::TooNew { .. } | StoreError::Fenced { .. } => None,
        }
    }
}

/// The right of one owner to write the rows of one partition of one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The stage.
    pub stage: String,
    /// The partition.
    pub partition: i32,
    /// The number; the newest one writes.
    pub number: i64,
}

/// What a write did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Raw rows that are in the store now and were not before.
    pub raw: u64,
    /// Raw rows whose key was there already.
    pub repeated: u64,
    /// Rows of any table that the store cannot hold; everything else was written.
    pub refused: Refused,
}

/// Rows that a store cannot hold: a text with a NUL in it, say, or an instant beyond its calendar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refused {
    /// How many.
    pub count: u64,
    /// The first of them, each named, with why.
    pub examples: Vec<String>,
}

impl Refused {
    /// Counts a row, and keeps what `say` says of it while there are fewer than `most` examples.
    pub fn add(&mut self, most: usize, say: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < most {
            self.examples.push(say());
        }
    }
}

/// The newest sample of a GPU, with its asset record's place where there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest {
    /// The newest raw row.
    pub raw: Raw,
    /// The rack by the asset record.
    pub rack: Option<String>,
    /// The cluster by the asset record.
    pub cluster: Option<String>,
}

/// Which alerts to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertFilter {
    /// Those that fire.
    Open,
    /// The newest `n`, whatever their status.
    Newest(u32),
}

/// Ages and sizes beyond which rows are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Raw rows older than this, in milliseconds.
    pub raw_ms: i64,
    /// Windows, happenings, resolved alerts, scores and predictions older than this, in milliseconds; of the last two
    /// the newest of each GPU stays.
    pub windows_ms: i64,
    /// … but only once they were written this long ago, in milliseconds: a replay of last year stays to be looked at.
    pub fresh_ms: i64,
    /// Bytes the store may take.
    pub bytes: u64,
}

/// How many rows before the newest one of a range's past are searched for the counters that this one lacks: an hour at
/// the default interval, a few milliseconds of reading. A source that reads a counter more seldom than that loses its
/// first increase in a rebuild, and no other.
pub const LOOK_BACK: u32 = 400;

/// A store that stages write and views read.
pub trait Store: Judged + Send {
    /// Raises the tokens of partitions that were just taken over and returns them.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn raise(&mut self, stage: &str, partitions: &[i32]) -> Result<Vec<Token>, StoreError>;

    /// Writes rows in one transaction that first checks, under lock, that `tokens` are the newest. Folding saves work
    /// and changes nothing. `now` goes into `written_at`. Without tokens nothing is checked: a pass, which publishes
    /// first and may repeat itself, has none.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where one is not; nothing was written then. Else where the store failed: on
    /// [`StoreError::Failed`] all or nothing was, and writing it again puts the same rows where they are.
    fn write(&mut self, tokens: &[Token], rows: &Rows, now: Time) -> Result<Written, StoreError>;

    /// The asset records, if they changed since version `known`; with their version.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn assets(&mut self, known: Option<i64>) -> Result<Option<(i64, Vec<Asset>)>, StoreError>;

    /// Puts asset records in, whole records by GPU, of two for one the last; returns how many were new or differed.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn put_assets(&mut self, assets: &[Asset]) -> Result<u64, StoreError>;

    /// The newest sample of every GPU, by host and index, those without an index first.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn latest(&mut self) -> Result<Vec<Latest>, StoreError>;

    /// Alerts, those that began last first.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn alerts(&mut self, filter: AlertFilter) -> Result<Vec<Alert>, StoreError>;

    /// Collectors' newest reports, by host.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn collectors(&mut self) -> Result<Vec<CollectorRow>, StoreError>;

    /// The GPUs that have raw rows, in order.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn gpus(&mut self) -> Result<Vec<String>, StoreError>;

    /// Raw rows of one GPU in [from, to), by time; and what was known before them: the newest row before `from`, with
    /// each counter it lacks (metrics whose increase windows keep) from the newest of up to [`LOOK_BACK`] older rows that
    /// has it. Live windows remember counters so, one by one; a rebuild must begin where they did.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn raw(&mut self, gpu: &str, from: Time, to: Time) -> Result<(Option<Raw>, Vec<Raw>), StoreError>;

    /// Time of the first raw row of one GPU at or after `from`.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn next_raw(&mut self, gpu: &str, from: Time) -> Result<Option<Time>, StoreError>;

    /// Windows of one GPU that start in [from, to), by start.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn windows(&mut self, gpu: &str, size: Size, from: Time, to: Time) -> Result<Vec<Window>, StoreError>;

    /// Start of the newest final window of one GPU.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn newest_final(&mut self, gpu: &str, size: Size) -> Result<Option<Time>, StoreError>;

    /// Writes rebuilt windows in one transaction; returns how many. Each only while it is older than its GPU's newest
    /// final one of its size, since newer ones are the running stage's; and never over one that counts more readings, since
    /// raw rows go first: at the edge of their retention a rebuild sees only some. `dry_run` counts and writes nothing.
    ///
    /// # Errors
    /// Where the store cannot be reached; nothing was written then.
    fn backfill(&mut self, windows: &[Window], now: Time, dry_run: bool) -> Result<u64, StoreError>;

    /// Drops what is too old at `now`, then the oldest raw rows while it is too much; returns how many rows. A row of
    /// exactly the age stays, and so does an alert that fires.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn retain(&mut self, now: Time, keep: Retention) -> Result<u64, StoreError>;
}
