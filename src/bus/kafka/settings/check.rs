//! Whether settings can be used, found out without a broker: each key and value is put to librdkafka by itself, so that
//! the origin of a wrong one can be named; then a client of every role is made that knows no broker.

use rdkafka::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use rdkafka::producer::BaseProducer;
use rdkafka::types::RDKafkaConfRes;

use super::entry::{Entry, Origin, is_secret};
use super::error::SettingsError;
use super::{Role, Settings, ours};

impl Settings {
    /// Checks what the user set for clients of these roles. Nothing is connected to.
    ///
    /// # Errors
    /// Where a key or value is wrong or not the user's, or where they do not go together.
    pub fn check(&self, roles: &[Role]) -> Result<(), SettingsError> {
        self.check_owned(roles)?;
        self.check_login()?;
        self.given.values().try_for_each(known)?;
        roles.iter().try_for_each(|role| self.makes(role))
    }

    /// Checks only that no flag is for what one of these roles owns; [`Settings::give`] has looked at the rest.
    ///
    /// # Errors
    /// Where one is.
    pub fn check_owned(&self, roles: &[Role]) -> Result<(), SettingsError> {
        // A file may be shared with other programs: what it says to their transactions is left out of ours.
        for entry in self.given.values().filter(|entry| entry.origin == Origin::Flag) {
            if let Some(why) = roles.iter().find_map(|role| ours::owned_in(role, &entry.key)) {
                return Err(SettingsError::Owned { key: entry.key.clone(), origin: entry.origin.clone(), why });
            }
        }
        Ok(())
    }

    /// Makes a client that knows no broker, and drops it.
    fn makes(&self, role: &Role) -> Result<(), SettingsError> {
        let mut config = self.client(role);
        config.remove("bootstrap.servers");
        let made = if role.reads() {
            config.create::<BaseConsumer>().map(drop)
        } else {
            config.create::<BaseProducer>().map(drop)
        };
        let Err(error) = made else { return Ok(()) };
        let said = match error {
            KafkaError::ClientCreation(said) | KafkaError::ClientConfig(_, said, ..) => said,
            other => other.to_string(),
        };
        let by = |entry: &&Entry| said.contains(entry.key.as_str());
        let from: Vec<String> =
            self.given.values().filter(by).map(|entry| format!("{} ({})", entry.key, entry.origin)).collect();
        let from = if from.is_empty() { String::new() } else { format!("; set here: {}", from.join(", ")) };
        Err(SettingsError::Together { why: format!("{}{from}", said.trim()), hint: None })
    }
}

/// Whether librdkafka knows the key and takes the value.
fn known(entry: &Entry) -> Result<(), SettingsError> {
    let mut config = ClientConfig::new();
    config.set(&entry.key, &entry.value);
    match config.create_native_config() {
        Ok(_) => Ok(()),
        Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => {
            Err(entry.wrong("librdkafka has no such setting", Some("its documentation lists them: CONFIGURATION.md")))
        }
        // What it says may hold the value.
        Err(_) if is_secret(&entry.key) => Err(entry.wrong("librdkafka does not take the value", None)),
        Err(KafkaError::ClientConfig(_, said, ..)) => Err(entry.wrong(said.trim(), None)),
        Err(other) => Err(entry.wrong(other.to_string(), None)),
    }
}
