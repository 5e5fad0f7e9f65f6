//! Migrations: what a store's schema is made of, where a database stands, and whether this binary may use it.
//!
//! Forward only: each file says in its header how a person undoes it. Each runs in one transaction with the row that
//! says it ran, so that there is no half-applied one. This file and `judge` decide, knowing no database; the
//! module of each database reads its bookkeeping and runs the text.

pub mod copy;
pub(crate) mod file;
pub(crate) mod judge;
pub mod postgres;
pub mod sqlite;

use crate::event::Time;
pub use file::Migration;

/// The bookkeeping table, in every store.
pub(crate) const TABLE: &str = "gpuhm_migrations";

/// This binary's version.
pub const OURS: &str = env!("CARGO_PKG_VERSION");

/// Where one migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be run.
    Pending,
    /// Ran.
    Applied,
    /// Taken as applied by `baseline`.
    Baselined,
    /// Ran, but its text is another than this binary's.
    Changed,
    /// Never ran, though a later one did.
    Skipped,
    /// Began outside a transaction and did not end.
    Dirty,
    /// Ran by a newer binary; this one does not know it.
    Newer,
}

impl State {
    /// The word in tables and JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Applied => "applied",
            State::Baselined => "baselined",
            State::Changed => "changed",
            State::Skipped => "skipped",
            State::Dirty => "dirty",
            State::Newer => "newer",
        }
    }

    /// Whether `migrate up` is refused while a migration stands so.
    #[must_use]
    pub const fn refused(self) -> bool {
        matches!(self, State::Changed | State::Skipped | State::Dirty)
    }
}

/// A migration and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// When it ran, by the database's clock.
    pub applied_at: Option<Time>,
    /// How long it took, by the same.
    pub duration_ms: Option<i64>,
    /// The gpuhm that ran it.
    pub gpuhm_version: Option<String>,
}

/// Where a store's schema stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// File or address.
    pub place: String,
    /// Whether there is a database at all.
    pub exists: bool,
    /// The newest version applied; 0 where none is.
    pub version: i64,
    /// The newest version this binary knows.
    pub newest: i64,
    /// The oldest gpuhm that may use it, where that is newer than this one.
    pub needs: Option<String>,
    /// Every migration, by number.
    pub steps: Vec<Step>,
    /// What the server is, where the store is on one.
    pub server: Option<postgres::Server>,
}

impl Status {
    /// Whether all is as this binary wants it: nothing to run, nothing refused, and not too new.
    #[must_use]
    pub fn settled(&self) -> bool {
        let well = |step: &Step| matches!(step.state, State::Applied | State::Baselined | State::Newer);
        self.needs.is_none() && self.steps.iter().all(well)
    }
}

/// Something `verify` found, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}
