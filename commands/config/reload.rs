//! The settings anew, on SIGHUP: the log's level counts at once, what else differs is named and waits for a restart. A file
//! that cannot be used changes nothing.

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::keys::{KEYS, Key, PROPERTIES};
use super::{Loaded, asked, file, layer, loaded};
use crate::cli::Cli;
use crate::options::CommonOptions;

/// What counts without a restart.
const AT_ONCE: [&str; 1] = ["log.level"];

/// Reads the file again, and says what of it waits for a restart; the options that every command has, as they are now.
pub(crate) fn again() -> Result<CommonOptions, String> {
    let args: Vec<OsString> = std::env::args_os().collect();
    let command = Cli::command();
    let asked = asked(&command, &args);
    let mut read = Loaded::read(&command, file::place(asked.file)).map_err(|failure| failure.text())?;
    let command = layer::unheard(command);
    let parsed = |set: &mut _| layer::parsed(&command, set, &args).map_err(|error| error.to_string());
    let (before, now) = (parsed(&mut loaded().set.clone())?, parsed(&mut read.set)?);
    let waits = differing(&asked.command, (loaded(), &before), (&read, &now));
    if !waits.is_empty() {
        tracing::warn!("needs a restart: {}", waits.join(", "));
    }
    let mut common = CommonOptions::from_arg_matches(&now).map_err(|error| error.to_string())?;
    common.command = asked.command;
    Ok(common)
}

/// The keys whose values differ for a command, flags and all.
fn differing(command: &str, before: (&Loaded, &ArgMatches), now: (&Loaded, &ArgMatches)) -> Vec<&'static str> {
    let path = [command.to_owned()];
    let differs = |key: &&Key| {
        if key.path == PROPERTIES {
            let all = |loaded: &Loaded| -> Vec<(String, String)> {
                loaded.properties().into_iter().map(|entry| (entry.key, entry.value)).collect()
            };
            return all(before.0) != all(now.0);
        }
        if key.id.is_empty() {
            return before.0.value(key.path) != now.0.value(key.path);
        }
        key.is_for(&path) && !AT_ONCE.contains(&key.path) && raw(before.1, key.id) != raw(now.1, key.id)
    };
    KEYS.iter().filter(differs).map(|key| key.path).collect()
}

/// The values of a flag, as text.
fn raw(matches: &ArgMatches, id: &str) -> Option<Vec<OsString>> {
    let below = matches.subcommand().map_or(matches, |(_, below)| below);
    below.try_get_raw(id).ok().flatten().map(|values| values.map(OsString::from).collect())
}
