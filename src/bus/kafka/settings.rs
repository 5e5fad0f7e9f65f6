//! The one place that makes client configurations: our settings for a role, then the user's, last word to `-X`.
//!
//! Every number of ours stands here with its reason. What a role owns the user may not change, since exactly-once would
//! be lost without a word.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;

/// What a client is for; each has settings of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Asks: metadata, ends, committed positions of `group`. It sees what is not committed yet, too.
    Look {
        /// The group whose positions are asked for.
        group: String,
    },
    /// Reads by assignment: what is committed, and where a partition ends.
    Scan {
        /// A group id, which the protocol wants also of who joins none.
        group: String,
    },
    /// A member of a group.
    Member {
        /// The group.
        group: String,
        /// The name that survives a restart; none for who leaves when it is done.
        instance: Option<String>,
    },
    /// Publishes in transactions.
    Transactions {
        /// The transactional id.
        id: String,
    },
    /// Publishes.
    Producer,
    /// Makes topics.
    Admin,
}

/// What a user set, and how to reach the brokers.
#[derive(Debug, Clone)]
pub struct Settings {
    brokers: String,
    /// Put before every topic, group and transactional id.
    pub prefix: String,
    /// How long to wait for a first answer.
    pub connect: Duration,
    given: BTreeMap<String, String>,
}

/// For every client.
const ALL: [(&str, &str); 4] = [
    ("allow.auto.create.topics", "false"),
    ("reconnect.backoff.max.ms", "2000"),
    ("socket.keepalive.enable", "true"),
    ("log.connection.close", "false"),
];

/// For who reads.
const READ: [(&str, &str); 7] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("enable.partition.eof", "true"),
    ("auto.offset.reset", "earliest"),
    ("fetch.queue.backoff.ms", "10"),
    ("queued.max.messages.kbytes", "16384"),
    ("queued.min.messages", "10000"),
];

/// For who publishes.
const WRITE: [(&str, &str); 7] = [
    ("acks", "all"),
    ("enable.idempotence", "true"),
    ("partitioner", "murmur2_random"),
    ("compression.codec", "snappy"),
    ("linger.ms", "5"),
    ("queue.buffering.max.kbytes", "65536"),
    ("message.max.bytes", "9437184"),
];

impl Settings {
    /// Ours only, for `host:port,…`.
    #[must_use]
    pub fn new(brokers: &str) -> Settings {
        Settings {
            brokers: brokers.to_owned(),
            prefix: String::new(),
            connect: Duration::from_secs(10),
            given: BTreeMap::new(),
        }
    }

    /// The brokers, as given.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// Sets what the user wants.
    pub fn set(&mut self, key: &str, value: &str) {
        self.given.insert(key.to_owned(), value.to_owned());
    }

    /// The configuration of a client.
    #[must_use]
    pub fn client(&self, role: &Role) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers).set("client.id", "gpuhm");
        let mut put = |pairs: &[(&str, &str)]| {
            for (key, value) in pairs {
                config.set(*key, *value);
            }
        };
        put(&ALL);
        match role {
            Role::Look { group } => {
                put(&READ);
                put(&[("group.id", group), ("isolation.level", "read_uncommitted")]);
            }
            Role::Scan { group } => {
                put(&READ);
                put(&[("group.id", group), ("isolation.level", "read_committed")]);
            }
            Role::Member { group, instance } => {
                put(&READ);
                put(&[
                    ("group.id", group),
                    ("isolation.level", "read_committed"),
                    ("partition.assignment.strategy", "cooperative-sticky"),
                    ("session.timeout.ms", "45000"),
                    ("max.poll.interval.ms", "600000"),
                ]);
                if let Some(instance) = instance {
                    put(&[("group.instance.id", instance)]);
                }
            }
            Role::Transactions { id } => {
                put(&WRITE);
                put(&[("transactional.id", id), ("transaction.timeout.ms", "60000")]);
            }
            Role::Producer => put(&WRITE),
            Role::Admin => {}
        }
        for (key, value) in &self.given {
            config.set(key, value);
        }
        config
    }

    /// How long a member that has died holds its partitions: the session time-out.
    #[must_use]
    pub fn session(&self) -> Duration {
        let set = self.given.get("session.timeout.ms").and_then(|text| text.parse().ok());
        Duration::from_millis(set.unwrap_or(45_000))
    }

    /// How long a transaction may stay open.
    #[must_use]
    pub fn transaction(&self) -> Duration {
        let set = self.given.get("transaction.timeout.ms").and_then(|text| text.parse().ok());
        Duration::from_millis(set.unwrap_or(60_000))
    }
}
