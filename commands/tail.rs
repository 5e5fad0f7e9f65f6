//! `gpuhm tail`: the newest records of any topic, then what comes; for on-call and scripts.
//!
//! It joins no group and commits nothing: how far a script got stands in a file of its own, where it wants one.

mod cursor;
mod options;
mod plan;
mod reading;
mod show;
mod work;

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use gpuhm::bus::{Bus, BusError, TOPICS};
use gpuhm::event::matcher::nearest;
use gpuhm::pipeline::Clock;
use gpuhm::pipeline::clock::{monotonic, wall};

use self::cursor::{About, Cursor};
pub(crate) use self::options::Options;
use self::plan::Plan;
use self::reading::{Patience, Reading};
use self::show::{Show, Style, Wanted};
use self::work::Tail;
use super::exit::{BAD_NEWS, Failure, Outcome};
use super::open::{self, Place};
use super::options::CommonOptions;
use super::out::Out;
use super::process::{LONG_PATIENCE, Signals};

/// Opens the bus. One that is not there yet is made to follow it, since a stage may be about to; not to look back.
fn open(common: &CommonOptions, options: &Options, patience: &Patience) -> Result<Arc<dyn Bus>, Failure> {
    if let Place::Embedded(directory) = open::place(common, &options.bus)?
        && !directory.join("bus.db").exists()
    {
        if !TOPICS.contains(&options.topic.as_str()) {
            return Err(no_topic(&options.topic));
        }
        if options.no_follow {
            let why = format!("bus {}: there is none; a stage makes it", directory.display());
            return Err(Failure::usage(why).hint("name its directory with --home or --bus"));
        }
        tracing::warn!("bus {}: new, nothing is on it yet", directory.display());
    }
    open::bus(common, &options.bus, &Arc::new(Clock::Wall), &patience.retry())
}

fn no_topic(topic: &str) -> Failure {
    let failure = Failure::from(BusError::NoTopic(topic.to_owned()));
    match nearest(topic, &TOPICS) {
        Some(near) => failure.hint(format!("did you mean {near}? The topics are {}", TOPICS.join(", "))),
        None => failure,
    }
}

/// What the positions in a cursor file are positions of.
fn about(common: &CommonOptions, options: &Options) -> Result<About, Failure> {
    let topic = options.topic.clone();
    Ok(match open::place(common, &options.bus)? {
        Place::Embedded(directory) => {
            let directory = directory.canonicalize().unwrap_or(directory);
            About { bus: format!("file:{}", directory.display()), prefix: String::new(), topic }
        }
        // Brokers come and go and are named in any order: the cluster is not told apart by them.
        Place::Kafka(_) => {
            let prefix = options.bus.topic_prefix.clone().unwrap_or_default();
            About { bus: "kafka".to_owned(), prefix, topic }
        }
    })
}

/// Runs `tail`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    let signals = Signals::listen()?;
    match work(common, options, &signals) {
        // It waited for its bus, and was told to stop.
        Err(failure) if failure.is_stop() && signals.came() => Ok(signals.one_shot()),
        ended => ended,
    }
}

fn work(common: &CommonOptions, options: &Options, signals: &Signals) -> Outcome {
    let deadline = options.timeout.and_then(|timeout| monotonic().checked_add(timeout));
    let patience = Patience {
        stop: signals.stop.clone(),
        longest: options.bus.connect_timeout.filter(|long| !long.is_zero()).unwrap_or(LONG_PATIENCE),
        deadline,
    };
    let format = options.format(Out::is_terminal())?;
    if !TOPICS.contains(&options.topic.as_str()) {
        return Err(no_topic(&options.topic));
    }
    let choice = options.choice()?;
    let choosy = !choice.is_everything();
    // Wrong times are told before anything is opened.
    let now = wall();
    Plan::of(options, choosy, None, now)?;
    let bus = open(common, options, &patience)?;
    let cursor = match &options.cursor_file {
        Some(file) => Some(Cursor::open(file, about(common, options)?)?),
        None => None,
    };
    let stands = cursor.as_ref().and_then(|cursor| cursor.stands().cloned());
    let plan = Plan::of(options, choosy, stands.clone(), now)?;
    let mut reading = Reading::open(bus, &options.topic, &options.partitions, plan.from.clone(), patience)?;
    if let (Some(stands), Some(file)) = (&stands, &options.cursor_file) {
        hold(stands, &reading.ranges()?, &options.topic, file)?;
    }
    let style = Style { format, envelope: options.envelope, topic: options.topic.clone() };
    let wanted = Wanted { choice, window: plan.window, max: options.max.unwrap_or(u64::MAX) };
    let show = Show::new(style, wanted)?;
    let mut tail = Tail { show, reading, cursor, plan, stop: signals.stop.clone(), deadline };
    let ended = tail.run();
    let closed = tail.close(ended.is_err());
    match ended {
        Err(failure) if !(failure.is_stop() && signals.came()) => return Err(failure),
        Ok(()) | Err(_) => closed?,
    }
    if signals.came() {
        if !common.quiet && std::io::stderr().is_terminal() {
            // Nobody can be told where standard error is closed.
            drop(writeln!(std::io::stderr(), "… {}", tail.show.counts()));
        }
        return Ok(signals.one_shot());
    }
    Ok(if tail.show.shown() == 0 && !options.allow_empty { ExitCode::from(BAD_NEWS) } else { ExitCode::SUCCESS })
}

/// Holds a cursor file against the topic: what was dropped before it was read is told, what never was there refused.
fn hold(
    stands: &BTreeMap<i32, i64>,
    ranges: &BTreeMap<i32, (i64, i64)>,
    topic: &str,
    file: &std::path::Path,
) -> Result<(), Failure> {
    let mut missed = 0;
    for (partition, next) in stands {
        let Some((first, end)) = ranges.get(partition) else { continue };
        if next > end {
            let why = format!("it stands at {next} in partition {partition}, which ends at {end}");
            let what = format!("cursor file {}: {why}: {topic} was made anew", file.display());
            return Err(Failure::usage(what).hint("remove the file to begin anew"));
        }
        missed += (first - next).max(0);
    }
    if missed > 0 {
        let file = file.display();
        tracing::warn!("cursor file {file}: up to {missed} records of {topic} were dropped before they were read");
    }
    Ok(())
}
