//! `migrate bus`: from one bus to another, so that open windows, pending alerts and duplicates go on where they stopped.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use gpuhm::pipeline::Clock;
use gpuhm::pipeline::moving::{Moved, Moving, MovingError};
use serde_json::json;

use super::Format;
use crate::brokers;
use crate::exit::{Failure, Outcome};
use crate::open;
use crate::options::{BusOptions, CommonOptions};
use crate::out::Out;
use crate::process::{Progress, Signals, pass_retry};

/// Flags of `migrate bus`.
#[derive(Debug, Clone, Args)]
pub(super) struct Options {
    /// The bus to leave, `file:DIR`; it stays as it is
    #[arg(long, value_name = "URL")]
    from: String,
    /// Also copy the records, so that `tail` of the past works
    #[arg(long)]
    records: bool,
    /// Replace what an earlier move left, where the bus to leave went on since
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    bus: BusOptions,
}

/// Runs `migrate bus`.
pub(super) fn run(common: &CommonOptions, options: &Options, output: Format) -> Outcome {
    let signals = Signals::listen()?;
    let retry = pass_retry(true, &signals);
    if !options.from.starts_with("file:") {
        return Err(Failure::usage(format!("--from {}: only an embedded bus is left", options.from))
            .hint("name its directory: --from file:DIR"));
    }
    let left = BusOptions { bus: Some(options.from.clone()), ..options.bus.clone() };
    let target = options.bus.bus.clone().ok_or_else(|| {
        Failure::usage("migrate bus: no bus to move to").hint("name it with -b kafka://HOST:PORT,HOST:PORT")
    })?;
    let directory = open::bus_directory(common, &left)?;
    if !directory.join("bus.db").exists() {
        return Err(Failure::usage(format!("--from {}: there is no bus in it", options.from)));
    }
    if options.from == target {
        return Err(Failure::usage(format!("--from {target}: it is the bus to move to")));
    }
    let clock = Arc::new(Clock::Wall);
    let (from, to) = (open::bus(common, &left, &clock, &retry)?, open::bus(common, &options.bus, &clock, &retry)?);
    let moving = Moving {
        from: (&*from, &options.from),
        to: (&*to, &target),
        records: options.records,
        replace: options.replace,
        retry: &retry,
    };
    let mut progress = Progress::new("move", common.quiet);
    let moved = moving.run(&mut |part, word| progress.show(part, word));
    progress.end();
    if signals.came() && moved.is_err() {
        return Ok(signals.one_shot());
    }
    let moved = moved.map_err(failure)?;
    let mut out = Out::new();
    match output {
        Format::Table => show(&moved, &brokers::flags(&options.bus), &mut out)?,
        Format::Json => out.line(&object(&moved).to_string())?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn failure(error: MovingError) -> Failure {
    match error {
        MovingError::Refused { why, hint } => {
            let failure = Failure::usage(why);
            if let Some(hint) = hint { failure.hint(hint) } else { failure }
        }
        MovingError::Pipeline(error) => error.into(),
    }
}

fn show(moved: &Moved, flags: &str, out: &mut Out) -> Result<(), Failure> {
    for copied in &moved.records {
        let there = if copied.there > 0 { format!(", {} were there", copied.there) } else { String::new() };
        out.line(&format!("{:<24} {} records copied{there}", copied.topic, copied.copied))?;
    }
    for (stage, states) in &moved.states {
        out.line(&format!("{stage:<24} {states} states moved"))?;
    }
    if moved.replaced > 0 {
        out.line(&format!("{:<24} {} of an earlier move", "replaced", moved.replaced))?;
    }
    out.line(&format!("start collectors and stages with{flags} now, and none on the old bus"))
}

fn object(moved: &Moved) -> serde_json::Value {
    let records = moved.records.iter();
    let records = records.map(|of| json!({"topic": of.topic, "copied": of.copied, "there": of.there}));
    let stages = moved.states.iter().map(|(stage, states)| json!({"stage": stage, "states": states}));
    json!({
        "schema": "gpuhm.move/1", "records": records.collect::<Vec<_>>(), "stages": stages.collect::<Vec<_>>(),
        "replaced": moved.replaced,
    })
}
