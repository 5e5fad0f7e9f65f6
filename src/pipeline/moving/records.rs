//! Copies what is on the topics, in order, key and bytes as they are; the time of each is the target's, as of its arrival.
//!
//! What a killed move has copied already is found again: of each partition the target must hold a beginning of what the
//! source holds, and the copy goes on behind it. Records without a key lie in any partition, so of them it is the number of
//! each that counts. Whatever else is on the target is somebody's, and the copy is refused before it writes.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::{Moving, MovingError, Tell, refused, stopped};
use crate::bus::{Bus, BusError, From, Message, RAW, Record, TOPICS, VALIDATED};
use crate::pipeline::clock::monotonic;

/// Records a read takes.
const READ: usize = 2048;
/// Records and bytes that are published at once.
const SEND: (usize, usize) = (2000, 4 << 20);
const WAIT: Duration = Duration::from_millis(200);
/// How long a bus may bring nothing before its end. Half, and a broker that rolls was near it; double, and a person waits
/// longer to hear of it.
const SILENCE: Duration = Duration::from_secs(30);

/// What was copied of one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The topic.
    pub topic: &'static str,
    /// Records copied now.
    pub copied: u64,
    /// Records that an earlier move had copied.
    pub there: u64,
}

/// What a topic holds, in short: per partition how many records with a key and what their bytes come to; of those without
/// a key, how often each.
#[derive(Debug, Default, PartialEq, Eq)]
struct Held {
    keyed: BTreeMap<i32, (u64, u64)>,
    keyless: HashMap<u64, u64>,
}

impl Held {
    fn add(&mut self, partition: i32, record: &Record) {
        if record.key.is_empty() {
            *self.keyless.entry(digest(0, record)).or_default() += 1;
        } else {
            let (count, sum) = self.keyed.entry(partition).or_default();
            (*count, *sum) = (*count + 1, digest(*sum, record));
        }
    }

    fn len(&self) -> u64 {
        self.keyed.values().map(|(count, _)| count).sum::<u64>() + self.keyless.values().sum::<u64>()
    }

    /// Whether this record is among what is `held` and was not counted yet; then it counts.
    fn takes(&mut self, partition: i32, record: &Record, held: &Held) -> bool {
        if record.key.is_empty() {
            let digest = digest(0, record);
            let Some(there) = held.keyless.get(&digest) else { return false };
            let seen = self.keyless.entry(digest).or_default();
            let is_there = *seen < *there;
            *seen += u64::from(is_there);
            return is_there;
        }
        let Some((there, _)) = held.keyed.get(&partition) else { return false };
        let (count, sum) = self.keyed.entry(partition).or_default();
        let is_there = *count < *there;
        if is_there {
            (*count, *sum) = (*count + 1, digest(*sum, record));
        }
        is_there
    }
}

fn digest(before: u64, record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    (before, &record.key, &record.value).hash(&mut hasher);
    hasher.finish()
}

/// Reads a topic from its beginning to its end as it stands.
fn each(
    (bus, name): (&dyn Bus, &str),
    topic: &str,
    moving: &Moving<'_>,
    mut take: impl FnMut(i32, Record) -> Result<(), MovingError>,
) -> Result<(), MovingError> {
    let mut reader = moving.retry.run(|| bus.reader(topic, From::Beginning))?;
    let ranges = moving.retry.run(|| reader.ranges())?;
    let mut open: BTreeMap<i32, i64> =
        (0..).zip(ranges).filter(|(_, (first, next))| first < next).map(|(at, (_, next))| (at, next)).collect();
    let mut heard = monotonic();
    while !open.is_empty() {
        moving.going()?;
        let records = moving.retry.run(|| reader.read(READ, WAIT))?;
        if records.is_empty() {
            if heard.elapsed() >= SILENCE {
                let why = format!("{name}: {topic}: nothing came for {} s before its end", SILENCE.as_secs());
                return Err(refused(why, "run it again; a topic that stages have written by transactions is no copy"));
            }
            continue;
        }
        heard = monotonic();
        for (partition, record) in records {
            let Some(next) = open.get(&partition).copied() else { continue };
            if record.offset + 1 >= next {
                open.remove(&partition);
            }
            if record.offset < next {
                take(partition, record)?;
            }
        }
    }
    Ok(())
}

fn held(side: (&dyn Bus, &str), topic: &str, moving: &Moving<'_>) -> Result<Held, MovingError> {
    let mut held = Held::default();
    each(side, topic, moving, |partition, record| {
        held.add(partition, &record);
        Ok(())
    })?;
    Ok(held)
}

fn size(bus: &dyn Bus, topic: &str) -> Result<u64, BusError> {
    let topics = bus.topics()?;
    let ranges = topics.into_iter().find(|info| info.name == topic).map(|info| info.ranges);
    let ranges = ranges.ok_or_else(|| BusError::NoTopic(topic.to_owned()))?;
    Ok(ranges.iter().map(|(first, next)| next.abs_diff(*first)).sum())
}

/// Copies every topic.
pub(super) fn copy(moving: &Moving<'_>, tell: Tell<'_>) -> Result<Vec<Copied>, MovingError> {
    let mut left = Vec::new();
    for topic in TOPICS {
        let there = begun(moving, topic)?;
        left.push((topic, there, moving.retry.run(|| size(moving.from.0, topic))?));
    }
    let all: u64 = left.iter().map(|(_, _, size)| size).sum();
    let mut done = 0;
    let mut copied = Vec::new();
    for (topic, there, size) in left {
        copied.push(copy_topic(moving, topic, &there, &mut |now| {
            #[expect(clippy::cast_precision_loss, reason = "a share of records, to be looked at")]
            tell((done + now) as f64 / all.max(1) as f64, &format!("copying {topic}"));
        })?);
        done += size;
    }
    Ok(copied)
}

/// What the target holds of a topic, which must be a beginning of what the source holds.
fn begun(moving: &Moving<'_>, topic: &str) -> Result<Held, MovingError> {
    let there = held(moving.to, topic, moving)?;
    if there.len() > 0 {
        let mut ours = Held::default();
        each(moving.from, topic, moving, |partition, record| {
            ours.takes(partition, &record, &there);
            Ok(())
        })?;
        if ours != there {
            let why = format!("{}: {topic} holds records that are no copy of those on {}", moving.to.1, moving.from.1);
            return Err(refused(
                why,
                "move to empty topics: --topic-prefix NAME; where an earlier move is done, stages go on there",
            ));
        }
    }
    Ok(there)
}

fn copy_topic(
    moving: &Moving<'_>,
    topic: &'static str,
    there: &Held,
    tell: &mut dyn FnMut(u64),
) -> Result<Copied, MovingError> {
    let mut producer = moving.retry.run(|| moving.to.0.producer())?;
    let (mut seen, mut copied, mut passed) = (Held::default(), 0, 0);
    let (mut batch, mut bytes) = (Vec::new(), 0);
    each(moving.from, topic, moving, |partition, record| {
        passed += 1;
        if !seen.takes(partition, &record, there) {
            copied += 1;
            bytes += record.key.len() + record.value.len();
            batch.push(Message { topic, key: record.key, value: record.value });
        }
        if batch.len() >= SEND.0 || bytes >= SEND.1 {
            // No second try: what of a batch was kept is found by the next move, not guessed here.
            producer.send(&batch)?;
            batch.clear();
            bytes = 0;
            tell(passed);
        }
        Ok(())
    })?;
    producer.send(&batch)?;
    tell(passed);
    let (is, should) = (moving.retry.run(|| size(moving.to.0, topic))?, copied + there.len());
    if is != should {
        let why = format!("{}: {topic} has {is} records after {should} were copied: others publish there", moving.to.1);
        return Err(refused(
            why,
            "stop the collectors until the move is over, and move to empty topics: --topic-prefix NAME",
        ));
    }
    Ok(Copied { topic, copied, there: there.len() })
}

/// Refuses to move states before records that an earlier move copied: a stage would read them as new.
pub(super) fn not_begun(moving: &Moving<'_>) -> Result<(), MovingError> {
    for topic in [RAW, VALIDATED] {
        for partition in filled(moving, topic)? {
            let first = |side: (&dyn Bus, &str)| -> Result<Option<Record>, MovingError> {
                let mut reader = moving.retry.run(|| side.0.reader(topic, From::Beginning))?;
                moving.retry.run(|| reader.only(&[partition]))?;
                Ok(moving.retry.run(|| reader.read(1, WAIT))?.into_iter().next().map(|(_, record)| record))
            };
            let same = |one: Record, other: Record| (one.key, one.value) == (other.key, other.value);
            if first(moving.from)?.zip(first(moving.to)?).is_some_and(|(one, other)| same(one, other)) {
                let why = format!("{}: {topic} holds records that were copied from {}", moving.to.1, moving.from.1);
                return Err(refused(
                    why,
                    "go on with --records, as an earlier move began; where that is done, stages go on there",
                ));
            }
        }
    }
    moving.going().map_err(|_| stopped())
}

/// Partitions that hold something on the target.
fn filled(moving: &Moving<'_>, topic: &str) -> Result<Vec<i32>, MovingError> {
    let topics = moving.retry.run(|| moving.to.0.topics())?;
    let ranges = topics.into_iter().find(|info| info.name == topic).map(|info| info.ranges).unwrap_or_default();
    Ok((0..).zip(ranges).filter(|(_, (first, next))| first < next).map(|(partition, _)| partition).collect())
}
