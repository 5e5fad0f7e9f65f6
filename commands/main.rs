//! The `gpuhm` binary: parse, run, say what went wrong once, leave with the right code.

mod aggregate;
mod assets;
mod brokers;
mod cli;
mod collect;
mod completions;
mod config;
mod demo;
mod doctor;
mod exit;
mod generate;
mod look;
mod migrate;
mod moment;
mod open;
mod options;
mod out;
mod passing;
mod predict;
mod process;
mod run;
mod score;
mod screen;
mod service;
mod silence;
mod simcheck;
mod source;
mod tail;
mod top;
mod validate;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
