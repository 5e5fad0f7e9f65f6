//! Each value to the flag whose default it becomes, after that flag's own parser has looked at it: a wrong one is told by
//! its key and its place, whichever command runs.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::OsString;

use clap::builder::{OsStr, Resettable};
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::file::Contents;
use super::keys::{KEYS, Key};
use super::{Origin, Set, is_table, secrets};
use crate::exit::Failure;
use crate::source;

/// The keys of which the one that is said more strongly sets the other aside.
const SOURCE: &str = "collect.source";
const TARGETS: &str = "collect.targets";

/// The flag of a key, wherever it is defined first.
pub(super) fn flag<'c>(command: &'c Command, key: &Key) -> Option<&'c Arg> {
    fn look<'c>(command: &'c Command, path: &mut Vec<String>, key: &Key) -> Option<&'c Arg> {
        if key.is_for(path)
            && let Some(arg) = command.get_arguments().find(|arg| arg.get_id() == key.id)
        {
            return Some(arg);
        }
        command.get_subcommands().find_map(|below| {
            path.push(below.get_name().to_owned());
            let found = look(below, path, key);
            path.pop();
            found
        })
    }
    if key.id.is_empty() { None } else { look(command, &mut Vec::new(), key) }
}

/// The variable that carries a key: the flag's own where it has one of older standing.
pub(crate) fn variable(key: &Key, arg: Option<&Arg>) -> String {
    match arg.and_then(Arg::get_env) {
        Some(name) => name.to_string_lossy().into_owned(),
        None => key.variable(),
    }
}

/// Whether it takes several values.
pub(super) fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append) || arg.get_num_args().is_some_and(|range| range.max_values() > 1)
}

/// What is set, by key.
pub(super) fn set(command: &Command, file: Option<&Contents>) -> Result<BTreeMap<&'static str, Set>, Failure> {
    let mut set = BTreeMap::new();
    for line in file.iter().flat_map(|file| file.lines.iter().map(move |line| (file, line))) {
        let (file, line) = line;
        let origin = Origin::File(file.path.clone(), line.line);
        let values = checked(flag(command, line.key), &line.values, line.list);
        let values = values.and_then(|values| understood(line.key, values));
        let values = values.map_err(|why| wrong(line.key, &origin, &why))?;
        set.insert(line.key.path, Set { key: line.key, values, origin });
    }
    for key in KEYS.iter().filter(|key| !is_table(key)) {
        let arg = flag(command, key);
        let Some((name, value)) = said(key, arg) else { continue };
        let origin = Origin::Environment(name);
        let list = arg.is_some_and(is_list);
        let values = if list { divided(&value) } else { vec![value] };
        // Brokers by the seed's name are judged where a bus is chosen.
        let elsewhere = matches!(&origin, Origin::Environment(name) if name == key.alias);
        let values = if elsewhere { Ok(values) } else { checked(arg, &values, list) };
        let values = values.and_then(|values| understood(key, values));
        let values = values.map_err(|why| wrong(key, &origin, &why))?;
        set.insert(key.path, Set { key, values, origin });
    }
    Ok(set)
}

/// A variable's list: divided by commas, but for those between what stands behind a source's `#`.
fn divided(text: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let fact = part.starts_with("host=") || part.starts_with("gpus=");
        match values.last_mut().filter(|before| fact && before.contains('#')) {
            Some(before) => before.extend([",", part]),
            None => values.push(part.to_owned()),
        }
    }
    values
}

/// The values where they are also what their flag is for, beyond its parser.
fn understood(key: &Key, values: Vec<String>) -> Result<Vec<String>, String> {
    if key.path == SOURCE {
        values.iter().try_for_each(|url| source::understood(url).map_err(|why| format!("{why}; {}", source::KNOWN)))?;
    }
    Ok(values)
}

/// What the environment says of a key.
fn said(key: &Key, arg: Option<&Arg>) -> Option<(String, String)> {
    let of = |name: String| {
        let value = std::env::var_os(&name).filter(|value| !value.is_empty())?;
        Some((name, value.to_string_lossy().into_owned()))
    };
    of(variable(key, arg)).or_else(|| of(Some(key.alias.to_owned()).filter(|alias| !alias.is_empty())?))
}

fn wrong(key: &Key, origin: &Origin, why: &str) -> Failure {
    let place = match origin {
        Origin::Environment(name) => format!("{name} in the environment"),
        Origin::File(..) => format!("{} in {origin}", key.path),
    };
    Failure::usage(format!("{place}: {why}"))
}

/// The values as the flag takes them.
fn checked(arg: Option<&Arg>, values: &[String], list: bool) -> Result<Vec<String>, String> {
    let one = || match values {
        [one] if !list => Ok(one.as_str()),
        _ => Err("takes one value, not a list".to_owned()),
    };
    let Some(arg) = arg else { return one().map(|one| vec![one.to_owned()]) };
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return match one()? {
            "true" | "1" => Ok(vec!["true".to_owned()]),
            "false" | "0" => Ok(vec!["false".to_owned()]),
            other => Err(format!("{other:?} is neither true nor false")),
        };
    }
    if !is_list(arg) {
        one()?;
    }
    values.iter().try_for_each(|value| judged(arg, value))?;
    Ok(values.to_vec())
}

/// Asks the flag's parser, by a command that has nothing but this flag.
fn judged(arg: &Arg, value: &str) -> Result<(), String> {
    let alone = Arg::new("value").long("value").allow_hyphen_values(true).value_parser(arg.get_value_parser().clone());
    let alone = Command::new("gpuhm").no_binary_name(true).disable_help_flag(true).arg(alone);
    let Err(error) = alone.try_get_matches_from([format!("--value={value}")]) else { return Ok(()) };
    if let Some(source) = error.source() {
        return Err(source.to_string());
    }
    let shown = secrets::shown(value);
    Err(match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) if !valid.is_empty() => format!("{shown:?} is none of {}", valid.join(", ")),
        _ => format!("{shown:?} cannot be used"),
    })
}

/// Parses a command line with what was said elsewhere for defaults. Of sources and a file of targets the one that is said more
/// strongly counts alone: who names a source on the command line means that one.
pub(super) fn parsed(
    command: &Command,
    set: &mut BTreeMap<&'static str, Set>,
    args: &[OsString],
) -> Result<ArgMatches, clap::Error> {
    let matches = applied(command.clone(), &mut Vec::new(), set).try_get_matches_from(args)?;
    let strength = |path: &str, id: &str| {
        let below = matches.subcommand().map_or(&matches, |(_, below)| below);
        let typed = below.try_contains_id(id).is_ok() && below.value_source(id) == Some(ValueSource::CommandLine);
        match set.get(path).map(|set| &set.origin) {
            _ if typed => 3,
            Some(Origin::Environment(_)) => 2,
            Some(Origin::File(..)) => 1,
            None => 0,
        }
    };
    let (source, targets) = (strength(SOURCE, "source"), strength(TARGETS, "targets"));
    let weaker = if source < targets { SOURCE } else { TARGETS };
    if source == targets || set.remove(weaker).is_none() {
        return Ok(matches);
    }
    applied(command.clone(), &mut Vec::new(), set).try_get_matches_from(args)
}

/// The command without the variables that say nothing: to clap an empty one is a value.
pub(super) fn unheard(command: Command) -> Command {
    let empty = |arg: &Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    without(command, &|arg| empty(arg)).mut_subcommands(unheard)
}

/// The command with flags of which clap no longer asks the variable itself; its name stays in the help.
fn without(mut command: Command, which: &dyn Fn(&Arg) -> bool) -> Command {
    let ids: Vec<clap::Id> = command.get_arguments().filter(|arg| which(arg)).map(|arg| arg.get_id().clone()).collect();
    for id in ids {
        command = command.mut_arg(id, |arg| {
            let Some(name) = arg.get_env().map(|name| name.to_string_lossy().into_owned()) else { return arg };
            let named = |text: Option<&clap::builder::StyledStr>| text.map(|text| format!("{text} [env: {name}]"));
            let (short, long) = (named(arg.get_help()), named(arg.get_long_help()));
            let hidden = arg.is_hide_env_values_set();
            let mut arg = arg.env(Resettable::<OsStr>::Reset).hide_default_value(hidden);
            if let Some(short) = short {
                arg = arg.help(short);
            }
            if let Some(long) = long {
                arg = arg.long_help(long);
            }
            arg
        });
    }
    command
}

/// The command with every value put as the default of its flag, and no variable asked but here.
fn applied(command: Command, path: &mut Vec<String>, set: &BTreeMap<&'static str, Set>) -> Command {
    let mut command = without(command, &|arg| {
        arg.get_env().is_some() && KEYS.iter().any(|key| key.id == arg.get_id().as_str() && key.is_for(path))
    });
    for set in set.values().filter(|set| !set.key.id.is_empty() && set.key.is_for(path)) {
        // Brokers by the seed's name are read where a bus is chosen.
        let elsewhere = matches!(&set.origin, Origin::Environment(name) if name == set.key.alias);
        if !elsewhere && command.get_arguments().any(|arg| arg.get_id() == set.key.id) {
            let values = set.values.clone();
            command = command.mut_arg(set.key.id, |arg| arg.required(false).default_values(values));
        }
    }
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name.clone(), |below| {
            path.push(name);
            let below = applied(below, path, set);
            path.pop();
            below
        });
    }
    command
}
