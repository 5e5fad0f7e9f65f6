//! `config.secrets`: whether files that hold passwords are their owner's only.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::registry::{Check, Finding, Subject};
use crate::config;
use crate::config::keys::STORE_PASSWORD;

pub(super) const CHECK: Check = Check { id: "config.secrets", needs: None, applies: |_| !files().is_empty(), run };

/// What the units hand to the service manager.
const CREDENTIALS: &str = "/etc/gpuhm/credentials";
/// Bits of `chmod` for everybody else, and for the group as well.
const EVERYONE: u32 = 0o007;
const GROUP: u32 = 0o077;

/// A file or directory that holds secrets, who says so, and whether it must be there.
struct Secret {
    path: PathBuf,
    by: String,
    named: bool,
}

/// Every place of a secret that the settings name, and those that always count.
fn files() -> Vec<Secret> {
    let loaded = config::loaded();
    let mut found = Vec::new();
    if let Some(set) = loaded.set.get(STORE_PASSWORD) {
        let path = set.values.first().map(PathBuf::from).unwrap_or_default();
        found.push(Secret { path, by: set.origin.to_string(), named: true });
    }
    let entries = loaded.properties().into_iter().filter(|entry| entry.names_file_of().is_some());
    found.extend(entries.map(|entry| Secret {
        path: PathBuf::from(entry.value.trim()),
        by: entry.origin.to_string(),
        named: true,
    }));
    let credentials = Path::new(CREDENTIALS);
    if credentials.exists() {
        found.push(Secret { path: credentials.to_owned(), by: "the units".to_owned(), named: false });
        let within = std::fs::read_dir(credentials).into_iter().flatten().flatten();
        found.extend(within.map(|entry| Secret { path: entry.path(), by: "the units".to_owned(), named: false }));
    }
    if let Some(file) = loaded.file.as_ref().filter(|_| loaded.notice.is_some()) {
        found.push(Secret { path: file.path.clone(), by: "a password in it".to_owned(), named: false });
    }
    found
}

fn run(_: &Subject) -> Finding {
    let found = files();
    let wrong = found.iter().filter_map(of).max_by_key(|finding| finding.state);
    wrong.unwrap_or_else(|| match &config::loaded().notice {
        Some(notice) => Finding::warning(notice.clone()),
        None => Finding::ok(format!("{} files of secrets, closed to others", found.len())),
    })
}

/// What is wrong with one.
fn of(secret: &Secret) -> Option<Finding> {
    let place = format!("{} ({})", secret.path.display(), secret.by);
    let data = match secret.path.metadata() {
        Ok(data) => data,
        Err(error) if secret.named => return Some(Finding::fault(format!("{place}: {error}"))),
        Err(_) => return None,
    };
    let mode = data.mode() & 0o777;
    let closed = if data.is_dir() { "0700" } else { "0600" };
    let remedy = format!("chmod {closed} {}", secret.path.display());
    // The file of all settings is the group's, too: the service reads it by that.
    let by_group = secret.by != "a password in it";
    if mode & EVERYONE != 0 {
        return Some(Finding::fault(format!("{place}: open to everyone (mode {mode:04o})")).remedy(remedy));
    }
    if by_group && mode & GROUP != 0 {
        return Some(Finding::warning(format!("{place}: open to its group (mode {mode:04o})")).remedy(remedy));
    }
    None
}
