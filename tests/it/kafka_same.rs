//! One recording through the embedded bus and through Kafka: equal rows in every table, equal alerts, equal refusals.

use crate::broker::topics::{QUICK, Topics};
use crate::broker::{prefix, shared};
use crate::process::Home;
use crate::process::left::{Fixed, Left, through};

#[test]
fn both_buses_make_the_same_of_a_recording() {
    let Some(address) = shared("kafka_same::both_buses_make_the_same_of_a_recording") else { return };
    let (fixed, topics) = (Fixed::new(), Topics::make(&address));
    let home = Home::on_kafka(&address, topics.prefix(), &QUICK);
    through(&home, &fixed.whole);
    // Nothing went anywhere else.
    assert!(!home.bus().exists(), "an embedded bus beside Kafka");
    fixed.left.same("on Kafka", Left::of(&home), false);
    // What is drained stays so, for the next one, too.
    let before = home.topic("gpu-metrics-validated").len();
    home.ok(&["validate", "--once"]);
    home.ok(&["aggregate", "--once"]);
    assert_eq!(home.topic("gpu-metrics-validated").len(), before);
    fixed.left.same("on Kafka, drained again", Left::of(&home), false);
}

#[test]
fn topics_that_are_not_there_are_named_before_anything_is_done() {
    let Some(address) = shared("kafka_same::topics_that_are_not_there_are_named_before_anything_is_done") else {
        return;
    };
    let home = Home::on_kafka(&address, &prefix(), &QUICK);
    home.fails(&["validate", "--once"], 2, &["gpu-metrics-raw"]);
    home.fails(&["aggregate", "--once"], 2, &["gpu-metrics-validated"]);
    assert!(!home.bus().exists(), "an embedded bus in place of Kafka");
}
