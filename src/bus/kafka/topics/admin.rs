//! The requests themselves, each with a bound on how long it may take.
//!
//! Metadata is asked through a client that is polled, since only such a one is told why it cannot connect. librdkafka
//! alters a topic's settings as a whole, and what it is not told falls back to the brokers' defaults: so what was set
//! before is read at once before and sent along.

use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigEntry, ConfigResource, ConfigSource, NewTopic,
    OwnedResourceSpecifier, ResourceSpecifier, TopicReplication,
};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::metadata::MetadataTopic;
use rdkafka::types::RDKafkaErrorCode;

use super::super::states::STATES;
use super::{TopicPlan, shape};
use crate::bus::BusError;
use crate::bus::kafka::Kafka;
use crate::bus::kafka::context::Plain;
use crate::bus::kafka::settings::Role;
use crate::bus::kafka::words::Words;

/// How long making a topic may take on the brokers beyond the answer itself. Half, and 160 partitions on a busy disk were
/// near it; double, and a person waits longer to hear that it failed.
const MAKING: Duration = Duration::from_secs(15);
/// Pause between two looks for a topic that was just made.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Polls that serve what a client heard about why it cannot connect.
const HEARD: usize = 8;

/// One setting of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) value: Option<String>,
    /// Set on the topic itself, not taken from the brokers' defaults.
    pub(super) own: bool,
}

impl Setting {
    #[cfg(test)]
    pub(super) fn dynamic(name: &str, value: &str) -> Setting {
        Setting { name: name.to_owned(), value: Some(value.to_owned()), own: true }
    }

    fn of(entry: ConfigEntry) -> Setting {
        Setting { own: entry.source == ConfigSource::DynamicTopic, name: entry.name, value: entry.value }
    }
}

/// A topic as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Existing {
    pub(super) partitions: i32,
    pub(super) replication: i32,
    /// Empty where this login may not see them.
    pub(super) settings: Vec<Setting>,
}

/// A client that asks and changes.
pub(super) struct Admin {
    looks: BaseConsumer<Plain>,
    client: AdminClient<Plain>,
    words: Words,
    prefix: String,
    connect: Duration,
}

impl Admin {
    pub(super) fn open(kafka: &Kafka) -> Result<Admin, BusError> {
        let (settings, words) = (&kafka.settings, kafka.words.clone());
        let made = |error: KafkaError| words.error("connect", "", &error);
        let group = format!("{}gpuhm-look", settings.prefix);
        let looks =
            settings.client(&Role::Look { group }).create_with_context(Plain::new(words.clone())).map_err(made)?;
        let client = settings.client(&Role::Admin).create_with_context(Plain::new(words.clone())).map_err(made)?;
        Ok(Admin { looks, client, words, prefix: settings.prefix.clone(), connect: settings.connect })
    }

    /// A topic's name on the brokers.
    pub(super) fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new().request_timeout(Some(self.connect + MAKING)).operation_timeout(Some(MAKING))
    }

    /// An error, told with what the client heard.
    fn error(&self, what: &'static str, subject: &str, error: &KafkaError) -> BusError {
        for _ in 0..HEARD {
            drop(self.looks.poll(Duration::ZERO));
        }
        self.words.error(what, subject, error)
    }

    /// The brokers, by what they call themselves.
    pub(super) fn brokers(&self) -> Result<Vec<String>, BusError> {
        let name = self.full(STATES);
        let metadata = self.looks.fetch_metadata(Some(&name), self.connect);
        let metadata = metadata.map_err(|error| self.error("connect", "", &error))?;
        Ok(metadata.brokers().iter().map(|broker| format!("{}:{}", broker.host(), broker.port())).collect())
    }

    /// How many brokers there are, and each topic as it is, `None` where it is not there.
    pub(super) fn existing(&self, names: &[String]) -> Result<(usize, Vec<Option<Existing>>), BusError> {
        let mut brokers = 0;
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let failed = |error: KafkaError| self.error("look at the topic", name, &error);
            let metadata = self.looks.fetch_metadata(Some(name), self.connect).map_err(failed)?;
            brokers = metadata.brokers().len();
            let topic = metadata.topics().iter().find(|topic| topic.name() == name);
            let shape = topic.map(shape).transpose().map_err(|code| failed(KafkaError::MetadataFetch(code)))?.flatten();
            found.push(shape.map(|(partitions, replication)| Existing {
                partitions,
                replication,
                settings: Vec::new(),
            }));
        }
        let there: Vec<&str> =
            names.iter().zip(&found).filter(|(_, found)| found.is_some()).map(|(name, _)| name.as_str()).collect();
        let mut settings = self.settings(&there)?;
        for (name, found) in names.iter().zip(&mut found) {
            if let Some(found) = found
                && let Some(at) = settings.iter().position(|(of, _)| of == name)
            {
                found.settings = settings.swap_remove(at).1;
            }
        }
        Ok((brokers, found))
    }

    /// The settings of topics that are there.
    fn settings(&self, names: &[&str]) -> Result<Vec<(String, Vec<Setting>)>, BusError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let asked: Vec<ResourceSpecifier<'_>> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
        let answer = pollster::block_on(self.client.describe_configs(&asked, &self.options()));
        let answer = answer.map_err(|error| self.error("read the topics' settings", "", &error))?;
        let one = |resource: ConfigResource| match resource.specifier {
            OwnedResourceSpecifier::Topic(name) => {
                Some((name, resource.entries.into_iter().map(Setting::of).collect()))
            }
            OwnedResourceSpecifier::Group(_) | OwnedResourceSpecifier::Broker(_) => None,
        };
        Ok(answer.into_iter().filter_map(Result::ok).filter_map(one).collect())
    }

    /// Makes topics; returns the names of those that were not there.
    pub(super) fn make(&self, plans: &[&TopicPlan]) -> Result<Vec<String>, BusError> {
        let new = |plan: &&'_ TopicPlan| {
            let TopicPlan { partitions, replication, .. } = **plan;
            (plan.name.clone(), partitions, replication, plan.settings.clone())
        };
        let wanted: Vec<_> = plans.iter().map(new).collect();
        let topics = wanted.iter().map(|(name, partitions, copies, settings)| {
            let topic = NewTopic::new(name, *partitions, TopicReplication::Fixed(*copies));
            settings.iter().fold(topic, |topic, (name, value)| topic.set(name, value))
        });
        let topics: Vec<NewTopic<'_>> = topics.collect();
        let results = pollster::block_on(self.client.create_topics(&topics, &self.options()));
        let results = results.map_err(|error| self.error("make the topics", "", &error))?;
        let mut made = Vec::new();
        let mut wrong = None;
        for result in results {
            match result {
                Ok(name) => made.push(name),
                // Another was first; the next look holds it against what is wanted.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => wrong = Some(self.error("make the topic", &name, &KafkaError::AdminOp(code))),
            }
        }
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        self.seen(plans)?;
        Ok(made)
    }

    /// Waits until the brokers know what was made: one may answer before it has heard of it.
    fn seen(&self, plans: &[&TopicPlan]) -> Result<(), BusError> {
        for plan in plans {
            for _ in 0..MAKING.as_millis() / LOOK_AGAIN.as_millis() {
                let failed = |error: KafkaError| self.error("look at the topic", &plan.name, &error);
                let metadata = self.looks.fetch_metadata(Some(&plan.name), self.connect).map_err(failed)?;
                let topic = metadata.topics().iter().find(|topic| topic.name() == plan.name);
                let leads = |topic: &MetadataTopic| topic.partitions().iter().all(|partition| partition.leader() >= 0);
                if topic.is_some_and(|topic| topic.error().is_none() && leads(topic)) {
                    break;
                }
                std::thread::sleep(LOOK_AGAIN);
            }
        }
        Ok(())
    }

    /// Sets what differs, with everything else that was set on the topic; returns its name.
    pub(super) fn alter(&self, plan: &TopicPlan) -> Result<String, BusError> {
        let failed = |error: KafkaError| self.error("change the settings of the topic", &plan.name, &error);
        let now = self.settings(&[&plan.name])?.pop().map(|(_, settings)| settings).unwrap_or_default();
        if now.is_empty() {
            return Err(failed(KafkaError::AdminOp(RDKafkaErrorCode::TopicAuthorizationFailed)));
        }
        let mut whole = AlterConfig::new(ResourceSpecifier::Topic(&plan.name));
        for setting in now.iter().filter(|setting| setting.own) {
            let Some(value) = &setting.value else {
                let why =
                    format!("topic {}: the value of {} cannot be read and would be lost", plan.name, setting.name);
                return Err(self.words.unusable(why, None));
            };
            whole = whole.set(&setting.name, value);
        }
        for difference in plan.differences.iter().filter(|difference| difference.alterable) {
            whole = whole.set(&difference.setting, &difference.wanted);
        }
        let results = pollster::block_on(self.client.alter_configs([&whole], &self.options())).map_err(failed)?;
        match results.into_iter().find_map(Result::err) {
            Some((_, code)) => Err(failed(KafkaError::AdminOp(code))),
            None => Ok(plan.name.clone()),
        }
    }
}
