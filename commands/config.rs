//! Settings that stand in a file and in the environment: each becomes the default of its flag before the command line is
//! parsed, so that one engine has the say: flags, then the environment, then the file, then what is built in.
//!
//! The environment counts as a default, too, and not as clap's own variables do: those are explicit to it, and would
//! conflict with a flag that excludes them.

pub(crate) mod example;
pub(crate) mod file;
pub(crate) mod keys;
mod layer;
pub(crate) mod reload;
pub(crate) mod secrets;
pub(crate) mod show;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;

use clap::{ArgMatches, Command};
use gpuhm::bus::kafka::settings::entry::{Entry, Origin as From};

use self::file::Contents;
use self::keys::{DEAF, Key, PROPERTIES};
use super::exit::Failure;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A variable.
    Environment(String),
    /// A line of the file.
    File(PathBuf, usize),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::File(path, line) => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// A key that has a value.
#[derive(Clone)]
pub(crate) struct Set {
    pub(crate) key: &'static Key,
    pub(crate) values: Vec<String>,
    pub(crate) origin: Origin,
}

impl std::fmt::Debug for Set {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A value may hold a password.
        write!(f, "{}=… ({})", self.key.path, self.origin)
    }
}

/// Everything that was said outside the command line.
#[derive(Default)]
pub(crate) struct Loaded {
    /// The file, where there is one.
    pub(crate) file: Option<Contents>,
    /// By key: the strongest that was said.
    pub(crate) set: BTreeMap<&'static str, Set>,
    /// Why none of it counts: only `doctor` goes on with that, to tell it.
    pub(crate) trouble: Option<Failure>,
    /// What is unwise about the file.
    pub(crate) notice: Option<String>,
}

static LOADED: OnceLock<Loaded> = OnceLock::new();

/// What was said; nothing before the command line is parsed, and for a command that has no ear for it.
pub(crate) fn loaded() -> &'static Loaded {
    LOADED.get_or_init(Loaded::default)
}

impl Loaded {
    /// Reads the file and the environment, and holds every value against the flag whose default it becomes.
    pub(crate) fn read(command: &Command, path: Option<PathBuf>) -> Result<Loaded, Failure> {
        let file = path.map(|path| file::read(&path)).transpose()?;
        let notice = file.as_ref().map(secrets::looked_at).transpose()?.flatten();
        let set = layer::set(command, file.as_ref())?;
        Ok(Loaded { file, set, trouble: None, notice })
    }

    /// The value of a key that no flag carries.
    pub(crate) fn value(&self, path: &str) -> Option<&str> {
        self.set.get(path)?.values.first().map(String::as_str)
    }

    /// Whether it is the file that gives a key this value.
    pub(crate) fn is_in_file(&self, path: &str, value: &str) -> bool {
        let in_file = |set: &&Set| matches!(set.origin, Origin::File(..));
        self.set.get(path).filter(in_file).is_some_and(|set| set.values == [value])
    }

    /// The settings of Kafka clients.
    pub(crate) fn properties(&self) -> Vec<Entry> {
        let entries = self.file.iter().flat_map(|file| {
            file.properties.iter().map(|property| {
                let origin = From::Config { file: file.path.display().to_string(), line: property.line };
                Entry::new(&property.key, &property.value, origin)
            })
        });
        entries.collect()
    }
}

/// What the command line says before any default.
struct Asked {
    command: String,
    file: Option<PathBuf>,
    init: bool,
    /// `doctor` without another answer than its checks.
    checks: bool,
}

/// Finds the command and the file's name, however wrong the rest may be.
fn asked(command: &Command, args: &[OsString]) -> Asked {
    let first = layer::unheard(command.clone())
        .ignore_errors(true)
        .try_get_matches_from(args)
        .unwrap_or_else(|error| error.exit());
    let below = first.subcommand();
    let flag = |id: &str| below.is_some_and(|(_, at)| at.try_get_one::<bool>(id).ok().flatten() == Some(&true));
    let named = |matches: &ArgMatches| matches.try_get_one::<PathBuf>("config").ok().flatten().cloned();
    let file = below.and_then(|(_, at)| named(at)).or_else(|| named(&first));
    let name = below.map(|(name, _)| name.to_owned()).unwrap_or_default();
    let variable = std::env::var_os(file::VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let init = name == "doctor" && flag("init");
    let print = below.is_some_and(|(_, at)| at.try_contains_id("config").unwrap_or_default() && named(at).is_none());
    Asked { checks: name == "doctor" && !init && !print, command: name, file: file.or(variable), init }
}

/// Parses the command line, with what the environment and the file say for defaults.
pub(crate) fn matches(command: Command) -> Result<ArgMatches, Failure> {
    let args: Vec<OsString> = std::env::args_os().collect();
    let asked = asked(&command, &args);
    if asked.command.is_empty() || asked.init || DEAF.contains(&asked.command.as_str()) {
        return Ok(layer::unheard(command).get_matches_from(args));
    }
    let mut loaded = match Loaded::read(&command, file::place(asked.file)) {
        Ok(loaded) => loaded,
        Err(failure) if asked.checks => Loaded { trouble: Some(failure), ..Loaded::default() },
        Err(failure) => return Err(failure),
    };
    let matches = layer::parsed(&layer::unheard(command), &mut loaded.set, &args).unwrap_or_else(|error| error.exit());
    // Nobody can have asked before.
    drop(LOADED.set(loaded));
    Ok(matches)
}

/// Says what is unwise about the file, once there is a log.
pub(crate) fn say() {
    let loaded = loaded();
    if let Some(file) = &loaded.file {
        tracing::debug!("configuration file {}", file.path.display());
    }
    if let Some(notice) = &loaded.notice {
        tracing::warn!("{notice}");
    }
}

/// Whether a key has its own way into the program, by no flag.
pub(crate) fn is_table(key: &Key) -> bool {
    key.path == PROPERTIES
}

/// Every variable that is read for a setting.
pub(crate) fn variables(command: &Command) -> Vec<String> {
    let mut names: Vec<String> = vec![file::VARIABLE.to_owned()];
    let keys = keys::KEYS.iter().filter(|key| !is_table(key));
    names.extend(keys.map(|key| layer::variable(key, layer::flag(command, key))));
    names
}
