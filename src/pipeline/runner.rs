//! The one runner: read, apply, write, finish. There is no other way from the bus through a stage to the store.
//!
//! Rows are written first, under the partition's token; then `finish` publishes the events, saves states and moves the
//! positions in one act. A kill between any two acts repeats work that is idempotent. What a failed or fenced step had
//! in memory is dropped, and the partition is recovered from what was saved. It knows no adapter and no stage by name.

mod closing;
mod done;
mod ownership;
mod part;
mod told;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::clock::monotonic;
use super::retry::Retry;
use super::unheld::Unheld;
use super::{Clock, Flag, PipelineError};
use crate::bus::{Batch, BusError, Consumer, Finish, Polled};
use crate::stage::{Inputs, Out, Stage, Step};
use crate::store::{Store, StoreError, Token, Written};
pub use done::Done;
use part::Part;
use told::Seen;

/// Records a step takes at most. Larger: fewer transactions, but a kill repeats more and memory grows with it.
const STEP: usize = 8192;
/// How long a poll waits for news: the delay that a record meets at most on an idle bus.
const WAIT: Duration = Duration::from_millis(200);
/// How long a one-shot waits to be given every partition: longer than a Kafka session, after which a dead member's are free.
const PATIENCE: Duration = Duration::from_mins(1);

/// When a runner ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// At a stop: a service.
    Stop,
    /// At the log's end as it stands at the start; all partitions must be had.
    End,
    /// At the log's end as it stands when the drain flag is set.
    Drained,
}

/// What a runner is made of.
pub struct Parts<S: Stage> {
    /// The stage.
    pub stage: S,
    /// Its membership in the group.
    pub consumer: Box<dyn Consumer>,
    /// The store; none where the stage writes nothing and looks nothing up.
    pub store: Option<Box<dyn Store>>,
    /// The run's clock.
    pub clock: Arc<Clock>,
    /// The topic it reads.
    pub topic: String,
    /// How failures of the bus and the store are met.
    pub retry: Retry,
    /// Records a step takes at most; `None` for the usual.
    pub step: Option<usize>,
    /// Asks for every state to be saved, without a stop.
    pub reload: Flag,
}

impl<S: Stage + std::fmt::Debug> std::fmt::Debug for Parts<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("stage", &self.stage).field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// Runs one stage.
#[derive(Debug)]
pub struct Runner<S: Stage> {
    parts: Parts<S>,
    owned: HashMap<i32, Part<S::State>>,
    inputs: Inputs,
    /// Version of the asset records at hand.
    assets: Option<i64>,
    looked_up: Option<Instant>,
    done: Done,
    unheld: Unheld,
    /// Since when others were seen to hold what a one-shot needs.
    crowded: Option<Instant>,
    /// When its lag was last looked at.
    lagged: Option<Instant>,
}

impl<S: Stage> Runner<S> {
    /// A runner that has not started.
    #[must_use]
    pub fn new(parts: Parts<S>) -> Runner<S> {
        Runner {
            parts,
            owned: HashMap::new(),
            inputs: Inputs::default(),
            assets: None,
            looked_up: None,
            done: Done::default(),
            unheld: Unheld::default(),
            crowded: None,
            lagged: None,
        }
    }

    /// What was done so far.
    #[must_use]
    pub fn done(&self) -> &Done {
        &self.done
    }

    /// The states it holds, of all its partitions, each with the position behind its last event.
    pub fn states(&self) -> impl Iterator<Item = (&str, i64, &S::State)> {
        self.owned.values().flat_map(|part| part.states.iter())
    }

    /// Runs until the goal is reached or `stop` is set; `drain` is what [`Goal::Drained`] waits for.
    ///
    /// # Errors
    /// What cannot be mended by trying again; where others hold partitions that [`Goal::End`] needs.
    pub fn run(&mut self, goal: Goal, stop: &Flag, drain: &Flag) -> Result<(), PipelineError> {
        let ran = self.turns(goal, stop, drain);
        self.parts.retry.pulse.end();
        ran
    }

    fn turns(&mut self, goal: Goal, stop: &Flag, drain: &Flag) -> Result<(), PipelineError> {
        let mut ends = None;
        let mut started = monotonic();
        while !stop.is_set() {
            if self.parts.reload.take() {
                info!("{}: saves every state", self.parts.stage.name());
                self.save()?;
            }
            let wait = if ends.is_some() { Duration::ZERO } else { WAIT };
            self.turn(wait, goal)?;
            if ends.is_none() && (goal == Goal::End || goal == Goal::Drained && drain.is_set()) {
                ends = Some(self.ends()?);
                continue;
            }
            let Some(ends) = &ends else { continue };
            match self.reached(ends) {
                Some(true) => return self.close(true),
                Some(false) => started = monotonic(),
                None if started.elapsed() > PATIENCE => {
                    let members = self.others()?;
                    return Err(self.busy(members));
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        // A stop that comes when all is drained changes nothing.
        let drained = goal == Goal::Drained && drain.is_set() && {
            let ends = self.ends()?;
            self.reached(&ends) == Some(true)
        };
        self.close(drained)
    }

    /// One turn: read, apply, write, finish. Losing a partition is no error.
    ///
    /// # Errors
    /// What cannot be mended by trying again.
    pub fn turn(&mut self, wait: Duration, goal: Goal) -> Result<(), PipelineError> {
        self.look_up()?;
        let step = self.parts.step.unwrap_or(STEP);
        let polled = {
            let Parts { consumer, retry, .. } = &mut self.parts;
            retry.run(|| consumer.poll(step, wait))?
        };
        if polled.skipped > 0 {
            warn!("{}: retention dropped {} records before they were read", self.parts.stage.name(), polled.skipped);
            self.done.skipped += polled.skipped;
        }
        for partition in &polled.lost {
            self.owned.remove(partition);
        }
        if goal == Goal::End {
            self.alone()?;
        }
        let (assigned, mut seen) = (polled.assigned.clone(), Seen::of(&polled));
        match self.advance(polled) {
            Err(PipelineError::Bus(BusError::Fenced { .. }) | PipelineError::Store(StoreError::Fenced { .. })) => {
                seen.fenced();
                self.fenced(assigned)?;
            }
            other => other?,
        }
        self.tell(&seen);
        Ok(())
    }

    fn advance(&mut self, polled: Polled) -> Result<(), PipelineError> {
        self.take_over(&polled.assigned)?;
        let mut out = Out::default();
        let mut touched = Vec::new();
        for batch in polled.batches {
            touched.push(batch.partition);
            self.apply(&batch, &mut out);
        }
        self.commit(out, &touched, &polled.revoking)?;
        if !polled.revoking.is_empty() {
            info!("{}: gives up partitions {:?}", self.parts.stage.name(), polled.revoking);
            self.release(&polled.revoking)?;
            for partition in &polled.revoking {
                self.owned.remove(partition);
            }
        }
        Ok(())
    }

    fn apply(&mut self, batch: &Batch, out: &mut Out) {
        let now = self.parts.clock.now();
        let Some(part) = self.owned.get_mut(&batch.partition) else { return };
        let step = Step { now, topic: &self.parts.topic, partition: batch.partition, inputs: &self.inputs };
        part.apply(&mut self.parts.stage, &step, &batch.records, out);
        // Behind the last record, too, there may be offsets that hold none.
        part.next = batch.next;
        if batch.end {
            part.idle(&mut self.parts.stage, now, false, out);
        }
    }

    /// Writes the rows, then finishes; `all` partitions are saved whole.
    fn commit(&mut self, mut out: Out, touched: &[i32], all: &[i32]) -> Result<(), PipelineError> {
        let now = self.parts.clock.now();
        let mut finish = Finish { events: std::mem::take(&mut out.events), ..Finish::default() };
        for entity in &out.save {
            for partition in touched {
                if let Some(part) = self.owned.get_mut(partition) {
                    part.states.save_soon(entity);
                }
            }
        }
        let version = self.parts.stage.state_version();
        for (partition, part) in &mut self.owned {
            let whole = all.contains(partition);
            part.collect(version, now, whole, &mut finish);
        }
        let written = if out.rows.is_empty() { Written::default() } else { self.write(&mut out)? };
        let unheld = written.refused.count;
        self.unheld.note(self.parts.stage.name(), written.refused, monotonic());
        if finish.positions.is_empty() && finish.events.is_empty() {
            return Ok(());
        }
        self.finish(&finish)?;
        self.done.emitted += finish.events.len() as u64;
        self.done.stored += written.raw;
        self.done.repeated += written.repeated;
        self.done.unheld += unheld;
        self.done.counts.add(&out.counts);
        for (rule, count) in out.reasons {
            *self.done.reasons.entry(rule).or_default() += count;
        }
        self.done.steps += 1;
        Ok(())
    }

    fn write(&mut self, out: &mut Out) -> Result<Written, PipelineError> {
        let repeated = out.rows.fold();
        let tokens: Vec<Token> = self.owned.values().filter_map(|part| part.token.clone()).collect();
        let Parts { store, retry, .. } = &mut self.parts;
        let Some(store) = store else { return Ok(Written::default()) };
        let wall = super::clock::wall();
        let began = monotonic();
        let written = retry.run(|| store.write(&tokens, &out.rows, wall))?;
        retry.pulse.stored(&out.rows, began.elapsed());
        Ok(Written { repeated: written.repeated + repeated, ..written })
    }

    fn finish(&mut self, finish: &Finish) -> Result<(), PipelineError> {
        let Parts { consumer, retry, .. } = &mut self.parts;
        retry.run(|| consumer.finish(finish))?;
        for position in &finish.positions {
            if let Some(part) = self.owned.get_mut(&position.partition) {
                part.finished = (position.next, position.settled);
            }
        }
        for (partition, saved) in &finish.states {
            if let Some(part) = self.owned.get_mut(partition) {
                part.states.saved(std::iter::once(saved.entity.as_str()));
            }
        }
        Ok(())
    }
}
