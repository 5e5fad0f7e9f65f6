//! A member's wait for news: what came in its partitions, and which of them stand at their end.

use std::time::Duration;

use super::{EmbeddedConsumer, Own};
use crate::bus::embedded::process::uptime;
use crate::bus::embedded::sweep::{self, Cursor};
use crate::bus::{Batch, BusError, Polled};

/// Milliseconds between two looks at the group. Double, and a dead member's partitions stand still for a second; half,
/// and idle members read the member table twice as often for nothing.
const CHECK: i64 = 500;
/// An idle partition's end is told again after this many milliseconds while others bring news. Half, and a busy
/// runner looks through its idle entities twice as often; double, and their open windows show a second later.
const END_AGAIN: i64 = 1_000;

impl EmbeddedConsumer {
    /// Reads what is new; returns the partitions that stand at an end that was told before.
    fn read(&mut self, max: usize, now: i64, polled: &mut Polled) -> Result<Vec<i32>, BusError> {
        let cursor = |(partition, own): (&i32, &Own)| Cursor { partition: *partition, position: own.position };
        let kept = self.owned.iter().filter(|(partition, _)| !self.revoking.contains(partition));
        let cursors: Vec<Cursor> = kept.map(cursor).collect();
        if cursors.is_empty() {
            return Ok(Vec::new());
        }
        let found = self
            .db
            .read("read", |tx| sweep::sweep(tx, &mut self.codec, &self.join.topic, &cursors, max, &mut self.turn))?;
        let mut quiet = Vec::new();
        for found in found {
            let Some(own) = self.owned.get_mut(&found.partition) else {
                continue;
            };
            own.position = found.position;
            polled.skipped += found.skipped;
            if found.records.is_empty() && found.skipped == 0 && own.told.is_some() && found.end {
                quiet.push(found.partition);
            } else if found.end || !found.records.is_empty() {
                own.told = found.end.then_some(now);
                let (partition, next, end) = (found.partition, found.position, found.end);
                polled.batches.push(Batch { partition, records: found.records, next, end });
            }
        }
        Ok(quiet)
    }

    /// Tells again which partitions stand at their end: all of them where nothing else is told, else now and then.
    fn tell_ends(&mut self, quiet: &[i32], all: bool, now: i64, polled: &mut Polled) {
        for partition in quiet {
            let Some(own) = self.owned.get_mut(partition) else {
                continue;
            };
            if all || own.told.is_none_or(|told| now.saturating_sub(told) >= END_AGAIN) {
                own.told = Some(now);
                let (partition, next) = (*partition, own.position);
                polled.batches.push(Batch { partition, records: Vec::new(), next, end: true });
            }
        }
    }

    /// Looks until there is something to tell, or `wait` is over.
    pub(super) fn await_news(&mut self, max: usize, wait: Duration, polled: &mut Polled) -> Result<(), BusError> {
        let mut waited = Duration::ZERO;
        loop {
            let version = self.db.version()?;
            let now = uptime();
            if self.checked.is_none_or(|checked| now.saturating_sub(checked) >= CHECK) {
                self.check(now, polled)?;
            }
            let quiet = self.read(max, now, polled)?;
            let news = is_news(polled);
            if news || waited >= wait {
                self.tell_ends(&quiet, !news, now, polled);
                polled.revoking = self.revoking.iter().copied().collect();
                return Ok(());
            }
            let until_check = self.checked.map_or(0, |checked| CHECK.saturating_sub(now.saturating_sub(checked)));
            let until_check = Duration::from_millis(u64::try_from(until_check).unwrap_or(0).max(1));
            waited += sweep::nap(&self.db, version, until_check.min(wait.saturating_sub(waited)))?;
        }
    }
}

fn is_news(polled: &Polled) -> bool {
    let quiet = polled.assigned.is_empty() && polled.lost.is_empty() && polled.revoking.is_empty();
    !(quiet && polled.batches.is_empty() && polled.skipped == 0)
}
