//! `gpuhm top --once`: the fleet as it is, for people and scripts.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use gpuhm::pipeline::clock::wall;
use gpuhm::store::AlertFilter;
use gpuhm::view::escape::json_line;
use gpuhm::view::{alerts, fleet};

use super::exit::{Failure, Outcome};
use super::open;
use super::options::{CommonOptions, StoreOptions};
use super::out::Out;

/// Flags of `top`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Print the fleet once and exit
    #[arg(long)]
    once: bool,
    /// text, json (gpuhm.fleet/1) or csv (a row a GPU)
    #[arg(short, long, value_enum, default_value = "text", requires = "once")]
    output: Format,
    #[command(flatten)]
    store: StoreOptions,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    Csv,
}

/// Runs `top`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    if !options.once {
        return Err(Failure::usage("the live view is not in this version").hint("use gpuhm top --once"));
    }
    let mut store = open::store_to_read(common, &options.store)?;
    let rows = store.fleet()?.gpus;
    let at = wall();
    let mut out = Out::new();
    match options.output {
        Format::Json => out.line(&json_line(&fleet::json(&rows, at).to_string()))?,
        Format::Csv => {
            let mut text = Vec::new();
            fleet::csv(&rows, at, &mut text).map_err(Failure::cannot)?;
            out.line(String::from_utf8_lossy(&text).trim_end())?;
        }
        Format::Text => {
            out.line(&fleet::table(&rows, at))?;
            let open = store.alerts(AlertFilter::Open)?;
            out.line(&format!("\n{} GPUs, {} open alerts", rows.len(), open.len()))?;
            for alert in &open {
                out.line(&alerts::line(alert))?;
            }
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
