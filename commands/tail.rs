//! `gpuhm tail`: the newest records of any topic, then what comes; for on-call and scripts.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use gpuhm::bus::{ALERTS, Bus, BusError, From, Reader, Record, TOPICS};
use gpuhm::event::Time;
use gpuhm::pipeline::clock::{monotonic, wall};
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::{Clock, Flag};
use gpuhm::view::tail::{jsonl, pretty, time};

use super::exit::{BAD_NEWS, Failure, Outcome};
use super::open;
use super::options::{BusOptions, CommonOptions, duration, ms};
use super::out::Out;
use super::process::{LONG_PATIENCE, Signals};

/// Flags of `tail`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Topic: gpu-alerts, gpu-metrics-raw, gpu-metrics-validated, gpu-metrics-invalid
    #[arg(short, long, value_name = "TOPIC", default_value = ALERTS)]
    topic: String,
    /// Begin with the newest N records of the whole topic, or all of them
    #[arg(short = 'n', long, value_name = "N|all", default_value = "10", value_parser = newest)]
    lines: Newest,
    /// Begin with what is newer: 30m, 2h, or an RFC 3339 time
    #[arg(long, value_name = "TIME", conflicts_with = "lines", value_parser = since)]
    since: Option<Since>,
    /// Do not wait for more
    #[arg(long)]
    no_follow: bool,
    /// Stop after this many records
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// Stop after this long
    #[arg(long, value_name = "D", value_parser = duration)]
    timeout: Option<Duration>,
    /// Exit 0 also where nothing was shown
    #[arg(long)]
    allow_empty: bool,
    /// pretty or jsonl [default: pretty on a terminal, else jsonl]
    #[arg(short, long, value_enum)]
    output: Option<Format>,
    #[command(flatten)]
    bus: BusOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Pretty,
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Newest {
    All,
    Count(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    Ago(i64),
    At(Time),
}

fn newest(text: &str) -> Result<Newest, String> {
    if text == "all" {
        Ok(Newest::All)
    } else {
        text.parse().map(Newest::Count).map_err(|_| "a number, or all".to_owned())
    }
}

fn since(text: &str) -> Result<Since, String> {
    match duration(text) {
        Ok(ago) => Ok(Since::Ago(ms(ago))),
        Err(_) => Time::parse(text)
            .map(Since::At)
            .ok_or_else(|| format!("{text:?} is neither a duration such as 30m nor an RFC 3339 time")),
    }
}

/// Longest wait for news before a signal or time-out is looked at.
const WAIT: Duration = Duration::from_millis(250);
const BATCH: usize = 2048;
/// A backlog is sorted by time in pieces of this many records, so that a week of them fits into memory.
const PIECE: usize = 100_000;

struct Tail {
    out: Out,
    format: Format,
    shown: u64,
    undecodable: u64,
    max: u64,
    stop: Flag,
    /// When it began, and how long it may take.
    timeout: Option<(Instant, Duration)>,
}

impl Tail {
    fn is_over(&self) -> bool {
        let late = self.timeout.is_some_and(|(began, timeout)| began.elapsed() >= timeout);
        late || self.stop.is_set() || self.shown >= self.max
    }

    fn show(&mut self, partition: i32, record: &Record) -> Result<(), Failure> {
        if self.shown >= self.max {
            return Ok(());
        }
        let line = match self.format {
            Format::Pretty => pretty(record).map(String::into_bytes),
            Format::Jsonl => jsonl(record),
        };
        if let Some(line) = line {
            self.out.bytes(&line)?;
            self.shown += 1;
        } else {
            self.undecodable += 1;
            tracing::warn!(
                "partition {partition} offset {}: {} bytes that are not JSON",
                record.offset,
                record.value.len()
            );
        }
        Ok(())
    }
}

/// Opens the bus. One that is not there yet is made to follow it, since a stage may be about to; not to look back.
fn open(common: &CommonOptions, options: &Options, signals: &Signals) -> Result<Arc<dyn Bus>, Failure> {
    let directory = open::bus_directory(common, &options.bus)?;
    if !directory.join("bus.db").exists() {
        if !TOPICS.contains(&options.topic.as_str()) {
            return Err(BusError::NoTopic(options.topic.clone()).into());
        }
        if options.no_follow {
            let why = format!("bus {}: there is none; a stage makes it", directory.display());
            return Err(Failure::usage(why).hint("name its directory with --home or --bus"));
        }
        tracing::warn!("bus {}: new, nothing is on it yet", directory.display());
    }
    let retry = Retry { stop: signals.stop.clone(), patience: Some(LONG_PATIENCE) };
    open::bus(common, &options.bus, &Arc::new(Clock::Wall), &retry)
}

/// Runs `tail`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    let signals = Signals::listen()?;
    let bus = open(common, options, &signals)?;
    let horizon = options.since.map(|since| match since {
        Since::Ago(ago) => wall().plus(-ago),
        Since::At(time) => time,
    });
    // An event never reaches the bus more than five minutes before its own time, so nothing newer is missed.
    let from = match (horizon, options.lines) {
        (Some(time), _) => From::Arrived(time.plus(-300_000)),
        (None, Newest::All) => From::Beginning,
        (None, Newest::Count(0)) => From::End,
        (None, Newest::Count(count)) => From::Newest(count),
    };
    let default = if Out::is_terminal() { Format::Pretty } else { Format::Jsonl };
    let mut tail = Tail {
        out: Out::new(),
        format: options.output.unwrap_or(default),
        shown: 0,
        undecodable: 0,
        max: options.max.unwrap_or(u64::MAX),
        stop: signals.stop.clone(),
        timeout: options.timeout.map(|timeout| (monotonic(), timeout)),
    };
    let mut reader = bus.reader(&options.topic, from)?;
    let ends: Vec<i64> = reader.ranges()?.into_iter().map(|(_, end)| end).collect();
    let later = backlog(&mut *reader, &ends, horizon, options.lines, &mut tail)?;
    for (partition, record) in &later {
        tail.show(*partition, record)?;
    }
    tail.out.flush()?;
    if !options.no_follow {
        follow(&mut *reader, &mut tail)?;
    }
    if signals.came() {
        return Ok(signals.one_shot());
    }
    Ok(if tail.shown == 0 && !options.allow_empty { ExitCode::from(BAD_NEWS) } else { ExitCode::SUCCESS })
}

/// Shows what was there at the start, by time; returns what came meanwhile.
fn backlog(
    reader: &mut dyn Reader,
    ends: &[i64],
    horizon: Option<Time>,
    newest: Newest,
    tail: &mut Tail,
) -> Result<Vec<(i32, Record)>, Failure> {
    let mut before: Vec<Timed> = Vec::new();
    let mut later = Vec::new();
    // Few are wanted: they need not wait until many are sorted.
    let piece = if tail.max < PIECE as u64 { BATCH } else { PIECE };
    while !tail.is_over() {
        let records = reader.read(BATCH, Duration::ZERO)?;
        if records.is_empty() {
            break;
        }
        for (partition, record) in records {
            let end = usize::try_from(partition).ok().and_then(|at| ends.get(at));
            let at = time(&record);
            if end.is_some_and(|end| record.offset >= *end) {
                later.push((partition, record));
            } else if horizon.is_none_or(|horizon| at >= horizon) {
                before.push((at, partition, record));
            }
        }
        if later.len() > BATCH {
            break;
        }
        // A long backlog is shown in pieces, each by time; one of a few newest is kept to its size.
        match (horizon, newest) {
            (None, Newest::Count(count)) => newest_only(&mut before, count),
            _ if before.len() >= piece => show_sorted(&mut before, tail)?,
            _ => {}
        }
    }
    if let (None, Newest::Count(count)) = (horizon, newest) {
        newest_only(&mut before, count);
    }
    show_sorted(&mut before, tail)?;
    Ok(later)
}

type Timed = (Time, i32, Record);

fn by_time(records: &mut [Timed]) {
    records.sort_by_key(|(at, partition, record)| (*at, *partition, record.offset));
}

fn newest_only(records: &mut Vec<Timed>, count: u64) {
    by_time(records);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    records.drain(..records.len().saturating_sub(count));
}

fn show_sorted(records: &mut Vec<Timed>, tail: &mut Tail) -> Result<(), Failure> {
    by_time(records);
    for (_, partition, record) in records.drain(..) {
        tail.show(partition, &record)?;
    }
    Ok(())
}

fn follow(reader: &mut dyn Reader, tail: &mut Tail) -> Result<(), Failure> {
    while !tail.is_over() {
        for (partition, record) in reader.read(BATCH, WAIT)? {
            tail.show(partition, &record)?;
        }
        tail.out.flush()?;
    }
    Ok(())
}
