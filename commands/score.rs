//! `gpuhm score`: the scoring pass as a service or once, one GPU explained, and the list of deductions.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use gpuhm::event::health::State;
use gpuhm::event::{Health, Time};
use gpuhm::pace::Pace;
use gpuhm::pass::score;
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::passes::{Passed, Passes};
use gpuhm::view::escape::json_line;
use gpuhm::view::scores;

use super::exit::{BAD_NEWS, Failure, Outcome, UNREACHABLE};
use super::moment::{Toward, gpu, moment};
use super::options::{self, BusOptions, CommonOptions, StoreOptions, ms};
use super::out::Out;
use super::process::Signals;
use super::service::reload::Paced;
use super::service::{DrainOptions, WatchOptions};
use super::{open, passing};

/// Flags of `score`.
#[derive(Debug, Clone, Args)]
#[group(id = "mode", multiple = false)]
pub(crate) struct Options {
    /// One pass, then exit; its answer goes to standard output
    #[arg(long, group = "what")]
    once: bool,
    /// A pass so often, as a service [default]
    #[arg(long, value_name = "D", group = "what", value_parser = options::interval)]
    every: Option<Duration>,
    /// Print the ledger of one GPU: UUID, the beginning of one, or host/index
    #[arg(long, value_name = "GPU", group = "what")]
    explain: Option<String>,
    /// With --explain: as it stood at this time (RFC 3339, a date, or a duration ago)
    #[arg(long, value_name = "TIME", requires = "explain")]
    at: Option<String>,
    /// Print what costs points, and how many
    #[arg(long, group = "what")]
    list_deductions: bool,
    /// With --once: end with code 1 where a GPU scores below N or is critical, and list only those; with 3 where of no GPU
    /// enough is known
    #[arg(long, value_name = "N", requires = "once", value_parser = clap::value_parser!(i64).range(0..=100))]
    fail_below: Option<i64>,
    /// table, json (gpuhm.scores/1) or csv; with --once and --explain
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

/// How scores are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The troubled ones, for people.
    Table,
    /// Every GPU with its ledger.
    Json,
    /// A row a GPU.
    Csv,
}

/// How often the service scores, unless said otherwise.
const EVERY: Duration = Duration::from_mins(1);
/// The right that one scorer holds.
const NAME: &str = "score";

/// Runs `score`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    if options.list_deductions {
        return list(options.output);
    }
    if let Some(selector) = &options.explain {
        return explain(common, options, selector);
    }
    let signals = Signals::listen()?;
    let unsaid = ms(EVERY);
    let every = Pace::from(options.every.map_or(unsaid, ms));
    let paced = Paced { key: "score.every", pace: every.clone(), unsaid };
    let watch = (&options.watch, &options.drain);
    let service = passing::watched(&options.bus, (options.once, Some(paced)), watch, &signals)?;
    let way = (&options.bus, &options.store);
    let mut passes = passing::passes(common, way, (NAME, options.once), (&signals, &service))?;
    if options.once {
        let healths = once(common, options, &mut passes)?;
        service.end()?;
        return answer(options, &healths, wall());
    }
    let mut done = Passed::default();
    let ended = passing::serve(&mut passes, (NAME, &every), &signals, |passes| pass(passes, &mut done));
    service.end()?;
    ended
}

/// One pass; where another process is at it, what that one last wrote.
fn once(common: &CommonOptions, options: &Options, passes: &mut Passes) -> Result<Vec<Health>, Failure> {
    if let Some(_held) = passes.hold(NAME)? {
        return Ok(passes.score(None, &mut Passed::default())?.healths);
    }
    tracing::info!("score: already running; this is what it last wrote");
    let mut store = open::store_to_read(common, &options.store)?;
    Ok(store.fleet()?.gpus.into_iter().filter_map(|gpu| gpu.health).collect())
}

/// A pass of the service, which says what it raised.
fn pass(passes: &mut Passes, done: &mut Passed) -> Result<(), Failure> {
    let before = *done;
    passes.score(None, done)?;
    let (fired, resolved) = (done.fired - before.fired, done.resolved - before.resolved);
    if (fired, resolved) != (0, 0) {
        tracing::info!("score: {} GPUs, {fired} alerts fired, {resolved} resolved", done.scored);
    }
    Ok(())
}

fn answer(options: &Options, healths: &[Health], at: Time) -> Outcome {
    let mut chosen: Vec<&Health> = scores::worst_first(healths);
    chosen.retain(|health| options.fail_below.is_none_or(|limit| scores::fails(health, limit)));
    let bad = options.fail_below.is_some() && !chosen.is_empty();
    let here = || healths.iter().filter(|health| health.replaced_by.is_none());
    let unknown = here().filter(|health| health.state == State::Unknown).count();
    if options.fail_below.is_some() && unknown > 0 {
        tracing::warn!("of {unknown} GPUs too little is known to say: their samples are old, or tell too little");
    }
    let mut out = Out::new();
    match options.output {
        Format::Json => out.line(&json_line(&scores::json(&chosen, at).to_string()))?,
        Format::Csv => out.csv(|to| scores::csv(&chosen, to))?,
        Format::Table => {
            chosen.retain(|health| scores::is_troubled(health));
            if !chosen.is_empty() {
                out.line(&scores::table(&chosen))?;
                out.line("")?;
            }
            out.line(&scores::line(healths))?;
        }
    }
    out.flush()?;
    // A fleet of which nothing is known must not look green to cron.
    let blind = options.fail_below.is_some() && unknown > 0 && unknown == here().count();
    Ok(match () {
        () if bad => ExitCode::from(BAD_NEWS),
        () if blind => ExitCode::from(UNREACHABLE),
        () => ExitCode::SUCCESS,
    })
}

fn explain(common: &CommonOptions, options: &Options, selector: &str) -> Outcome {
    let now = wall();
    let at = options.at.as_deref().map(|text| moment("--at", text, now, Toward::Past)).transpose()?;
    let mut store = open::store_to_read(common, &options.store)?;
    let fleet = store.fleet()?;
    let gpu = gpu(&fleet.gpus, selector)?;
    let health = match at {
        None => gpu.health.clone(),
        Some(at) => store.health_at(gpu.uuid(), at)?,
    };
    let Some(health) = health else {
        return Err(Failure::with_code(
            BAD_NEWS,
            anyhow::anyhow!("{selector} has no score{}", if at.is_some() { " at that time" } else { " yet" }),
        )
        .hint("scores are written by gpuhm score --every 1m, or --once"));
    };
    let mut out = Out::new();
    match options.output {
        Format::Table => scores::explain(&health).iter().try_for_each(|line| out.line(line))?,
        Format::Json => out.line(&json_line(&scores::json(&[&health], now).to_string()))?,
        Format::Csv => out.csv(|to| scores::csv(&[&health], to))?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// What costs points: a line or an object each.
fn list(output: Format) -> Outcome {
    let mut out = Out::new();
    match output {
        Format::Json => {
            let all: Vec<serde_json::Value> = score::list()
                .map(|one| {
                    serde_json::json!({
                        "id": one.id, "dimension": one.dimension.word(), "points": one.points, "hard": one.hard,
                        "action": one.action.word(), "looks_for": one.looks_for,
                    })
                })
                .collect();
            out.line(&serde_json::json!({"schema": "gpuhm.deductions/1", "deductions": all}).to_string())?;
        }
        Format::Csv => {
            let mut csv = csv::Writer::from_writer(Vec::new());
            let written =
                csv.write_record(["id", "dimension", "points", "hard", "action", "looks_for"]).and_then(|()| {
                    score::list().try_for_each(|one| {
                        let hard = if one.hard { "true" } else { "false" };
                        csv.write_record([
                            one.id,
                            one.dimension.word(),
                            one.points,
                            hard,
                            one.action.word(),
                            one.looks_for,
                        ])
                    })
                });
            written.map_err(Failure::cannot)?;
            let text = csv.into_inner().map_err(|error| Failure::cannot(error.into_error()))?;
            out.line(String::from_utf8_lossy(&text).trim_end())?;
        }
        Format::Table => {
            for one in score::list() {
                let hard = if one.hard { "critical" } else { "" };
                let (dimension, action) = (one.dimension.word(), one.action.word());
                out.line(&format!(
                    "{:<22} {dimension:<12} {:<14} {hard:<9} {action:<15} {}",
                    one.id, one.points, one.looks_for
                ))?;
            }
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
