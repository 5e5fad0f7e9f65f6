//! `gpuhm predict`: the predicting pass as a service or once, one GPU explained, and the failures people record.

mod label;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use gpuhm::event::Prediction;
use gpuhm::event::prediction::HORIZONS;
use gpuhm::pace::Pace;
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::passes::{Passed, Passes};
use gpuhm::view::escape::json_line;
use gpuhm::view::odds;

use super::exit::{BAD_NEWS, Failure, Outcome};
use super::moment::{Toward, gpu, moment};
use super::options::{self, BusOptions, CommonOptions, StoreOptions, ms};
use super::out::Out;
use super::process::Signals;
use super::service::reload::Paced;
use super::service::{DrainOptions, WatchOptions};
use super::{open, passing};

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
    #[command(flatten)]
    drain: DrainOptions,
    #[command(flatten)]
    watch: WatchOptions,
}

/// What people record.
#[derive(Debug, Clone, Subcommand)]
enum Act {
    /// Record that a GPU failed, or was taken away
    Label(label::LabelOptions),
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

fn horizon(text: &str) -> Result<i64, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| HORIZONS.contains(days));
    days.ok_or_else(|| format!("one of {}", HORIZONS.map(|days| format!("{days}d")).join(", ")))
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "a probability, 0 to 1".to_owned())
}

/// Runs `predict`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    if let Some(Act::Label(label)) = &options.act {
        return label::record(common, &options.store, label);
    }
    if let Some(selector) = &options.explain {
        return explain(common, options, selector);
    }
    let signals = Signals::listen()?;
    let unsaid = ms(EVERY);
    let every = Pace::from(options.every.map_or(unsaid, ms));
    let paced = Paced { key: "predict.every", pace: every.clone(), unsaid };
    let watch = (&options.watch, &options.drain);
    let service = passing::watched(&options.bus, (options.once, Some(paced)), watch, &signals)?;
    let way = (&options.bus, &options.store);
    let mut passes = passing::passes(common, way, (NAME, options.once), (&signals, &service))?;
    if options.once {
        let predictions = once(common, options, &mut passes)?;
        service.end()?;
        return answer(options, &predictions);
    }
    let ended = passing::serve(&mut passes, (NAME, &every), &signals, |passes| {
        passes.predict(None, &mut Passed::default())?;
        Ok(())
    });
    service.end()?;
    ended
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
        Format::Csv => out.csv(|to| odds::csv(chosen, to))?,
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
