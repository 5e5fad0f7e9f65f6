//! `kafka.reach`: whether a broker answers, and how many there are.

use gpuhm::bus::kafka::topics::brokers;

use super::registry::{Check, Finding, Subject, told};

pub(super) const ID: &str = "kafka.reach";
pub(super) const CHECK: Check = Check { id: ID, needs: None, applies: Subject::on_kafka, run };

fn run(subject: &Subject) -> Finding {
    told(look(subject))
}

fn look(subject: &Subject) -> Result<Finding, Finding> {
    let brokers = brokers(&subject.kafka()?)?;
    let many = if brokers.len() == 1 { "broker" } else { "brokers" };
    Ok(Finding::ok(format!("{} {many}: {}", brokers.len(), brokers.join(", "))))
}
