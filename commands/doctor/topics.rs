//! `kafka.topics`: whether the topics are there and as they should be.

use gpuhm::bus::kafka::topics::{self, Options, plan};

use super::reach;
use super::registry::{Check, Finding, Subject, told};

pub(super) const ID: &str = "kafka.topics";
pub(super) const CHECK: Check = Check { id: ID, needs: Some(reach::ID), applies: Subject::on_kafka, run };

fn run(subject: &Subject) -> Finding {
    told(look(subject))
}

fn look(subject: &Subject) -> Result<Finding, Finding> {
    let kafka = subject.kafka()?;
    let plans = plan(&kafka, Options::default())?;
    let missing: Vec<&str> = plans.iter().filter(|plan| !plan.exists).map(|plan| plan.name.as_str()).collect();
    let command = format!("gpuhm migrate topics{}", subject.bus_flag());
    if !missing.is_empty() {
        return Ok(Finding::fault(format!("missing: {}", missing.join(", "))).remedy(command));
    }
    topics::one_count(&kafka, &plans)?;
    let differ = plans.iter().flat_map(|plan| plan.differences.iter().map(move |difference| (plan, difference)));
    let differ: Vec<String> =
        differ.map(|(plan, is)| format!("{} {} is {}, wanted {}", plan.name, is.setting, is.is, is.wanted)).collect();
    if differ.is_empty() {
        let partitions = plans.first().map_or(0, |plan| plan.partitions);
        return Ok(Finding::ok(format!("{} topics of {partitions} partitions, as wanted", plans.len())));
    }
    Ok(Finding::warning(differ.join("; ")).remedy(format!("{command} --alter, unless it is so on purpose")))
}
