//! A broker that is away for longer than a transaction may be open, dead or mute: the stages neither exit nor lose
//! anything, say it once, and go on in the process when it is back.

mod finishing;
pub(crate) mod line;

use std::time::Duration;

use gpuhm::pipeline::clock::monotonic;

use crate::broker::{self, Own};
use crate::process::until;
use line::{Line, PATIENCE, Told};

/// A transaction is given up long before the broker is back. With `topic.metadata.refresh.interval.ms` at 200 beside these
/// most runs meet the moment in which a broker that is back names no broker, and prove the clients' lifeline.
const SHORT: [(&str, &str); 3] =
    [("session.timeout.ms", "3000"), ("heartbeat.interval.ms", "300"), ("transaction.timeout.ms", "4000")];

#[test]
fn the_pipeline_goes_through_two_outages_and_is_stopped_in_a_third() {
    let Some(own) = Own::start("the_pipeline_goes_through_two_outages_and_is_stopped_in_a_third") else { return };
    let line = Line::lay(own.address(), &broker::prefix(), &SHORT);
    let mut stages = [line.stage("validate", "one", &[]), line.stage("aggregate", "one", &[])];
    let mut collect = line.collect(64, 270, "60");
    until("rows", PATIENCE, || line.stored() > 1000);
    own.kill();
    std::thread::sleep(Duration::from_secs(20));
    for stage in &mut stages {
        assert!(stage.service.runs(), "ended by itself: {}", stage.said());
    }
    own.start_again();
    let before = line.stored();
    until("rows after the first outage", PATIENCE, || line.stored() > before + 1000);
    own.pause();
    std::thread::sleep(Duration::from_secs(10));
    own.resume();
    let code = collect.service.ended(PATIENCE);
    assert_eq!(code, 0, "{}", collect.said());
    let all = line.samples_on("gpu-metrics-raw");
    let waited = monotonic();
    while line.stored() < all {
        let said = || stages.iter().map(Told::said).collect::<Vec<_>>().join("\n");
        assert!(waited.elapsed() < PATIENCE, "{} of {all} rows:\n{}", line.stored(), said());
        std::thread::sleep(Duration::from_millis(50));
    }
    for stage in &mut stages {
        assert!(stage.service.runs(), "ended by itself: {}", stage.said());
    }
    // More comes, and in the middle of it the broker is gone again.
    let third = line.start("collect-more", "collect", &["--source", "sim", "--gpus", "64", "--hosts", "16"]);
    std::thread::sleep(Duration::from_secs(2));
    own.pause();
    std::thread::sleep(Duration::from_secs(3));
    crate::broker::measured(&format!("collect: {}", collect.said()));
    for told in stages {
        let (said, took) = told.stop();
        crate::broker::measured(&format!("ended in {} ms:\n{said}", took.as_millis()));
        // Which of the ways it was met in depends on what was under way.
        let met = ["works again after ", "back after ", "lost partitions; recovering"];
        assert!(met.iter().any(|met| said.contains(met)), "{said}");
        // Three outages of less than a minute: in each the cluster's loss is said once.
        assert!(said.matches(": lost for ").count() <= 3, "{said}");
    }
    let (said, took) = third.stop();
    crate::broker::measured(&format!("collect ended in {} ms:\n{said}", took.as_millis()));
    own.resume();
    line.once("validate");
    line.once("aggregate");
    let samples = line.everything_is_there_once();
    assert!(samples > 62 * 270, "{samples}");
}
