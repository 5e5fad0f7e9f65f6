//! Topics of a test's own on a shared broker, under a prefix of their own; gone when they are dropped.

use std::time::Duration;

use gpuhm::bus::kafka::STATES;
use gpuhm::bus::kafka::settings::Settings;
use gpuhm::bus::{PARTITIONS, TOPICS};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;

/// Settings for tests: a dead member is given up soon, and what it left open, too.
pub(crate) fn settings(address: &str, prefix: &str) -> Settings {
    let mut settings = Settings::new(address);
    prefix.clone_into(&mut settings.prefix);
    for (key, value) in QUICK {
        settings.set(key, value);
    }
    settings
}

/// What makes groups and transactions of tests quick.
pub(crate) const QUICK: [(&str, &str); 3] =
    [("session.timeout.ms", "3000"), ("heartbeat.interval.ms", "300"), ("transaction.timeout.ms", "10000")];

/// Topics that a test made.
pub(crate) struct Topics {
    admin: AdminClient<DefaultClientContext>,
    prefix: String,
}

impl Topics {
    /// Makes all of them, and waits until the broker knows them.
    pub(crate) fn make(address: &str) -> Topics {
        let admin = ClientConfig::new().set("bootstrap.servers", address).create().unwrap();
        let topics = Topics { admin, prefix: super::prefix() };
        let names = topics.names();
        let new = |name| {
            let topic = NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)).set("max.message.bytes", "9437184");
            if name.ends_with("-raw") { topic.set("message.timestamp.type", "LogAppendTime") } else { topic }
        };
        let new: Vec<NewTopic<'_>> = names.iter().map(|name| new(name)).collect();
        for made in pollster::block_on(topics.admin.create_topics(&new, &patient())).unwrap() {
            made.unwrap();
        }
        // A broker answers before it has heard of them itself.
        for name in &names {
            let known = || {
                let metadata = topics.admin.inner().fetch_metadata(Some(name), Duration::from_secs(30)).unwrap();
                metadata.topics()[0].partitions().iter().filter(|at| at.leader() >= 0).count() == 32
            };
            let came = (0..600).any(|_| {
                let known = known();
                if !known {
                    std::thread::sleep(Duration::from_millis(50));
                }
                known
            });
            assert!(came, "{name} never came");
        }
        topics
    }

    /// The prefix they stand under.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    fn names(&self) -> Vec<String> {
        TOPICS.iter().copied().chain([STATES]).map(|name| format!("{}{name}", self.prefix)).collect()
    }
}

fn patient() -> AdminOptions {
    let long = Some(Duration::from_mins(1));
    AdminOptions::new().operation_timeout(long).request_timeout(long)
}

impl Drop for Topics {
    fn drop(&mut self) {
        let names = self.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        // A broker that is gone has nothing to keep.
        drop(pollster::block_on(self.admin.delete_topics(&names, &AdminOptions::new())));
    }
}
