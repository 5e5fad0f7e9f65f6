//! `gpuhm tail`: the newest records of any topic, then what comes; for on-call and scripts.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use gpuhm::bus::{ALERTS, From, Reader, Record};
use gpuhm::event::Time;
use gpuhm::pipeline::Clock;
use gpuhm::pipeline::clock::{monotonic, wall};
use gpuhm::view::tail::{jsonl, pretty, time};

use super::exit::{BAD_NEWS, Failure, Outcome};
use super::open;
use super::options::{BusOptions, CommonOptions, duration, ms};
use super::out::Out;
use super::process::Signals;

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
}

impl Tail {
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

/// Runs `tail`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    let signals = Signals::listen()?;
    let bus = open::bus(common, &options.bus, &Arc::new(Clock::Wall))?;
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
    };
    let mut reader = bus.reader(&options.topic, from)?;
    let ends: Vec<i64> = reader.ranges()?.into_iter().map(|(_, end)| end).collect();
    let later = backlog(&mut *reader, &ends, horizon, options.lines, &mut tail)?;
    for (partition, record) in &later {
        tail.show(*partition, record)?;
    }
    tail.out.flush()?;
    if !options.no_follow {
        follow(&mut *reader, options, &signals, &mut tail)?;
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
    loop {
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
            _ if before.len() >= PIECE => show_sorted(&mut before, tail)?,
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

fn follow(reader: &mut dyn Reader, options: &Options, signals: &Signals, tail: &mut Tail) -> Result<(), Failure> {
    let started = monotonic();
    while !signals.stop.is_set() && tail.shown < tail.max {
        if options.timeout.is_some_and(|timeout| started.elapsed() >= timeout) {
            return Ok(());
        }
        for (partition, record) in reader.read(BATCH, WAIT)? {
            tail.show(partition, &record)?;
        }
        tail.out.flush()?;
    }
    Ok(())
}
