//! Runs the passes: read the facts, judge, publish, await, write. One at a time, however many processes ask.
//!
//! Alerts go out before their rows are written, so that a kill in between repeats them under the same ids and loses none.
//! What is behind on the bus cannot be told from what is absent: absence is judged only once the stages have caught up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tracing::warn;

use super::clock::{nap, wall};
use super::retry::Retry;
use super::whole::{STAGES, group};
use super::{Clock, Flag, PipelineError};
use crate::bus::{ALERTS, Bus, BusError, Message, Producer};
use crate::event::time::MINUTE;
use crate::event::{Alert, Facts, Prediction, Rows, Status, Time};
use crate::pass::{self, Now, Verdict};
use crate::store::{Held, Store, StoreError};

/// How often a pass that another process runs is asked for again: after its death it is taken over within this.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// A pass and its right to run.
pub struct Passes {
    store: Box<dyn Store>,
    bus: Arc<dyn Bus>,
    producer: Option<Box<dyn Producer>>,
    clock: Arc<Clock>,
    retry: Retry,
    /// Whether the collector of every GPU runs in this process, so that a stall of its own is no silence of theirs.
    pub own_collector: bool,
}

impl std::fmt::Debug for Passes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passes").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// A process that collects for the whole fleet itself and is this far behind, in milliseconds, has itself to blame.
const LATE: i64 = MINUTE;

/// A clock this far behind the wall's, in milliseconds, shows a past, of which nothing is missed.
const PAST: i64 = 5 * MINUTE;

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
        Passes { store, bus, producer: None, clock, retry, own_collector: false }
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
        let newest = facts.gpus.iter().map(|gpu| gpu.latest.time).max();
        Ok((last.and(newest).map_or(at, |newest| newest.min(at)), facts))
    }

    /// One scoring pass: publishes its alerts, then writes its rows. `last` says that nothing follows any more and when
    /// that was: it is judged as of the newest sample then.
    ///
    /// # Errors
    /// What cannot be mended by trying again.
    pub fn score(&mut self, last: Option<Time>, done: &mut Passed) -> Result<Verdict, PipelineError> {
        let (at, facts) = self.facts(last)?;
        let newest = facts.gpus.iter().map(|gpu| gpu.latest.time).max();
        let late = self.own_collector && newest.is_none_or(|newest| at.since(newest) > LATE);
        let past = self.clock.is_driven() || wall().since(at) > PAST;
        let absence = !past && !late && self.caught_up(facts.gpus.len())?;
        let verdict = pass::judge(&facts, Now { at, absence, stalled: false });
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
        Ok(verdict)
    }

    /// One predicting pass; `last` as for [`Passes::score`].
    ///
    /// # Errors
    /// What cannot be mended by trying again.
    pub fn predict(&mut self, last: Option<Time>, done: &mut Passed) -> Result<Vec<Prediction>, PipelineError> {
        let (at, facts) = self.facts(last)?;
        let (predictions, rows) = pass::predict(&facts, at);
        self.write(&rows)?;
        done.predicted = predictions.len() as u64;
        Ok(predictions)
    }

    /// Whether the stages have read all but what a tick of the fleet brings.
    fn caught_up(&self, gpus: usize) -> Result<bool, PipelineError> {
        let unread = || -> Result<u64, BusError> {
            STAGES.iter().try_fold(0, |all, (stage, topic)| Ok(all + self.bus.lag(&group(stage), topic)?))
        };
        Ok(self.retry.run(unread)? <= 2 * gpus as u64)
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
        let Passes { store, retry, .. } = self;
        let at = wall();
        retry.run(|| -> Result<(), StoreError> { store.write(&[], rows, at).map(|_| ()) })
    }
}
