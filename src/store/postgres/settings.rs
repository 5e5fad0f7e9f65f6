//! Where the server is and how to get in: a URL or key=value. Knows no environment: who calls hands it in.

use std::time::Duration;

use tokio_postgres::Config;

use crate::store::StoreError;

/// How to connect.
#[derive(Clone)]
pub struct Settings {
    pub(in crate::store) config: Config,
    /// The store's name in messages: host, port and database, never a password.
    pub(in crate::store) place: String,
    /// How long a statement may take on the server.
    pub(in crate::store) statement: Duration,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads `url`.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] where it does not read.
    pub fn parse(url: &str) -> Result<Settings, StoreError> {
        let config: Config = url.parse().map_err(|error: tokio_postgres::Error| StoreError::Unusable {
            place: "postgres".to_owned(),
            why: error.to_string(),
        })?;
        let place = format!("{:?}/{}", config.get_hosts(), config.get_dbname().unwrap_or_default());
        Ok(Settings { config, place, statement: Duration::from_secs(30) })
    }
}
