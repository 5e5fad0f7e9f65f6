//! Every place at which a life can end, or stand still while another takes over, one after the other on a short stream:
//! none is left to chance.

use crate::support::case::{Case, Stages, differences};
use crate::support::random::Rng;
use crate::support::stream::{Shape, at};
use crate::support::world::Outcome;

/// Seconds between two turns.
const EVERY: usize = 100;

/// A quarter of an hour in which something fires.
fn short() -> (Case, Outcome) {
    let shape = Shape { gpus: 2, span: 900, step: 30 };
    let cases = (0..1000).map(|seed| Case::shaped(&mut Rng::new(seed), Stages::Both, shape));
    let tried = cases.map(|case| (case.undisturbed().0, case));
    let mut fit = tried.filter(|(outcome, case)| {
        let last = case.arrivals.last().unwrap().at;
        outcome.tables.alerts.len() > 1 && !outcome.topics["gpu-metrics-invalid"].is_empty() && last < 6000
    });
    let (outcome, case) = fit.next().unwrap();
    (case, outcome)
}

/// The case with its fate at edge number `edge` of all; `None` where there are fewer.
fn run(case: &Case, edge: u64, stall: bool) -> Option<Outcome> {
    let (world, mut actors) = case.open(None);
    let last = case.arrivals.last().unwrap().at;
    let mut struck = false;
    for time in (0..=last + 300).step_by(EVERY) {
        world.clock.advance(at(time));
        for actor in &mut actors {
            let mut first = true;
            while !struck && (first || actor.lags()) {
                let passed = world.lock().counts.edges;
                struck = actor.strike(edge - passed, stall);
                first = false;
            }
            if struck {
                actor.calm();
            }
        }
    }
    let (outcome, _) = case.end(&world, &mut actors, None);
    struck.then_some(outcome)
}

fn at_every_edge(stall: bool) {
    let (case, wanted) = short();
    let mut edge = 0;
    while let Some(found) = run(&case, edge, stall) {
        let differ = differences(&wanted, &found);
        assert!(differ.is_empty(), "edge {edge}, stall {stall}: {}", differ.join("\n"));
        edge += 1;
    }
    assert!(edge > 100, "only {edge} edges");
}

#[test]
fn a_kill_at_any_edge_changes_nothing() {
    at_every_edge(false);
}

#[test]
fn a_takeover_at_any_edge_changes_nothing() {
    at_every_edge(true);
}
