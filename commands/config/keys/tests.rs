//! No flag without a row or a reason, no row without a flag.

use clap::{Command, CommandFactory};

use super::excluded::EXCLUDED;
use super::*;
use crate::cli::Cli;

/// Every command with its path, and the flags defined there.
fn walk(command: &Command, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
    found.extend(command.get_arguments().map(|arg| (path.clone(), arg.get_id().to_string())));
    for below in command.get_subcommands() {
        path.push(below.get_name().to_owned());
        walk(below, path, found);
        path.pop();
    }
}

fn flags() -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    walk(&Cli::command(), &mut Vec::new(), &mut found);
    found
}

#[test]
fn every_flag_is_a_key_or_excluded_and_never_both() {
    for (path, id) in flags() {
        let keys: Vec<&str> = KEYS.iter().filter(|key| key.id == id && key.is_for(&path)).map(|key| key.path).collect();
        let out = EXCLUDED
            .iter()
            .filter(|row| covers(row.on, &path) && (row.ids.is_empty() || row.ids.contains(&id.as_str())))
            .count();
        assert!(keys.len() <= 1, "gpuhm {path:?} {id}: {keys:?}");
        let both = (keys.len(), out.min(1));
        assert!(
            both == (1, 0) || both == (0, 1),
            "gpuhm {} --{id}: must have a row in KEYS or in EXCLUDED (commands/config/keys/excluded.rs): {both:?}",
            path.join(" ")
        );
    }
}

#[test]
fn every_row_is_for_a_flag_that_exists_and_is_named_once() {
    let flags = flags();
    for key in KEYS.iter().filter(|key| !key.id.is_empty()) {
        assert!(flags.iter().any(|(path, id)| key.id == id && key.is_for(path)), "{}: no flag {}", key.path, key.id);
        for on in key.on {
            let has =
                |(path, id): &(Vec<String>, String)| path.first().is_some_and(|first| first == on) && key.id == id;
            assert!(flags.iter().any(has), "{}: gpuhm {on} has no {}", key.path, key.id);
        }
    }
    for row in EXCLUDED {
        assert!(!row.why.is_empty(), "{row:?} without a reason");
        for excluded in row.ids {
            let has = |(path, id): &(Vec<String>, String)| covers(row.on, path) && excluded == id;
            assert!(flags.iter().any(has), "{excluded} is excluded and no flag");
        }
    }
    let mut paths: Vec<&str> = KEYS.iter().map(|key| key.path).collect();
    paths.sort_unstable();
    paths.windows(2).for_each(|pair| assert_ne!(pair[0], pair[1]));
}

#[test]
fn keys_of_one_section_stand_together() {
    let mut seen: Vec<&str> = Vec::new();
    for key in KEYS {
        if seen.last() != Some(&key.section()) {
            assert!(!seen.contains(&key.section()), "[{}] twice", key.section());
            seen.push(key.section());
        }
    }
}
