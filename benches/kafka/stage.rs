//! validate from Kafka to Kafka against the same loop doing nothing to the bytes: the runner, its consumer, its steps and
//! transactions are the same, and only the stage differs. Each run is a group of its own and reads everything.

use std::sync::Arc;
use std::time::Duration;

use gpuhm::bus::{Bus, Join, Message, RAW, Record, VALIDATED};
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::runner::Parts;
use gpuhm::pipeline::{Clock, Flag, Goal, Runner};
use gpuhm::stage::validate::Validate;
use gpuhm::stage::{Out, Stage, States, Step};

use super::field::{EVENTS, Field};
use super::harness::{Took, load, real, timed};
use super::process::{Ran, median};

const ROUNDS: usize = 5;

/// Copies.
#[derive(Debug, Default)]
struct Copy;

impl Stage for Copy {
    type State = ();

    fn name(&self) -> &'static str {
        "copy"
    }

    fn state_version(&self) -> u8 {
        1
    }

    fn apply(&mut self, _: &Step<'_>, record: &Record, _: &mut States<()>, out: &mut Out) {
        out.events.push(Message { topic: VALIDATED, key: record.key.clone(), value: record.value.clone() });
    }

    fn idle(&mut self, _: &str, (): &(), _: &mut Out) {}
}

pub(crate) fn run(field: &Field) -> anyhow::Result<()> {
    let kafka = field.filled("bench.")?;
    let run = std::process::id();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        for turn in 0..2 {
            let subject = (round + turn) % 2 == 0;
            let group = format!("bench-{run}-{round}-{turn}");
            let took = if subject { moved(&kafka, Validate::default(), group)? } else { moved(&kafka, Copy, group)? };
            if round > 0 {
                let took = Ran { wall: took.wall, cpu: took.process };
                if subject { ours.push(took) } else { theirs.push(took) }
            }
        }
    }
    let items = real(EVENTS);
    for (name, runs) in [("validate", &ours), ("copy", &theirs)] {
        let (wall, cpu) = (median(runs, |ran| ran.wall), median(runs, |ran| ran.cpu));
        println!(
            "{name:<10} {wall:6.2} s {:6.1} k/s   {:6.2} us of CPU an event",
            items / wall / 1e3,
            cpu / items * 1e6
        );
    }
    let mut ratios: Vec<f64> =
        ours.iter().zip(&theirs).map(|(a, b)| b.wall.as_secs_f64() / a.wall.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    let by_wall = median(&theirs, |ran| ran.wall) / median(&ours, |ran| ran.wall);
    let by_cpu = median(&theirs, |ran| ran.cpu) / median(&ours, |ran| ran.cpu);
    println!("validate's rate by the copy's: {by_wall:.2} by the wall clock (aim >= 0.8), {by_cpu:.2} by CPU");
    println!("pairs: {ratios:.2?}; load {}", load());
    Ok(())
}

/// Everything on the raw topic through a stage, by a new group.
fn moved<S: Stage>(bus: &dyn Bus, stage: S, group: String) -> anyhow::Result<Took> {
    let join = Join { instance: group.clone(), group, topic: RAW.to_owned(), once: true };
    let parts = Parts {
        stage,
        consumer: bus.consumer(&join)?,
        store: None,
        clock: Arc::new(Clock::Wall),
        topic: RAW.to_owned(),
        retry: Retry::new(Flag::default(), Some(Duration::from_secs(10))),
        step: None,
        reload: Flag::default(),
    };
    let mut runner = Runner::new(parts);
    let (took, ended) = timed(|| runner.run(Goal::End, &Flag::default(), &Flag::default()));
    ended?;
    let counts = runner.done().counts;
    anyhow::ensure!(counts.refused + counts.duplicates == 0, "{counts:?}");
    anyhow::ensure!(counts.validated == 0 || counts.validated == EVENTS as u64, "{counts:?}");
    Ok(took)
}
