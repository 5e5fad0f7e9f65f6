//! Runs the passes: read the facts, judge, publish, await, write. One at a time, however many processes ask.
//!
//! Alerts go out before their rows are written, so that a kill in between repeats them under the same ids and loses none.
//! What is behind on the bus cannot be told from what is absent: absence is judged only once the stages have caught up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tracing::warn;

use super::clock::{monotonic, nap, wall};
use super::crew::unread;
use super::retry::Retry;
use super::unheld::Unheld;
use super::{Clock, Flag, PipelineError};
use crate::bus::{ALERTS, Bus, Message, Producer};
use crate::event::time::{MINUTE, SECOND};
use crate::event::{Alert, Facts, Prediction, Rows, Status, Time};
use crate::pass::{self, Now, Verdict};
use crate::store::{Held, Store};

/// How often a pass that another process runs is asked for again: after its death it is taken over within this.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// A pass and its right to run.
pub struct Passes {
    store: Box<dyn Store>,
    bus: Arc<dyn Bus>,
    producer: Option<Box<dyn Producer>>,
    clock: Arc<Clock>,
    retry: Retry,
    /// Where the collector of every GPU runs in this process: its newest tick, ms, so that a stall of its own is no silence
    /// of theirs.
    pub ticked: Option<Arc<AtomicI64>>,
    unheld: Unheld,
}

impl std::fmt::Debug for Passes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passes").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// A process that collects for the whole fleet itself and is this far behind, in milliseconds, has itself to blame.
const LATE: i64 = MINUTE;
/// Unread records that arrived within so many milliseconds are on their way, not behind.
const ON_THE_WAY: i64 = 20 * SECOND;
/// The stages have stalled where records wait and the store's newest sample is this old, in milliseconds.
const STALL: i64 = 3 * MINUTE;

/// A clock this far behind the wall's, in milliseconds, shows a past, of which nothing is missed.
const PAST: i64 = 5 * MINUTE;

/// How many unread records are no backlog: two ticks of the fleet, and what arrives within [`ON_THE_WAY`].
fn room(facts: &Facts) -> u64 {
    let interval = facts.gpus.iter().filter_map(|gpu| gpu.latest.interval_ms).filter(|ms| *ms > 0).min();
    let ticks = u64::try_from(ON_THE_WAY / interval.unwrap_or(ON_THE_WAY)).unwrap_or(0).max(2);
    ticks.saturating_mul(facts.gpus.len() as u64)
}

/// What passes did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// GPUs scored at the last pass.
    pub scored: u64,
    /// GPUs whose odds were stated at the last pass.
    pub predicted: u64,
    /// Alerts that began.
    pub fired: u64,
    /// Alerts that ended.
    pub resolved: u64,
}

impl Passes {
    /// Passes over what `store` holds; their alerts go to `bus`.
    #[must_use]
    pub fn new(store: Box<dyn Store>, bus: Arc<dyn Bus>, clock: Arc<Clock>, retry: Retry) -> Passes {
        Passes { store, bus, producer: None, clock, retry, ticked: None, unheld: Unheld::default() }
    }

    /// Tells that whoever runs the passes has turned: passed, or waited a while.
    pub fn beat(&self) {
        self.retry.pulse.beat();
    }

    /// Tells that no pass follows.
    pub fn end(&self) {
        self.retry.pulse.end();
    }

    /// Takes the right to run the pass `name`; `None` while another process has it.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    pub fn hold(&mut self, name: &str) -> Result<Option<Box<dyn Held>>, PipelineError> {
        let Passes { store, retry, .. } = self;
        retry.run(|| store.hold(name))
    }

    /// Waits for the right to run the pass `name`; `None` where the stop came first.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    pub fn wait_for(&mut self, name: &str, stop: &Flag) -> Result<Option<Box<dyn Held>>, PipelineError> {
        let mut said = false;
        while !stop.is_set() {
            if let Some(held) = self.hold(name)? {
                return Ok(Some(held));
            }
            if !said {
                warn!("{name}: another process is at it; waiting to take over");
                said = true;
            }
            self.retry.pulse.beat();
            if !nap(ASK_AGAIN, stop) {
                break;
            }
        }
        Ok(None)
    }

    /// The facts at the clock's instant; with `last`, at that of the newest sample, at most `last`.
    fn facts(&mut self, last: Option<Time>) -> Result<(Time, Facts), PipelineError> {
        let at = last.unwrap_or_else(|| self.clock.now());
        let Passes { store, retry, .. } = self;
        let facts = retry.run(|| store.facts(at))?;
        Ok((last.and(facts.newest()).map_or(at, |newest| newest.min(at)), facts))
    }

    /// One scoring pass: publishes its alerts, then writes its rows. `last` says that nothing follows any more and when
    /// that was: it is judged as of the newest sample then.
    ///
    /// # Errors
    /// What cannot be mended by trying again.
    pub fn score(&mut self, last: Option<Time>, done: &mut Passed) -> Result<Verdict, PipelineError> {
        let began = monotonic();
        let (at, facts) = self.facts(last)?;
        let verdict = pass::judge(&facts, self.now(at, &facts)?);
        self.publish(&verdict.alerts)?;
        self.write(&verdict.rows)?;
        done.scored = verdict.healths.len() as u64;
        for alert in &verdict.alerts {
            match alert.status {
                Status::Resolved => done.resolved += 1,
                // One that fired already got worse.
                Status::Firing if facts.alerts.iter().any(|open| open.alert_id == alert.alert_id) => {}
                Status::Firing => done.fired += 1,
            }
        }
        self.retry.pulse.passed("score", done.scored, began.elapsed());
        Ok(verdict)
    }

    /// One predicting pass; `last` as for [`Passes::score`].
    ///
    /// # Errors
    /// What cannot be mended by trying again.
    pub fn predict(&mut self, last: Option<Time>, done: &mut Passed) -> Result<Vec<Prediction>, PipelineError> {
        let began = monotonic();
        let (at, mut facts) = self.facts(last)?;
        // One that another has replaced in its slot is nobody's to plan for.
        facts.gpus.retain(|gpu| gpu.health.as_ref().is_none_or(|health| health.replaced_by.is_none()));
        let (predictions, rows) = pass::predict(&facts, at);
        self.write(&rows)?;
        done.predicted = predictions.len() as u64;
        self.retry.pulse.passed("predict", done.predicted, began.elapsed());
        Ok(predictions)
    }

    /// What a pass at `at` may conclude. What is behind on the bus cannot be told from what is absent; where nothing new
    /// reaches the store although it waits on the bus, that itself is what is wrong.
    fn now(&self, at: Time, facts: &Facts) -> Result<Now, PipelineError> {
        let past = self.clock.is_driven() || wall().since(at) > PAST;
        let own = self.ticked.as_ref().map(|ticked| Time(ticked.load(Ordering::SeqCst)));
        let late = own.is_some_and(|own| at.since(own) > LATE);
        let caught_up = past || self.retry.run(|| unread(&*self.bus))? <= room(facts);
        let stalled = !caught_up && facts.newest().is_some_and(|newest| at.since(newest) > STALL);
        Ok(Now { at, absence: !past && !late && caught_up, stalled })
    }

    fn publish(&mut self, alerts: &[Alert]) -> Result<(), PipelineError> {
        if alerts.is_empty() {
            return Ok(());
        }
        let message = |alert: &Alert| Message {
            topic: ALERTS,
            key: Bytes::from(alert.key().into_bytes()),
            value: Bytes::from(alert.encode()),
        };
        let messages: Vec<Message> = alerts.iter().map(message).collect();
        let Passes { bus, producer, retry, .. } = self;
        retry.run(|| {
            if producer.is_none() {
                *producer = Some(bus.producer()?);
            }
            producer.as_mut().map_or(Ok(()), |producer| producer.send(&messages))
        })
    }

    fn write(&mut self, rows: &Rows) -> Result<(), PipelineError> {
        if rows.is_empty() {
            return Ok(());
        }
        let Passes { store, retry, unheld, .. } = self;
        let (at, began) = (wall(), monotonic());
        let written = retry.run(|| store.write(&[], rows, at))?;
        retry.pulse.stored(rows, began.elapsed());
        unheld.note("pass", written.refused, monotonic());
        Ok(())
    }
}
