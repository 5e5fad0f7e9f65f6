//! Joining a group for a move: alone, with every partition, for as long as it takes and no longer.

use std::collections::BTreeSet;
use std::time::Duration;

use tracing::info;

use super::{MovingError, refused, stopped};
use crate::bus::{Bus, Consumer, Join};
use crate::pipeline::PipelineError;
use crate::pipeline::clock::{monotonic, nap};
use crate::pipeline::crew::group;
use crate::pipeline::retry::Retry;

/// The move's name in both groups: a second one takes the place of a first that was killed.
pub(super) const INSTANCE: &str = "move";

/// How long to wait, beyond what a dead member may seem to live, until a group is empty or all of it is ours (J). Half, and
/// a busy cluster's rebalance was not over; double, and who forgot to stop a stage waits longer to hear of it.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// A bus, and what a person calls it.
type Side<'a> = (&'a dyn Bus, &'a str);

/// Waits until nobody is in a stage's group; a member that was killed may seem to live for a while.
pub(super) fn nobody((bus, name): Side<'_>, stage: &str, topic: &str, retry: &Retry) -> Result<(), MovingError> {
    let (started, session) = (monotonic(), bus.session());
    let mut said = false;
    loop {
        let mut members = retry.run(|| bus.members(&group(stage), topic))?;
        members.retain(|member| member != INSTANCE);
        if members.is_empty() {
            return Ok(());
        }
        // Where the bus knows at once who has died, they live.
        if session.is_zero() || started.elapsed() >= session + PATIENCE {
            let why = format!("{name}: {stage} is at work: {}", members.join(", "));
            return Err(refused(why, &format!("stop every gpuhm {stage}, and gpuhm run, then move again")));
        }
        if !said {
            let most = (session + PATIENCE).as_secs();
            info!("{name}: waits up to {most} s for members of {stage} to leave: {}", members.join(", "));
            said = true;
        }
        if !nap(LOOK_AGAIN, &retry.stop) {
            return Err(stopped());
        }
    }
}

/// Joins, and waits for every partition.
pub(super) fn gather((bus, name): Side<'_>, join: &Join, retry: &Retry) -> Result<Box<dyn Consumer>, MovingError> {
    let mut consumer = retry.run(|| bus.consumer(join))?;
    let partitions = retry.run(|| consumer.ends())?.len();
    let (started, patience) = (monotonic(), bus.session() + PATIENCE);
    let mut owned = BTreeSet::new();
    while owned.len() < partitions {
        if retry.stop.is_set() {
            return Err(stopped());
        }
        if started.elapsed() >= patience {
            let why = format!(
                "{name}: {} of {partitions} partitions of {} are others'",
                partitions - owned.len(),
                join.topic
            );
            return Err(refused(why, "stop every stage that reads there, then move again"));
        }
        // What is on the topic is not read here: a record or two may come along, and are left where they are.
        let polled = retry.run(|| consumer.poll(1, LOOK_AGAIN))?;
        owned.retain(|partition| !polled.lost.contains(partition));
        owned.extend(polled.assigned);
    }
    Ok(consumer)
}

/// Gives everything up and leaves; what fails here, time mends.
pub(super) fn leave(mut consumer: Box<dyn Consumer>) {
    let all = consumer.ends().map(|ends| (0..).zip(ends).map(|(partition, _)| partition).collect::<Vec<i32>>());
    if let Err(error) = all.and_then(|all| consumer.release(&all)) {
        tracing::debug!("leaving after the move: {}", PipelineError::from(error));
    }
}
