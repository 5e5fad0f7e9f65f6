//! What each topic on Kafka should be, what it is, and the way from one to the other.
//!
//! Nothing here runs by itself: a person asks for it, since topics may belong to others who know better. What is missing
//! is made; what differs is told, and changed only where that is asked for and harmless. Partition counts and replication
//! are never changed: with another count a key's records lie in two partitions, and its order is lost.
//! This module knows names, numbers and settings of topics; of what lies in them it knows nothing.

mod admin;
pub mod allowed;
mod wanted;

use rdkafka::metadata::MetadataTopic;
use rdkafka::types::RDKafkaErrorCode;

use self::admin::{Admin, Existing};
use super::Kafka;
use super::states::STATES;
use crate::bus::{BusError, PARTITIONS, TOPICS};
use wanted::{Wanted, insync, replication, wanted};

/// A setting that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The topic's setting, or `partitions`, `replication.factor`.
    pub setting: String,
    /// What it is.
    pub is: String,
    /// What it should be.
    pub wanted: String,
    /// Whether [`alter`] changes it.
    pub alterable: bool,
}

/// One topic: what it should be, and where it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPlan {
    /// Its name on the brokers, prefix and all.
    pub name: String,
    /// Whether it is there.
    pub exists: bool,
    /// Partitions it has, or will have.
    pub partitions: i32,
    /// Copies of each record it has, or will have.
    pub replication: i32,
    /// Where it is not as it should be; empty for one that is missing.
    pub differences: Vec<Difference>,
    settings: Vec<(&'static str, String)>,
}

impl TopicPlan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.exists && self.differences.is_empty()
    }
}

/// What a set of topics should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Partitions of each; as many as the existing ones have where it is not said, else 32.
    pub partitions: Option<i32>,
}

/// The brokers that the cluster names, `host:port`.
///
/// # Errors
/// [`BusError::Failed`] where none answers.
pub fn brokers(kafka: &Kafka) -> Result<Vec<String>, BusError> {
    Admin::open(kafka)?.brokers()
}

/// Every topic as it is and should be, in the order of [`TOPICS`], then the states' topic.
///
/// # Errors
/// [`BusError::Failed`] where no broker answers; [`BusError::Unusable`] where a login may not look.
pub fn plan(kafka: &Kafka, options: Options) -> Result<Vec<TopicPlan>, BusError> {
    let admin = Admin::open(kafka)?;
    plan_with(&admin, options)
}

fn plan_with(admin: &Admin, options: Options) -> Result<Vec<TopicPlan>, BusError> {
    let names: Vec<String> = TOPICS.iter().chain([&STATES]).map(|name| admin.full(name)).collect();
    let (brokers, existing) = admin.existing(&names)?;
    // A set has one count: that of the states, which lie in the partition of their input's number.
    let count = |at: &Existing| at.partitions;
    let found = existing.last().and_then(Option::as_ref).or_else(|| existing.iter().flatten().next()).map(count);
    let partitions = options.partitions.or(found).unwrap_or(PARTITIONS);
    let plans = TOPICS.iter().chain([&STATES]).zip(names).zip(existing);
    Ok(plans
        .map(|((topic, name), existing)| {
            let wanted = wanted(topic, partitions, replication(brokers));
            match existing {
                None => missing(name, wanted),
                Some(existing) => held_against(name, &wanted, &existing),
            }
        })
        .collect())
}

fn missing(name: String, wanted: Wanted) -> TopicPlan {
    let Wanted { partitions, replication, settings } = wanted;
    TopicPlan { name, exists: false, partitions, replication, differences: Vec::new(), settings }
}

fn held_against(name: String, wanted: &Wanted, existing: &Existing) -> TopicPlan {
    let mut differences = Vec::new();
    let mut differ = |setting: &str, is: String, wanted: String, alterable| {
        differences.push(Difference { setting: setting.to_owned(), is, wanted, alterable });
    };
    if existing.partitions != wanted.partitions {
        differ("partitions", existing.partitions.to_string(), wanted.partitions.to_string(), false);
    }
    // More copies than needed are nobody's fault.
    if existing.replication < wanted.replication {
        differ("replication.factor", existing.replication.to_string(), wanted.replication.to_string(), false);
    }
    if existing.settings.is_empty() {
        differ("settings", "this login may not see them".to_owned(), "the right DescribeConfigs".to_owned(), false);
    }
    for (setting, should) in &wanted.settings {
        // By the copies it has: with more in sync than there are, nothing could be written.
        let should = if *setting == wanted::IN_SYNC { insync(existing.replication) } else { should.clone() };
        let is = existing.settings.iter().find(|is| is.name == *setting).and_then(|is| is.value.clone());
        if let Some(is) = is
            && is != should
        {
            differ(setting, is, should, true);
        }
    }
    let (partitions, replication) = (existing.partitions, existing.replication);
    TopicPlan { name, exists: true, partitions, replication, differences, settings: wanted.settings.clone() }
}

/// Refuses a set whose topics have unlike partition counts.
///
/// # Errors
/// [`BusError::Unusable`] with what to do.
pub fn one_count(kafka: &Kafka, plans: &[TopicPlan]) -> Result<(), BusError> {
    let odd = |plan: &&TopicPlan| plan.differences.iter().any(|difference| difference.setting == "partitions");
    let Some(plan) = plans.iter().find(odd) else { return Ok(()) };
    let count = plan.differences.iter().find(|difference| difference.setting == "partitions");
    let wanted = count.map_or("", |difference| difference.wanted.as_str());
    let why = format!("topic {} has {} partitions where {wanted} are wanted", plan.name, plan.partitions);
    let hint = "partition counts are never changed, since keys would move: make a new set with --topic-prefix NAME, or \
                drain every stage, delete the topics and make them again";
    Err(kafka.words.unusable(why, Some(hint.to_owned())))
}

/// Makes what is missing; returns the names of what it made.
///
/// # Errors
/// [`BusError::Unusable`] where partition counts differ or the login may not, [`BusError::Failed`] where no broker
/// answers; what was made before stays.
pub fn make(kafka: &Kafka, plans: &[TopicPlan]) -> Result<Vec<String>, BusError> {
    one_count(kafka, plans)?;
    let missing: Vec<&TopicPlan> = plans.iter().filter(|plan| !plan.exists).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    Admin::open(kafka)?.make(&missing)
}

/// Changes the settings that differ; returns the names of the topics it changed.
///
/// # Errors
/// [`BusError::Unusable`] where the login may not, [`BusError::Failed`] where no broker answers.
pub fn alter(kafka: &Kafka, plans: &[TopicPlan]) -> Result<Vec<String>, BusError> {
    one_count(kafka, plans)?;
    let differs = |plan: &&TopicPlan| plan.differences.iter().any(|difference| difference.alterable);
    let differing: Vec<&TopicPlan> = plans.iter().filter(differs).collect();
    if differing.is_empty() {
        return Ok(Vec::new());
    }
    let admin = Admin::open(kafka)?;
    differing.into_iter().map(|plan| admin.alter(plan)).collect()
}

/// Partitions and copies of a topic, as metadata has them; `None` where it is not there.
fn shape(topic: &MetadataTopic) -> Result<Option<(i32, i32)>, RDKafkaErrorCode> {
    match topic.error().map(RDKafkaErrorCode::from) {
        None => {}
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => return Ok(None),
        Some(error) => return Err(error),
    }
    let copies = topic.partitions().iter().map(|partition| partition.replicas().len()).min().unwrap_or(0);
    let int = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(Some((int(topic.partitions().len()), int(copies))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_wanted(topic: &str, partitions: i32, copies: i32) -> Existing {
        let settings = wanted(topic, partitions, copies).settings;
        let settings = settings.into_iter().map(|(name, value)| admin::Setting::dynamic(name, &value)).collect();
        Existing { partitions, replication: copies, settings }
    }

    #[test]
    fn what_was_made_as_wanted_does_not_differ() {
        for topic in TOPICS.iter().chain([&STATES]) {
            for copies in 1..=3 {
                let plan = held_against((*topic).to_owned(), &wanted(topic, 32, copies), &as_wanted(topic, 32, copies));
                assert!(plan.settled(), "{plan:?}");
            }
        }
    }

    #[test]
    fn fewer_copies_are_told_and_ask_for_no_more_in_sync_than_there_are() {
        let plan = held_against(STATES.to_owned(), &wanted(STATES, 32, 3), &as_wanted(STATES, 32, 1));
        let told: Vec<_> = plan.differences.iter().map(|d| (d.setting.as_str(), d.alterable)).collect();
        assert_eq!(told, [("replication.factor", false)]);
        let more = held_against(STATES.to_owned(), &wanted(STATES, 32, 1), &as_wanted(STATES, 32, 3));
        assert!(more.settled(), "{more:?}");
    }

    #[test]
    fn other_values_are_alterable_and_counts_are_not() {
        let mut existing = as_wanted("gpu-metrics-raw", 8, 1);
        let time = existing.settings.iter_mut().find(|is| is.name == "message.timestamp.type").unwrap();
        time.value = Some("CreateTime".to_owned());
        let plan = held_against("p-gpu-metrics-raw".to_owned(), &wanted("gpu-metrics-raw", 32, 1), &existing);
        let told: Vec<_> = plan.differences.iter().map(|d| (d.setting.as_str(), &*d.is, d.alterable)).collect();
        assert_eq!(told, [("partitions", "8", false), ("message.timestamp.type", "CreateTime", true)]);
    }
}
