//! Moves an installation from one bus to another: what the stages know of each GPU goes on where it stopped.
//!
//! A stage's state holds no position of the log, so it can be set down before the first record of another log: open windows,
//! pending alerts and the horizon of duplicates go on as if nothing had happened. This is done by the bus's one way to
//! commit, a partition at a time, so that a killed move leaves each partition moved or untouched and can be run again.
//! Everything is looked at before anything is written, and a state that another wrote is never replaced silently.
//! It knows no adapter and writes nothing to the terminal.

mod member;
mod records;

use super::PipelineError;
use super::crew::{STAGES, group};
use super::retry::Retry;
use crate::bus::{Bus, BusError, Consumer, Finish, Join, Position, Recovery, Saved};
use member::{gather, leave};
pub use records::Copied;

/// Why a move did not take place, or not as a whole.
#[derive(Debug, thiserror::Error)]
pub enum MovingError {
    /// Something stands against it that a person must change.
    #[error("{why}")]
    Refused {
        /// What.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A bus failed, or the move was stopped; it can be run again.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
}

impl From<BusError> for MovingError {
    fn from(error: BusError) -> MovingError {
        MovingError::Pipeline(error.into())
    }
}

fn stopped() -> MovingError {
    PipelineError::Stopped("the move goes on where it stopped when it is run again".to_owned()).into()
}

fn refused(why: String, hint: &str) -> MovingError {
    MovingError::Refused { why, hint: (!hint.is_empty()).then(|| hint.to_owned()) }
}

/// What is moved, from where to where. The names are those a person gives the buses on the command line.
#[derive(Clone, Copy)]
pub struct Moving<'a> {
    /// The bus that is left.
    pub from: (&'a dyn Bus, &'a str),
    /// The bus that is moved to.
    pub to: (&'a dyn Bus, &'a str),
    /// Also copy what is on the topics.
    pub records: bool,
    /// Replace states that an earlier move left, where the source went on since.
    pub replace: bool,
    /// How failures are met.
    pub retry: &'a Retry,
}

impl std::fmt::Debug for Moving<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Moving").field("from", &self.from.1).field("to", &self.to.1).finish_non_exhaustive()
    }
}

/// What was moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// A stage's name and how many states it has on the target now.
    pub states: Vec<(&'static str, u64)>,
    /// States of an earlier move that were replaced.
    pub replaced: u64,
    /// What was copied of each topic; empty where records were not asked for.
    pub records: Vec<Copied>,
}

/// Told how far it is, 0 to 1, and what it is at.
pub type Tell<'a> = &'a mut dyn FnMut(f64, &str);

/// One stage's membership on both sides.
struct Pair {
    stage: &'static str,
    topic: &'static str,
    from: Box<dyn Consumer>,
    to: Box<dyn Consumer>,
    /// The first and next offset of each partition of the target.
    ranges: Vec<(i64, i64)>,
}

impl Pair {
    fn partitions(&self) -> Vec<i32> {
        (0..).zip(&self.ranges).map(|(partition, _)| partition).collect()
    }
}

impl Moving<'_> {
    /// Moves.
    ///
    /// # Errors
    /// [`MovingError::Refused`] where it may not be done as things stand: nothing was written then, but for records that
    /// were copied, which a later move finds; else where a bus failed: run again, it goes on.
    pub fn run(&self, tell: Tell<'_>) -> Result<Moved, MovingError> {
        self.same_partitions()?;
        for (stage, topic) in STAGES {
            self.drained(stage, topic)?;
            member::nobody(self.from, stage, topic, self.retry)?;
            member::nobody(self.to, stage, topic, self.retry)?;
        }
        let mut moved = Moved::default();
        if self.records {
            moved.records = records::copy(self, tell)?;
        } else {
            records::not_begun(self)?;
        }
        let mut pairs = self.join(tell)?;
        let steps: usize = pairs.iter().map(|pair| 2 * pair.ranges.len()).sum();
        let mut step = 0.0;
        let mut next = |what: &str| {
            step += 1.0;
            #[expect(clippy::cast_precision_loss, reason = "a few hundred steps")]
            tell(step / steps as f64, what);
            self.going()
        };
        for pair in &mut pairs {
            for partition in pair.partitions() {
                moved.replaced += self.look(pair, partition)?;
                next("looking at states")?;
            }
        }
        for pair in &mut pairs {
            let mut states = 0;
            for partition in pair.partitions() {
                states += self.set_down(pair, partition)?;
                next("moving states")?;
            }
            moved.states.push((pair.stage, states));
        }
        for Pair { from, to, .. } in pairs {
            leave(from);
            leave(to);
        }
        // Who published meanwhile is found out: what came is still on the source, and nobody would ever read it.
        for (stage, topic) in STAGES {
            self.drained(stage, topic)?;
        }
        Ok(moved)
    }

    /// A stop ends the move between two acts.
    fn going(&self) -> Result<(), MovingError> {
        if self.retry.stop.is_set() { Err(stopped()) } else { Ok(()) }
    }

    fn same_partitions(&self) -> Result<(), MovingError> {
        let there = self.retry.run(|| self.to.0.topics())?;
        for topic in self.retry.run(|| self.from.0.topics())? {
            let Some(other) = there.iter().find(|other| other.name == topic.name) else {
                return Err(BusError::NoTopic(topic.name).into());
            };
            let (is, wanted) = (other.ranges.len(), topic.ranges.len());
            if is != wanted {
                let why =
                    format!("{} has {is} partitions on {} and {wanted} on {}", topic.name, self.to.1, self.from.1);
                let hint =
                    "a state lies in the partition of its GPU: make topics with as many, under another --topic-prefix";
                return Err(refused(why, hint));
            }
        }
        Ok(())
    }

    /// The commands that empty the source.
    fn drain(&self) -> String {
        let from = self.from.1;
        format!(
            "stop the collectors, then run: gpuhm validate --once -b {from} && gpuhm aggregate --once -b {from}, and move again"
        )
    }

    fn drained(&self, stage: &str, topic: &str) -> Result<(), MovingError> {
        let lag = self.retry.run(|| self.from.0.lag(&group(stage), topic))?;
        if lag == 0 {
            return Ok(());
        }
        let why = format!("{}: {stage} has not finished {lag} records of {topic}", self.from.1);
        Err(refused(why, &self.drain()))
    }

    fn join(&self, tell: Tell<'_>) -> Result<Vec<Pair>, MovingError> {
        let mut pairs = Vec::new();
        for (stage, topic) in STAGES {
            tell(0.0, "joining the groups");
            let join = Join {
                group: group(stage),
                topic: topic.to_owned(),
                instance: member::INSTANCE.to_owned(),
                once: true,
            };
            let (from, to) = (gather(self.from, &join, self.retry)?, gather(self.to, &join, self.retry)?);
            let topics = self.retry.run(|| self.to.0.topics())?;
            let ranges = topics.into_iter().find(|info| info.name == topic).map(|info| info.ranges);
            pairs.push(Pair { stage, topic, from, to, ranges: ranges.unwrap_or_default() });
        }
        Ok(pairs)
    }

    /// Where the target's group will stand: behind what was copied; else before everything, since what collectors have
    /// sent there already is still to be read.
    fn place(&self, pair: &Pair, partition: i32) -> (i64, i64) {
        let range = usize::try_from(partition).ok().and_then(|at| pair.ranges.get(at).copied());
        let (first, next) = range.unwrap_or_default();
        (first, if self.records { next } else { first })
    }

    /// Holds a partition of the source against the same of the target; nothing is written. Returns how many states an
    /// earlier move left there that will be replaced.
    fn look(&self, pair: &mut Pair, partition: i32) -> Result<u64, MovingError> {
        let at = format!("{} partition {partition}", pair.topic);
        let ours = self.retry.run(|| pair.from.recover(partition))?;
        if ours.settled < ours.committed {
            return Err(refused(format!("{}: {at}: states of {} are unsaved", self.from.1, pair.stage), &self.drain()));
        }
        let theirs = self.retry.run(|| pair.to.recover(partition))?;
        let (first, place) = self.place(pair, partition);
        // Behind a copy everything up to the end is the source's own, however far another move's position was.
        if !(first..=place).contains(&theirs.committed) {
            let why = format!("{}: {at}: {} has been at work there", self.to.1, pair.stage);
            return Err(refused(why, "move to a set of topics that no stage has read: --topic-prefix NAME"));
        }
        self.may_replace(pair, (&at, place), (&ours, &theirs))
    }

    fn may_replace(
        &self,
        pair: &Pair,
        (at, place): (&str, i64),
        (ours, theirs): (&Recovery, &Recovery),
    ) -> Result<u64, MovingError> {
        let mut other = 0;
        for state in &theirs.states {
            let own = ours.states.iter().find(|own| own.entity == state.entity);
            let Some(own) = own else {
                let why = format!(
                    "{}: {at}: {} has a state of {} that is not on {}",
                    self.to.1, pair.stage, state.entity, self.from.1
                );
                return Err(refused(
                    why,
                    "another installation is there: move to topics of your own: --topic-prefix NAME",
                ));
            };
            other += u64::from(own.body != state.body || state.upto != place);
        }
        if other > 0 && !self.replace {
            let why =
                format!("{}: {at}: {other} states of {} differ from those on {}", self.to.1, pair.stage, self.from.1);
            let hint =
                "an earlier move left them and the source went on since: --replace puts the source's in their place";
            return Err(refused(why, hint));
        }
        Ok(other)
    }

    /// Writes a partition's states and position to the target, in one act.
    fn set_down(&self, pair: &mut Pair, partition: i32) -> Result<u64, MovingError> {
        let recovery = self.retry.run(|| pair.from.recover(partition))?;
        let (_, place) = self.place(pair, partition);
        let count = recovery.states.len() as u64;
        let states = recovery.states.into_iter().map(|state| (partition, Saved { upto: place, ..state })).collect();
        let positions = vec![Position { partition, next: place, settled: place }];
        let finish = Finish { events: Vec::new(), states, positions };
        self.retry.run(|| pair.to.finish(&finish))?;
        Ok(count)
    }
}
