//! The stages' groups: how they are called, who is in them, and how much they have before them.

use std::time::Duration;

use tracing::info;

use super::PipelineError;
use super::clock::{monotonic, nap};
use super::retry::Retry;
use crate::bus::{Bus, BusError, RAW, VALIDATED};

/// How often members are looked at that may have died.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// The stages in flow order, each with the topic it reads.
pub(super) const STAGES: [(&str, &str); 2] = [("validate", RAW), ("aggregate", VALIDATED)];

/// Group of the stage `name`.
#[must_use]
pub fn group(name: &str) -> String {
    format!("gpuhm-{name}")
}

/// Refuses to begin where others work on what `stage` reads, before it joins them: joining would take their partitions.
/// Members that may have died are waited for as long as the bus counts them: one session, and one more each time that one
/// of them is given up, for a group counts who was waiting for the dead from then on.
///
/// # Errors
/// [`PipelineError::Busy`] with their names; where the bus cannot be reached.
pub fn alone(bus: &dyn Bus, stage: &'static str, topic: &str, retry: &Retry) -> Result<(), PipelineError> {
    let (mut began, mut fewest, mut said) = (monotonic(), usize::MAX, false);
    loop {
        let members = retry.run(|| bus.members(&group(stage), topic))?;
        if members.is_empty() {
            return Ok(());
        }
        if members.len() < fewest {
            (began, fewest) = (monotonic(), members.len());
        }
        // Who has died may still be counted; who lives will be counted on.
        if began.elapsed() >= bus.session() {
            return Err(PipelineError::Busy { stage, members });
        }
        if !nap(LOOK_AGAIN, &retry.stop) {
            return Err(PipelineError::Stopped(format!("{stage}: waited for {}", members.join(", "))));
        }
        if !said {
            let long = bus.session().as_secs();
            info!("{stage}: waits up to {long} s to see whether {} still lives", members.join(", "));
            said = true;
        }
    }
}

/// Records that the stages have not finished.
pub(super) fn unread(bus: &dyn Bus) -> Result<u64, BusError> {
    STAGES.iter().try_fold(0, |all, (stage, topic)| Ok(all + bus.lag(&group(stage), topic)?))
}
