//! Into the spool: one transaction a tick, through a ring in memory that only fills where the disk does not take it.
//!
//! Everything goes through the ring, so that order holds when the disk works again. What falls out of it is counted. The
//! spool is kept within its bounds from here, since only what is put makes it grow.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::plight::Plight;
use super::shared::{Shared, lock};
use crate::bus::{Bus as _, BusError, Message, Producer};
use crate::pipeline::PipelineError;
use crate::pipeline::clock::{monotonic, wall};
use crate::pipeline::pulse::Reach;
use crate::pipeline::sink::{Backlog, Sink};

/// Bytes of events kept in memory while the disk takes none (J): a quarter of what a collector may use, and an hour of
/// a host's eight GPUs several times over.
const RING_BYTES: usize = 32 << 20;
/// Events in one transaction.
const AT_ONCE: usize = 2048;
/// How often the bounds are looked at, at least.
const RETAIN: Duration = Duration::from_secs(3);
/// … and after how much of the bound was put, uncompressed, so that a fast source overruns it by little.
const RETAIN_PART: u64 = 16;

/// The spool's entrance.
pub(super) struct Intake {
    shared: Arc<Shared>,
    producer: Option<Box<dyn Producer>>,
    ring: VecDeque<Message>,
    ring_bytes: usize,
    overflowed: u64,
    /// When the bounds were last looked at, and what was put since.
    retained: (Instant, u64),
    known: Backlog,
    disk: Plight,
    full: Plight,
}

impl Intake {
    pub(super) fn new(shared: Arc<Shared>) -> Intake {
        Intake {
            shared,
            producer: None,
            ring: VecDeque::new(),
            ring_bytes: 0,
            overflowed: 0,
            retained: (monotonic(), 0),
            known: Backlog::default(),
            disk: Plight::default(),
            full: Plight::default(),
        }
    }

    /// Takes events; where the disk does not, they stay in memory.
    fn put(&mut self, messages: Vec<Message>) -> Result<(), BusError> {
        lock(&self.shared.fares).fill.add(messages.len(), monotonic());
        for message in messages {
            self.ring_bytes += weight(&message);
            self.ring.push_back(message);
        }
        self.flush()?;
        while self.ring_bytes > RING_BYTES
            && let Some(oldest) = self.ring.pop_front()
        {
            self.ring_bytes -= weight(&oldest);
            self.overflowed += 1;
        }
        self.account();
        self.retain();
        Ok(())
    }

    /// Writes the ring to the spool as far as the disk takes it; whether it took all.
    pub(super) fn flush(&mut self) -> Result<bool, BusError> {
        if self.ring.is_empty() {
            return Ok(true);
        }
        let taken = self.write();
        self.account();
        self.shared.ring();
        match taken {
            Ok(()) => {
                if let Some(after) = self.disk.well(monotonic()) {
                    tracing::info!("the spool can be written again after {} s", after.as_secs());
                }
                Ok(true)
            }
            Err(error @ BusError::Failed { .. }) => {
                // A connection that failed is made anew.
                self.producer = None;
                let now = monotonic();
                if self.disk.wrong(now, now) {
                    let (kept, most) = (self.ring.len(), RING_BYTES >> 20);
                    tracing::warn!("{error}; {kept} events are kept in memory only, {most} MiB at most");
                }
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn write(&mut self) -> Result<(), BusError> {
        while !self.ring.is_empty() {
            let mut producer = match self.producer.take() {
                Some(producer) => producer,
                None => self.shared.log.producer()?,
            };
            let many = self.ring.len().min(AT_ONCE);
            let Some(chunk) = self.ring.make_contiguous().get(..many) else { break };
            producer.send(chunk)?;
            self.producer = Some(producer);
            let bytes: usize = self.ring.drain(..many).map(|message| weight(&message)).sum();
            self.ring_bytes -= bytes;
            self.retained.1 += u64::try_from(bytes).unwrap_or(u64::MAX);
        }
        Ok(())
    }

    fn account(&self) {
        lock(&self.shared.ledger).ring(self.ring.len(), self.overflowed);
    }

    /// Keeps the spool within its bounds.
    fn retain(&mut self) {
        let now = monotonic();
        let much = self.retained.1 >= self.shared.limits.bytes / RETAIN_PART;
        if !much && now.saturating_duration_since(self.retained.0) < RETAIN {
            return;
        }
        self.retained = (now, 0);
        if let Err(error) = self.shared.log.retain(wall()) {
            tracing::debug!(%error, "the spool's bounds are looked at later");
            return;
        }
        let before = self.known.dropped;
        let after = self.backlog();
        if after.dropped > before {
            if self.full.wrong(now, now) {
                tracing::warn!("the spool is full: {} events dropped so far, the oldest first", after.dropped);
            }
        } else if self.full.well(now).is_some() {
            tracing::info!("the spool has room again; {} events were dropped", after.dropped);
        }
    }

    /// What waits and what was lost; as last known where the spool cannot be read.
    fn backlog(&mut self) -> Backlog {
        match self.shared.backlog() {
            Ok(backlog) => self.known = backlog,
            Err(error) => tracing::debug!(%error, "the spool's accounts are as last known"),
        }
        self.known
    }
}

fn weight(message: &Message) -> usize {
    message.key.len().saturating_add(message.value.len())
}

/// The spool as a sink.
pub struct SpoolSink(pub(super) Arc<Mutex<Intake>>);

impl std::fmt::Debug for SpoolSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SpoolSink").field(&lock(&self.0).shared.place).finish()
    }
}

impl Sink for SpoolSink {
    fn put(&mut self, messages: Vec<Message>) -> Result<(), PipelineError> {
        let mut intake = lock(&self.0);
        intake.put(messages)?;
        if let Some(failure) = intake.shared.failure() {
            return Err(failure);
        }
        intake.shared.look();
        Ok(())
    }

    fn backlog(&mut self) -> Option<Backlog> {
        Some(lock(&self.0).backlog())
    }

    fn reach(&self) -> Option<(Reach, u64)> {
        let shared = Arc::clone(&lock(&self.0).shared);
        Some((shared.reach(), shared.limits.bytes))
    }
}
