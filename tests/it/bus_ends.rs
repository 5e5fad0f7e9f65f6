//! A log that ends in offsets without a record still has an end that a runner reaches, and commits.

use std::sync::Arc;
use std::time::Duration;

use gpuhm::bus::embedded::Options;
use gpuhm::bus::{Bus, Join, PARTITIONS, RAW};
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::runner::Parts;
use gpuhm::pipeline::{Clock, Flag, Goal, Runner};
use gpuhm::stage::validate::Validate;

use crate::bus_embedded::Log;
use crate::bus_member::{ROUNDS, WAIT, fill};
use crate::support::actor::Ending;
use crate::support::case::{Case, Stages, differences};

/// Stops a run that would not end, and returns whether it had to.
fn in_time(run: impl FnOnce(&Flag)) -> bool {
    let (stop, done) = (Flag::default(), Flag::default());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                if done.is_set() {
                    return;
                }
                std::thread::sleep(WAIT);
            }
            stop.set();
        });
        run(&stop);
        done.set();
    });
    !stop.is_set()
}

#[test]
fn a_one_shot_reaches_the_end_of_what_was_dropped_before_it_was_read() {
    let log = Log::new(Options { bytes: 0, ..Options::default() });
    let join = Join { group: "validate".to_owned(), topic: RAW.to_owned(), instance: "a".to_owned(), once: false };
    let mut runner = Runner::new(Parts {
        stage: Validate::default(),
        consumer: log.bus.consumer(&join).unwrap(),
        store: None,
        clock: Arc::new(Clock::driven(wall())),
        topic: RAW.to_owned(),
        retry: Retry::default(),
        step: None,
        reload: Flag::default(),
    });
    runner.turn(Duration::ZERO, Goal::End).unwrap();
    fill(&log.bus, 50);
    assert_eq!(log.bus.retain(wall()).unwrap(), 50);
    assert!(in_time(|stop| runner.run(Goal::End, stop, &Flag::default()).unwrap()), "it waits for what is gone");
    assert_eq!((runner.done().skipped, runner.done().steps), (50, 1));
    // What was passed over is committed, as the bus's own rows have it.
    let behind = "DELETE FROM position AS p WHERE crew = 'validate' AND next = (SELECT next FROM tip AS t
                  WHERE t.topic = p.topic AND t.partition = p.partition AND t.next > 0)";
    let moved = log.bus.topics().unwrap()[0].ranges.iter().filter(|(_, next)| *next > 0).count();
    assert!((1..=usize::try_from(PARTITIONS).unwrap()).contains(&moved));
    assert_eq!(log.sql(behind), moved);
}

#[test]
fn a_one_shot_reaches_the_end_of_a_log_that_ends_in_a_gap() {
    let cases = (0..).map(|seed| Case::random(seed, Stages::Both));
    let gaps = cases.filter(|case| case.stride() > 1).map(|case| Case { ending: Ending::Once, ..case });
    for case in gaps.take(3) {
        let (world, mut actors) = case.open(None);
        world.advance(86_400 * 30);
        let (outcome, _) = case.end(&world, &mut actors, None);
        assert!(actors.iter().all(|actor| actor.drained()), "the gap at the end is not committed");
        let differ = differences(&case.undisturbed().0, &outcome);
        assert!(differ.is_empty(), "{}", differ.join("\n"));
    }
}
