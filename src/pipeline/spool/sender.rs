//! Out of the spool: a thread that reads it as a consumer and sends it wave by wave.
//!
//! A wave's positions move when the broker has acknowledged all of it, so a sender that is killed repeats at most one
//! wave. Every failure of the broker is met by sending the same wave again, by a producer made anew.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pace::{Pace, allowed};
use super::shared::{Shared, lock};
use super::wave::{Queue, WAVE, Wave};
use super::{Connect, GROUP};
use crate::bus::{Bus as _, BusError, Consumer, Finish, Join, Polled, Producer, RAW};
use crate::pipeline::PipelineError;
use crate::pipeline::clock::{monotonic, nap, wall};
use crate::pipeline::retry::Retry;

/// Events read ahead: a wave, since what is held here is neither bounded by the spool nor kept by it.
const AHEAD: usize = WAVE;
/// What is older, in milliseconds, is sent at a bounded rate.
const OLD: i64 = 60_000;
/// First and longest pause before a broker that failed is tried again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long to wait for news before the member's heartbeat is looked after.
const IDLE: Duration = Duration::from_secs(5);
/// How often what was delivered is dropped from the spool (J): each costs a synced write.
const FORGET: Duration = Duration::from_secs(1);

/// The sender.
pub(super) struct Sender {
    shared: Arc<Shared>,
    connect: Connect,
    consumer: Box<dyn Consumer>,
    producer: Option<Box<dyn Producer>>,
    queue: Queue,
    pace: Pace,
    forgotten: Instant,
    /// For the spool itself, which is a local file: it is tried until it works.
    local: Retry,
}

/// Joins the spool's group, and takes everything over.
fn join(shared: &Shared, queue: &mut Queue) -> Result<Box<dyn Consumer>, BusError> {
    let join = Join { group: GROUP.to_owned(), topic: RAW.to_owned(), instance: "sender".to_owned(), once: false };
    let mut consumer = shared.log.consumer(&join)?;
    let mut ledger = lock(&shared.ledger);
    let polled = consumer.poll(1, Duration::ZERO)?;
    queue.clear();
    ledger.join(polled.skipped);
    for &partition in &polled.assigned {
        ledger.take(partition, consumer.recover(partition)?.committed);
    }
    for batch in polled.batches {
        ledger.read(&batch);
        queue.push(batch.partition, batch.records);
    }
    Ok(consumer)
}

impl Sender {
    pub(super) fn new(shared: Arc<Shared>, connect: Connect) -> Result<Sender, BusError> {
        let mut queue = Queue::default();
        let consumer = join(&shared, &mut queue)?;
        let local = Retry::new(shared.halt.clone(), None);
        let (pace, forgotten) = (Pace::default(), monotonic());
        Ok(Sender { shared, connect, consumer, producer: None, queue, pace, forgotten, local })
    }

    /// Sends until it is halted, or something fails for good.
    pub(super) fn run(mut self) {
        let _ended = Ended(Arc::clone(&self.shared));
        match self.work() {
            Ok(()) | Err(PipelineError::Stopped(_)) => {}
            Err(PipelineError::Bus(error)) => lock(&self.shared.fares).fatal = Some(error),
            Err(error) => tracing::error!("{error}"),
        }
        self.shared.forget();
    }

    fn work(&mut self) -> Result<(), PipelineError> {
        while !self.shared.halt.is_set() {
            self.fill()?;
            let fill = lock(&self.shared.fares).fill.rate(monotonic());
            let rate = allowed(self.shared.limits.rate, fill);
            // A second's worth at most, so that a low rate is kept from second to second.
            let most = crate::event::values::whole(rate.floor()).and_then(|most| usize::try_from(most).ok());
            let most = most.unwrap_or(WAVE).clamp(1, WAVE);
            let Some(wave) = self.queue.cut(most, wall().plus(-OLD)) else {
                self.forget(Duration::ZERO);
                self.shared.await_news(IDLE);
                continue;
            };
            if nap(self.pace.take(wave.old, rate, monotonic()), &self.shared.halt) {
                self.deliver(wave)?;
            }
        }
        Ok(())
    }

    /// Reads ahead.
    fn fill(&mut self) -> Result<(), PipelineError> {
        while self.queue.len() < AHEAD {
            let (shared, consumer) = (&self.shared, &mut self.consumer);
            let room = AHEAD - self.queue.len();
            let polled = self.local.run(|| -> Result<Polled, BusError> {
                let mut ledger = lock(&shared.ledger);
                let polled = consumer.poll(room, Duration::ZERO)?;
                for batch in &polled.batches {
                    ledger.read(batch);
                }
                Ok(polled)
            })?;
            if !(polled.assigned.is_empty() && polled.lost.is_empty() && polled.revoking.is_empty()) {
                // Nobody else is here, so this is a member that was taken for dead: it begins anew.
                self.rejoin()?;
                continue;
            }
            let before = self.queue.len();
            for batch in polled.batches {
                self.queue.push(batch.partition, batch.records);
            }
            if self.queue.len() == before {
                break;
            }
        }
        Ok(())
    }

    fn rejoin(&mut self) -> Result<(), PipelineError> {
        let (shared, queue) = (&self.shared, &mut self.queue);
        self.consumer = self.local.run(|| join(shared, queue))?;
        Ok(())
    }

    /// Sends a wave until the broker has it, then moves on.
    fn deliver(&mut self, mut wave: Wave) -> Result<(), PipelineError> {
        let (mut pause, whole) = (PAUSE.0, wave.messages.len());
        while !wave.messages.is_empty() {
            if self.shared.halt.is_set() {
                return Ok(());
            }
            match self.send(&wave) {
                Ok(()) => {
                    self.shared.delivered();
                    break;
                }
                Err(BusError::TooLarge { limit, size, .. }) => {
                    lock(&self.shared.fares).sending = None;
                    let refused = wave.refuse(limit);
                    tracing::warn!("{refused} events dropped: one has {size} bytes, and the bus takes {limit} at most");
                }
                // What a person must mend ends a collector that has delivered nothing yet; one that runs collects on.
                Err(error @ (BusError::Unusable { .. } | BusError::NoTopic(_)))
                    if lock(&self.shared.ledger).delivered() == 0 =>
                {
                    return Err(error.into());
                }
                Err(error) => {
                    // One that only waits goes on waiting: a new one would send a second copy.
                    if !matches!(error, BusError::Failed { .. }) {
                        self.producer = None;
                    }
                    self.shared.lost(&error);
                    if !nap(pause, &self.shared.halt) {
                        return Ok(());
                    }
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
        self.finish(&wave, whole)
    }

    fn send(&mut self, wave: &Wave) -> Result<(), BusError> {
        lock(&self.shared.fares).sending.get_or_insert_with(monotonic);
        let producer = match &mut self.producer {
            Some(producer) => producer,
            none => none.insert((self.connect)()?),
        };
        producer.send(&wave.messages)
    }

    /// Moves the positions behind a wave that the broker has.
    fn finish(&mut self, wave: &Wave, whole: usize) -> Result<(), PipelineError> {
        let finish = Finish { positions: wave.positions.clone(), ..Finish::default() };
        let consumer = &mut self.consumer;
        match self.local.run(|| consumer.finish(&finish)) {
            Ok(()) => {
                let delivered = wave.messages.len();
                lock(&self.shared.ledger).finished(delivered, whole - delivered);
                self.forget(FORGET);
                Ok(())
            }
            Err(PipelineError::Bus(BusError::Fenced { .. })) => self.rejoin(),
            Err(error) => Err(error),
        }
    }

    /// Drops what was delivered from the spool, not more often than `every`.
    fn forget(&mut self, every: Duration) {
        let now = monotonic();
        if now.saturating_duration_since(self.forgotten) >= every {
            self.forgotten = now;
            self.shared.forget();
        }
    }
}

/// Tells that the sender has ended, however it did.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        lock(&self.0.fares).ended = true;
    }
}
