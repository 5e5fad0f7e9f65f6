//! Transactions that are under way when the broker goes, for longer than they may be open.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gpuhm::bus::kafka::Kafka;
use gpuhm::bus::{Bus, BusError, Consumer, Finish, Position, Saved, VALIDATED};
use gpuhm::pipeline::clock::monotonic;

use super::{PATIENCE, SHORT};
use crate::broker::Own;
use crate::broker::topics::{Topics, settings};
use crate::bus_member::{join, message, whole};
use crate::process::until;

/// Publishes the numbers 0, 1, 2, … with positions that say how many: what was finished is what the next owner is told.
struct Counter {
    consumer: Box<dyn Consumer>,
    next: Option<i64>,
    /// How often it was recovered, and how often a call failed for a while.
    recovered: usize,
    failed: usize,
    errors: Vec<String>,
}

/// The partition it counts in.
const AT: i32 = 3;

impl Counter {
    /// One step; a failure that may pass is met as the runner meets it, by the same call again.
    fn step(&mut self) {
        let Some(next) = self.next else { return self.take_over() };
        let values: Vec<_> =
            (next..next + 5).map(|n| message(VALIDATED, &format!("k{}", n % 7), &n.to_string())).collect();
        let finish = Finish {
            events: values,
            states: vec![(
                AT,
                Saved { entity: "counter".to_owned(), upto: next + 5, body: next.to_be_bytes().to_vec() },
            )],
            positions: vec![Position { partition: AT, next: next + 5, settled: next + 5 }],
        };
        match self.persist(|consumer| consumer.finish(&finish)) {
            Ok(()) => self.next = Some(next + 5),
            Err(BusError::Fenced { .. }) => {
                self.next = None;
                self.persist(|consumer| consumer.release(&(0..32).collect::<Vec<_>>())).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn take_over(&mut self) {
        let polled = self.persist(|consumer| consumer.poll(100, Duration::from_millis(20))).unwrap();
        if !polled.assigned.is_empty() {
            self.recovered += 1;
        }
        for partition in polled.assigned {
            let recovery = self.persist(|consumer| consumer.recover(partition)).unwrap();
            if partition == AT {
                let counted = recovery.states.first().map_or(0, |state| state.upto);
                assert_eq!(counted, recovery.committed, "the state and the position were saved together");
                self.next = Some(recovery.committed);
            }
        }
    }

    fn persist<T>(&mut self, act: impl Fn(&mut dyn Consumer) -> Result<T, BusError>) -> Result<T, BusError> {
        loop {
            match act(&mut *self.consumer) {
                Err(error @ BusError::Failed { .. }) => {
                    self.failed += 1;
                    self.errors.push(error.to_string());
                    std::thread::sleep(Duration::from_millis(100));
                }
                other => return other,
            }
        }
    }
}

fn outages(test: &str, away: fn(&Own), back: fn(&Own), rounds: u32) {
    let Some(own) = Own::start(test) else { return };
    let topics = Topics::make(own.address());
    let mut settings = settings(own.address(), topics.prefix());
    for (key, value) in SHORT {
        settings.set(key, value);
    }
    let kafka = Kafka::open(settings.clone()).unwrap();
    let consumer = kafka.consumer(&join("g", "one")).unwrap();
    let mut counter = Counter { consumer, next: None, recovered: 0, failed: 0, errors: Vec::new() };
    let (counts, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let began = monotonic();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            until("the first numbers", PATIENCE, || counts.load(Ordering::SeqCst));
            for round in 0..rounds {
                std::thread::sleep(Duration::from_millis(2000 + 7 * u64::from(round)));
                away(&own);
                std::thread::sleep(Duration::from_secs(7));
                back(&own);
            }
            std::thread::sleep(Duration::from_secs(2));
            over.store(true, Ordering::SeqCst);
        });
        while !over.load(Ordering::SeqCst) || counter.next.is_none() {
            counter.step();
            counts.fetch_or(counter.next > Some(20), Ordering::SeqCst);
            assert!(began.elapsed() < PATIENCE, "it never came back: {:?}", counter.errors);
        }
    });
    let Counter { consumer, next, recovered, failed, errors } = counter;
    drop(consumer);
    crate::broker::measured(&format!(
        "{test}: {next:?} counted, recovered {recovered} times, failed {failed} times: {errors:#?}"
    ));
    let mut numbers: Vec<i64> =
        whole(&kafka, VALIDATED).into_iter().map(|(_, number)| number.parse().unwrap()).collect();
    numbers.sort_unstable();
    let expected: Vec<i64> = (0..next.unwrap()).collect();
    assert!(numbers == expected, "{} of {:?} distinct or not", numbers.len(), next);
    assert!(failed > 0, "no outage was felt");
}

#[test]
fn a_transaction_whose_broker_is_mute_for_too_long_is_done_once_or_recovered() {
    let name = "a_transaction_whose_broker_is_mute_for_too_long_is_done_once_or_recovered";
    outages(name, Own::pause, Own::resume, 2);
}

#[test]
fn a_transaction_whose_broker_dies_for_too_long_is_done_once_or_recovered() {
    let name = "a_transaction_whose_broker_dies_for_too_long_is_done_once_or_recovered";
    outages(name, Own::kill, Own::start_again, 1);
}
