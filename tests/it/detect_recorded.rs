//! Recordings of real GPUs at work raise no alert, also with the slowdown temperature their models have.
//!
//! The recordings are lent and not part of the project; without them the test says that it was ignored.

use std::path::Path;

use super::aggregate_support::Fed;
use gpuhm::event::{Body, Time};
use gpuhm::metric::ids;
use gpuhm::source::replay::Replay;
use gpuhm::source::{Due, Reading, Source as _};

/// Slowdown of an H100 by its own word (facts on telemetry, 1); other models name theirs higher.
const SLOWDOWN: f64 = 88.0;

fn feed(path: &str, fed: &mut Fed) -> u64 {
    let mut replay = Replay::open(path, Time(i64::MAX)).unwrap();
    let mut readings = Vec::new();
    let mut fed_events = 0;
    while let Due::At(at) = replay.due() {
        replay.read(at, &mut readings).unwrap();
        for reading in readings.drain(..) {
            let Reading::Event(mut event) = reading else { panic!("{path}: no event") };
            if let Body::Sample(_, values, _) = &mut event.body {
                values.set_number(ids::SLOWDOWN_TEMP, SLOWDOWN);
            }
            fed.feed(&event);
            fed_events += 1;
        }
    }
    fed_events
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs the lent recordings at ../shared/data/telemetry")]
fn gpus_at_work_raise_no_alert() {
    let dir = Path::new(env!("GPUHM_SHARED_DATA")).join("telemetry");
    let mut events = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path().to_str().unwrap().to_owned();
        if path.ends_with(".csv.gz") {
            let mut fed = Fed::default();
            events += feed(&path, &mut fed);
            assert_eq!(fed.alerts(), [], "{path}");
            assert_eq!(fed.out.counts.refused, 0, "{path}");
        }
    }
    assert!(events > 100_000, "only {events} events");
}
