//! The commented example of a file, made from the table and the flags' help, so that it cannot go stale; and writing it
//! where there is none.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command};

use super::file::{SYSTEM, VARIABLE, personal};
use super::is_table;
use super::keys::{KEYS, Key};
use super::layer::{flag, is_list, variable};
use crate::exit::Failure;
use crate::out::Out;

/// Characters of a line of comment at most.
const WIDTH: usize = 100;

/// What stands first.
const HEAD: &str =
    "# Settings of gpuhm. Flags are stronger than the environment, that than this file, this than what is built in.
# Every command reads the first it finds: --config FILE or GPUHM_CONFIG, $XDG_CONFIG_HOME/gpuhm/gpuhm.toml (or
# ~/.config/gpuhm/gpuhm.toml), /etc/gpuhm/gpuhm.toml. Nothing is merged. `gpuhm demo` reads none.
# `gpuhm doctor --config` prints what counts, and where it was said. `gpuhm doctor` checks it.
# Each line below shows a key with its default, or with an example where it has none. Durations: 500ms 30s 15m 2h 7d.
# A password does not belong here: see store.password_file and sasl.password.file, ~/.pgpass, systemd's credentials.
";

/// The example.
pub(crate) fn text(command: &Command) -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for key in KEYS {
        if key.section() != section && !is_table(key) {
            section = key.section();
            text.push_str(&["\n[", section, "]\n"].concat());
        } else {
            text.push('\n');
        }
        let arg = flag(command, key);
        let said =
            arg.map_or_else(|| key.help.to_owned(), |arg| arg.get_help().map(ToString::to_string).unwrap_or_default());
        let (said, _) = said.split_once(" [default: ").unwrap_or((&said, ""));
        wrapped(&format!("{said}.{}", about(key, arg)), &mut text);
        if is_table(key) {
            text.push_str(&["# [", key.path, "]\n# ", key.example, "\n"].concat());
        } else {
            text.push_str(&["# ", key.name(), " = ", &literal(key, arg), "\n"].concat());
        }
    }
    text
}

/// Which variables carry it, and which commands have it where its section does not say so.
fn about(key: &Key, arg: Option<&Arg>) -> String {
    if is_table(key) {
        return String::new();
    }
    let others: Vec<&str> = key.on.iter().filter(|on| **on != key.section()).copied().collect();
    let others = if others.is_empty() { String::new() } else { format!(" Also for {}.", others.join(", ")) };
    let also = if key.alias.is_empty() { String::new() } else { format!(" or {}", key.alias) };
    format!("{others} ({}{also})", variable(key, arg))
}

/// The default as TOML, else the example.
fn literal(key: &Key, arg: Option<&Arg>) -> String {
    let values = arg.map(Arg::get_default_values).unwrap_or_default();
    let Some(arg) = arg.filter(|_| key.example.is_empty()) else { return key.example.to_owned() };
    let quoted = |value: &std::ffi::OsStr| {
        let text = value.to_string_lossy();
        let plain = matches!(arg.get_action(), ArgAction::SetTrue) || text.parse::<i64>().is_ok();
        if plain { text.into_owned() } else { format!("{text:?}") }
    };
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    if is_list(arg) { format!("[{}]", values.join(", ")) } else { values.concat() }
}

/// Adds text as comments of a bounded width.
fn wrapped(said: &str, to: &mut String) {
    let mut line = String::from("#");
    for word in said.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            to.push_str(&line);
            to.push('\n');
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    to.push_str(&line);
    to.push('\n');
}

/// Writes the example where there is no file yet.
pub(crate) fn init(command: &Command, named: Option<&Path>) -> Result<(), Failure> {
    let named = named.map(Path::to_owned);
    let variable = || std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let system = rustix::process::geteuid().is_root();
    let usual = || if system { Some(PathBuf::from(SYSTEM)) } else { personal() };
    let path = named
        .or_else(variable)
        .or_else(usual)
        .ok_or_else(|| Failure::usage("no place for the file: HOME is not set").hint("name one with --config FILE"))?;
    let wrong = |error: std::io::Error| Failure::usage(format!("configuration file {}: {error}", path.display()));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(wrong)?;
    }
    // A service reads root's by its group; a person's is nobody else's business.
    let mode = if system { 0o640 } else { 0o600 };
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
    let mut file = opened.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!("configuration file {}: is there already", path.display()))
            .hint("move it away, or name another with --config FILE"),
        _ => wrong(error),
    })?;
    file.write_all(text(command).as_bytes()).map_err(wrong)?;
    let mut out = Out::new();
    out.line(&format!("wrote {}", path.display()))?;
    out.flush()
}
