//! `gpuhm validate`: the stage as a service, one drain with `--once`, or a file judged line by line.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use flate2::bufread::MultiGzDecoder;
use gpuhm::bus::{Join, RAW};
use gpuhm::event::codec::Problem;
use gpuhm::event::{Body, Time};
use gpuhm::pipeline::crew::{alone, group};
use gpuhm::pipeline::runner::Parts;
use gpuhm::pipeline::{Clock, Flag, Runner, clock};
use gpuhm::stage::states::States;
use gpuhm::stage::validate::rules::listed;
use gpuhm::stage::validate::{Judge, MAX_BYTES, Recent, Validate};
use gpuhm::view::escape::escaped;
use serde::Serialize;

use super::exit::{BAD_NEWS, Failure, Outcome};
use super::open;
use super::options::{CommonOptions, StageOptions};
use super::out::Out;
use super::process::Signals;
use super::service::Service;

/// Flags of `validate`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Judge a file of JSON lines, plain or gzip, instead of the bus; - is standard input
    #[arg(long, value_name = "F|-", conflicts_with = "once")]
    file: Option<String>,
    /// List the rules and exit
    #[arg(long)]
    list_rules: bool,
    /// With --file: text (a line a refusal) or json (one object)
    #[arg(short, long, value_enum, default_value = "text")]
    output: Format,
    #[command(flatten)]
    stage: StageOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs `validate`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    if options.list_rules {
        let mut out = Out::new();
        for (rule, refuses) in listed() {
            out.line(&format!("{rule:<14} {refuses}"))?;
        }
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    match &options.file {
        Some(file) => judge_file(file, options.output),
        None => serve(common, options),
    }
}

fn serve(common: &CommonOptions, options: &Options) -> Outcome {
    let signals = Signals::listen()?;
    let service = options.stage.service.watched(&options.stage.bus, &signals)?;
    let result = work(common, options, &signals, &service);
    service.end()?;
    options.stage.service.ended(result, &signals)
}

fn work(common: &CommonOptions, options: &Options, signals: &Signals, service: &Service) -> Result<(), Failure> {
    let mut retry = options.stage.service.retry(signals);
    retry.pulse = service.beats("validate");
    let clock = Arc::new(Clock::Wall);
    // Both URLs are looked at before either is opened: a wrong one makes nothing.
    let has_store = !matches!(open::store_place(common, &options.stage.store)?, open::StorePlace::None);
    let bus = open::bus(common, &options.stage.bus, &clock, &retry)?;
    let store = if has_store {
        Some(open::store(common, &options.stage.store, &retry)?)
    } else {
        tracing::warn!("validate: without a store events pass without asset records");
        None
    };
    let join = Join {
        group: group("validate"),
        topic: RAW.to_owned(),
        instance: open::instance("validate", &options.stage.bus, &options.stage.member)?,
        once: options.stage.service.once,
    };
    if options.stage.service.once {
        alone(&*bus, "validate", RAW, &retry)?;
    }
    let mut runner = Runner::new(Parts {
        stage: Validate::default(),
        consumer: retry.run(|| bus.consumer(&join))?,
        store,
        clock,
        topic: RAW.to_owned(),
        retry,
        step: options.stage.service.step.map(|step| step as usize),
        reload: Signals::reload()?,
    });
    let result = runner.run(options.stage.service.goal(), &signals.stop, &Flag::default());
    let done = runner.done();
    let counts = done.counts;
    tracing::info!(
        "validate: {} valid, {} refused, {} duplicates, {} reports, {} fields differ from asset records",
        counts.validated,
        counts.refused,
        counts.duplicates,
        counts.reports,
        counts.asset_differences
    );
    Ok(result?)
}

/// What `--file -o json` prints.
#[derive(Debug, Serialize)]
struct Validation {
    schema: &'static str,
    read: u64,
    valid: u64,
    refused: u64,
    duplicates: u64,
    reasons: BTreeMap<&'static str, u64>,
}

/// The first bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

fn judge_file(file: &str, output: Format) -> Outcome {
    let failed = |error: std::io::Error| Failure::usage(format!("--file {file}: {error}"));
    let mut input: Box<dyn BufRead> = if file == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(file).map_err(failed)?))
    };
    if input.fill_buf().map_err(failed)?.starts_with(&GZIP) {
        input = Box::new(BufReader::new(MultiGzDecoder::new(input)));
    }
    let mut answer = Validation {
        schema: "gpuhm.validation/1",
        read: 0,
        valid: 0,
        refused: 0,
        duplicates: 0,
        reasons: BTreeMap::new(),
    };
    let (mut judge, mut states, mut out) = (Judge::default(), States::<Recent>::default(), Out::new());
    let (mut line, mut problems, now) = (Vec::new(), Vec::new(), clock::wall());
    for number in 1.. {
        line.clear();
        if !bounded_line(&mut input, &mut line).map_err(failed)? {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        answer.read += 1;
        problems.clear();
        if sound(&mut judge, &line, now, &mut problems, &mut states, &mut answer) {
            continue;
        }
        answer.refused += 1;
        for problem in &problems {
            *answer.reasons.entry(problem.rule).or_default() += 1;
            if output == Format::Text {
                out.line(&format!("{number}: {}: {}", problem.rule, escaped(&problem.message)))?;
            }
        }
    }
    if output == Format::Json {
        out.line(&serde_json::to_string(&answer).map_err(Failure::cannot)?)?;
    } else {
        tracing::info!(
            "{} read, {} valid, {} refused, {} duplicates",
            answer.read,
            answer.valid,
            answer.refused,
            answer.duplicates
        );
    }
    out.flush()?;
    Ok(if answer.refused > 0 { ExitCode::from(BAD_NEWS) } else { ExitCode::SUCCESS })
}

/// Judges one line and counts it where it is sound.
fn sound(
    judge: &mut Judge,
    line: &[u8],
    now: Time,
    problems: &mut Vec<Problem>,
    states: &mut States<Recent>,
    answer: &mut Validation,
) -> bool {
    let Some(event) = judge.judge(line, now, problems) else { return false };
    if !problems.is_empty() {
        return false;
    }
    let fresh = match (event.entity(), event.time) {
        (Some(entity), Some(time)) => {
            // A state takes each position once; lines that are not empty are counted as positions.
            let position = i64::try_from(answer.read).unwrap_or(i64::MAX);
            states.at(&entity, position, now).is_none_or(|recent| recent.accept(time))
        }
        _ => true,
    };
    match (&event.body, fresh) {
        (Body::Sample(..), false) => answer.duplicates += 1,
        _ => answer.valid += 1,
    }
    true
}

/// Reads a line without its end; of one longer than an event may be only a little more than that is kept.
fn bounded_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    let limit = MAX_BYTES as u64 + 2;
    let read = input.take(limit).read_until(b'\n', line)?;
    let mut ended = line.last() == Some(&b'\n');
    while !ended && read as u64 == limit {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(chunk.len(), |at| at + 1);
        ended = end.is_some();
        input.consume(used);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(read > 0)
}
