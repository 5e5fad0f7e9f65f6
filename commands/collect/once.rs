//! `collect --once`: one look at GPUs that are there, published, or shown.

use std::sync::{Arc, Mutex, PoisonError};

use clap::ValueEnum;
use gpuhm::bus::Message;
use gpuhm::event::codec::Decoder;
use gpuhm::event::{Body, Event, Time};
use gpuhm::pipeline::sink::Sink;
use gpuhm::pipeline::{Clock, Flag, PipelineError, clock::nap};
use gpuhm::source::place::Place;
use gpuhm::source::{Due, HostReport, Reading, Source, SourceError};
use gpuhm::view::node;

use crate::exit::Failure;
use crate::options::ms;
use crate::out::Out;
use crate::source::{Chosen, SourceOptions};

/// How `--once` shows what it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A row a metric, a column a GPU.
    Table,
    /// The events, a line each.
    Jsonl,
}

/// What was read, as a source that gives it once.
pub(super) struct Looked {
    kind: &'static str,
    readings: Vec<Reading>,
    hosts: Vec<HostReport>,
    /// What could not be read.
    pub(super) failed: Option<SourceError>,
}

/// Reads what was chosen, once. Profiling values need some time of being watched: GPUs that are there are read twice.
pub(super) fn look(options: &SourceOptions, stop: &Flag) -> Result<Looked, Failure> {
    let places = match options.chosen()? {
        Chosen::Live(places) => places,
        Chosen::Replay(_) => {
            return Err(Failure::usage("--once: looks at GPUs that are there, not at a recording"));
        }
        Chosen::Sim => {
            let mut source = options.sim(options.fleet()?)?;
            let mut readings = Vec::new();
            source.read(options.first().unwrap_or_else(|| Clock::Wall.now()), &mut readings)?;
            return Ok(Looked { kind: source.kind(), readings, hosts: source.hosts(), failed: None });
        }
    };
    let profiled = options.named.live.profiled().filter(|_| places.iter().any(profiles));
    let mut source = options.named.live.open(places, ms(options.interval))?.quietly();
    let mut readings = Vec::new();
    source.read(Clock::Wall.now(), &mut readings)?;
    if let Some(long) = profiled
        && !readings.is_empty()
        && nap(long * 2 + long / 2, stop)
    {
        let first = std::mem::take(&mut readings);
        source.read(Clock::Wall.now(), &mut readings)?;
        readings = with_xids(first, readings);
    }
    let failed = source.troubles().into_iter().next().map(|(source_name, trouble)| SourceError::Unreachable {
        source_name,
        why: trouble.why,
        hint: trouble.hint,
    });
    Ok(Looked { kind: source.kind(), readings, hosts: source.hosts(), failed })
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
    /// Shows it.
    pub(super) fn print(&self) -> Result<(), Failure> {
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
        out.flush()
    }
}
