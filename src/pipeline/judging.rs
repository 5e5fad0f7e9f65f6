//! When passes run beside the stages of one process: by the run's clock, and once more when all is done.
//!
//! While the clock is driven, nothing waits for a pass by itself: the source is held back when one is due, the stages
//! drain, and the pass sees exactly what the fleet was at that instant, however fast the machine is. Once the clock runs,
//! passes run beside the stages.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::clock::nap;
use super::passes::{Passed, Passes};
use super::{Clock, Flag, PipelineError};
use crate::event::Time;
use crate::store::Held;

/// How often the clock is looked at for a pass that is due.
const LOOK: Duration = Duration::from_millis(50);

impl std::fmt::Debug for Turns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turns").field("passes", &self.passes).field("done", &self.done).finish_non_exhaustive()
    }
}

/// How often passes run, by the run's clock, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every {
    /// The scoring pass while the clock runs.
    pub score: i64,
    /// The predicting pass.
    pub predict: i64,
    /// Both while the clock is driven; `None` for no pass before the end.
    pub driven: Option<i64>,
}

/// The passes of a run.
#[derive(Debug)]
pub struct Judging {
    turns: Mutex<Turns>,
    every: Every,
}

struct Turns {
    passes: Passes,
    done: Passed,
    score_due: Option<Time>,
    predict_due: Option<Time>,
    /// The rights to run the passes, once they were had.
    scores: Option<Box<dyn Held>>,
    predicts: Option<Box<dyn Held>>,
}

impl Judging {
    /// Passes at these intervals.
    #[must_use]
    pub fn new(passes: Passes, every: Every) -> Judging {
        let turns =
            Turns { passes, done: Passed::default(), score_due: None, predict_due: None, scores: None, predicts: None };
        Judging { turns: Mutex::new(turns), every }
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, Turns> {
        // A pass that panicked left no half-done act behind: what it had not written it repeats.
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was done so far.
    #[must_use]
    pub fn done(&self) -> Passed {
        self.turns().done
    }

    /// While the clock is driven: whether the source may go on. Runs what is due once `drained` says that the stages have
    /// read everything.
    ///
    /// # Errors
    /// Where a pass failed for good.
    pub(super) fn between(
        &self,
        clock: &Clock,
        drained: impl FnOnce() -> Result<bool, PipelineError>,
    ) -> Result<bool, PipelineError> {
        let (Some(every), true) = (self.every.driven, clock.is_driven()) else { return Ok(true) };
        let mut turns = self.turns();
        let now = clock.now();
        if turns.score_due.is_some_and(|due| now < due) {
            return Ok(true);
        }
        if turns.score_due.is_some() {
            if !drained()? {
                return Ok(false);
            }
            turns.both(None)?;
        }
        turns.score_due = Some(now.floor(every).plus(every));
        Ok(true)
    }

    /// Runs passes beside the stages until `done` is set, whenever the clock runs.
    ///
    /// # Errors
    /// Where a pass failed for good.
    pub(super) fn beside(&self, clock: &Clock, done: &Flag) -> Result<(), PipelineError> {
        while nap(LOOK, done) {
            let mut turns = self.turns();
            turns.passes.beat();
            if clock.is_driven() {
                continue;
            }
            let now = clock.now();
            let due = |due: Option<Time>, every: i64| due.is_none_or(|due| now >= due || due.since(now) > every);
            if due(turns.score_due, self.every.score) {
                turns.score_due = Some(now.floor(self.every.score).plus(self.every.score));
                turns.score(None)?;
            }
            if due(turns.predict_due, self.every.predict) {
                turns.predict_due = Some(now.floor(self.every.predict).plus(self.every.predict));
                turns.predict(None)?;
            }
        }
        self.turns().passes.end();
        Ok(())
    }

    /// The last passes, over all that was stored, as of its newest sample: after it the run's own silence begins.
    ///
    /// # Errors
    /// Where a pass failed for good.
    pub(super) fn close(&self, now: Time) -> Result<(), PipelineError> {
        self.turns().both(Some(now))
    }
}

impl Turns {
    fn both(&mut self, last: Option<Time>) -> Result<(), PipelineError> {
        self.score(last)?;
        self.predict(last)
    }

    /// A scoring pass, unless another process is at it.
    fn score(&mut self, last: Option<Time>) -> Result<(), PipelineError> {
        if self.scores.is_none() {
            self.scores = self.passes.hold("score")?;
        }
        if self.scores.is_none() {
            return Ok(());
        }
        self.passes.score(last, &mut self.done).map(|_| ())
    }

    /// A predicting pass, unless another process is at it.
    fn predict(&mut self, last: Option<Time>) -> Result<(), PipelineError> {
        if self.predicts.is_none() {
            self.predicts = self.passes.hold("predict")?;
        }
        if self.predicts.is_none() {
            return Ok(());
        }
        self.passes.predict(last, &mut self.done).map(|_| ())
    }
}
