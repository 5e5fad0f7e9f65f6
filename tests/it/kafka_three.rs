//! Three brokers of one cluster under the load of a whole pipeline, killed one at a time and started again.
//!
//! How long the pipeline stands still is printed, not asserted: it is the cluster's matter and the machine's.

use std::time::Duration;

use crate::broker;
use crate::kafka_outage::line::{Line, PATIENCE, pause};
use crate::process::until;

/// Seconds for which each broker is away, and which the cluster has to gather again.
const AWAY: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_secs(6);

#[test]
fn three_brokers_are_killed_in_turn_and_nothing_is_lost_or_doubled() {
    let Some(three) = broker::three("three_brokers_are_killed_in_turn_and_nothing_is_lost_or_doubled") else { return };
    let line = Line::lay(&three.addresses(), &broker::prefix(), &broker::topics::QUICK);
    let stages = [line.stage("validate", "one", &[]), line.stage("aggregate", "one", &[])];
    let mut collect = line.collect(64, 420, "60");
    until("rows", PATIENCE, || line.stored() > 500);
    for number in 1..=3 {
        three.kill(number);
        std::thread::sleep(AWAY);
        three.start(number);
        std::thread::sleep(AGAIN);
    }
    let code = collect.service.ended(PATIENCE);
    assert_eq!(code, 0, "{}", collect.said());
    let all = line.samples_on("gpu-metrics-raw");
    until("all rows", PATIENCE, || line.stored() >= all);
    for stage in stages {
        let (said, took) = stage.stop();
        crate::broker::measured(&format!("ended in {} ms:\n{said}", took.as_millis()));
    }
    assert!(line.everything_is_there_once() > 64 * 400);
    let validated = line.read("gpu-metrics-validated");
    crate::broker::measured(&format!("{} records, the longest pause {} ms", validated.len(), pause(&validated)));
}
