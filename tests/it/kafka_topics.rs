//! Topics on a real broker: made as wanted, never changed unasked, and changed without losing what others had set.

use std::collections::HashMap;
use std::time::Duration;

use gpuhm::bus::BusError;
use gpuhm::bus::kafka::Kafka;
use gpuhm::bus::kafka::settings::Settings;
use gpuhm::bus::kafka::topics::allowed::refused;
use gpuhm::bus::kafka::topics::{Options, TopicPlan, alter, brokers, make, plan};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;

use crate::broker;

const PATIENCE: Duration = Duration::from_secs(30);
const RAW: usize = 0;
const STATE: usize = 4;

/// A cluster for one test, and an admin of its own that knows nothing of gpuhm.
struct Cluster {
    kafka: Kafka,
    prefix: String,
    admin: AdminClient<DefaultClientContext>,
}

impl Cluster {
    fn new(test: &str) -> Option<Cluster> {
        let address = broker::shared(test)?;
        let (mut settings, prefix) = (Settings::new(&address), broker::prefix());
        settings.prefix.clone_from(&prefix);
        let admin = ClientConfig::new().set("bootstrap.servers", &address).create().unwrap();
        Some(Cluster { kafka: Kafka::open(settings).unwrap(), prefix, admin })
    }

    fn plan(&self) -> Vec<TopicPlan> {
        plan(&self.kafka, Options::default()).unwrap()
    }

    /// Makes a topic as an operator might have.
    fn theirs(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
        let name = format!("{}{topic}", self.prefix);
        let new = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
        let new = settings.iter().fold(new, |new, (key, value)| new.set(key, value));
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        pollster::block_on(self.admin.create_topics([&new], &options)).unwrap().pop().unwrap().unwrap();
        let seen = || self.admin.inner().fetch_metadata(Some(&name), PATIENCE).unwrap().topics()[0].partitions().len();
        crate::process::until("a topic", PATIENCE, || i32::try_from(seen()) == Ok(partitions));
    }

    fn settings(&self, topic: &str) -> HashMap<String, String> {
        let name = format!("{}{topic}", self.prefix);
        let asked = [ResourceSpecifier::Topic(&name)];
        let answer = pollster::block_on(self.admin.describe_configs(&asked, &AdminOptions::new())).unwrap();
        let entries = answer.into_iter().next().unwrap().unwrap().entries;
        entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect()
    }
}

#[test]
fn a_set_is_made_as_wanted_once() {
    let Some(cluster) = Cluster::new("kafka_topics::a_set_is_made_as_wanted_once") else { return };
    assert!(!brokers(&cluster.kafka).unwrap().is_empty());
    let before = cluster.plan();
    assert!(before.iter().all(|plan| !plan.exists && plan.partitions == 32), "{before:#?}");
    // To look makes nothing, wherever brokers make topics by themselves.
    assert_eq!(cluster.plan(), before);
    let made = make(&cluster.kafka, &before).unwrap();
    let names: Vec<String> = before.iter().map(|plan| plan.name.clone()).collect();
    assert_eq!(made, names);
    let after = cluster.plan();
    assert!(after.iter().all(TopicPlan::settled), "{after:#?}");
    assert_eq!(make(&cluster.kafka, &after).unwrap(), Vec::<String>::new());
    // By another's eyes, too.
    let raw = cluster.settings("gpu-metrics-raw");
    let told = ["retention.ms", "message.timestamp.type", "max.message.bytes", "cleanup.policy"].map(|key| &*raw[key]);
    assert_eq!(told, ["604800000", "LogAppendTime", "9437184", "delete"]);
    assert_eq!(cluster.settings("gpu-alerts")["message.timestamp.type"], "CreateTime");
    let state = cluster.settings("gpuhm-state");
    let told = ["cleanup.policy", "segment.bytes", "segment.ms", "min.cleanable.dirty.ratio"].map(|key| &*state[key]);
    assert_eq!(told, ["compact", "33554432", "3600000", "0.1"]);
    // Another was first between the look and the act: that is no failure.
    assert_eq!(make(&cluster.kafka, &before).unwrap(), Vec::<String>::new());
}

#[test]
fn what_others_set_is_told_and_kept() {
    let Some(cluster) = Cluster::new("kafka_topics::what_others_set_is_told_and_kept") else { return };
    cluster.theirs("gpu-metrics-raw", 32, &[("retention.ms", "3600000"), ("segment.ms", "86400000")]);
    let differences = |plan: &TopicPlan| -> Vec<String> {
        let mut names: Vec<String> = plan.differences.iter().map(|is| is.setting.clone()).collect();
        names.sort_unstable();
        names
    };
    let wrong = ["max.message.bytes", "message.timestamp.type", "retention.ms"];
    assert_eq!(differences(&cluster.plan()[RAW]), wrong);
    // The rest is made; what was there stays as it was.
    assert_eq!(make(&cluster.kafka, &cluster.plan()).unwrap().len(), 4);
    assert_eq!(differences(&cluster.plan()[RAW]), wrong);
    assert_eq!(cluster.settings("gpu-metrics-raw")["retention.ms"], "3600000");
    let altered = alter(&cluster.kafka, &cluster.plan()).unwrap();
    assert_eq!(altered, [format!("{}gpu-metrics-raw", cluster.prefix)]);
    crate::process::until("the change to be seen", PATIENCE, || cluster.plan().iter().all(TopicPlan::settled));
    // Not one of ours: a change that forgets it sets it back to the broker's default.
    assert_eq!(cluster.settings("gpu-metrics-raw")["segment.ms"], "86400000");
}

#[test]
fn unlike_partition_counts_are_refused_and_nothing_is_made() {
    let test = "kafka_topics::unlike_partition_counts_are_refused_and_nothing_is_made";
    let Some(cluster) = Cluster::new(test) else { return };
    cluster.theirs("gpuhm-state", 8, &[("cleanup.policy", "compact")]);
    // The rest of a set follows what is there.
    assert!(cluster.plan().iter().all(|plan| plan.partitions == 8));
    cluster.theirs("gpu-metrics-raw", 16, &[]);
    let plans = cluster.plan();
    for done in [make(&cluster.kafka, &plans), alter(&cluster.kafka, &plans)] {
        let error = done.unwrap_err();
        assert!(matches!(error, BusError::Unusable { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains("gpu-metrics-raw has 16 partitions where 8 are wanted"), "{said}");
        assert!(error.hint().unwrap().contains("--topic-prefix"), "{error:?}");
    }
    let other = plan(&cluster.kafka, Options { partitions: Some(32) }).unwrap();
    assert!(make(&cluster.kafka, &other).unwrap_err().to_string().contains("where 32 are wanted"));
    let there: Vec<bool> = cluster.plan().iter().map(|plan| plan.exists).collect();
    assert_eq!(there, [true, false, false, false, true]);
    assert!(plans[STATE].exists);
}

#[test]
fn who_may_everything_is_refused_nothing() {
    let Some(cluster) = Cluster::new("kafka_topics::who_may_everything_is_refused_nothing") else { return };
    make(&cluster.kafka, &cluster.plan()).unwrap();
    let groups = ["gpuhm-validate".to_owned()];
    assert_eq!(refused(&cluster.kafka, &groups, "gpuhm-doctor").unwrap(), []);
}
