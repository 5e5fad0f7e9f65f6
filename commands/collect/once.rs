//! `collect --once`: one look at GPUs that are there, published, or shown.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::ValueEnum;
use gpuhm::bus::Message;
use gpuhm::event::codec::Decoder;
use gpuhm::event::{Body, Event, Time};
use gpuhm::pipeline::sink::Sink;
use gpuhm::pipeline::{Clock, Flag, PipelineError, clock::nap};
use gpuhm::source::endpoints::Endpoints;
use gpuhm::source::place::Place;
use gpuhm::source::{Due, HostReport, Reading, Source, SourceError};
use gpuhm::view::escape::escaped;
use gpuhm::view::node;

use crate::exit::{Failure, UNREACHABLE};
use crate::out::Out;
use crate::process::thread;
use crate::source::{Chosen, SourceOptions};

/// How `--once` shows what it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A row a metric, a column a GPU.
    Table,
    /// The events, a line each.
    Jsonl,
}

/// How long a reading may take: a host engine is set up within 30 s, however slow its machine, and there is no second look.
const PATIENCE: Duration = Duration::from_secs(35);
/// How often a stop is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// What was read, as a source that gives it once.
pub(super) struct Looked {
    kind: &'static str,
    readings: Vec<Reading>,
    hosts: Vec<HostReport>,
    /// What could not be read: every source that failed.
    failed: Vec<SourceError>,
}

impl Looked {
    /// What is said of every host that is not well, a line each.
    pub(super) fn ills(&self) -> Vec<String> {
        let ill = |host: &&HostReport| host.state != "ok" || host.expected.is_some_and(|expected| host.seen < expected);
        let told = |host: &HostReport| match host.expected {
            Some(expected) => format!("{}: {} of {expected} GPUs: {}", host.hostname, host.seen, host.state),
            None => format!("{}: {} GPUs: {}", host.hostname, host.seen, host.state),
        };
        self.hosts.iter().filter(ill).map(told).collect()
    }

    /// Why it ends without success: the first of the sources that failed, the others being told here; or no GPU at all.
    pub(super) fn failure(&mut self) -> Option<Failure> {
        let mut failed = self.failed.drain(..).map(Failure::from);
        let first = failed.next();
        for failure in failed {
            let hint = failure.advice().map(|hint| format!(" -> {hint}")).unwrap_or_default();
            tracing::error!("{}{hint}", failure.text());
        }
        let has_values = |reading: &Reading| match reading {
            Reading::Event(event) => matches!(&event.body, Body::Sample(_, values, _) if !values.is_empty()),
            Reading::Line { report, .. } => !report,
        };
        first.or_else(|| {
            let none = !self.readings.iter().any(has_values);
            none.then(|| {
                let failure = Failure::with_code(UNREACHABLE, anyhow::anyhow!("no GPU could be read"));
                failure.hint("gpuhm doctor with the same --source says what is wrong")
            })
        })
    }
}

/// Reads what was chosen, once; nothing where a stop came meanwhile. Profiling values need some time of being watched: GPUs that
/// are there are read twice.
pub(super) fn look(options: &SourceOptions, stop: &Flag) -> Result<Option<Looked>, Failure> {
    let places = match options.chosen()? {
        Chosen::Live(places) => places,
        Chosen::Replay(_) => {
            return Err(Failure::usage("--once: looks at GPUs that are there, not at a recording"));
        }
        Chosen::Sim => {
            let mut source = options.sim(options.fleet()?)?;
            let mut readings = Vec::new();
            source.read(options.first().unwrap_or_else(|| Clock::Wall.now()), &mut readings)?;
            return Ok(Some(Looked { kind: source.kind(), readings, hosts: source.hosts(), failed: Vec::new() }));
        }
    };
    let profiled = options.named.live.profiled().filter(|_| places.iter().any(profiles));
    let source = options.named.live.open(places, &options.pace())?.quietly().patiently(PATIENCE);
    let Some((mut source, mut readings)) = read(source, stop)? else { return Ok(None) };
    if let Some(long) = profiled
        && !readings.is_empty()
        && nap(long * 2 + long / 2, stop)
    {
        let Some((again, second)) = read(source, stop)? else { return Ok(None) };
        source = again;
        readings = with_xids(readings, second);
    }
    let failed = source.troubles().into_iter().map(|(place, trouble)| trouble.of(place));
    Ok(Some(Looked { kind: source.kind(), readings, hosts: source.hosts(), failed: failed.collect() }))
}

/// Reads all endpoints on a thread of its own, which is left behind where a stop comes: what hangs ends with the process.
fn read(mut source: Endpoints, stop: &Flag) -> Result<Option<(Endpoints, Vec<Reading>)>, Failure> {
    let (tell, told) = channel();
    thread("collect --once", move || {
        let mut readings = Vec::new();
        let done = source.read(Clock::Wall.now(), &mut readings);
        drop(tell.send(done.map(|()| (source, readings))));
    })?;
    loop {
        match told.recv_timeout(LOOK) {
            Ok(done) => return Ok(Some(done?)),
            Err(RecvTimeoutError::Timeout) if !stop.is_set() => {}
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::cannot(anyhow::anyhow!("the reading broke off")));
            }
        }
    }
}

/// Whether a source has values that need to be watched for a while.
fn profiles(place: &Place) -> bool {
    matches!(place.name(), "dcgm" | "auto")
}

/// The second reading with the XIDs of the first, which are told once only; the first where there is no second.
fn with_xids(first: Vec<Reading>, mut second: Vec<Reading>) -> Vec<Reading> {
    for reading in first {
        let Reading::Event(old) = &reading else { continue };
        let new = second.iter_mut().find_map(|new| match new {
            Reading::Event(new) if new.entity() == old.entity() => Some(new),
            _ => None,
        });
        match (new, &old.body) {
            (None, _) => second.push(reading),
            (Some(new), Body::Sample(_, _, earlier)) => {
                if let Body::Sample(_, _, xids) = &mut new.body {
                    xids.splice(0..0, earlier.iter().copied());
                }
            }
            (Some(_), _) => {}
        }
    }
    second
}

impl Source for Looked {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn due(&self) -> Due {
        Due::Tick
    }

    fn read(&mut self, _now: Time, out: &mut Vec<Reading>) -> Result<(), SourceError> {
        out.append(&mut self.readings);
        Ok(())
    }

    fn hosts(&self) -> Vec<HostReport> {
        self.hosts.clone()
    }
}

/// What `--once -o table` gathers, to show it in the end.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown(Arc<Mutex<Vec<Message>>>);

impl Sink for Shown {
    fn put(&mut self, mut messages: Vec<Message>) -> Result<(), PipelineError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(&mut messages);
        Ok(())
    }
}

impl Shown {
    /// Shows it, and what is said of hosts that are not well.
    pub(super) fn print(&self, ills: &[String]) -> Result<(), Failure> {
        let messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut decoder, mut problems) = (Decoder::default(), Vec::new());
        let mut out = Out::new();
        let mut events: Vec<Event<'_>> = Vec::new();
        for message in messages.iter() {
            events.extend(decoder.decode(&message.value, &mut problems));
        }
        let text = node::table(&events);
        if !text.is_empty() {
            out.line(&text)?;
        }
        if !text.is_empty() && !ills.is_empty() {
            out.line("")?;
        }
        ills.iter().try_for_each(|ill| out.line(&escaped(ill)))?;
        out.flush()
    }
}
