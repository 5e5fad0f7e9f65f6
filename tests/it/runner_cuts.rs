//! What must not matter: how a stream is cut into batches, when it comes, and that a silent GPU's windows were shown.

use gpuhm::event::Size;
use gpuhm::event::record::{ALERTS, VALIDATED};

use crate::support::actor::{Ending, SILENCE};
use crate::support::case::{Case, Stages, differences};
use crate::support::random::{Rng, seeds};
use crate::support::readings::{Board, Walk};
use crate::support::stream::{Arrival, Shape, at};
use crate::support::world::{Outcome, World};

#[test]
fn how_a_stream_is_cut_does_not_matter() {
    for seed in seeds(3001, 60) {
        let case = Case::random(seed, if seed % 2 == 0 { Stages::Aggregate } else { Stages::Both });
        let differ = differences(&case.undisturbed().0, &case.at_once().0);
        assert!(differ.is_empty(), "GPUHM_SEED={seed}: {}", differ.join("\n"));
    }
}

/// The stream when `node-1` cannot be reached for two hours and then drains its spool.
fn two_hours_late(case: &Case) -> Case {
    let middle = case.arrivals[case.arrivals.len() / 2].at;
    let mut late = case.clone();
    for arrival in &mut late.arrivals {
        let of_it = String::from_utf8_lossy(&arrival.message.value).contains("\"node-1\"");
        if of_it && (middle..middle + 7200).contains(&arrival.at) {
            arrival.at = middle + 7200;
        }
    }
    late.arrivals.sort_by_key(|arrival| arrival.at);
    late
}

/// Without what is the stream itself; and GPUs of one partition may swap places in it when one of them comes late.
fn in_no_order(mut outcome: Outcome) -> Outcome {
    outcome.topics.remove(VALIDATED);
    outcome.topics.get_mut(ALERTS).unwrap().iter_mut().for_each(|log| log.sort());
    outcome
}

#[test]
fn a_host_that_comes_two_hours_late_gets_the_same_windows_and_alerts() {
    let shape = Shape { gpus: 3, span: 4 * 3600, step: 30 };
    for seed in seeds(4001, 12) {
        let mut case = Case::shaped(&mut Rng::new(seed), Stages::Aggregate, shape);
        // What is no event has no host, and would be late with neither.
        case.arrivals.retain(|arrival| arrival.message.value.ends_with(b"}"));
        let wanted = in_no_order(case.undisturbed().0);
        let late = two_hours_late(&case);
        let runs = [late.undisturbed(), late.at_once(), late.disturbed(seed, None), late.disturbed(seed + 1, None)];
        for (run, (found, _)) in runs.into_iter().enumerate() {
            let differ = differences(&wanted, &in_no_order(found));
            assert!(differ.is_empty(), "GPUHM_SEED={seed}, run {run}: {}", differ.join("\n"));
        }
    }
}

/// Rows of windows as they stand: how many are shown and how many closed, of each size.
fn windows(world: &World) -> [(usize, usize); 3] {
    let outcome = world.outcome();
    Size::ALL.map(|size| {
        let of_it = outcome.tables.windows.values().filter(|window| window.size == size);
        let (closed, shown): (Vec<_>, Vec<_>) = of_it.partition(|window| window.closed);
        (shown.len(), closed.len())
    })
}

/// One GPU that is read every 30 s for 20 minutes, and once more two hours later.
fn silent_for_two_hours() -> Case {
    let mut rng = Rng::new(5);
    let (board, mut walk) = (Board::new(&mut rng, 0, 30), Walk::new(&mut rng));
    let mut arrivals = Vec::new();
    for time in (0..1200).step_by(30).chain([7200]) {
        walk.pass(&mut rng);
        arrivals.push(Arrival { at: time, message: walk.message(VALIDATED, &board, at(time)) });
    }
    Case { stages: Stages::Aggregate, partitions: 1, arrivals, ending: Ending::Idle }
}

#[test]
fn what_a_silence_showed_is_rewritten_when_the_gpu_speaks_again() {
    let (world, mut actors) = silent_for_two_hours().open(None);
    let aggregate = &mut actors[0];
    let mut until = |seconds: i64| {
        world.clock.advance(at(seconds));
        aggregate.calm();
        windows(&world)
    };
    // The last reading, 19:30, is 30 s past minute 18 and all before it.
    assert_eq!(until(1200), [(0, 19), (0, 1), (0, 0)]);
    let shown = [(1, 19), (1, 1), (1, 0)];
    assert_eq!(until(1200 + SILENCE), shown);
    assert_eq!(until(7100), shown, "time alone closes nothing");
    assert_eq!(until(7200), [(0, 20), (0, 2), (0, 1)], "the reading at 2:00:00 closes all that was shown");
    assert_eq!(until(7200 + SILENCE), [(1, 20), (1, 2), (1, 1)]);
}
