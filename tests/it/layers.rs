//! The rules of the house that a compiler does not check: who may use whom, how long a file is, what it begins with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each layer of the library and what it may use besides itself: what stands to its left, less its siblings; and of
/// stages and passes, which are pure, neither source nor bus nor store.
const LAYERS: [(&str, &[&str]); 12] = [
    ("private", &[]),
    ("pace", &[]),
    ("metric", &[]),
    ("event", &["metric"]),
    ("source", &["metric", "event", "pace"]),
    ("bus", &["private", "metric", "event"]),
    ("store", &["private", "metric", "event"]),
    ("stage", &["metric", "event"]),
    ("pass", &["metric", "event"]),
    ("pipeline", &["metric", "event", "pace", "source", "bus", "stage", "pass", "store"]),
    // A view shows what a store answers; it never asks.
    ("view", &["metric", "event", "source", "bus", "stage", "pass", "store", "pipeline"]),
    ("lib", &[]),
];

/// Crates that belong to some places only.
const CRATES: [(&str, &[&str]); 8] = [
    ("rusqlite", &["src/bus/embedded", "src/store/"]),
    ("rdkafka", &["src/bus/kafka"]),
    ("libloading", &["src/source/dcgm"]),
    ("ureq", &["src/source/exporter"]),
    ("nvml_wrapper", &["src/source/nvml"]),
    ("clap", &["commands/"]),
    ("anyhow", &["commands/"]),
    ("signal_hook", &["commands/"]),
];

/// What no file may hold: work put off, and drawers for things without a place. In two halves, so that this file may.
const FORBIDDEN: [(&str, &str); 9] = [
    ("to", "do!"),
    ("TO", "DO"),
    ("unimple", "mented!"),
    ("db", "g!("),
    ("FIX", "ME"),
    ("mod ut", "il"),
    ("mod com", "mon"),
    ("mod hel", "pers"),
    ("mod mi", "sc"),
];

const MOST_LINES: usize = 300;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under a folder, by its path from the root.
fn files(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

fn all() -> BTreeMap<String, String> {
    ["src", "commands", "tests", "benches"].into_iter().flat_map(files).collect()
}

/// Lines of code, by number: no comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The layers that a line names after `crate::`, those in braces too.
fn named(line: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(list.split([',', '}']).map(|part| word(part.trim()))),
            None => names.push(word(rest)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn layer(file: &str) -> &str {
    let name = file.strip_prefix("src/").unwrap();
    name.split(['/', '.']).next().unwrap()
}

fn nothing(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn layers_use_what_stands_to_their_left() {
    let mut found = Vec::new();
    for (file, text) in files("src") {
        let own = layer(&file);
        let Some((_, may)) = LAYERS.iter().find(|(name, _)| *name == own) else {
            found.push(format!("{file}: {own} is no layer; design.md section 3 has them"));
            continue;
        };
        for (at, line) in code(&text) {
            let known = |name: &String| LAYERS.iter().any(|(layer, _)| layer == name);
            let wrong =
                named(line).into_iter().filter(known).filter(|name| name != own && !may.contains(&name.as_str()));
            found.extend(wrong.map(|name| format!("{file}:{at}: {own} may not use {name}: {}", line.trim())));
        }
    }
    nothing(&found, "a layer uses only what design.md section 3 allows it");
}

#[test]
fn crates_stay_where_they_belong() {
    let mut found = Vec::new();
    for (file, text) in files("src").into_iter().chain(files("commands")) {
        for (name, places) in CRATES {
            if places.iter().any(|place| file.starts_with(place)) {
                continue;
            }
            let uses = |line: &str| line.contains(&format!("{name}::")) || line.contains(&format!("use {name}"));
            let lines = code(&text).filter(|(_, line)| uses(line));
            found.extend(lines.map(|(at, line)| format!("{file}:{at}: {name} is not for here: {}", line.trim())));
        }
    }
    nothing(&found, "a crate is used in its places only");
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut found = Vec::new();
    for (file, text) in all() {
        let lines = text.lines().count();
        if lines > MOST_LINES {
            found.push(format!("{file}: {lines} lines, at most {MOST_LINES}: split it by what it does"));
        }
        if !text.starts_with("//! ") {
            found.push(format!("{file}: begins without a `//!` that says what it is for"));
        }
    }
    nothing(&found, "files are short and begin with their purpose");
}

#[test]
fn no_work_is_put_off() {
    let mut found = Vec::new();
    for (file, text) in all() {
        for (at, line) in text.lines().enumerate() {
            for (one, other) in FORBIDDEN {
                let word = format!("{one}{other}");
                if line.contains(&word) {
                    found.push(format!("{file}:{}: {word}", at + 1));
                }
            }
        }
    }
    nothing(&found, "no placeholders, no drawers");
}

#[test]
fn names_are_read_from_paths_and_braces() {
    assert_eq!(named("use crate::event::Time;"), ["event"]);
    assert_eq!(named("use crate::{bus::Bus, store};"), ["bus", "store"]);
    assert_eq!(named("fn a(b: crate::metric::Kind) -> crate::event::Time"), ["metric", "event"]);
}
