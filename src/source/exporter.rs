//! The page of an exporter (dcgm-exporter's names): one GET a tick, put together GPU by GPU.
//!
//! For fleets that run such exporters already. The page is a claim of another process: all of it is checked and bounded, and it
//! is taken whole or not at all. It gives levels only, so that XIDs are changes between two looks (`xids`). A GPU without fresh
//! values says so in one event and is silent then, as one of a host engine is. It knows neither the collect loop nor who else
//! reads the page.

mod board;
mod fetch;
mod gather;
mod line;
mod number;
mod report;
mod targets;
mod xids;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use board::Board;
use gather::{Gather, Gathered};
use number::Names;
use report::Hosts;
pub use targets::{Wrong, targets};
use xids::Shown;

use super::endpoint::{Endpoint, Taken, Trouble};
use super::place::{Kind, Place};
use super::{Reading, elapsed_ms, patience, stale_ms, told};
use crate::event::sample::{Body, Quality};
use crate::event::time::MINUTE;
use crate::event::{Event, Host, Time};
use crate::metric::{self, METRICS, Metric};
use crate::pace::Pace;

/// How a page is read.
#[derive(Debug, Clone)]
pub struct Options {
    /// This machine's name: that of the GPUs' host where neither page nor URL names another.
    pub hostname: String,
    /// How often the page is read.
    pub pace: Pace,
    /// How long one reading may take, from the look-up of the name to the last byte, where that does not follow from `pace`.
    pub timeout: Option<Duration>,
}

impl Options {
    /// The usual.
    #[must_use]
    pub fn new(hostname: impl Into<String>, pace: impl Into<Pace>) -> Options {
        Options { hostname: hostname.into(), pace: pace.into(), timeout: None }
    }

    /// How long one reading may take: unless said otherwise a little less than a tick waits for it, so that the page's own
    /// trouble is told before.
    fn bound(&self) -> Duration {
        self.timeout.unwrap_or_else(|| patience(&self.pace).mul_f64(0.9))
    }
}

/// What a page holds, for who looks at it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// GPUs on it.
    pub gpus: usize,
    /// Samples of anything on it.
    pub samples: u64,
    /// Lines that are no samples.
    pub odd: u64,
    /// Metrics that an exporter may have and no GPU of this page has.
    pub absent: Vec<&'static str>,
}

/// A page that is read at every tick.
pub struct Page {
    url: String,
    place: Place,
    options: Options,
    agent: ureq::Agent,
    names: Names,
    shown: Shown,
    hosts: Hosts,
    /// When it was last told that lines are not understood.
    odd_at: Option<Time>,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Page {
    /// The page at `place`; one that names no page gives trouble when it is read.
    #[must_use]
    pub fn new(place: Place, options: Options) -> Page {
        let url = match &place.kind {
            Kind::Exporter(url) => url.whole().to_owned(),
            _ => String::new(),
        };
        Page {
            url,
            agent: fetch::agent(),
            names: number::names(),
            shown: Shown::default(),
            hosts: Hosts::default(),
            odd_at: None,
            place,
            options,
        }
    }

    /// Fetches the page, without values of a time before `oldest`, in milliseconds.
    fn fetch(&self, oldest: i64) -> Result<Gathered, Trouble> {
        let mut gather = Gather::new(&self.names).since(oldest);
        fetch::lines((&self.agent, self.options.bound()), &self.url, &mut |line| gather.line(line))?;
        gather.finish()
    }

    /// Looks at the page once, beside the ticks: nothing of it is kept.
    ///
    /// # Errors
    /// Where it cannot be read, or is none of an exporter's.
    pub fn survey(&self) -> Result<Survey, Trouble> {
        let page = self.fetch(i64::MIN)?;
        let has = |at: usize, metric: &Metric| match metric.kind {
            metric::Kind::Events => page.boards.iter().any(|board| !board.last.is_empty() || !board.counts.is_empty()),
            _ => page.boards.iter().any(|board| board.values.get(at).is_some()),
        };
        let may = METRICS.iter().enumerate().filter(|(_, metric)| !metric.exporter.is_empty());
        let absent = may.filter(|(at, metric)| !has(*at, metric)).map(|(_, metric)| metric.name).collect();
        Ok(Survey { gpus: page.boards.len(), samples: page.samples, odd: page.odd, absent })
    }

    /// The host of a GPU: the operator's word, then the page's, then the URL's.
    fn host(&self, board: &Board) -> String {
        match (&self.place.host, &board.host) {
            (None, Some(named)) => named.clone(),
            _ => self.place.hostname(&self.options.hostname),
        }
    }

    /// A GPU's event; none where it is silent, was said to be, and has no XID.
    fn event(&mut self, board: Board, host: &str, now: Time, latency_ms: i64) -> Option<Event<'static>> {
        if !self.shown.knows(&board) {
            for (_, code) in board.last.iter().filter(|(_, code)| *code != 0) {
                tracing::info!("{}: {} shows XID {code} of an unknown time", self.place, board.uuid());
            }
        }
        let xids = self.shown.news(&board, now);
        for xid in &xids {
            told::xid(&self.place, board.word(), xid.code);
        }
        if self.shown.said(&board) && xids.is_empty() {
            return None;
        }
        let quality = Quality {
            latency_ms: Some(latency_ms),
            stale: Some(board.stale),
            sample_count: None,
            interval_ms: Some(self.options.pace.ms()),
            error: board.silence().map(|why| Cow::Borrowed(why.error())),
        };
        Some(Event::made(now, Host::named(host.to_owned()), Body::Sample(board.gpu, board.values, xids), quality))
    }
}

impl Endpoint for Page {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long the page took is real time, whatever the run's clock shows"
    )]
    fn read(&mut self, now: Time) -> Result<Taken, Trouble> {
        let started = Instant::now();
        let page = self.fetch(now.0.saturating_sub(stale_ms(self.options.pace.ms())))?;
        if page.odd > 0 && !self.odd_at.is_some_and(|at| (0..MINUTE).contains(&now.since(at))) {
            self.odd_at = Some(now);
            tracing::warn!("{}: {} lines of the page are no samples", self.place, page.odd);
        }
        let latency_ms = elapsed_ms(started);
        self.shown.bound(&page.boards);
        let mut readings = Vec::with_capacity(page.boards.len());
        for board in page.boards {
            let host = self.host(&board);
            self.hosts.seen(&host, &board);
            let event = self.event(board, &host, now, latency_ms);
            readings.extend(event.map(|event| Reading::Event(Box::new(event))));
        }
        Ok(Taken { readings, hosts: self.hosts.reports(now) })
    }
}
