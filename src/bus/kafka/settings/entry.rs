//! One setting: key, value, and where it came from, so that every complaint can name the place. What may be a secret is
//! never printed, by any `Debug` here neither.

use std::fmt;

use super::error::SettingsError;

/// Shown in place of a secret.
pub const MASK: &str = "***";

/// Where a setting came from. In the order of precedence, the weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// gpuhm's own for the role.
    Ours,
    /// The URL of the bus.
    Bus,
    /// A line of gpuhm's own configuration file.
    Config {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(&'static str),
    /// A line of a properties file.
    File {
        /// The file, as it was named.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// The file that a `….file` key names; where that key came from.
    Named(Box<Origin>),
    /// A credential that the service manager handed over.
    Credential(&'static str),
    /// `-X`.
    Flag,
    /// The program itself.
    Program,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Ours => f.write_str("gpuhm"),
            Origin::Bus => f.write_str("--bus"),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Config { file, line } | Origin::File { file, line } => write!(f, "{file}:{line}"),
            Origin::Named(by) => write!(f, "file named by {by}"),
            Origin::Credential(name) => write!(f, "credential {name}"),
            Origin::Flag => f.write_str("-X"),
            Origin::Program => f.write_str("program"),
        }
    }
}

/// One setting, in the spelling of librdkafka where it has been translated.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} ({})", self.key, shown(&self.key, &self.value), self.origin)
    }
}

impl Entry {
    /// A setting.
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<String>, origin: Origin) -> Entry {
        Entry { key: key.into(), value: value.into(), origin }
    }

    /// Parses what stands behind `-X`. The value is taken as it is, but for white space around the key.
    ///
    /// # Errors
    /// Where it is no `KEY=VALUE`.
    pub fn flag(text: &str) -> Result<Entry, SettingsError> {
        match text.split_once('=') {
            Some((key, value)) if is_key(key.trim()) => Ok(Entry::new(key.trim(), value, Origin::Flag)),
            // What it is instead may be a password.
            _ => Err(SettingsError::Syntax { origin: Origin::Flag, why: "not KEY=VALUE".to_owned() }),
        }
    }

    /// The key that the file named by this setting holds the value of.
    #[must_use]
    pub fn names_file_of(&self) -> Option<&'static str> {
        FILES.iter().find(|(file, _)| *file == self.key).map(|(_, key)| *key)
    }

    /// A complaint about it.
    pub(super) fn wrong(&self, why: impl Into<String>, hint: Option<&str>) -> SettingsError {
        let hint = hint.map(str::to_owned);
        SettingsError::Wrong { key: self.key.clone(), origin: self.origin.clone(), why: why.into(), hint }
    }
}

/// Keys of ours that name a file, and the key that the file holds the value of.
const FILES: [(&str, &str); 3] = [
    ("sasl.password.file", "sasl.password"),
    ("ssl.key.password.file", "ssl.key.password"),
    ("ssl.keystore.password.file", "ssl.keystore.password"),
];

/// Whether it is spelt like a key.
pub(super) fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Keys below `sasl.` that may be shown. All else there is masked: a mistyped `sasl.pasword` holds a password, too.
const OPEN: [&str; 8] = [
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.username",
    "sasl.password.file",
    "sasl.oauthbearer.method",
    "sasl.kerberos.service.name",
    "sasl.kerberos.principal",
    "sasl.kerberos.keytab",
];

/// Parts of the names of keys that hold a secret.
const SECRET: [&str; 7] = ["password", "passphrase", "passwd", "secret", "token", "credential", "jaas"];

/// Whether the value of this key must not be shown.
#[must_use]
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    if OPEN.contains(&key.as_str()) || ["file", "location"].contains(&key.rsplit('.').next().unwrap_or_default()) {
        return false;
    }
    key.starts_with("sasl.")
        || key.ends_with("key.pem")
        || key == "ssl.keystore.key"
        || SECRET.iter().any(|part| key.contains(part))
}

/// The value as it may be shown, on one line.
#[must_use]
pub fn shown(key: &str, value: &str) -> String {
    if is_secret(key) {
        MASK.to_owned()
    } else if value.contains('\n') {
        // Certificates.
        format!("({} lines)", value.lines().count())
    } else {
        value.to_owned()
    }
}
