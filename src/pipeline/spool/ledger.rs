//! Accounts: what waits in the spool, and what was dropped at its bound, to the event.
//!
//! The spool's own retention cannot say what was lost: it counts what it drops as unread though the sender may hold it in
//! memory and deliver it. So what counts is how far the sender has read: events below a partition's first one that it
//! had not read are lost; those it had read are not. Whatever is put is delivered, waits, or was dropped.

use std::collections::BTreeMap;

use crate::bus::Batch;

/// The accounts of one collector's life.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The next event the sender will read, by partition.
    reached: BTreeMap<i32, i64>,
    /// Dropped before the sender read them, as far as its reading has shown.
    passed: u64,
    /// Read, and neither delivered nor given up.
    held: u64,
    /// Delivered.
    delivered: u64,
    /// Too large for the broker.
    refused: u64,
    /// In the memory ring of a full disk, and what fell out of it.
    ring: (u64, u64),
}

/// How the accounts stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Events still to be delivered.
    pub(super) waiting: u64,
    /// Events lost since the start.
    pub(super) dropped: u64,
}

impl Ledger {
    /// The sender has joined anew: what it held it will read again, and `skipped` are lost.
    pub(super) fn join(&mut self, skipped: u64) {
        self.reached.clear();
        self.passed += skipped;
        self.held = 0;
    }

    /// A partition is read from `next` on.
    pub(super) fn take(&mut self, partition: i32, next: i64) {
        self.reached.insert(partition, next);
    }

    /// The sender has read a batch.
    pub(super) fn read(&mut self, batch: &Batch) {
        let begin = batch.records.first().map_or(batch.next, |record| record.offset);
        let reached = self.reached.entry(batch.partition).or_insert(begin);
        self.passed += u64::try_from(begin - *reached).unwrap_or(0);
        self.held += count(batch.records.len());
        *reached = batch.next.max(*reached);
    }

    /// Events were delivered, but for `refused` that the broker does not take.
    pub(super) fn finished(&mut self, delivered: usize, refused: usize) {
        self.held = self.held.saturating_sub(count(delivered) + count(refused));
        self.delivered += count(delivered);
        self.refused += count(refused);
    }

    /// Events in the memory ring, and how many have fallen out of it.
    pub(super) fn ring(&mut self, waiting: usize, lost: u64) {
        self.ring = (count(waiting), lost);
    }

    /// Events in the memory ring.
    pub(super) fn in_ring(&self) -> u64 {
        self.ring.0
    }

    /// Events delivered since the start.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// How it stands while the spool's partitions hold these offsets.
    pub(super) fn standing(&self, ranges: &[(i64, i64)]) -> Standing {
        let mut waiting = self.held + self.ring.0;
        let mut dropped = self.passed + self.refused + self.ring.1;
        for (partition, (first, next)) in (0..).zip(ranges) {
            let reached = self.reached.get(&partition).unwrap_or(first);
            dropped += u64::try_from(first - reached).unwrap_or(0);
            waiting += u64::try_from(next - reached.max(first)).unwrap_or(0);
        }
        Standing { waiting, dropped }
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::bus::Record;
    use crate::event::Time;

    fn batch(from: i64, to: i64) -> Batch {
        let record = |offset| Record { offset, time: Time(0), key: Bytes::new(), value: Bytes::new() };
        Batch { partition: 0, records: (from..to).map(record).collect(), next: to, end: false }
    }

    #[test]
    fn what_is_put_is_delivered_or_waits_or_was_dropped() {
        let mut ledger = Ledger::default();
        ledger.join(0);
        ledger.take(0, 0);
        let stands = |ledger: &Ledger, first, next| {
            let Standing { waiting, dropped } = ledger.standing(&[(first, next)]);
            (waiting, dropped)
        };
        assert_eq!(stands(&ledger, 0, 100), (100, 0));
        ledger.read(&batch(0, 30));
        assert_eq!(stands(&ledger, 0, 100), (100, 0));
        // Retention drops the first fifty: thirty of them are held and will arrive.
        assert_eq!(stands(&ledger, 50, 100), (80, 20));
        ledger.finished(16, 0);
        assert_eq!(stands(&ledger, 50, 100), (64, 20));
        ledger.read(&batch(50, 60));
        assert_eq!(stands(&ledger, 50, 100), (64, 20), "what was lost counts once");
        // One of them is too large; the sender joins anew at its committed position, which is below the first offset.
        ledger.finished(13, 1);
        assert_eq!(stands(&ledger, 50, 100), (50, 21));
        ledger.join(0);
        ledger.take(0, 50);
        assert_eq!((stands(&ledger, 50, 100), ledger.delivered()), ((50, 21), 29));
        ledger.ring(5, 2);
        assert_eq!(stands(&ledger, 50, 100), (55, 23));
    }
}
