//! What the sender has read and not sent, and how it is cut into waves.
//!
//! A wave is what may be repeated when a sender dies: of each key at most [`OF_A_KEY`] events, so that the repeats lie
//! within validate's duplicate horizon. It takes the head of each partition, up to the first event that is one too many:
//! what is cut off stays in order, and a partition's position never passes over it.
//! Pure: knows neither the spool nor the broker.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;

use crate::bus::{Message, Position, RAW, Record};
use crate::event::Time;

/// Events of one key in a wave: half of the times that validate remembers of a GPU (`stage/validate/recent.rs`).
pub const OF_A_KEY: u8 = 16;
/// Events in a wave: more, and a large collector repeats and holds more; less, and it pays for more commits (J).
pub(super) const WAVE: usize = 2048;
/// … and bytes of them, which bounds what waits in the producer; a single event may be larger.
const WAVE_BYTES: usize = 8 << 20;

/// What is sent, and finished, at once.
#[derive(Debug, Default)]
pub(super) struct Wave {
    /// The events, in order of each partition.
    pub(super) messages: Vec<Message>,
    /// How far each partition gets with them.
    pub(super) positions: Vec<Position>,
    /// How many of them came to the spool before the time that was asked for.
    pub(super) old: usize,
}

impl Wave {
    /// Takes out what is larger than `limit` bytes, or the largest where nothing seems to be; how many that were.
    pub(super) fn refuse(&mut self, limit: usize) -> usize {
        let size = |message: &Message| message.key.len().saturating_add(message.value.len());
        let before = self.messages.len();
        self.messages.retain(|message| size(message) <= limit);
        if self.messages.len() == before
            && let Some((at, _)) = self.messages.iter().enumerate().max_by_key(|(_, message)| size(message))
        {
            self.messages.remove(at);
        }
        before - self.messages.len()
    }
}

/// Read and not yet sent.
#[derive(Debug, Default)]
pub(super) struct Queue {
    partitions: BTreeMap<i32, VecDeque<Record>>,
    len: usize,
    /// The partition to begin with, so that none starves where a wave is full before all had their turn.
    turn: i32,
}

impl Queue {
    /// How many events.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds what comes next in a partition.
    pub(super) fn push(&mut self, partition: i32, records: Vec<Record>) {
        if !records.is_empty() {
            self.len += records.len();
            self.partitions.entry(partition).or_default().extend(records);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        (self.partitions, self.len) = (BTreeMap::new(), 0);
    }

    /// Cuts the next wave off, of about `most` events at most; `None` where there is nothing.
    pub(super) fn cut(&mut self, most: usize, old: Time) -> Option<Wave> {
        if self.len == 0 {
            return None;
        }
        let mut wave = Wave::default();
        let mut bytes = 0;
        let turn = self.turn;
        let order: Vec<i32> =
            (self.partitions.range(turn..)).chain(self.partitions.range(..turn)).map(|at| *at.0).collect();
        for partition in order {
            if wave.messages.len() >= most || bytes >= WAVE_BYTES {
                break;
            }
            let Some(waiting) = self.partitions.get_mut(&partition) else { continue };
            bytes += head(waiting, &mut wave, (most, WAVE_BYTES.saturating_sub(bytes)), (partition, old));
            if waiting.is_empty() {
                self.partitions.remove(&partition);
            }
            self.turn = partition + 1;
        }
        self.len -= wave.messages.len();
        Some(wave)
    }
}

/// Moves the head of a partition into the wave; how many bytes that were.
fn head(
    waiting: &mut VecDeque<Record>,
    wave: &mut Wave,
    (most, room): (usize, usize),
    (partition, old): (i32, Time),
) -> usize {
    // A key lies in one partition, so counts need not outlive it.
    let mut counts: HashMap<Bytes, u8> = HashMap::new();
    let (mut bytes, mut next) = (0, None);
    while wave.messages.len() < most
        && bytes < room
        && let Some(record) = waiting.front()
    {
        let count = counts.entry(record.key.clone()).or_default();
        if *count == OF_A_KEY {
            break;
        }
        *count += 1;
        let Some(Record { offset, time, key, value }) = waiting.pop_front() else { break };
        bytes += key.len() + value.len();
        next = Some(offset.saturating_add(1));
        wave.old += usize::from(time < old);
        wave.messages.push(Message { topic: RAW, key, value });
    }
    if let Some(next) = next {
        wave.positions.push(Position { partition, next, settled: next });
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(offset: i64, key: &str) -> Record {
        let value = Bytes::from(format!("{key}/{offset}"));
        Record { offset, time: Time(offset), key: Bytes::copy_from_slice(key.as_bytes()), value }
    }

    proptest! {
        /// However much lies where, waves of any size bring each partition's events in order and whole, never more than
        /// 16 of a key, and each position is behind exactly what was cut off.
        #[test]
        fn waves_are_the_queue_in_order(
            keys in proptest::collection::vec((0i32..4, 0u8..3), 1..400),
            most in 1usize..90,
        ) {
            let mut queue = Queue::default();
            let mut put: BTreeMap<i32, Vec<String>> = BTreeMap::new();
            for (partition, key) in &keys {
                let line = put.entry(*partition).or_default();
                let record = record(i64::try_from(line.len()).unwrap(), &format!("{partition}-{key}"));
                line.push(String::from_utf8(record.value.to_vec()).unwrap());
                queue.push(*partition, vec![record]);
            }
            let mut got: BTreeMap<i32, Vec<String>> = BTreeMap::new();
            while let Some(wave) = queue.cut(most, Time(0)) {
                prop_assert!(!wave.messages.is_empty() && wave.messages.len() <= most);
                let mut counts: HashMap<Bytes, u8> = HashMap::new();
                for message in &wave.messages {
                    let count = counts.entry(message.key.clone()).or_default();
                    *count += 1;
                    prop_assert!(*count <= OF_A_KEY);
                    let partition: i32 = std::str::from_utf8(&message.key[..1]).unwrap().parse().unwrap();
                    got.entry(partition).or_default().push(String::from_utf8(message.value.to_vec()).unwrap());
                }
                for position in &wave.positions {
                    prop_assert_eq!(usize::try_from(position.next).unwrap(), got[&position.partition].len());
                    prop_assert_eq!(position.settled, position.next);
                }
            }
            prop_assert_eq!(queue.len(), 0);
            prop_assert_eq!(got, put);
        }
    }

    #[test]
    fn no_partition_starves_and_old_ones_are_counted() {
        let mut queue = Queue::default();
        for partition in 0..3 {
            queue.push(partition, (0..10).map(|offset| record(offset, &format!("k{partition}"))).collect());
        }
        let first: Vec<i32> = (0..3).map(|_| queue.cut(4, Time(2)).unwrap().positions[0].partition).collect();
        assert_eq!(first, [0, 1, 2]);
        let mut queue = Queue::default();
        queue.push(0, (0..10).map(|offset| record(offset, "k")).collect());
        assert_eq!(queue.cut(WAVE, Time(7)).unwrap().old, 7);
    }

    #[test]
    fn what_is_too_large_goes_and_the_rest_stays() {
        let message = |size: usize| Message { topic: RAW, key: "k".into(), value: vec![b'x'; size].into() };
        let mut wave = Wave { messages: vec![message(5), message(50), message(6)], ..Wave::default() };
        assert_eq!(wave.refuse(20), 1);
        assert_eq!(wave.messages.iter().map(|message| message.value.len()).collect::<Vec<_>>(), [5, 6]);
        // The broker counts more than we do: then the largest it is, so that the wave comes to an end.
        assert_eq!((wave.refuse(20), wave.messages.len()), (1, 1));
    }
}
