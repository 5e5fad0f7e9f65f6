//! What is wrong with a client's configuration: the key, where it came from and why. Values are never repeated: any of
//! them may be a password in a wrong place.

use super::entry::Origin;

/// What is wrong with a client's configuration. A person must act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A key that a role owns.
    #[error("Kafka setting {key} ({origin}): not yours to set: {why}")]
    Owned {
        /// The key.
        key: String,
        /// Where it came from.
        origin: Origin,
        /// Why the role owns it.
        why: &'static str,
    },
    /// A key or value that cannot be used.
    #[error("Kafka setting {key} ({origin}): {why}")]
    Wrong {
        /// The key.
        key: String,
        /// Where it came from.
        origin: Origin,
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// What is no `KEY=VALUE`.
    #[error("{origin}: {why}")]
    Syntax {
        /// Where it came from.
        origin: Origin,
        /// What is wrong with it.
        why: String,
    },
    /// What does not fit together.
    #[error("Kafka settings: {why}")]
    Together {
        /// What is wrong.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// No list of brokers.
    #[error("bus URL: {why}")]
    Brokers {
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl SettingsError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            SettingsError::Owned { key, .. } if key == "bootstrap.servers" => {
                Some("name the brokers with --bus h1:9092")
            }
            SettingsError::Owned { .. } => Some("take it out; -X dump shows what gpuhm sets"),
            SettingsError::Syntax { .. } => Some("a setting is KEY=VALUE"),
            SettingsError::Wrong { hint, .. }
            | SettingsError::Together { hint, .. }
            | SettingsError::Brokers { hint, .. } => hint.as_deref(),
        }
    }
}
