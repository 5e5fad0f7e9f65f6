//! `kafka.lag`, `bus.lag`: how far the stages are behind, and whether anybody is at work.

use gpuhm::bus::{RAW, VALIDATED};
use gpuhm::pipeline::crew::group;

use super::registry::{Check, Finding, Subject, told};
use super::{file, topics};

pub(super) const KAFKA: Check = Check { id: "kafka.lag", needs: Some(topics::ID), applies: Subject::on_kafka, run };
pub(super) const EMBEDDED: Check = Check { id: "bus.lag", needs: Some(file::ID), applies: file::is_there, run };

/// Records behind which someone should look (J): ten seconds of 10,000 GPUs, three minutes of 500. A stage reads that in a
/// second, so more means that it stands, or cannot follow.
const BEHIND: u64 = 10_000;

fn run(subject: &Subject) -> Finding {
    told(look(subject))
}

fn look(subject: &Subject) -> Result<Finding, Finding> {
    let bus = subject.open_bus()?;
    let (mut told, mut late, mut idle) = (Vec::new(), false, None);
    for (stage, topic) in [("validate", RAW), ("aggregate", VALIDATED)] {
        let lag = bus.lag(&group(stage), topic)?;
        let members = bus.members(&group(stage), topic)?.len();
        let many = if members == 1 { "member" } else { "members" };
        told.push(format!("{stage} {lag} behind, {members} {many}"));
        late |= lag > BEHIND;
        if members == 0 && lag > 0 {
            idle.get_or_insert(stage);
        }
    }
    let text = told.join("; ");
    Ok(match idle {
        Some(stage) => Finding::warning(text).remedy(format!("gpuhm {stage}{} (or its service)", subject.bus_flag())),
        None if late => Finding::warning(text).remedy("start another instance of the stage, or see its log"),
        None => Finding::ok(text),
    })
}
