//! The settings anew, on SIGHUP: the log's level and how often the service turns count at once, what else differs is named and
//! waits for a restart. A file that cannot be used changes nothing.

use std::ffi::OsString;
use std::time::Duration;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::keys::{KEYS, Key, PROPERTIES};
use super::{Loaded, asked, file, layer, loaded};
use crate::cli::Cli;
use crate::options::CommonOptions;

/// What counts without a restart.
const AT_ONCE: [&str; 1] = ["log.level"];

/// What counts at once, as it is now.
pub(crate) struct Again {
    /// The options that every command has.
    pub(crate) common: CommonOptions,
    /// How often the service turns, where that is said.
    pub(crate) every: Option<Duration>,
}

/// Reads the file again, and says what of it waits for a restart: not the interval of this key, which the service follows.
pub(crate) fn again(every: Option<&'static str>) -> Result<Again, String> {
    let args: Vec<OsString> = std::env::args_os().collect();
    let command = Cli::command();
    let asked = asked(&command, &args);
    let mut read = Loaded::read(&command, file::place(asked.file)).map_err(|failure| failure.text())?;
    let command = layer::unheard(command);
    let parsed = |set: &mut _| layer::parsed(&command, set, &args).map_err(|error| error.to_string());
    let (before, now) = (parsed(&mut loaded().set.clone())?, parsed(&mut read.set)?);
    let mut waits = differing(&asked.command, (loaded(), &before), (&read, &now));
    waits.retain(|key| Some(*key) != every);
    if !waits.is_empty() {
        tracing::warn!("needs a restart: {}", waits.join(", "));
    }
    let mut common = CommonOptions::from_arg_matches(&now).map_err(|error| error.to_string())?;
    common.command = asked.command;
    let key = every.and_then(|path| KEYS.iter().find(|key| key.path == path));
    let every = key.and_then(|key| below(&now).try_get_one::<Duration>(key.id).ok().flatten().copied());
    Ok(Again { common, every })
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

/// What was parsed of the command below.
fn below(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, below)| below)
}

/// The values of a flag, as text.
fn raw(matches: &ArgMatches, id: &str) -> Option<Vec<OsString>> {
    below(matches).try_get_raw(id).ok().flatten().map(|values| values.map(OsString::from).collect())
}
