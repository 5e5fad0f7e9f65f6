//! Where the server is and how to get in, by libpq's rules: what the URL or key=value says, completed by the PG*
//! variables, the password file and the service manager's credential.
//!
//! The string is read here and not by the driver, which knows neither the variables nor most of `sslmode`. Knows no
//! environment: who calls hands it in. A password is in no message and no `Debug`.

mod build;
mod keys;
mod passfile;
mod text;

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;

use super::tls::Tls;
use crate::store::StoreError;

/// What surrounds the process.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// The file whose text is the password, where the service manager hands one over.
    pub credential: Option<&'a Path>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("credential", &self.credential).finish_non_exhaustive()
    }
}

/// One server that may be asked.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::store) struct Target {
    /// The host's name or address, or the directory of a socket.
    pub(in crate::store) host: String,
    /// Its address, where that was told beside the name.
    pub(in crate::store) addr: Option<IpAddr>,
    /// Its port.
    pub(in crate::store) port: u16,
    /// The password there; a password file has one a host.
    pub(super) password: Option<Vec<u8>>,
}

impl Target {
    /// Whether it is a socket in the file system.
    pub(in crate::store) fn is_local(&self) -> bool {
        self.host.starts_with('/')
    }

    /// As people write it.
    pub(in crate::store) fn shown(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// What a server must be to be the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Wanted {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// How to connect.
#[derive(Clone)]
pub struct Settings {
    /// Everything but where.
    pub(in crate::store) config: Config,
    pub(in crate::store) targets: Vec<Target>,
    /// Asks them in an order by chance.
    pub(in crate::store) shuffled: bool,
    /// What the server must be; `None` where nobody said.
    pub(in crate::store) wanted: Option<Wanted>,
    pub(in crate::store) tls: Tls,
    /// Nothing may be written.
    pub(in crate::store) read_only: bool,
    /// Where the password is from, in words.
    pub(in crate::store) password_from: Option<String>,
    /// The store's name in messages: host, port and database, never a password.
    pub(in crate::store) place: String,
    /// How long to wait for a server that is asked in.
    pub(in crate::store) connect: Duration,
    /// How long a statement may take on the server.
    pub(in crate::store) statement: Duration,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("place", &self.place).finish_non_exhaustive()
    }
}

/// What stands before a server's URL.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// What stands behind the scheme of a server's URL, in whatever case that is written; `None` where it is no such URL.
fn behind_scheme(text: &str) -> Option<&str> {
    let behind = |scheme: &&str| {
        let (start, rest) = text.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    SCHEMES.iter().find_map(behind)
}

/// Whether a store's name is one of a server.
#[must_use]
pub fn is_postgres(text: &str) -> bool {
    behind_scheme(text).is_some()
        || (!text.starts_with("sqlite:") && text::first_key(text).is_some_and(|key| keys::find(key).is_some()))
}

/// Whether there is a password in it.
#[must_use]
pub fn has_password(text: &str) -> bool {
    text::pairs(text)
        .is_ok_and(|pairs| pairs.iter().any(|(key, _)| ["password", "sslpassword"].contains(&key.as_str())))
}

/// The store's name in messages where not even the place could be read.
const NOWHERE: &str = "postgres";

/// Says that the settings are of no use.
pub(in crate::store) fn unusable(why: impl Into<String>, hint: Option<&str>) -> StoreError {
    StoreError::Unusable { place: NOWHERE.to_owned(), why: why.into(), hint: hint.map(str::to_owned) }
}

impl Settings {
    /// Reads a URL or key=value, with nothing around.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] where it does not read.
    pub fn parse(text: &str) -> Result<Settings, StoreError> {
        Settings::read(text, &Surroundings { variable: &|_| None, credential: None })
    }

    /// Reads a URL or key=value, and what it leaves open from what is around.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] where something in them does not read or cannot be kept to.
    pub fn read(text: &str, around: &Surroundings<'_>) -> Result<Settings, StoreError> {
        let said = text::pairs(text).map_err(|why| unusable(why, Some(text::FORM)))?;
        build::settings(said, around)
    }

    /// Names the process for the server's list of who is connected, unless its user named it.
    pub fn name(&mut self, stage: &str) {
        if self.config.get_application_name().is_none() {
            self.config.application_name(if stage.is_empty() { "gpuhm".to_owned() } else { format!("gpuhm-{stage}") });
        }
    }

    /// The store's name in messages: host, port and database.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether a server must prove who it is.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.tls.mode >= super::tls::Mode::VerifyCa
    }

    /// Waits no longer than this for a server, in place of what was said.
    pub fn wait_at_most(&mut self, long: Duration) {
        self.connect = self.connect.min(long);
    }

    /// What a server must be: as was said; of several hosts the one that takes writes, where it was not.
    pub(in crate::store) fn wanted(&self) -> Wanted {
        let unsaid = if self.targets.len() > 1 && !self.read_only { Wanted::ReadWrite } else { Wanted::Any };
        self.wanted.unwrap_or(unsaid)
    }

    /// The driver's settings for one of the servers.
    pub(in crate::store) fn at(&self, target: &Target) -> Config {
        let mut config = self.config.clone();
        config.host(&target.host).port(target.port);
        if let Some(addr) = target.addr {
            config.hostaddr(addr);
        }
        if let Some(password) = &target.password {
            config.password(password);
        }
        config
    }
}

/// Where a person's files of libpq are.
pub(super) fn in_home(around: &Surroundings<'_>, name: &str) -> Option<PathBuf> {
    (around.variable)("HOME").filter(|home| !home.is_empty()).map(|home| PathBuf::from(home).join(name))
}

#[cfg(test)]
mod tests;
