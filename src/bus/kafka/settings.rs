//! The one place that makes client configurations: our settings for a role, then the user's, last word to `-X`.
//!
//! Every number of ours stands in `ours` with its reason. What a role owns the user may not change, since exactly-once
//! would be lost without a word. Files and the environment are read elsewhere and come in as text; of what may be a secret
//! nothing is ever printed.

pub mod brokers;
mod check;
pub mod entry;
pub mod error;
pub mod java;
mod login;
mod names;
mod ours;
pub mod properties;

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use self::entry::{Entry, Origin};
use self::error::SettingsError;
use self::java::Translated;
use self::ours::Claim;

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

impl Role {
    /// Whether its client is one that reads; others publish.
    pub(super) fn reads(&self) -> bool {
        matches!(self, Role::Look { .. } | Role::Scan { .. } | Role::Member { .. })
    }

    /// What it does, in words.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match self {
            Role::Look { .. } => "asks",
            Role::Scan { .. } => "reads without a group",
            Role::Member { .. } => "reads as a member of a group",
            Role::Transactions { .. } => "publishes in transactions",
            Role::Producer => "publishes",
            Role::Admin => "makes topics",
        }
    }

    /// What the command names at its start.
    fn names(&self) -> Vec<(&'static str, &str)> {
        match self {
            Role::Look { group } | Role::Scan { group } | Role::Member { group, instance: None } => {
                vec![("group.id", group)]
            }
            Role::Member { group, instance: Some(instance) } => {
                vec![("group.id", group), ("group.instance.id", instance)]
            }
            Role::Transactions { id } => vec![("transactional.id", id)],
            Role::Producer | Role::Admin => Vec::new(),
        }
    }
}

/// What a user set, and how to reach the brokers. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Settings {
    brokers: String,
    /// Put before every topic, group and transactional id.
    pub prefix: String,
    /// How long to wait for a first answer.
    pub connect: Duration,
    given: BTreeMap<String, Entry>,
}

/// How often a member is heard of, at most a third of its session, in milliseconds: Kafka's own default.
const HEARTBEAT: u64 = 3000;

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

    /// Sets what the program wants, whatever a user said. Nothing is checked: for tests and for what no user sets.
    pub fn set(&mut self, key: &str, value: &str) {
        let key = names::canonical(key);
        self.given.insert(key.to_owned(), Entry::new(key, value, Origin::Program));
    }

    /// Sets what a user wants, as it came out of [`java::translated`]. Of two origins of one key the stronger counts, in
    /// whichever order they come; of two of one origin the later.
    ///
    /// # Errors
    /// Where the key is not the user's to set. The value that it has anyway is no error.
    pub fn give(&mut self, entry: Entry) -> Result<(), SettingsError> {
        if entry.key == "bootstrap.servers" && entry.value.trim() == self.brokers {
            return Ok(());
        }
        match ours::claim(&entry.key, &entry.value) {
            Claim::Same => Ok(()),
            Claim::Owned(why) => Err(SettingsError::Owned { key: entry.key, origin: entry.origin, why }),
            Claim::Free => {
                if self.given.get(&entry.key).is_none_or(|set| set.origin <= entry.origin) {
                    self.given.insert(entry.key.clone(), entry);
                }
                Ok(())
            }
        }
    }

    /// The configuration of a client. It logs what its context must hear: that a broker hung up, as one does that expects
    /// TLS, is told in a log line (`FAIL`) at the level of information, and as no error.
    #[must_use]
    pub fn client(&self, role: &Role) -> ClientConfig {
        let mut config: ClientConfig = self.effective(role).into_iter().map(|entry| (entry.key, entry.value)).collect();
        config.set_log_level(if self.value("debug").is_some() {
            RDKafkaLogLevel::Debug
        } else {
            RDKafkaLogLevel::Info
        });
        config
    }

    /// All that is set for a client, by key, each with its origin.
    #[must_use]
    pub fn effective(&self, role: &Role) -> Vec<Entry> {
        let mut set = BTreeMap::new();
        let mut put = |key: &str, value: &str| {
            set.insert(key.to_owned(), Entry::new(key, value, Origin::Ours));
        };
        ours::of(role).for_each(|(key, value)| put(key, value));
        role.names().into_iter().for_each(|(key, value)| put(key, value));
        if let Role::Member { .. } = role {
            let third = u64::try_from(self.session().as_millis()).unwrap_or(u64::MAX) / 3;
            put("heartbeat.interval.ms", &HEARTBEAT.min(third.max(1)).to_string());
        }
        if self.wants_certificates() {
            put("ssl.ca.location", login::PROBE);
        }
        set.insert("bootstrap.servers".to_owned(), Entry::new("bootstrap.servers", &self.brokers, Origin::Bus));
        let goes = |key: &str| names::is_for(key, role.reads()) && ours::owned_in(role, key).is_none();
        let known = self.given.values().filter(|entry| goes(&entry.key));
        set.extend(known.map(|entry| (entry.key.clone(), entry.clone())));
        set.into_values().collect()
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.given.get(key)
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.entry(key).map(|entry| entry.value.as_str())
    }

    /// Milliseconds as a user set them, else ours for the role.
    fn milliseconds(&self, role: &Role, key: &str) -> Duration {
        let ours = || ours::of(role).find(|(name, _)| *name == key).and_then(|(_, value)| value.parse().ok());
        let set = self.value(key).and_then(|text| text.trim().parse().ok());
        Duration::from_millis(set.or_else(ours).unwrap_or_default())
    }

    /// How long a member that has died holds its partitions: the session time-out.
    #[must_use]
    pub fn session(&self) -> Duration {
        self.milliseconds(&Role::Member { group: String::new(), instance: None }, "session.timeout.ms")
    }

    /// Who logs in, and by which mechanism, where that was said.
    pub(super) fn login(&self) -> Option<(&str, &str)> {
        let user = self.value("sasl.username")?;
        Some((user, self.value("sasl.mechanism").or_else(|| self.value("sasl.mechanisms")).unwrap_or("none named")))
    }

    /// How long a transaction may stay open.
    #[must_use]
    pub fn transaction(&self) -> Duration {
        self.milliseconds(&Role::Transactions { id: String::new() }, "transaction.timeout.ms")
    }
}

/// The settings in the text of a properties file, in librdkafka's words.
///
/// # Errors
/// Where a line is no setting, or means what cannot be had here.
pub fn file(name: &str, text: &str) -> Result<Translated, SettingsError> {
    java::translated(properties::entries(name, text)?)
}

/// The settings that `-X` gave, in librdkafka's words.
///
/// # Errors
/// Where one is no `KEY=VALUE`, or means what cannot be had here.
pub fn flags<'a>(given: impl IntoIterator<Item = &'a str>) -> Result<Translated, SettingsError> {
    java::translated(given.into_iter().map(Entry::flag).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;
