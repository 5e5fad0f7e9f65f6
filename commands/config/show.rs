//! `gpuhm doctor --config`: every value that counts, and where it came from. Passwords are not among what is shown.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use gpuhm::bus::kafka::settings::entry::shown as property;
use gpuhm::view::escape::escaped;
use serde_json::{Value, json};

use super::keys::{KEYS, Key};
use super::layer::{flag, is_list};
use super::{Loaded, Origin, is_table, secrets};
use crate::exit::Failure;
use crate::out::Out;

/// One key as it stands.
struct Row {
    path: String,
    values: Option<Vec<String>>,
    list: bool,
    origin: From,
    on: &'static [&'static str],
}

enum From {
    Flag(String),
    Set(Origin),
    Default,
}

/// The rows, in the table's order.
fn rows(command: &Command, matches: &ArgMatches, loaded: &Loaded) -> Vec<Row> {
    let mut rows = Vec::new();
    for key in KEYS {
        if is_table(key) {
            rows.extend(loaded.file.iter().flat_map(|file| {
                file.properties.iter().map(|one| Row {
                    path: format!("{}.{}", key.path, one.key),
                    values: Some(vec![property(&one.key, &one.value)]),
                    list: false,
                    origin: From::Set(Origin::File(file.path.clone(), one.line)),
                    on: key.on,
                })
            }));
            continue;
        }
        let arg = flag(command, key);
        let (values, origin) = value(key, arg, matches, loaded);
        let values = values.map(|values| values.iter().map(|value| secrets::shown(value)).collect());
        rows.push(Row { path: key.path.to_owned(), values, list: arg.is_some_and(is_list), origin, on: key.on });
    }
    rows
}

/// The value of a key: the flag's where this very command line has it, then what was said, then the built-in one.
fn value(key: &Key, arg: Option<&Arg>, matches: &ArgMatches, loaded: &Loaded) -> (Option<Vec<String>>, From) {
    let typed = arg.is_some() && key.is_for(&["doctor".to_owned()]) && {
        let known = matches.try_contains_id(key.id).is_ok();
        known && matches.value_source(key.id) == Some(ValueSource::CommandLine)
    };
    if let Some(arg) = arg.filter(|_| typed) {
        let raw = matches.get_raw(key.id).map(|raw| raw.map(|one| one.to_string_lossy().into_owned()).collect());
        return (raw, From::Flag(arg.get_long().map_or_else(String::new, |long| format!("--{long}"))));
    }
    if let Some(set) = loaded.set.get(key.path) {
        return (Some(set.values.clone()), From::Set(set.origin.clone()));
    }
    let built_in = arg.map(Arg::get_default_values).filter(|values| !values.is_empty());
    (built_in.map(|values| values.iter().map(|one| one.to_string_lossy().into_owned()).collect()), From::Default)
}

/// Prints it as a table.
pub(crate) fn table(command: &Command, matches: &ArgMatches, loaded: &Loaded, out: &mut Out) -> Result<(), Failure> {
    let rows = rows(command, matches, loaded);
    let cells: Vec<[String; 3]> = rows.iter().map(Row::cells).collect();
    let widths =
        [0, 1].map(|column| cells.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max());
    let [first, second] = widths.map(Option::unwrap_or_default);
    for [path, value, origin] in &cells {
        out.line(&escaped(&format!("{path:first$}  {value:second$}  {origin}")))?;
    }
    Ok(())
}

/// Prints it as one object.
pub(crate) fn object(command: &Command, matches: &ArgMatches, loaded: &Loaded) -> Value {
    let rows: Vec<Value> = rows(command, matches, loaded).iter().map(Row::object).collect();
    let file = loaded.file.as_ref().map(|file| file.path.display().to_string());
    json!({"schema": "gpuhm.config/1", "file": file, "values": rows})
}

impl Row {
    fn cells(&self) -> [String; 3] {
        let value = self.values.as_ref().map_or_else(|| "-".to_owned(), |values| values.join(", "));
        let origin = match &self.origin {
            From::Flag(name) => name.clone(),
            From::Set(origin) => origin.to_string(),
            From::Default => "default".to_owned(),
        };
        [self.path.clone(), value, origin]
    }

    fn object(&self) -> Value {
        let origin = match &self.origin {
            From::Flag(name) => json!({"kind": "flag", "name": name}),
            From::Set(Origin::Environment(name)) => json!({"kind": "environment", "name": name}),
            From::Set(Origin::File(path, line)) => {
                json!({"kind": "file", "name": path.display().to_string(), "line": line})
            }
            From::Default => json!({"kind": "default"}),
        };
        let value = match &self.values {
            None => Value::Null,
            Some(values) if self.list => json!(values),
            Some(values) => json!(values.join(", ")),
        };
        let mut object = json!({"key": self.path, "value": value, "origin": origin});
        if let (false, Some(object)) = (self.on.is_empty(), object.as_object_mut()) {
            object.insert("commands".to_owned(), json!(self.on));
        }
        object
    }
}
