//! The whole pipeline in one process: collect, validate and aggregate side by side on one bus and one clock.
//!
//! What an earlier run left on the bus is finished first. When the source has ended, or at a stop, validate drains to
//! the end of what was collected, then aggregate to the end of what was validated, so that the sums can be held
//! against each other. Knows no adapter by name and writes nothing to the terminal.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::{Builder, Scope, ScopedJoinHandle};
use std::time::Duration;

use super::clock::nap;
use super::collect::{Collect, Collected, Room};
use super::crew::{STAGES, alone, group, unread};
use super::judging::Judging;
use super::passes::Passed;
use super::retry::Retry;
use super::runner::{Done, Parts};
use super::{Clock, Flag, Goal, PipelineError, Runner};
use crate::bus::{Bus, Join, RAW, VALIDATED};
use crate::stage::Stage;
use crate::stage::aggregate::Aggregate;
use crate::stage::validate::Validate;
use crate::store::Store;

/// A fast source waits while more records than this are unread: enough to keep every stage busy, little enough disk.
const ROOM: u64 = 100_000;

/// What the pipeline is made of.
pub struct Whole {
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// A store for validate's look-ups.
    pub assets: Box<dyn Store>,
    /// The store for aggregate's rows.
    pub store: Box<dyn Store>,
    /// The run's clock.
    pub clock: Arc<Clock>,
    /// The collect loop.
    pub collect: Collect,
    /// Name of this process's members.
    pub instance: String,
    /// Lateness of windows, in milliseconds.
    pub lateness: i64,
    /// How failures of the bus and the store are met.
    pub retry: Retry,
    /// How long it may go on after a stop to finish what was collected.
    pub drain: Duration,
    /// The passes.
    pub judging: Judging,
    /// Asks the stages for every state to be saved.
    pub reload: [Flag; 2],
}

impl std::fmt::Debug for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Whole")
            .field("collect", &self.collect)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

/// What a run did.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The collect loop.
    pub collected: Collected,
    /// validate, without what an earlier run had left.
    pub validate: Done,
    /// aggregate, likewise.
    pub aggregate: Done,
    /// Samples an earlier run had left on the bus.
    pub backlog: u64,
    /// Windows of these still open at the end.
    pub open_windows: u64,
    /// GPUs this run had samples of.
    pub gpus: u64,
    /// The passes.
    pub passed: Passed,
    /// What the source could not understand.
    pub complaints: Vec<String>,
    /// Whether it was ended before everything was finished; what is left waits on the bus.
    pub cut: bool,
}

impl Whole {
    /// Runs until the source ends or `stop` is set, and drains.
    ///
    /// # Errors
    /// The first failure of any part.
    pub fn run(self, stop: &Flag) -> Result<Outcome, PipelineError> {
        let Whole { bus, assets, store, clock, mut collect, instance, lateness, retry, drain, judging, reload } = self;
        // From here on each loop speaks for itself, and nothing runs before all of them do.
        for who in ["collect", "passes"].into_iter().chain(STAGES.map(|(stage, _)| stage)) {
            retry.pulse.expected(who);
        }
        retry.pulse.end();
        for (stage, topic) in STAGES {
            alone(&*bus, stage, topic, &retry)?;
        }
        let members = Members { bus: &bus, clock: &clock, instance: &instance, retry: &retry };
        let [first, second] = reload;
        let mut validate = members.runner(Validate::default(), RAW, (assets, first))?;
        let mut aggregate = members.runner(Aggregate::with_lateness(lateness), VALIDATED, (store, second))?;
        let backlog = finish_backlog(&mut validate, &mut aggregate, stop)?;
        let (left, written) = (validate.done().clone(), aggregate.done().clone());
        let known: HashMap<String, i64> =
            aggregate.states().map(|(entity, upto, _)| (entity.to_owned(), upto)).collect();
        let judging = Arc::new(judging);
        collect.room = Some(room(&bus, &clock, &judging));
        let beside = Beside { stop: stop.clone(), drain, judging: &judging, clock: &clock };
        let Ended { collected, validate, aggregate, cut } = side_by_side(&mut collect, validate, aggregate, &beside)?;
        judging.close(clock.now())?;
        // What this run gave nothing to is an earlier run's.
        let touched = || aggregate.states().filter(|(entity, upto, _)| known.get(*entity) != Some(upto));
        Ok(Outcome {
            collected,
            validate: validate.done().since(&left),
            aggregate: aggregate.done().since(&written),
            backlog,
            open_windows: touched().map(|(_, _, state)| Aggregate::open_windows(state)).sum(),
            gpus: touched().filter(|(entity, ..)| !entity.starts_with("host:")).count() as u64,
            passed: judging.done(),
            complaints: collect.source.complaints(),
            cut: cut && unread(&*bus)? > 0,
        })
    }
}

/// Whether the source may go on: it is held back where too much is unread, and where a pass is due in a driven past.
fn room(bus: &Arc<dyn Bus>, clock: &Arc<Clock>, judging: &Arc<Judging>) -> Room {
    let (bus, clock, judging) = (Arc::clone(bus), Arc::clone(clock), Arc::clone(judging));
    Box::new(move || {
        let free = judging.between(&clock, || Ok(unread(&*bus)? == 0))?;
        Ok(free && unread(&*bus)? < ROOM)
    })
}

/// What the members of one process share.
struct Members<'a> {
    bus: &'a Arc<dyn Bus>,
    clock: &'a Arc<Clock>,
    instance: &'a str,
    retry: &'a Retry,
}

impl Members<'_> {
    fn runner<S: Stage>(
        &self,
        stage: S,
        topic: &str,
        (store, reload): (Box<dyn Store>, Flag),
    ) -> Result<Runner<S>, PipelineError> {
        let retry = self.retry.of(stage.name());
        let join = Join {
            group: group(stage.name()),
            topic: topic.to_owned(),
            instance: self.instance.to_owned(),
            once: true,
        };
        Ok(Runner::new(Parts {
            stage,
            consumer: self.bus.consumer(&join)?,
            store: Some(store),
            clock: Arc::clone(self.clock),
            topic: topic.to_owned(),
            retry,
            step: None,
            reload,
        }))
    }
}

/// Finishes what is on the bus before anything is collected; returns how many samples that were.
fn finish_backlog(
    validate: &mut Runner<Validate>,
    aggregate: &mut Runner<Aggregate>,
    stop: &Flag,
) -> Result<u64, PipelineError> {
    let never = Flag::default();
    validate.run(Goal::End, stop, &never)?;
    aggregate.run(Goal::End, stop, &never)?;
    let counts = validate.done().counts;
    // Those that were validated before had only the second half of the way left.
    let earlier = aggregate.done().counts.aggregated.saturating_sub(counts.validated);
    Ok(counts.validated + counts.refused + counts.duplicates + earlier)
}

/// What runs beside the loops: what ends them (a stop, and how long they may drain after it), and the passes.
struct Beside<'a> {
    stop: Flag,
    drain: Duration,
    judging: &'a Judging,
    clock: &'a Clock,
}

/// The loops when they have ended.
struct Ended {
    collected: Collected,
    validate: Runner<Validate>,
    aggregate: Runner<Aggregate>,
    cut: bool,
}

/// Runs the three loops on threads; a failure of one stops the others.
fn side_by_side(
    collect: &mut Collect,
    validate: Runner<Validate>,
    aggregate: Runner<Aggregate>,
    ends: &Beside<'_>,
) -> Result<Ended, PipelineError> {
    let (halt, collected, validated, done) = (Flag::default(), Flag::default(), Flag::default(), Flag::default());
    std::thread::scope(|scope| {
        let start = || {
            thread(scope, "drain", || watch(ends, &done, &halt))?;
            let validating = thread(scope, "validate", || stage(validate, &collected, &halt, &ends.stop, &validated))?;
            let aggregating =
                thread(scope, "aggregate", || stage(aggregate, &validated, &halt, &ends.stop, &Flag::default()))?;
            let judging = thread(scope, "judging", || {
                ends.judging.beside(ends.clock, &collected).inspect_err(|_| ends.stop.set())
            })?;
            Ok((validating, aggregating, judging))
        };
        // Without all of them nothing is collected, and those that run are not waited for in vain.
        let all = [&ends.stop, &halt, &collected, &validated, &done];
        let (validating, aggregating, judging) =
            start().inspect_err(|_: &PipelineError| all.into_iter().for_each(Flag::set))?;
        let result = collect.run(&ends.stop);
        collected.set();
        if result.is_err() {
            ends.stop.set();
        }
        let gone = |part: &str| PipelineError::Stopped(format!("{part} ended by a panic"));
        let validate = validating.join().map_err(|_| gone("validate"));
        let aggregate = aggregating.join().map_err(|_| gone("aggregate"));
        done.set();
        judging.join().map_err(|_| gone("judging"))??;
        Ok(Ended { collected: result?, validate: validate??, aggregate: aggregate??, cut: halt.is_set() })
    })
}

/// A thread of the scope, named for what it is for.
fn thread<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    what: &'static str,
    act: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, PipelineError> {
    let started = Builder::new().name(what.to_owned()).spawn_scoped(scope, act);
    started.map_err(|why| PipelineError::Threadless { what, why })
}

/// Runs a stage until what it reads is drained. One that fails takes the source with it; in any case the next drains.
fn stage<S: Stage>(
    mut runner: Runner<S>,
    drain: &Flag,
    halt: &Flag,
    stop: &Flag,
    drained: &Flag,
) -> Result<Runner<S>, PipelineError> {
    let mut ending = Ending { drained, stop, well: false };
    runner.run(Goal::Drained, halt, drain)?;
    ending.well = true;
    Ok(runner)
}

/// Tells the others that a stage has ended, however it ended: also by a panic, which would leave them waiting.
struct Ending<'a> {
    drained: &'a Flag,
    stop: &'a Flag,
    well: bool,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if !self.well {
            self.stop.set();
        }
        self.drained.set();
    }
}

/// Halts the stages when they drain for too long after a stop.
fn watch(ends: &Beside<'_>, done: &Flag, halt: &Flag) {
    const LOOK: Duration = Duration::from_millis(100);
    while !ends.stop.is_set() {
        if !nap(LOOK, done) {
            return;
        }
    }
    if nap(ends.drain, done) {
        halt.set();
    }
}
