//! The work of `tail`: the backlog in order, then what comes; given away in blocks, and event by event where it follows.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gpuhm::bus::Record;
use gpuhm::event::Time;
use gpuhm::pipeline::Flag;
use gpuhm::pipeline::clock::{monotonic, wall};
use gpuhm::view::tail::time;

use super::cursor::Cursor;
use super::plan::Plan;
use super::reading::Reading;
use super::show::Show;
use crate::exit::Failure;

/// Longest wait for news before a signal or time-out is looked at.
const WAIT: Duration = Duration::from_millis(250);
/// A log whose end was not reached and that is silent for so long ends here (J): a transaction on it is open.
const SILENCE: Duration = Duration::from_secs(5);
/// Records of one read: what is read is written while it is still in a core's own cache.
const BATCH: usize = 256;
/// Records sorted at a time where few are wanted.
const FEW: usize = 2048;
/// A backlog is sorted by time in pieces of this many records, so that a week of them fits into memory.
const PIECE: usize = 100_000;

type Timed = (Time, i32, Record);

/// A `tail` that runs.
pub(super) struct Tail {
    pub(super) show: Show,
    pub(super) reading: Reading,
    pub(super) cursor: Option<Cursor>,
    pub(super) plan: Plan,
    pub(super) stop: Flag,
    /// When it is over, whatever comes.
    pub(super) deadline: Option<Instant>,
}

impl Tail {
    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| monotonic() >= deadline) || self.stop.is_set() || self.show.is_full()
    }

    /// Shows the backlog, and what comes then where that is wanted.
    pub(super) fn run(&mut self) -> Result<(), Failure> {
        self.backlog(self.plan.sorted)?;
        if self.plan.follow {
            self.rest()?;
            self.follow()?;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<Vec<(i32, Record)>, Failure> {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(monotonic()));
        let records = self.reading.read(BATCH, left.map_or(WAIT, |left| left.min(WAIT)))?;
        if let Some(cursor) = &mut self.cursor {
            cursor.read(self.reading.positions(), &records);
        }
        Ok(records)
    }

    fn done(&mut self, partition: i32, record: &Record) {
        if let Some(cursor) = &mut self.cursor {
            cursor.done(partition, record.offset);
        }
    }

    /// Shows what is wanted of these, as they stand.
    fn take(&mut self, records: &[(i32, Record)]) -> Result<(), Failure> {
        for (partition, record) in records {
            if self.show.is_full() {
                break;
            }
            if self.show.wants(*partition, record) {
                self.show.show(*partition, record)?;
            }
            self.done(*partition, record);
        }
        Ok(())
    }

    /// Shows what is on the log as it stands, up to its end.
    fn backlog(&mut self, sorted: bool) -> Result<(), Failure> {
        let ends: BTreeMap<i32, i64> = self.reading.ranges()?.into_iter().map(|(at, (_, end))| (at, end)).collect();
        let (mut before, mut later): (Vec<Timed>, Vec<(i32, Record)>) = (Vec::new(), Vec::new());
        // Few are wanted: they need not wait until many are sorted.
        let piece = if self.show.max() < PIECE as u64 { FEW } else { PIECE };
        let mut silent = Duration::ZERO;
        while !self.is_over() && is_behind(&self.reading.positions(), &ends) {
            let records = self.read()?;
            silent = if records.is_empty() { silent + WAIT } else { Duration::ZERO };
            if silent >= SILENCE {
                tracing::warn!("the log's end was not reached: a transaction on it is open, or the bus is slow");
                break;
            }
            if sorted {
                self.sort_in(records, &ends, &mut before, &mut later);
                match self.plan.keep {
                    Some(count) => self.newest_only(&mut before, count, FEW),
                    None if before.len() >= piece => self.show_sorted(&mut before)?,
                    None => {}
                }
            } else {
                self.take(&records)?;
            }
            if self.cursor.as_ref().is_some_and(Cursor::is_due) {
                self.rest()?;
            }
        }
        if let Some(count) = self.plan.keep {
            self.newest_only(&mut before, count, 0);
        }
        self.show_sorted(&mut before)?;
        for (partition, record) in later {
            self.show_one(partition, &record)?;
        }
        Ok(())
    }

    /// Puts what is wanted of these to what waits to be sorted; where only the newest are kept, what came meanwhile apart.
    fn sort_in(
        &mut self,
        records: Vec<(i32, Record)>,
        ends: &BTreeMap<i32, i64>,
        before: &mut Vec<Timed>,
        later: &mut Vec<(i32, Record)>,
    ) {
        for (partition, record) in records {
            if !self.show.wants(partition, &record) {
                self.done(partition, &record);
            } else if self.plan.keep.is_none() {
                before.push((time(&record), partition, record));
            } else if ends.get(&partition).is_some_and(|end| record.offset >= *end) {
                later.push((partition, record));
            } else {
                before.push((time(&record), partition, alone(&record)));
            }
        }
    }

    /// Keeps the newest, once there are `slack` more.
    fn newest_only(&mut self, records: &mut Vec<Timed>, count: u64, slack: usize) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if records.len() <= count.saturating_add(slack) {
            return;
        }
        by_time(records);
        for (_, partition, record) in records.drain(..records.len().saturating_sub(count)) {
            self.done(partition, &record);
        }
    }

    fn show_sorted(&mut self, records: &mut Vec<Timed>) -> Result<(), Failure> {
        by_time(records);
        for (_, partition, record) in records.drain(..) {
            self.show_one(partition, &record)?;
        }
        Ok(())
    }

    fn show_one(&mut self, partition: i32, record: &Record) -> Result<(), Failure> {
        if !self.show.is_full() {
            self.show.show(partition, record)?;
            self.done(partition, record);
        }
        Ok(())
    }

    fn follow(&mut self) -> Result<(), Failure> {
        while !self.is_over() {
            if self.plan.window.until.is_some_and(|until| wall() > until) {
                // What was on its way when the time came is on the log now.
                return self.backlog(false);
            }
            let records = self.read()?;
            self.take(&records)?;
            self.show.flush()?;
            if self.cursor.as_ref().is_some_and(Cursor::is_due) {
                self.rest()?;
            }
        }
        Ok(())
    }

    /// Gives what was shown away, then says how far that is.
    fn rest(&mut self) -> Result<(), Failure> {
        self.show.flush()?;
        self.cursor.as_mut().map_or(Ok(()), Cursor::write)
    }

    /// Gives away what is still held, also where it failed.
    pub(super) fn close(&mut self, failed: bool) -> Result<(), Failure> {
        self.show.close(failed)?;
        self.cursor.as_mut().map_or(Ok(()), Cursor::write)
    }
}

fn is_behind(positions: &BTreeMap<i32, i64>, ends: &BTreeMap<i32, i64>) -> bool {
    ends.iter().any(|(partition, end)| positions.get(partition).is_none_or(|at| at < end))
}

/// The record without the block it was read in, which is far larger.
fn alone(record: &Record) -> Record {
    let copy = |bytes: &Bytes| Bytes::copy_from_slice(bytes);
    Record { key: copy(&record.key), value: copy(&record.value), ..*record }
}

fn by_time(records: &mut [Timed]) {
    records.sort_by_key(|(at, partition, record)| (*at, *partition, record.offset));
}
