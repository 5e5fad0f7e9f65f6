//! The store of a fleet: PostgreSQL, with TimescaleDB where it is there.
//!
//! Every operation is one transaction on one connection (`link`); statements are prepared once a connection, their
//! texts are built from [`super::schema`] alone. It knows no bus and no stage, and takes the time from its caller.

mod connect;
pub(in crate::store) mod fault;
mod judged;
pub(in crate::store) mod link;
pub mod look;
mod read;
mod retain;
mod row;
mod session;
pub mod settings;
mod sql;
pub(in crate::store) mod stamp;
mod tls;
mod work;
pub(in crate::store) mod write;

pub use settings::Settings;

use std::cell::RefCell;

use super::migrate::postgres::check;
use super::{AlertFilter, Latest, Retention, Store, StoreError, Token, Written};
use crate::event::rows::{CollectorRow, Raw};
use crate::event::{Alert, Asset, Rows, Size, Time, Window};
use link::Link;
use write::Memory;

/// The store on a server.
#[derive(Debug)]
pub struct Postgres {
    link: Link,
    memory: RefCell<Memory>,
}

impl Postgres {
    /// Connects, and holds the schema against what this binary needs.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] and [`StoreError::TooNew`] where a person must act, [`StoreError::Failed`] where the
    /// server cannot be reached.
    pub fn open(settings: Settings) -> Result<Postgres, StoreError> {
        let mut link = Link::new(settings)?;
        let place = link.place().to_owned();
        link.run("connect", async |session| {
            session.is_pooled().await?;
            check(session, &place).await
        })?;
        Ok(Postgres { link, memory: RefCell::default() })
    }

    /// The same to look only: the server refuses what would change anything.
    ///
    /// # Errors
    /// As [`Postgres::open`].
    pub fn open_read_only(settings: Settings) -> Result<Postgres, StoreError> {
        Postgres::open(Settings { read_only: true, ..settings })
    }
}

impl Store for Postgres {
    fn raise(&mut self, stage: &str, partitions: &[i32]) -> Result<Vec<Token>, StoreError> {
        self.link.run("raise tokens", async |session| write::raise(session, stage, partitions).await)
    }

    #[expect(clippy::await_holding_refcell_ref, reason = "one job at a time, and nobody else has it")]
    fn write(&mut self, tokens: &[Token], rows: &Rows, now: Time) -> Result<Written, StoreError> {
        if let Some(alert) = write::unreadable(&rows.alerts) {
            let why = format!("alert {} has times that do not read: {:?}, {:?}", alert.alert_id, alert.since, alert.at);
            return Err(StoreError::Unusable { place: self.link.place().to_owned(), why, hint: None });
        }
        let Postgres { link, memory } = self;
        link.run("write", async |session| write::write(session, &mut memory.borrow_mut(), tokens, rows, now).await)
    }

    fn assets(&mut self, known: Option<i64>) -> Result<Option<(i64, Vec<Asset>)>, StoreError> {
        self.link.run("read asset records", async |session| read::assets(session, known).await)
    }

    fn put_assets(&mut self, assets: &[Asset]) -> Result<u64, StoreError> {
        self.link.run("write asset records", async |session| write::put_assets(session, assets).await)
    }

    fn latest(&mut self) -> Result<Vec<Latest>, StoreError> {
        self.link.run("read the newest samples", async |session| read::latest(session).await)
    }

    fn alerts(&mut self, filter: AlertFilter) -> Result<Vec<Alert>, StoreError> {
        self.link.run("read alerts", async |session| read::alerts(session, filter).await)
    }

    fn collectors(&mut self) -> Result<Vec<CollectorRow>, StoreError> {
        self.link.run("read collectors", async |session| read::collectors(session).await)
    }

    fn gpus(&mut self) -> Result<Vec<String>, StoreError> {
        self.link.run("list GPUs", async |session| read::gpus(session).await)
    }

    fn raw(&mut self, gpu: &str, from: Time, to: Time) -> Result<(Option<Raw>, Vec<Raw>), StoreError> {
        self.link.run("read samples", async |session| read::raw(session, gpu, from, to).await)
    }

    fn next_raw(&mut self, gpu: &str, from: Time) -> Result<Option<Time>, StoreError> {
        self.link.run("read samples", async |session| read::next_raw(session, gpu, from).await)
    }

    fn windows(&mut self, gpu: &str, size: Size, from: Time, to: Time) -> Result<Vec<Window>, StoreError> {
        self.link.run("read windows", async |session| read::windows(session, gpu, size, (from, to)).await)
    }

    fn newest_final(&mut self, gpu: &str, size: Size) -> Result<Option<Time>, StoreError> {
        self.link.run("read windows", async |session| read::newest_final(session, gpu, size).await)
    }

    #[expect(clippy::await_holding_refcell_ref, reason = "one job at a time, and nobody else has it")]
    fn backfill(&mut self, windows: &[Window], now: Time, dry_run: bool) -> Result<u64, StoreError> {
        let Postgres { link, memory } = self;
        link.run("write windows", async |session| {
            write::backfill(session, &mut memory.borrow_mut(), windows, now, dry_run).await
        })
    }

    fn retain(&mut self, now: Time, keep: Retention) -> Result<u64, StoreError> {
        retain::retain(&mut self.link, now, keep)
    }
}
