//! Where GPUs are, as the stage tells it: a row a change, by newer events alone, whatever was saved in between.

use super::aggregate_support::{Fed, GPU, sample};
use gpuhm::event::{Event, Time};

fn at(seconds: i64, host: &'static str, rack: Option<&'static str>) -> Event<'static> {
    let mut event = sample(GPU, seconds * 1000, &[("gpu_temp_c", 50.0)]);
    (event.host.hostname, event.host.rack) = (Some(host.into()), rack.map(Into::into));
    event
}

#[test]
fn a_row_when_a_newer_event_says_otherwise() {
    let mut fed = Fed::default();
    for event in [
        at(10, "h1", Some("r1")),
        at(20, "h1", Some("r1")),
        at(40, "h2", Some("r1")),
        // Late, and of the same instant: where the GPU was, not where it is.
        at(30, "h1", Some("r1")),
        at(40, "h3", Some("r1")),
        at(50, "h2", Some("r1")),
        at(60, "h2", None),
    ] {
        fed.feed(&event);
        fed.restart();
    }
    let told: Vec<(Time, &str, Option<&str>)> =
        fed.out.rows.places.iter().map(|row| (row.since, row.hostname.as_str(), row.rack())).collect();
    let want = [(10_000, "h1", Some("r1")), (40_000, "h2", Some("r1")), (60_000, "h2", None)];
    assert_eq!(told, want.map(|(ms, host, rack)| (Time(ms), host, rack)));
    let first = &fed.out.rows.places[0];
    let what = (first.gpu_uuid.as_str(), first.device_index, first.get("model"), first.get("serial"));
    assert_eq!(what, (GPU, Some(3), Some("NVIDIA H100 80GB HBM3"), None));
}
