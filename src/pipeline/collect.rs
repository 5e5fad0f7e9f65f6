//! The collect loop: reads the source when it is due, makes events, hands them to the sink, and reports about itself.
//!
//! Ticks fall on the clock's multiples of the interval: no drift, no pile-up after a stall; what was missed is counted.
//! A clock that is corrected changes which multiples they are, and not how often they come.
//! A recording is read when its readings are due by the same clock; with a driven clock nothing waits, and readings are
//! gathered into larger batches, since each batch is one commit.

mod report;
mod ticks;
mod told;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;

use super::clock::monotonic;
use super::jobs::Jobs;
use super::pulse::Beats;
use super::sink::Sink;
use super::{Clock, Flag, PipelineError};
use crate::bus::Message;
use crate::event::Time;
use crate::event::codec::encode;
use crate::event::record::RAW;
use crate::event::sample::{Body, Event};
use crate::event::time::MINUTE;
use crate::pace::Pace;
use crate::source::{Due, HostReport, Reading, Source};
use report::{Reports, report};
use ticks::Ticks;
use told::Waited;

/// With a driven clock readings are gathered up to this many before they are put away.
const GATHER: usize = 4096;
/// … and this many bytes of them; one reading of the source may come on top.
const GATHER_BYTES: usize = 8 << 20;
/// Events put away at a time: more makes a tick of a large fleet take more memory, less makes it more commits.
const COMMIT: usize = 2048;
/// How often a collector reports about each of its hosts.
const REPORT_EVERY: i64 = MINUTE;

/// What was collected so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Samples (and lines) the source gave.
    pub read: u64,
    /// Samples the sink has taken.
    pub collected: u64,
    /// Reports of collectors the sink has taken.
    pub reports: u64,
    /// Ticks done.
    pub ticks: u64,
    /// Ticks missed.
    pub missed: u64,
}

/// Labels that the operator gives to all events: they win over the source's.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// `host.cluster`.
    pub cluster: Option<String>,
    /// `host.rack`.
    pub rack: Option<String>,
    /// `host.datacenter`.
    pub datacenter: Option<String>,
}

/// Says whether there is room downstream; `run` holds a fast source back with it.
pub type Room = Box<dyn FnMut() -> Result<bool, PipelineError> + Send>;
/// Told after each batch.
pub type Watch = Box<dyn FnMut(&Collected, Option<f64>) + Send>;

/// The loop's parts.
pub struct Collect {
    /// What is read.
    pub source: Box<dyn Source>,
    /// Where it goes.
    pub sink: Box<dyn Sink>,
    /// The clock of ticks and readings.
    pub clock: Arc<Clock>,
    /// How often it ticks.
    pub pace: Pace,
    /// First tick, where it is not the clock's next multiple.
    pub from: Option<Time>,
    /// Ends after this many ticks.
    pub ticks: Option<u64>,
    /// The operator's labels.
    pub labels: Labels,
    /// What runs on the GPUs.
    pub jobs: Option<Jobs>,
    /// Room downstream.
    pub room: Option<Room>,
    /// Told of progress.
    pub watch: Option<Watch>,
    /// The newest tick whose samples were put away, ms; for who must tell this loop's silence from the fleet's.
    pub ticked: Arc<AtomicI64>,
    /// Told of each turn.
    pub pulse: Beats,
}

impl std::fmt::Debug for Collect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collect")
            .field("source", &self.source.kind())
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

impl Collect {
    /// Runs until the source ends, the ticks are done or `stop` is set.
    ///
    /// # Errors
    /// Where source or sink failed for good.
    pub fn run(&mut self, stop: &Flag) -> Result<Collected, PipelineError> {
        let mut done = Collected::default();
        let mut ticks = Ticks::new(self.from, self.pace.clone());
        let mut readings = Vec::new();
        let mut reports = Reports::default();
        while !stop.is_set() && self.ticks.is_none_or(|most| done.ticks < most) {
            let wanted = self.source.due();
            let due = match wanted {
                Due::End => break,
                Due::At(time) => time,
                Due::Tick => ticks.due(&self.clock),
            };
            match self.wait(due, (wanted == Due::Tick).then_some(&ticks), done.ticks == 0, stop) {
                Waited::Came => {}
                Waited::Lost => {
                    ticks.again(&self.clock);
                    continue;
                }
                Waited::Changed => {
                    ticks.follow(&self.clock);
                    continue;
                }
                Waited::Stopped => break,
            }
            let began = monotonic();
            let mut hosts = Vec::new();
            let ticked = if let Due::At(_) = wanted {
                self.gather(&mut readings)?;
                due
            } else {
                let at = ticks.read(due, &self.clock, &mut done);
                hosts = self.tick(at, &done, &mut readings, &mut reports)?;
                at
            };
            self.put(&mut readings, &mut done, stop)?;
            // It may go back, as the clock does by which it is judged.
            self.ticked.store(ticked.ms(), Ordering::SeqCst);
            self.tell(&done, &hosts, (wanted == Due::Tick).then(|| began.elapsed()));
        }
        self.pulse.end();
        Ok(done)
    }

    /// One tick; gives the hosts.
    fn tick(
        &mut self,
        at: Time,
        done: &Collected,
        readings: &mut Vec<Reading>,
        reports: &mut Reports,
    ) -> Result<Vec<HostReport>, PipelineError> {
        self.source.read(at, readings)?;
        if let Some(jobs) = &mut self.jobs {
            jobs.look();
        }
        let backlog = self.sink.backlog();
        let hosts = self.source.hosts();
        let due = done.ticks == 1 || at.ms().rem_euclid(REPORT_EVERY) < self.pace.ms();
        // What fails, fails otherwise or recovers is told at once.
        let due = reports.changed(&hosts) || due;
        if reports.wants(due, backlog.unwrap_or_default().dropped) {
            let kind = self.source.kind();
            // The same run through a driven clock must give the same bytes, however fast a sender was beside it.
            let waits = backlog.filter(|_| !self.clock.is_driven()).map(|backlog| backlog.bytes);
            let sent = (waits, backlog.unwrap_or_default());
            let known = hosts.iter().filter(|host| !host.guessed);
            readings.extend(known.map(|host| Reading::Event(Box::new(report(host, kind, (at, done), sent)))));
        }
        Ok(hosts)
    }

    /// Reads what of a recording is due by the clock, which every event is stamped by; a driven one is set on and on
    /// until enough is gathered.
    fn gather(&mut self, readings: &mut Vec<Reading>) -> Result<(), PipelineError> {
        let (mut weighed, mut bytes) = (readings.len(), 0);
        loop {
            self.source.read(self.clock.now(), readings)?;
            bytes += readings.iter().skip(weighed).map(Reading::weight).sum::<usize>();
            weighed = readings.len();
            match self.source.due() {
                Due::At(next) if self.clock.is_driven() && weighed < GATHER && bytes < GATHER_BYTES => {
                    self.clock.advance(next);
                }
                _ => return Ok(()),
            }
        }
    }

    fn put(&mut self, readings: &mut Vec<Reading>, done: &mut Collected, stop: &Flag) -> Result<(), PipelineError> {
        while let Some(room) = &mut self.room
            && !room()?
            && super::clock::nap(std::time::Duration::from_millis(20), stop)
        {
            self.pulse.beat();
        }
        while !readings.is_empty() {
            let (mut samples, mut reports) = (0, 0);
            let mut messages = Vec::with_capacity(readings.len().min(COMMIT));
            for reading in readings.drain(..readings.len().min(COMMIT)) {
                let (message, report) = self.message(reading);
                *if report { &mut reports } else { &mut samples } += 1;
                messages.push(message);
            }
            done.read += samples;
            self.sink.put(messages)?;
            done.collected += samples;
            done.reports += reports;
        }
        let progress = self.source.progress();
        if let Some(watch) = &mut self.watch {
            watch(done, progress);
        }
        Ok(())
    }

    fn message(&self, reading: Reading) -> (Message, bool) {
        match reading {
            Reading::Line { key, bytes, report } => {
                (Message { topic: RAW, key: Bytes::from(key.into_bytes()), value: Bytes::from(bytes) }, report)
            }
            Reading::Event(mut event) => {
                self.label(&mut event);
                self.pulse.sampled(&event);
                // A driven clock has no instant of processing to speak of, and the same run must give the same bytes.
                if !self.clock.is_driven() {
                    event.processed = Some(self.clock.now());
                }
                let key = event.entity().map(|entity| Bytes::copy_from_slice(entity.as_bytes())).unwrap_or_default();
                let mut value = Vec::with_capacity(2048);
                encode(&event, &mut value);
                let report = matches!(event.body, Body::Collector(_));
                (Message { topic: RAW, key, value: Bytes::from(value) }, report)
            }
        }
    }

    fn label(&self, event: &mut Event<'static>) {
        let host = &mut event.host;
        if let (Some(jobs), Body::Sample(gpu, ..)) = (&self.jobs, &mut event.body) {
            jobs.label(host.hostname.as_deref(), gpu);
        }
        let labels = [
            (&self.labels.cluster, &mut host.cluster),
            (&self.labels.rack, &mut host.rack),
            (&self.labels.datacenter, &mut host.datacenter),
        ];
        for (label, field) in labels {
            if let Some(label) = label {
                *field = Some(label.clone().into());
            }
        }
    }
}
