//! `gpuhm silence`: alerts that are expected, and for how long; they are stored and shown, and do not count as open.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use gpuhm::event::matcher::Fields;
use gpuhm::event::{Alert, Matcher, Silence, Time};
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::retry::Retry;
use gpuhm::store::AlertFilter;
use gpuhm::view::escape::json_line;
use gpuhm::view::silences;

use super::exit::{BAD_NEWS, Failure, Outcome};
use super::moment::{Toward, moment};
use super::open;
use super::options::{CommonOptions, StoreOptions};
use super::out::Out;

/// Flags of `silence`.
#[derive(Debug, Clone, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    store: StoreOptions,
}

/// What is done with silences.
#[derive(Debug, Clone, Subcommand)]
enum Act {
    /// Silence what matches, until a time
    Add(Add),
    /// Print silences
    List(List),
    /// End a silence before its time
    End(End),
}

/// Flags of `silence add`.
#[derive(Debug, Clone, Args)]
struct Add {
    /// FIELD=VALUE, or !=, =~, !~, <, >=; all must match. Fields: rule, severity, host, gpu, index, rack, cluster,
    /// datacenter, model, status
    #[arg(value_name = "MATCHER", required = true)]
    matchers: Vec<String>,
    /// Until when: RFC 3339, a date, or a duration from now such as 2h
    #[arg(long, value_name = "TIME")]
    until: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// From when [default: now]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Who
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown", hide_env_values = true)]
    who: String,
}

/// Flags of `silence list`.
#[derive(Debug, Clone, Args)]
struct List {
    /// Those that have ended, too
    #[arg(long)]
    all: bool,
    /// table, or json (gpuhm.silences/1)
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// Flags of `silence end`.
#[derive(Debug, Clone, Args)]
struct End {
    /// Its id, as list prints it
    #[arg(value_name = "ID")]
    id: String,
}

/// Longest reason and name, in bytes.
const MOST_TEXT: usize = 1024;
/// Most matchers of a silence.
const MOST_MATCHERS: usize = 32;

/// Runs `silence`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    let now = wall();
    match &options.act {
        Act::Add(add) => {
            let silence = read(add, now)?;
            let mut store = open::store(common, &options.store, &Retry::never())?;
            store.put_silence(&silence)?;
            let alerts = store.alerts(AlertFilter::Open)?;
            let matching = alerts.iter().filter(|alert| silence.matchers.iter().all(|one| one.matches(*alert))).count();
            tracing::info!("{matching} of {} firing alerts match now", alerts.len());
            said(&silence.id)
        }
        Act::List(list) => {
            let mut store = open::store_to_read(common, &options.store)?;
            let mut kept = store.silences()?;
            kept.retain(|silence| list.all || silence.until > now && silence.ended.is_none_or(|ended| ended > now));
            let mut out = Out::new();
            match list.output {
                Format::Json => out.line(&json_line(&silences::json(&kept, now).to_string()))?,
                Format::Table if kept.is_empty() => {}
                Format::Table => out.line(&silences::table(&kept, now))?,
            }
            out.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Act::End(end) => {
            let mut store = open::store(common, &options.store, &Retry::never())?;
            let found = store.silences()?.into_iter().find(|silence| silence.id == end.id);
            let Some(mut silence) = found else {
                return Err(Failure::usage(format!("no silence {:?}", end.id)).hint("gpuhm silence list prints them"));
            };
            if silence.until <= now || silence.ended.is_some() {
                return Err(Failure::with_code(BAD_NEWS, anyhow::anyhow!("silence {} has ended already", end.id)));
            }
            silence.ended = Some(now);
            store.put_silence(&silence)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn said(id: &str) -> Outcome {
    let mut out = Out::new();
    out.line(id)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn read(add: &Add, now: Time) -> Result<Silence, Failure> {
    let until = moment("--until", &add.until, now, Toward::Future)?;
    let from = add.from.as_deref().map(|text| moment("--from", text, now, Toward::Future)).transpose()?.unwrap_or(now);
    if until <= from || until <= now {
        return Err(Failure::usage(format!("--until {}: is not ahead", add.until)));
    }
    if add.reason.trim().is_empty() {
        return Err(Failure::usage("--reason: say why; whoever finds it at night will ask"));
    }
    for (flag, text) in [("--reason", &add.reason), ("--who", &add.who)] {
        if text.len() > MOST_TEXT {
            return Err(Failure::usage(format!("{flag}: {} bytes, at most {MOST_TEXT}", text.len())));
        }
    }
    if add.matchers.len() > MOST_MATCHERS {
        return Err(Failure::usage(format!("{} matchers, at most {MOST_MATCHERS}", add.matchers.len())));
    }
    let matchers = add.matchers.iter().map(|text| {
        Matcher::parse(text, Alert::names()).map_err(|wrong| Failure::usage(format!("matcher {text:?}: {wrong}")))
    });
    let matchers = matchers.collect::<Result<Vec<_>, _>>()?;
    Ok(Silence::new(matchers, from, until, &add.reason, &add.who))
}
