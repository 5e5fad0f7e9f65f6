//! `config.file`: which configuration file counts, whether it reads, and whether a variable means nothing.

use clap::CommandFactory;
use gpuhm::event::matcher::nearest;

use super::registry::{Check, Finding, Subject};
use crate::cli::Cli;
use crate::config;

pub(super) const ID: &str = "config.file";
pub(super) const CHECK: Check = Check { id: ID, needs: None, applies: |_| true, run };

/// Bits of `chmod` that let others than the owner and the group write.
const WRITABLE: u32 = 0o002;
/// What begins the names of our variables, and of those that are the tests'.
const OURS: &str = "GPUHM_";
const OTHERS: [&str; 3] = ["GPUHM_TEST_", "GPUHM_SHARED_", "GPUHM_KAFKA_PASSWORD"];

fn run(_: &Subject) -> Finding {
    let loaded = config::loaded();
    if let Some(trouble) = &loaded.trouble {
        let finding = Finding::fault(trouble.text());
        return match trouble.advice() {
            Some(advice) => finding.remedy(advice),
            None => finding,
        };
    }
    let known = config::variables(&Cli::command());
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut strange = set.filter(|name| name.starts_with(OURS) && !known.contains(name));
    if let Some(name) = strange.find(|name| !OTHERS.iter().any(|other| name.starts_with(other))) {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let remedy =
            nearest(&name, &known).map_or_else(|| format!("unset {name}"), |near| format!("set {near} in its place"));
        return Finding::warning(format!("environment {name}: means nothing to gpuhm")).remedy(remedy);
    }
    let Some(file) = &loaded.file else {
        return Finding::ok("none: what counts are flags, the environment and what is built in".to_owned());
    };
    let many = file.lines.len() + file.properties.len();
    let text = format!("{}: {many} settings", file.path.display());
    if file.mode & WRITABLE != 0 {
        let remedy = format!("chmod o-w {}", file.path.display());
        return Finding::warning(format!("{text}; everyone may write it")).remedy(remedy);
    }
    Finding::ok(text)
}
