//! What the collect loop and the sender's thread share: the log, the accounts, how the sender fares, and a bell.
//!
//! Locks are held for a look at memory or a short read of the log, never while the broker is waited for; where two are
//! needed the order is intake, ledger, fares.

use std::fs::File;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::ledger::Ledger;
use super::pace::Fill;
use super::plight::Plight;
use super::{GROUP, Limits};
use crate::bus::embedded::Embedded;
use crate::bus::{Bus as _, BusError, RAW};
use crate::pipeline::clock::monotonic;
use crate::pipeline::pulse::Reach;
use crate::pipeline::sink::Backlog;
use crate::pipeline::{Flag, PipelineError};

/// A send that takes this long is said to be stuck (J): ten times what a slow broker takes.
const STUCK: Duration = Duration::from_secs(10);
const MIB: u64 = 1 << 20;

/// How the sender fares.
#[derive(Debug, Default)]
pub(super) struct Fares {
    /// Whether the broker is lost.
    pub(super) plight: Plight,
    /// Since when it waits for the broker.
    pub(super) sending: Option<Instant>,
    /// The newest failure, until something is delivered.
    pub(super) why: Option<String>,
    /// What ended it.
    pub(super) fatal: Option<BusError>,
    /// Whether it has ended.
    pub(super) ended: bool,
    /// How fast the spool fills.
    pub(super) fill: Fill,
}

/// What is shared.
pub(super) struct Shared {
    pub(super) log: Embedded,
    pub(super) limits: Limits,
    /// The directory, for words.
    pub(super) place: String,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) fares: Mutex<Fares>,
    /// Ends the sender.
    pub(super) halt: Flag,
    news: (Mutex<bool>, Condvar),
    /// Held for as long as this lives: nobody else may use the spool.
    _alone: File,
}

/// What a panic elsewhere left is as good as before: every change here is one step.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(log: Embedded, limits: Limits, place: String, alone: File) -> Shared {
        Shared {
            log,
            limits,
            place,
            ledger: Mutex::default(),
            fares: Mutex::default(),
            halt: Flag::default(),
            news: <(Mutex<bool>, Condvar)>::default(),
            _alone: alone,
        }
    }

    /// What waits and what was lost, as of now.
    pub(super) fn backlog(&self) -> Result<Backlog, BusError> {
        // The sender reads under this lock: what it has read and where the log begins belong together.
        let ledger = lock(&self.ledger);
        let topics = self.log.topics()?;
        let raw = topics.iter().find(|topic| topic.name == RAW);
        let standing = ledger.standing(raw.map(|topic| topic.ranges.as_slice()).unwrap_or_default());
        // What is delivered goes within seconds; until then it is not what waits.
        let bytes = if standing.waiting == 0 { 0 } else { raw.and_then(|topic| topic.bytes).unwrap_or(0) };
        Ok(Backlog { bytes, dropped: standing.dropped, waiting: standing.waiting })
    }

    /// The same in words.
    pub(super) fn waiting(&self) -> String {
        match self.backlog() {
            Ok(Backlog { bytes, waiting, .. }) => {
                let tenths = bytes.saturating_mul(10) / MIB;
                let of = self.limits.bytes / MIB;
                format!("{waiting} events waiting in the spool ({}.{} MiB of {of})", tenths / 10, tenths % 10)
            }
            Err(error) => format!("events waiting in the spool ({error})"),
        }
    }

    /// Drops what was delivered.
    pub(super) fn forget(&self) {
        if let Err(error) = self.log.forget(GROUP, RAW) {
            tracing::debug!(%error, "delivered events stay in the spool for now");
        }
    }

    /// Says that there is something to send.
    pub(super) fn ring(&self) {
        *lock(&self.news.0) = true;
        self.news.1.notify_one();
    }

    /// Waits until there is something to send, at most `wait`.
    pub(super) fn await_news(&self, wait: Duration) {
        let (mutex, bell) = &self.news;
        let waited = bell.wait_timeout_while(lock(mutex), wait, |news| !*news);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }

    /// Notes that the broker failed, and says so.
    pub(super) fn lost(&self, error: &BusError) {
        let now = monotonic();
        let mut fares = lock(&self.fares);
        let since = fares.sending.take().unwrap_or(now);
        fares.why = Some(error.to_string());
        let say = fares.plight.wrong(since, now);
        drop(fares);
        if say {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            tracing::warn!("Kafka lost, {}: {error}{hint}", self.waiting());
        }
    }

    /// Notes that the broker has taken something.
    pub(super) fn delivered(&self) {
        let mut fares = lock(&self.fares);
        (fares.sending, fares.why) = (None, None);
        let well = fares.plight.well(monotonic());
        drop(fares);
        if let Some(away) = well {
            tracing::info!("Kafka is back after {} s, {}", away.as_secs(), self.waiting());
        }
    }

    /// Says that the broker does not answer, where it has not for long.
    pub(super) fn look(&self) {
        let now = monotonic();
        let mut fares = lock(&self.fares);
        let Some(since) = fares.sending.filter(|since| now.saturating_duration_since(*since) >= STUCK) else { return };
        let say = fares.plight.wrong(since, now);
        drop(fares);
        if say {
            tracing::warn!(
                "Kafka lost, {}: no answer for {} s",
                self.waiting(),
                now.saturating_duration_since(since).as_secs()
            );
        }
    }

    /// How the broker fares: one that has taken long over a wave counts as away.
    pub(super) fn reach(&self) -> Reach {
        let now = monotonic();
        let fares = lock(&self.fares);
        let stuck = fares.sending.filter(|since| now.saturating_duration_since(*since) >= STUCK);
        let away = fares.plight.since().or(stuck);
        drop(fares);
        match away {
            Some(since) => Reach::Away(since),
            None if lock(&self.ledger).delivered() > 0 => Reach::Up,
            None => Reach::Untried,
        }
    }

    /// For how long the broker has not answered.
    fn unanswered(&self) -> Duration {
        let fares = lock(&self.fares);
        let since = [fares.plight.since(), fares.sending].into_iter().flatten().min();
        since.map_or(Duration::ZERO, |since| monotonic().saturating_duration_since(since))
    }

    /// Whether the broker has been silent for too long: for `silence`, and a try that may say why has come to its end.
    pub(super) fn given_up(&self, silence: Duration) -> bool {
        let said = lock(&self.fares).why.is_some();
        self.unanswered() >= if said { silence } else { silence.saturating_add(STUCK) }
    }

    /// The failure that ended the sender, if one did.
    pub(super) fn failure(&self) -> Option<PipelineError> {
        let mut fares = lock(&self.fares);
        let ended = fares.ended && !self.halt.is_set();
        let gone = || PipelineError::Stopped("the spool's sender ended by a panic".to_owned());
        ended.then(|| fares.fatal.take().map_or_else(gone, Into::into))
    }
}
