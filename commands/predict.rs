//! `gpuhm predict`: the predicting pass as a service or once, one GPU explained, and the failures people record.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use gpuhm::event::label;
use gpuhm::event::prediction::{FailureKind, HORIZONS};
use gpuhm::event::{Failure as Label, Prediction};
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::passes::{Passed, Passes};
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::{Clock, Flag};
use gpuhm::view::escape::json_line;
use gpuhm::view::{labels, odds};

use super::exit::{BAD_NEWS, Failure, Outcome};
use super::moment::{Toward, gpu, moment};
use super::open;
use super::options::{self, BusOptions, CommonOptions, StoreOptions, ms};
use super::out::Out;
use super::process::{Signals, pass_retry};

/// Flags of `predict`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    act: Option<Act>,
    /// One pass, then exit; its answer goes to standard output
    #[arg(long, group = "how")]
    once: bool,
    /// A pass so often, as a service [default: 15m]
    #[arg(long, value_name = "D", group = "how", value_parser = options::interval)]
    every: Option<Duration>,
    /// Print the odds of one GPU with their reasons, and what is not known
    #[arg(long, value_name = "GPU", group = "how")]
    explain: Option<String>,
    /// With --explain: as they stood at this time (RFC 3339, a date, or a duration ago)
    #[arg(long, value_name = "TIME", requires = "explain")]
    at: Option<String>,
    /// The horizon that is sorted and judged by: 7d, 30d or 90d
    #[arg(long, value_name = "D", default_value = "30d", value_parser = horizon)]
    horizon: i64,
    /// With --once: end with code 1 where the odds of a GPU at the horizon are above P, and list only those
    #[arg(long, value_name = "P", requires = "once", value_parser = share)]
    fail_above: Option<f64>,
    /// table, json (gpuhm.predictions/1) or csv; with --once and --explain
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    bus: BusOptions,
    #[command(flatten)]
    store: StoreOptions,
}

/// What people record.
#[derive(Debug, Clone, Subcommand)]
enum Act {
    /// Record that a GPU failed, or was taken away
    Label(LabelOptions),
}

/// Flags of `predict label`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct LabelOptions {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

const EVERY: Duration = Duration::from_mins(15);
/// The right that one predictor holds.
const NAME: &str = "predict";
/// Errors of an import that are printed; the rest is counted.
const SHOWN: usize = 20;

fn horizon(text: &str) -> Result<i64, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| HORIZONS.contains(days));
    days.ok_or_else(|| format!("one of {}", HORIZONS.map(|days| format!("{days}d")).join(", ")))
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "a probability, 0 to 1".to_owned())
}

fn kind(text: &str) -> Result<FailureKind, String> {
    let words: Vec<&str> = FailureKind::ALL.iter().map(|kind| kind.word()).collect();
    FailureKind::parse(text).ok_or_else(|| format!("one of {}", words.join(", ")))
}

/// Runs `predict`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    if let Some(Act::Label(label)) = &options.act {
        return record(common, &options.store, label);
    }
    if let Some(selector) = &options.explain {
        return explain(common, options, selector);
    }
    let signals = Signals::listen()?;
    let retry = pass_retry(options.once, &signals);
    open::store_file(common, &options.store)?;
    let clock = Arc::new(Clock::Wall);
    let bus = open::bus(common, &options.bus, &clock, &retry)?;
    let store = open::store(common, &options.store, &retry)?;
    let mut passes = Passes::new(store, bus, clock, retry);
    if options.once {
        let predictions = once(common, options, &mut passes)?;
        return answer(options, &predictions);
    }
    match serve(&mut passes, ms(options.every.unwrap_or(EVERY)), &signals.stop) {
        Err(failure) if !failure.is_stop() => Err(failure),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// One pass; where another process is at it, what that one last wrote.
fn once(common: &CommonOptions, options: &Options, passes: &mut Passes) -> Result<Vec<Prediction>, Failure> {
    if let Some(_held) = passes.hold(NAME)? {
        return Ok(passes.predict(None, &mut Passed::default())?);
    }
    tracing::info!("predict: already running; this is what it last wrote");
    let mut store = open::store_to_read(common, &options.store)?;
    Ok(store.fleet()?.gpus.into_iter().filter_map(|gpu| gpu.prediction).collect())
}

fn serve(passes: &mut Passes, every: i64, stop: &Flag) -> Result<(), Failure> {
    let Some(_held) = passes.wait_for(NAME, stop)? else { return Ok(()) };
    loop {
        passes.predict(None, &mut Passed::default())?;
        let next = wall().floor(every).plus(every);
        if !Clock::Wall.wait_until(next, stop) {
            return Ok(());
        }
    }
}

fn answer(options: &Options, predictions: &[Prediction]) -> Outcome {
    let p = |prediction: &Prediction| prediction.at(options.horizon).map_or(0.0, |odds| odds.p);
    let mut chosen: Vec<Prediction> = predictions.to_vec();
    chosen.retain(|prediction| options.fail_above.is_none_or(|limit| p(prediction) > limit));
    chosen.sort_by(|a, b| p(b).total_cmp(&p(a)));
    print(options.output, &chosen)?;
    let bad = options.fail_above.is_some() && !chosen.is_empty();
    Ok(if bad { ExitCode::from(BAD_NEWS) } else { ExitCode::SUCCESS })
}

fn print(output: Format, chosen: &[Prediction]) -> Result<(), Failure> {
    let mut out = Out::new();
    match output {
        Format::Table => out.line(&odds::table(chosen))?,
        Format::Json => out.line(&json_line(&odds::json(chosen, wall()).to_string()))?,
        Format::Csv => {
            let mut text = Vec::new();
            odds::csv(chosen, &mut text).map_err(Failure::cannot)?;
            out.line(String::from_utf8_lossy(&text).trim_end())?;
        }
    }
    out.flush()
}

fn explain(common: &CommonOptions, options: &Options, selector: &str) -> Outcome {
    let at = options.at.as_deref().map(|text| moment("--at", text, wall(), Toward::Past)).transpose()?;
    let mut store = open::store_to_read(common, &options.store)?;
    let fleet = store.fleet()?;
    let gpu = gpu(&fleet.gpus, selector)?;
    let prediction = match at {
        None => gpu.prediction.clone(),
        Some(at) => store.prediction_at(gpu.uuid(), at)?,
    };
    let Some(prediction) = prediction else {
        let when = if at.is_some() { " at that time" } else { " yet" };
        return Err(Failure::with_code(BAD_NEWS, anyhow::anyhow!("{selector} has no odds{when}"))
            .hint("they are written by gpuhm predict --every 15m, or --once"));
    };
    if options.output != Format::Table {
        print(options.output, &[prediction])?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = Out::new();
    out.line(odds::explain(&prediction).trim_end())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn record(common: &CommonOptions, at: &StoreOptions, label: &LabelOptions) -> Outcome {
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
        Format::Csv => {
            let mut text = Vec::new();
            labels::csv(&recorded, &mut text).map_err(Failure::cannot)?;
            out.line(String::from_utf8_lossy(&text).trim_end())?;
        }
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
