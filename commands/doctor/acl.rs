//! `kafka.acl`: what this login may, as far as that can be told without doing it.

use gpuhm::bus::kafka::topics::allowed::{Refused, UNTOLD, refused};
use gpuhm::pipeline::whole::group;

use super::reach;
use super::registry::{Check, Finding, Subject, told};

pub(super) const CHECK: Check = Check { id: "kafka.acl", needs: Some(reach::ID), applies: Subject::on_kafka, run };

/// A transactional id of its own: another's would be fenced by the try.
const TRIED: &str = "gpuhm-doctor";

fn run(subject: &Subject) -> Finding {
    told(look(subject))
}

fn look(subject: &Subject) -> Result<Finding, Finding> {
    let groups = ["validate", "aggregate"].map(group);
    let refused = refused(&subject.kafka()?, &groups, TRIED)?;
    if refused.is_empty() {
        return Ok(Finding::ok(format!("nothing is refused; {UNTOLD}")));
    }
    let told = refused.iter().map(|Refused { operation, kind, name }| format!("{operation} on {kind} {name}"));
    let text = format!("refused: {}", told.collect::<Vec<_>>().join(", "));
    let commands = refused.iter().map(|Refused { operation, kind, name }| {
        format!("kafka-acls.sh --add --allow-principal User:NAME --operation {operation} --{kind} {name}")
    });
    Ok(Finding::fault(text).remedy(commands.collect::<Vec<_>>().join(" && ")))
}
