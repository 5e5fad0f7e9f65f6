//! `gpuhm doctor`: looks at everything a pipeline rests on, and says of each what is wrong and which command mends it.
//!
//! A check is a file and a line in the registry; here they are picked, run, each within its time, and shown. What a check
//! needs of another that failed is not asked again, so that one fault is told once.

mod acl;
mod ahead;
mod clock;
mod conf;
mod db;
mod file;
mod gpus;
mod lag;
mod reach;
mod registry;
mod schema;
mod secrets;
mod systemd;
mod topics;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, Args, CommandFactory, ValueEnum};
use gpuhm::pipeline::clock::wall;
use gpuhm::source::place::Place;
use gpuhm::view::escape::escaped;
use serde_json::json;

use super::cli::Cli;
use super::exit::{BAD_NEWS, Failure, Outcome};
use super::options::{BusOptions, CommonOptions, StoreOptions, interval};
use super::out::Out;
use super::process::thread;
use super::source::{Chosen, Named};
use super::{brokers, config};
use registry::{Check, Finding, REGISTRY, State, Subject, ids};

/// Flags of `doctor`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Only these checks
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',', value_parser = PossibleValuesParser::new(ids()))]
    only: Vec<String>,
    /// All but these checks
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',', value_parser = PossibleValuesParser::new(ids()))]
    skip: Vec<String>,
    /// How long each check may take
    #[arg(long, value_name = "D", default_value = "3s", value_parser = interval)]
    timeout: Duration,
    /// Without FILE: print every setting with where it came from, and look at nothing else; with it: the file to check by
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "a flag whose value may be left out")]
    config: Option<Option<PathBuf>>,
    /// Write a commented example of the configuration file, where there is none yet
    #[arg(long)]
    init: bool,
    /// Exit 1 for warnings, too
    #[arg(long)]
    strict: bool,
    /// table or json
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    bus: BusOptions,
    #[command(flatten)]
    store: StoreOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// A check takes several requests, each bounded by the time-out: this many are waited for.
const REQUESTS: u32 = 3;

/// Runs `doctor`.
pub(crate) fn run(common: &CommonOptions, options: &Options, matches: &ArgMatches) -> Outcome {
    if options.init {
        let named = options.config.clone().flatten().or_else(|| common.config.clone());
        config::example::init(&Cli::command(), named.as_deref())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(None) = options.config {
        return settings(options, matches);
    }
    let mut settings = brokers::settings(&options.bus)?;
    if let Some(settings) = &mut settings {
        settings.connect = options.timeout;
    }
    let bus =
        BusOptions { connect_timeout: options.bus.connect_timeout.or(Some(options.timeout)), ..options.bus.clone() };
    let (places, wrong) = match places(&options.named) {
        Ok(places) => (places, None),
        Err(failure) => (Vec::new(), Some(Finding::from(failure))),
    };
    let subject = Arc::new(Subject {
        common: common.clone(),
        bus,
        store: options.store.clone(),
        kafka: settings,
        places,
        wrong,
        named: options.named.is_said(),
        live: options.named.live.clone(),
        engines: gpus::Engines::default(),
        timeout: options.timeout,
        now: wall(),
    });
    let mut found: Vec<(&'static Check, Finding)> = Vec::new();
    for check in REGISTRY.iter().filter(|check| wanted(options, check.id) && (check.applies)(&subject)) {
        let stands_on = check.needs.and_then(|needs| found.iter().find(|(of, _)| of.id == needs));
        let broken = config::loaded().trouble.is_some() && check.id != conf::ID;
        let finding = match stands_on {
            _ if broken => Finding::skipped(format!("needs {}", conf::ID)),
            Some((on, finding)) if [State::Fault, State::Skipped].contains(&finding.state) => {
                Finding::skipped(format!("needs {}", on.id))
            }
            _ => within(check, &subject),
        };
        found.push((check, finding));
    }
    let mut out = Out::new();
    match options.output {
        Format::Table => found.iter().try_for_each(|(check, finding)| show(check, finding, &mut out))?,
        Format::Json => out.line(&object(&found, &subject).to_string())?,
    }
    out.flush()?;
    let worst = if options.strict { State::Warning } else { State::Fault };
    let bad = found.iter().any(|(_, finding)| finding.state >= worst);
    Ok(if bad { ExitCode::from(BAD_NEWS) } else { ExitCode::SUCCESS })
}

/// Prints every setting and where it came from.
fn settings(options: &Options, matches: &ArgMatches) -> Outcome {
    let below = matches.subcommand().map_or(matches, |(_, below)| below);
    let (command, loaded, mut out) = (Cli::command(), config::loaded(), Out::new());
    match options.output {
        Format::Table => config::show::table(&command, below, loaded, &mut out)?,
        Format::Json => out.line(&config::show::object(&command, below, loaded).to_string())?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The live sources that are named; nothing where recordings or a simulated fleet are.
fn places(named: &Named) -> Result<Vec<Place>, Failure> {
    Ok(match named.chosen()? {
        Chosen::Live(places) => places,
        Chosen::Sim | Chosen::Replay(_) => Vec::new(),
    })
}

fn wanted(options: &Options, id: &str) -> bool {
    let named = |list: &[String]| list.iter().any(|named| named == id);
    (options.only.is_empty() || named(&options.only)) && !named(&options.skip)
}

/// Runs a check; one that does not come back is left behind, it ends with the process.
fn within(check: &'static Check, subject: &Arc<Subject>) -> Finding {
    let (tell, told) = channel();
    let own = Arc::clone(subject);
    let run = move || drop(tell.send((check.run)(&own)));
    if let Err(failure) = thread("doctor", run) {
        return failure.into();
    }
    match told.recv_timeout(subject.timeout * REQUESTS) {
        Ok(finding) => finding,
        Err(RecvTimeoutError::Timeout) => {
            let seconds = (subject.timeout * REQUESTS).as_secs_f64();
            Finding::fault(format!("no answer within {seconds:.1} s"))
                .remedy("look for what hangs, or allow more: --timeout 10s")
        }
        Err(RecvTimeoutError::Disconnected) => Finding::fault("the check itself failed".to_owned()),
    }
}

fn show(check: &Check, finding: &Finding, out: &mut Out) -> Result<(), Failure> {
    out.line(&format!("{:<8} {:<15} {}", finding.state.word(), check.id, escaped(&finding.text)))?;
    for detail in &finding.details {
        out.line(&format!("{:<24} - {}", "", escaped(detail)))?;
    }
    match &finding.remedy {
        Some(remedy) => out.line(&format!("{:<24} -> {}", "", escaped(remedy))),
        None => Ok(()),
    }
}

fn object(found: &[(&Check, Finding)], subject: &Subject) -> serde_json::Value {
    let checks = found.iter().map(|(check, finding)| {
        let mut object = json!({"id": check.id, "state": finding.state.word(), "text": finding.text});
        if let Some(object) = object.as_object_mut() {
            if !finding.details.is_empty() {
                object.insert("details".to_owned(), finding.details.clone().into());
            }
            if let Some(remedy) = &finding.remedy {
                object.insert("remedy".to_owned(), remedy.as_str().into());
            }
        }
        object
    });
    json!({"schema": "gpuhm.doctor/1", "at": subject.now.to_string(), "checks": checks.collect::<Vec<_>>()})
}
