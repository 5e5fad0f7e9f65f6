//! A restart: how long a member takes for what was saved of 10,000 GPUs, and for what was not and is read again.
//!
//! The first line is of states alone; in the second every partition has nearly as many unsaved positions as may be.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gpuhm::bus::{Bus, From, Join, Message, VALIDATED};
use gpuhm::event::Time;
use gpuhm::event::codec::encode;
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::runner::Parts;
use gpuhm::pipeline::{Clock, Flag, Goal, Runner};
use gpuhm::stage::aggregate::Aggregate;

use super::corpus::Fleet;
use super::field::Field;
use super::harness::{load, timed};

const GPUS: usize = 10_000;
/// Five minutes at 10 s: windows of all sizes are open and hold values.
const SAVED: usize = 30;
/// 9,375 positions a partition.
const UNSAVED: usize = 30;

pub(crate) fn run(field: &Field) -> anyhow::Result<()> {
    let prefix = format!("bench-recover-{}.", std::process::id());
    let kafka = field.topics(&prefix)?;
    let mut fleet = Fleet::new(GPUS)?;
    send(&kafka, &mut fleet, SAVED)?;
    // To the end: every state is saved.
    let mut first = runner(&kafka)?;
    first.run(Goal::End, &Flag::default(), &Flag::default())?;
    let states = first.states().count();
    drop(first);
    again(&kafka, &format!("{states} states saved, no position unsaved"))?;
    send(&kafka, &mut fleet, UNSAVED)?;
    // Read by turns and not ended, as by a process that is killed.
    let mut second = runner(&kafka)?;
    let end = kafka.lag("bench-recover", VALIDATED)?;
    let mut turns = 0;
    while kafka.lag("bench-recover", VALIDATED)? > 32 && turns < 10_000 {
        second.turn(Duration::from_millis(100), Goal::Stop)?;
        turns += 1;
    }
    drop(second);
    again(&kafka, &format!("{states} states saved, {end} positions read since then"))?;
    let (size, records) = held(&kafka)?;
    println!("a state: {} bytes; {records} on the log; load {}", size / records.max(1), load());
    Ok(())
}

/// A new member, until it has recovered all its partitions.
fn again(bus: &dyn Bus, what: &str) -> anyhow::Result<()> {
    let mut runner = runner(bus)?;
    let (took, turned) = timed(|| -> anyhow::Result<()> {
        while runner.states().count() < GPUS {
            runner.turn(Duration::from_millis(20), Goal::Stop)?;
        }
        Ok(())
    });
    turned?;
    println!("{what}: {:.2} s, of them {:.2} s of CPU", took.wall.as_secs_f64(), took.process.as_secs_f64());
    Ok(())
}

fn runner(bus: &dyn Bus) -> anyhow::Result<Runner<Aggregate>> {
    let join = Join {
        group: "bench-recover".to_owned(),
        topic: VALIDATED.to_owned(),
        instance: "bench".to_owned(),
        once: true,
    };
    Ok(Runner::new(Parts {
        stage: Aggregate::default(),
        consumer: bus.consumer(&join)?,
        store: None,
        // It stands still: age saves no state.
        clock: Arc::new(Clock::driven(Time(1_770_768_000_000))),
        topic: VALIDATED.to_owned(),
        retry: Retry::new(Flag::default(), Some(Duration::from_secs(10))),
        step: None,
        reload: Flag::default(),
    }))
}

fn send(bus: &dyn Bus, fleet: &mut Fleet, ticks: usize) -> anyhow::Result<()> {
    let mut producer = bus.producer()?;
    for _ in 0..ticks {
        let message = |event: &gpuhm::event::Event<'_>| {
            let mut value = Vec::new();
            encode(event, &mut value);
            let key = event.entity().map_or_else(Bytes::new, |entity| Bytes::copy_from_slice(entity.as_bytes()));
            Message { topic: VALIDATED, key, value: Bytes::from(value) }
        };
        let (_, events) = fleet.tick()?;
        producer.send(&events.iter().map(message).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Bytes and count of what lies on the states' topic, before compression.
fn held(bus: &dyn Bus) -> anyhow::Result<(usize, usize)> {
    let mut reader = bus.reader(gpuhm::bus::kafka::STATES, From::Beginning)?;
    let (mut size, mut count) = (0, 0);
    loop {
        let records = reader.read(10_000, Duration::from_millis(500))?;
        if records.is_empty() {
            return Ok((size, count));
        }
        size += records.iter().map(|(_, record)| record.key.len() + record.value.len()).sum::<usize>();
        count += records.len();
    }
}
