//! Saved states: a compacted topic, a state in the partition of its input's number, the newest of a key counts.
//!
//! They are read up to the high watermark, taken after the committed positions were: a state that belongs to these
//! positions lies before it. An open transaction hides what lies behind its beginning, so first the stable offset must
//! have passed that mark; to stop at the stable offset instead loses states (Apache Kafka's KAFKA-10167).

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bytes::Bytes;
use rdkafka::Offset;

use super::Kafka;
use super::patience::{ANSWER, Deadline};
use super::scan::{Scan, Seen};
use crate::bus::{BusError, Saved};

/// The topic.
pub const STATES: &str = "gpuhm-state";

/// Pause before an open transaction is looked at again.
const PAUSE: Duration = Duration::from_millis(20);

/// The key of a group's entity.
pub(super) fn key(group: &str, entity: &str) -> Vec<u8> {
    [group.as_bytes(), b"\0", entity.as_bytes()].concat()
}

/// A state's bytes: the position behind its last event (8 bytes, most significant first), then its body.
pub(super) fn value(saved: &Saved) -> Vec<u8> {
    [saved.upto.to_be_bytes().as_slice(), &saved.body].concat()
}

/// The entity of a key, if it is this group's.
fn entity(group: &str, key: &[u8]) -> Option<String> {
    let rest = key.strip_prefix(group.as_bytes())?.strip_prefix(b"\0")?;
    String::from_utf8(rest.to_vec()).ok()
}

fn saved(entity: &str, value: &[u8]) -> Option<Saved> {
    let (upto, body) = value.split_first_chunk::<8>()?;
    Some(Saved { entity: entity.to_owned(), upto: i64::from_be_bytes(*upto), body: body.to_vec() })
}

/// The newest states of a group in these partitions.
pub(super) fn read(kafka: &Kafka, group: &str, partitions: &[i32]) -> Result<HashMap<i32, Vec<Saved>>, BusError> {
    let first = kafka.looks.offsets(STATES, partitions, Offset::Beginning)?;
    let marks = kafka.looks.offsets(STATES, partitions, Offset::End)?;
    let wanted: Vec<(i32, i64, i64)> = (partitions.iter().zip(first).zip(marks))
        .map(|((partition, first), mark)| (*partition, first, mark))
        .filter(|(_, first, mark)| first < mark)
        .collect();
    let mut newest: HashMap<i32, HashMap<String, Bytes>> = HashMap::new();
    if !wanted.is_empty() {
        let scan = Scan::open(kafka, STATES)?;
        await_stable(kafka, &scan, &wanted)?;
        scan.assign(&wanted.iter().map(|(partition, first, _)| (*partition, *first)).collect::<Vec<_>>())?;
        gather(kafka, &scan, &wanted, group, &mut newest)?;
    }
    let states = newest.into_iter().map(|(partition, states)| {
        (partition, states.iter().filter_map(|(entity, value)| saved(entity, value)).collect())
    });
    Ok(states.collect())
}

/// Waits until what lies before the marks can be read.
fn await_stable(kafka: &Kafka, scan: &Scan, wanted: &[(i32, i64, i64)]) -> Result<(), BusError> {
    let partitions: Vec<i32> = wanted.iter().map(|(partition, ..)| *partition).collect();
    let deadline = Deadline::after(ANSWER);
    loop {
        let stable = scan.stable(&partitions)?;
        let open = wanted.iter().zip(stable).find(|((_, _, mark), stable)| stable < mark);
        let Some(((partition, ..), _)) = open else { return Ok(()) };
        if deadline.is_over() {
            let why = format!("{STATES} partition {partition}: a transaction of a former owner is still open");
            return Err(kafka.words.failed("read states", why));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Reads until every partition's end is reached at or behind its mark.
fn gather(
    kafka: &Kafka,
    scan: &Scan,
    wanted: &[(i32, i64, i64)],
    group: &str,
    newest: &mut HashMap<i32, HashMap<String, Bytes>>,
) -> Result<(), BusError> {
    let mut pending: BTreeSet<i32> = wanted.iter().map(|(partition, ..)| *partition).collect();
    let mut deadline = Deadline::after(ANSWER);
    while !pending.is_empty() {
        match scan.next(PAUSE)? {
            Seen::Record(partition, record) => {
                deadline = Deadline::after(ANSWER);
                if let Some(entity) = entity(group, &record.key) {
                    newest.entry(partition).or_default().insert(entity, record.value);
                }
            }
            Seen::End(partition) => {
                // A leader that is new may not know yet how far the log is good.
                let mark = wanted.iter().find(|(at, ..)| *at == partition).map_or(0, |(.., mark)| *mark);
                if scan.position(partition).is_some_and(|position| position >= mark) {
                    pending.remove(&partition);
                }
            }
            Seen::Nothing if deadline.is_over() => {
                let why = format!("{STATES}: no answer for {} s", deadline.ran().as_secs());
                return Err(kafka.words.failed("read states", why));
            }
            Seen::Nothing => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_as_it_was_saved_and_only_to_its_group() {
        let state = Saved { entity: "GPU-1".to_owned(), upto: 77, body: vec![1, 2, 3] };
        let key = key("g", "GPU-1");
        assert_eq!(entity("g", &key).and_then(|entity| saved(&entity, &value(&state))), Some(state));
        assert_eq!(entity("gp", &key), None);
        assert_eq!(entity("", &key), None);
        assert_eq!(saved("x", &[0; 7]), None);
    }
}
