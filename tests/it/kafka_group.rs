//! What a group of stages does on a real broker: it grows and shrinks under load, refuses a topic that grew, leaves a
//! live member alone, and keeps its place behind a store that is locked.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::broker;
use crate::broker::topics::{QUICK, Topics};
use crate::kafka_outage::line::{Line, PATIENCE, pause};
use crate::process::until;

/// Topics on the shared broker, and a line on them.
struct Site {
    line: Line,
    address: String,
    topics: Topics,
}

impl Site {
    fn new(test: &str) -> Option<Site> {
        let address = broker::shared(test)?;
        let topics = Topics::make(&address);
        Some(Site { line: Line::at(&address, topics.prefix(), &QUICK), address, topics })
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.topics.prefix())
    }

    /// Samples on the raw topic.
    fn taken(&self) -> i64 {
        let counted = self.line.counted("gpu-metrics-raw");
        i64::try_from(counted.keys().filter(|(key, _)| !key.starts_with("host:")).count()).unwrap()
    }

    /// Collects all of it at once.
    fn collected(&self, gpus: u32, ticks: u32) {
        let mut collect = self.line.collect(gpus, ticks, "max");
        assert_eq!(collect.service.ended(PATIENCE), 0, "{}", collect.said());
    }

    /// Positions of a group where it has any, each with the settled one that goes with it.
    fn positions(&self, group: &str, topic: &str) -> Vec<(i64, i64)> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.address).set("group.id", self.name(group));
        let client: BaseConsumer = config.create().unwrap();
        let mut list = TopicPartitionList::new();
        for partition in 0..32 {
            list.add_partition(&self.name(topic), partition);
        }
        let found = client.committed_offsets(list, PATIENCE).unwrap();
        let pair = |at: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| match at.offset() {
            Offset::Offset(offset) => Some((offset, at.metadata().parse().unwrap())),
            _ => None,
        };
        found.elements().iter().filter_map(pair).collect()
    }
}

#[test]
fn a_second_validate_comes_and_goes_under_load() {
    let Some(site) = Site::new("a_second_validate_comes_and_goes_under_load") else { return };
    let line = &site.line;
    let (one, aggregate) = (line.stage("validate", "one", &[]), line.stage("aggregate", "one", &[]));
    let mut collect = line.collect(64, 120, "60");
    until("rows", PATIENCE, || line.stored() > 300);
    let two = line.stage("validate", "two", &[]);
    until("partitions for the second", PATIENCE, || !one.lines("gives up partitions").is_empty());
    let given = one.lines("gives up partitions").join(" ");
    let moved: HashSet<i32> = given.split([' ', '[', ']', ',']).filter_map(|word| word.parse().ok()).collect();
    std::thread::sleep(Duration::from_secs(4));
    let (said, took) = two.stop();
    crate::broker::measured(&format!(
        "{} partitions moved; the second ended in {} ms: {said}",
        moved.len(),
        took.as_millis()
    ));
    let share: u64 = said.split_once(" valid,").unwrap().0.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(share > 0, "the second did nothing");
    assert_eq!(moved.len(), 16, "half of them move, and no more");
    assert_eq!(collect.service.ended(PATIENCE), 0, "{}", collect.said());
    let all = site.taken();
    until("all rows", PATIENCE, || line.stored() >= all);
    for stage in [one, aggregate] {
        let (said, _) = stage.stop();
        assert!(!said.contains("lost partitions"), "{said}");
    }
    line.everything_is_there_once();
    let validated = line.read("gpu-metrics-validated");
    let (stay, go): (Vec<_>, Vec<_>) = validated.iter().partition(|found| !moved.contains(&found.partition));
    crate::broker::measured(&format!(
        "longest pause of partitions that stayed {} ms, that moved {} ms",
        pause(stay),
        pause(go)
    ));
}

/// Makes the raw topic one partition larger.
fn grow(site: &Site) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &site.address).create().unwrap();
    let name = site.name("gpu-metrics-raw");
    let more = [NewPartitions::new(&name, 33)];
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    pollster::block_on(admin.create_partitions(&more, &options)).unwrap().remove(0).unwrap();
}

#[test]
fn a_topic_that_grew_is_refused() {
    let Some(site) = Site::new("a_topic_that_grew_is_refused") else { return };
    // A service that runs is told by the broker when it next asks: every 5 minutes if nothing else is said.
    let mut runs = site.line.stage("validate", "one", &["-X", "topic.metadata.refresh.interval.ms=1000"]);
    site.collected(16, 3);
    until("work", PATIENCE, || !site.line.read("gpu-metrics-validated").is_empty());
    grow(&site);
    assert_eq!(runs.service.ended(PATIENCE), 2, "{}", runs.said());
    assert_eq!(runs.lines("gpuhm: ").len(), 1, "{}", runs.said());
    assert!(runs.said().contains("has a new partition 32") && runs.said().contains("hint: "), "{}", runs.said());
    let args = site.line.once_args("validate");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ran = site.line.home.fails(&args, 2, &["has 33 partitions, gpuhm-state has 32"]);
    assert!(ran.err.contains("hint: ") && ran.err.contains("migrate topics"), "{}", ran.err);
}

#[test]
fn once_leaves_a_live_member_alone_and_does_the_work_of_a_dead_one() {
    let Some(site) = Site::new("once_leaves_a_live_member_alone_and_does_the_work_of_a_dead_one") else { return };
    let line = &site.line;
    let mut lives = line.stage("validate", "one", &[]);
    site.collected(16, 60);
    until("work", PATIENCE, || line.read("gpu-metrics-validated").len() >= 16 * 60);
    let args = line.once_args("validate");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ran = line.home.fails(&args, 3, &["validate", "one"]);
    assert!(ran.err.contains("waits up to 8 s"), "{}", ran.err);
    assert!(lives.service.runs());
    assert!(lives.lines("partitions").is_empty(), "it was disturbed: {}", lives.said());
    lives.service.kill();
    let mut more = line.start(
        "more",
        "collect",
        &["--source", "sim", "--gpus", "8", "--hosts", "2", "--interval", "300ms", "--ticks", "3"],
    );
    assert_eq!(more.service.ended(PATIENCE), 0, "{}", more.said());
    let ran = line.home.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    // The fleet has lost GPUs: how many samples it gave is not counted here, but these came last.
    assert!(ran.err.contains("24 valid"), "{}", ran.err);
    line.everything_is_there_once();
}

#[test]
fn a_stage_that_is_stopped_in_mid_work_has_saved_everything() {
    let Some(site) = Site::new("a_stage_that_is_stopped_in_mid_work_has_saved_everything") else { return };
    let line = &site.line;
    site.collected(64, 120);
    line.once("validate");
    let aggregate = line.stage("aggregate", "one", &["--step", "40"]);
    until("work", PATIENCE, || line.stored() > 0);
    let (said, took) = aggregate.stop();
    let stored = line.stored();
    assert!(stored < 64 * 120 - 64, "it was done already: {stored}");
    let positions = site.positions("gpuhm-aggregate", "gpu-metrics-validated");
    assert!(!positions.is_empty(), "no position: {said}");
    assert!(positions.iter().all(|(next, settled)| next == settled), "unsaved: {positions:?}: {said}");
    crate::broker::measured(&format!("stopped in {} ms after {stored} rows", took.as_millis()));
    let args = line.once_args("aggregate");
    let args: Vec<&str> = args.iter().map(String::as_str).chain(["--instance", "one"]).collect();
    line.home.ok(&args);
    line.everything_is_there_once();
}

/// A stage behind a store that somebody locks for 12 s; `settings` are more for the stage. Returns what it said.
fn behind_a_lock(site: &Site, settings: &[&str]) -> String {
    let line = &site.line;
    let aggregate = line.stage("aggregate", "one", settings);
    let validate = line.stage("validate", "one", &[]);
    let mut collect = line.collect(64, 180, "60");
    until("rows", PATIENCE, || line.stored() > 300);
    let store = rusqlite::Connection::open(line.home.store()).unwrap();
    store.busy_timeout(Duration::from_secs(10)).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::sleep(Duration::from_secs(12));
    store.execute_batch("ROLLBACK").unwrap();
    drop(store);
    assert_eq!(collect.service.ended(PATIENCE), 0, "{}", collect.said());
    let all = site.taken();
    until("all rows", PATIENCE, || line.stored() >= all);
    let peak = aggregate.peak();
    let (said, took) = aggregate.stop();
    crate::broker::measured(&format!("peak {peak} MiB, ended in {} ms: {said}", took.as_millis()));
    assert!(peak < 200, "{peak} MiB");
    validate.stop();
    line.everything_is_there_once();
    said
}

#[test]
fn a_stage_behind_a_locked_store_keeps_its_place() {
    let Some(site) = Site::new("a_stage_behind_a_locked_store_keeps_its_place") else { return };
    let said = behind_a_lock(&site, &[]);
    assert!(!said.contains("lost partitions") && !said.contains("gives up"), "{said}");
}

#[test]
fn a_stage_that_was_silent_for_too_long_loses_its_place_and_goes_on() {
    let Some(site) = Site::new("a_stage_that_was_silent_for_too_long_loses_its_place_and_goes_on") else { return };
    behind_a_lock(&site, &["-X", "max.poll.interval.ms=5000"]);
}
