//! `gpuhm sim-quantiles`: the percentiles of a simulated fleet beside those of a real one.
//!
//! Hidden: it is for those who change the simulator. It prints both columns and says which lie too far apart.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gpuhm::source::sim::compare::{ALLOWED, Fleet};
use gpuhm::source::sim::ranks::Quantiles;

use super::exit::{BAD_NEWS, Failure, Outcome};
use super::out::Out;

/// Flags of `sim-quantiles`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// GPUs, eight a host
    #[arg(long, value_name = "N", default_value_t = 8192, value_parser = clap::value_parser!(u32).range(8..=1_000_000))]
    gpus: u32,
    /// Simulated hours
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=240))]
    hours: u32,
    /// Seed
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Table of percentiles 0 to 100, such as src/source/sim/kalos.csv
    file: PathBuf,
}

/// Runs `sim-quantiles`.
pub(crate) fn run(options: &Options) -> Outcome {
    let usage = |why: &dyn std::fmt::Display| Failure::usage(format!("{}: {why}", options.file.display()));
    let text = std::fs::read_to_string(&options.file).map_err(|error| usage(&error))?;
    let table = Quantiles::parse(&text).map_err(|why| usage(&why))?;
    let lines = Fleet { gpus: options.gpus as usize, hours: options.hours, seed: options.seed }.compare(&table)?;
    let mut out = Out::new();
    out.line("column              p      table  simulated  ranks off")?;
    for line in &lines {
        let far = if line.off > ALLOWED { "  too far" } else { "" };
        out.line(&format!(
            "{:<18} {:>2} {:>10.2} {:>10.2} {:>10.2}{far}",
            line.column, line.percentile, line.wanted, line.found, line.off
        ))?;
    }
    let far = lines.iter().filter(|line| line.off > ALLOWED).count();
    let worst = lines.iter().map(|line| line.off).fold(0.0, f64::max);
    out.line(&format!("{far} of {} lie more than {ALLOWED} ranks apart; the furthest {worst:.2}", lines.len()))?;
    out.flush()?;
    Ok(if far == 0 { ExitCode::SUCCESS } else { ExitCode::from(BAD_NEWS) })
}
