//! `gpuhm predict label`: the failures that people record, one by one or from a file; listed, and taken back.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use gpuhm::event::prediction::FailureKind;
use gpuhm::event::{Failure as Label, label};
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::retry::Retry;
use gpuhm::view::escape::json_line;
use gpuhm::view::labels;

use super::Format;
use crate::exit::{BAD_NEWS, Failure, Outcome};
use crate::moment::{Toward, gpu, moment};
use crate::open;
use crate::options::{CommonOptions, StoreOptions};
use crate::out::Out;

/// Errors of an import that are printed; the rest is counted.
const SHOWN: usize = 20;

/// Flags of `predict label`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct LabelOptions {
    #[command(subcommand)]
    act: Option<LabelAct>,
    /// The GPU: UUID, the beginning of one, or host/index; a whole UUID need not be in the store
    #[arg(value_name = "GPU", required = true)]
    gpu: Option<String>,
    #[arg(help = "dbe, off_bus, rma, other; interruption and removed count as no failure", value_name = "KIND", required = true, value_parser = kind)]
    kind: Option<FailureKind>,
    /// When: RFC 3339, a date, or a duration ago
    #[arg(long, value_name = "TIME", required = true)]
    at: Option<String>,
    /// A line about it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Who says so
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown", hide_env_values = true)]
    who: String,
}

#[derive(Debug, Clone, Subcommand)]
enum LabelAct {
    /// Print what was recorded
    List {
        /// table, json (gpuhm.labels/1) or csv, as import reads it
        #[arg(short, long, value_enum, default_value = "table")]
        output: Format,
    },
    /// Take a record back
    Remove {
        /// The GPU's UUID
        #[arg(value_name = "GPU")]
        gpu: String,
        #[arg(value_name = "KIND", value_parser = kind, help = "Its kind")]
        kind: FailureKind,
        /// Its time, as list prints it
        #[arg(long, value_name = "TIME")]
        at: String,
    },
    /// Import records from a file: CSV with a header, or JSON lines; all of it or nothing
    Import {
        #[arg(
            help = "Columns or keys gpu_uuid, at, kind, and note and who where there are; - reads standard input",
            value_name = "FILE"
        )]
        file: String,
        /// Who says so, where the record does not
        #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown", hide_env_values = true)]
        who: String,
    },
}

fn kind(text: &str) -> Result<FailureKind, String> {
    let words: Vec<&str> = FailureKind::ALL.iter().map(|kind| kind.word()).collect();
    FailureKind::parse(text).ok_or_else(|| format!("one of {}", words.join(", ")))
}

/// Does what was asked.
pub(super) fn record(common: &CommonOptions, at: &StoreOptions, label: &LabelOptions) -> Outcome {
    let now = wall();
    let labels = match (&label.act, &label.gpu, label.kind, &label.at) {
        (Some(LabelAct::List { output }), ..) => return list(common, at, *output),
        (Some(LabelAct::Remove { gpu, kind, at: when }), ..) => return remove(common, at, (gpu, *kind, when)),
        (Some(LabelAct::Import { file, who }), ..) => import(file, who, now)?,
        (None, Some(selector), Some(kind), Some(text)) => {
            let when = moment("--at", text, now, Toward::Past)?;
            if when > now {
                return Err(Failure::usage(format!("--at {text}: lies ahead")));
            }
            let gpu_uuid = named(common, at, selector)?;
            let label = Label { gpu_uuid, at: when, kind, who: label.who.clone(), note: label.note.clone() };
            vec![label::check(&label, now).map_err(|why| Failure::usage(format!("predict label: {why}")))?]
        }
        _ => return Err(Failure::usage("predict label: name a GPU, a kind and --at TIME")),
    };
    let mut store = open::store(common, at, &Retry::never())?;
    let new = store.put_failures(&labels)?;
    tracing::info!("{} records, {new} of them new or changed", labels.len());
    Ok(ExitCode::SUCCESS)
}

/// The UUID that a selector means. One that is gone from the store can still have failed.
fn named(common: &CommonOptions, at: &StoreOptions, selector: &str) -> Result<String, Failure> {
    const UUID: usize = "GPU-00000000-0000-0000-0000-000000000000".len();
    let mut store = open::store_to_read(common, at)?;
    let fleet = store.fleet()?;
    match gpu(&fleet.gpus, selector) {
        Ok(gpu) => Ok(gpu.uuid().to_owned()),
        Err(_) if selector.starts_with("GPU-") && selector.len() == UUID => Ok(selector.to_owned()),
        Err(failure) => Err(failure),
    }
}

fn import(file: &str, who: &str, now: gpuhm::event::Time) -> Result<Vec<Label>, Failure> {
    let input: Box<dyn BufRead> = if file == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        let opened = File::open(file).map_err(|error| Failure::usage(format!("label import {file}: {error}")))?;
        Box::new(BufReader::new(opened))
    };
    let (found, wrong) = label::read(input, who, now);
    if wrong.is_empty() {
        return Ok(found);
    }
    for error in wrong.iter().take(SHOWN) {
        tracing::error!("{file}: {error}");
    }
    Err(Failure::usage(format!(
        "label import {file}: {} of its records cannot be read; none was imported",
        wrong.len()
    )))
}

fn list(common: &CommonOptions, at: &StoreOptions, output: Format) -> Outcome {
    let recorded = open::store_to_read(common, at)?.failures()?;
    let mut out = Out::new();
    match output {
        Format::Table if recorded.is_empty() => {}
        Format::Table => out.line(&labels::table(&recorded))?,
        Format::Json => out.line(&json_line(&labels::json(&recorded, wall()).to_string()))?,
        Format::Csv => out.csv(|to| labels::csv(&recorded, to))?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn remove(common: &CommonOptions, at: &StoreOptions, (gpu, kind, when): (&str, FailureKind, &str)) -> Outcome {
    let when = moment("--at", when, wall(), Toward::Past)?;
    let mut store = open::store(common, at, &Retry::never())?;
    if store.remove_failure(gpu, when, kind)? {
        return Ok(ExitCode::SUCCESS);
    }
    let what = format!("no record of {gpu}, {} at {when}", kind.word());
    Err(Failure::with_code(BAD_NEWS, anyhow::anyhow!(what)).hint("gpuhm predict label list prints them"))
}
