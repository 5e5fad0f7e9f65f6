//! What a runner tells of its turns.

use std::time::{Duration, Instant};

use super::{Parts, Runner};
use crate::bus::Polled;
use crate::event::Time;
use crate::pipeline::clock::monotonic;
use crate::pipeline::pulse::{Beats, Turn};
use crate::stage::Stage;

/// How often a runner looks how much lies before it (J): a question to the broker for each partition.
const LOOK_AT_LAG: Duration = Duration::from_secs(15);

/// What a turn had before it.
pub(super) struct Seen {
    began: Instant,
    records: u64,
    newest: Option<Time>,
    fenced: bool,
}

impl Seen {
    pub(super) fn of(polled: &Polled) -> Seen {
        let records = || polled.batches.iter().flat_map(|batch| &batch.records);
        let newest = records().map(|record| record.time).max();
        Seen { began: monotonic(), records: records().count() as u64, newest, fenced: false }
    }

    /// Another owner has made it void: its records count where they are finished.
    pub(super) fn fenced(&mut self) {
        (self.records, self.newest, self.fenced) = (0, None, true);
    }
}

impl<S: Stage> Runner<S> {
    /// Tells of a completed turn.
    pub(super) fn tell(&mut self, seen: &Seen) {
        self.done.consumed += seen.records;
        self.done.fenced += u64::from(seen.fenced);
        if self.parts.retry.pulse.listens() {
            let took = seen.began.elapsed();
            let lags = self.lags();
            let Parts { stage, topic, retry, clock, .. } = &self.parts;
            retry.pulse.stepped(&Turn {
                stage: stage.name(),
                topic,
                done: &self.done,
                records: seen.records,
                took,
                age_ms: Beats::age(seen.newest, clock.now()),
                lags,
            });
        }
        self.parts.retry.pulse.beat();
    }

    /// How many records lie before it, where it is time to look and the bus answers.
    fn lags(&mut self) -> Option<Vec<(i32, u64)>> {
        if self.lagged.is_some_and(|at| at.elapsed() < LOOK_AT_LAG) {
            return None;
        }
        self.lagged = Some(monotonic());
        let ends = self.parts.consumer.ends().ok()?;
        let behind = |(partition, end): (i32, i64)| {
            let next = self.owned.get(&partition)?.next;
            Some((partition, u64::try_from(end - next).unwrap_or_default()))
        };
        Some((0..).zip(ends).filter_map(behind).collect())
    }
}
