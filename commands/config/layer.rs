//! Each value to the flag whose default it becomes, after that flag's own parser has looked at it: a wrong one is told by
//! its key and its place, whichever command runs.

use std::collections::BTreeMap;
use std::error::Error as _;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};

use super::file::Contents;
use super::keys::{KEYS, Key};
use super::{Origin, Set, is_table, secrets};
use crate::exit::Failure;

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
        let values = values.map_err(|why| wrong(line.key, &origin, &why))?;
        set.insert(line.key.path, Set { key: line.key, values, origin });
    }
    for key in KEYS.iter().filter(|key| !is_table(key)) {
        let arg = flag(command, key);
        let Some((name, value)) = said(key, arg) else { continue };
        let origin = Origin::Environment(name);
        let list = arg.is_some_and(is_list);
        let values: Vec<String> =
            if list { value.split(',').map(|one| one.trim().to_owned()).collect() } else { vec![value] };
        // What clap reads itself it also judges, where the command has it.
        let own = arg.is_some_and(|arg| arg.get_env().is_some())
            || matches!(&origin, Origin::Environment(name) if name == key.alias);
        let values = if own { Ok(values) } else { checked(arg, &values, list) };
        let values = values.map_err(|why| wrong(key, &origin, &why))?;
        set.insert(key.path, Set { key, values, origin });
    }
    Ok(set)
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

/// The command with every value put as the default of its flag.
pub(super) fn applied(command: Command, path: &mut Vec<String>, set: &BTreeMap<&'static str, Set>) -> Command {
    let mut command = command;
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
