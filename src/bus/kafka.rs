//! Apache Kafka: the bus of a fleet. Groups, rebalance and replication are the brokers'; what is said here is how the
//! contract of [`crate::bus`] is kept on them.
//!
//! `finish` is one transaction: events, states (to `gpuhm-state`, in the partition of their input's number) and positions
//! with their settled position as metadata. A member is static and so is its transactional id, so that a restart takes
//! over at once and its former life is fenced. Everything that can be asked without joining is asked by one client.
//! This module knows bytes, keys and positions; of events, stages and stores it knows nothing.

mod context;
mod reach;
pub mod settings;
mod words;

use std::sync::Arc;

use self::settings::Settings;
use self::words::Words;
use super::BusError;

/// A Kafka cluster.
#[derive(Clone)]
pub struct Kafka {
    settings: Arc<Settings>,
    words: Words,
}

impl std::fmt::Debug for Kafka {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kafka").field("brokers", &self.settings.brokers()).finish_non_exhaustive()
    }
}

impl Kafka {
    /// Connects; the first answer is waited for as long as the settings say.
    ///
    /// # Errors
    /// [`BusError::Failed`] where no broker answers, [`BusError::Unusable`] where a setting or a login is wrong.
    pub fn open(settings: Settings) -> Result<Kafka, BusError> {
        let words = Words::new(settings.brokers());
        Ok(Kafka { settings: Arc::new(settings), words })
    }
}
