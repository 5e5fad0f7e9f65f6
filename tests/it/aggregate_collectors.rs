//! Reports of collectors, and records that cannot be used.

use super::aggregate_support::{Fed, sample};
use gpuhm::event::{Body, Collector, Event, Time};

fn report(host: &str, at: i64, ticks: i64) -> Event<'static> {
    let collector =
        Collector { ticks: Some(ticks), gpus_seen: Some(8), source: Some("dcgm".into()), ..Collector::default() };
    let mut event = Event { time: Some(Time(at)), body: Body::Collector(collector), ..Event::default() };
    event.host.hostname = Some(host.to_owned().into());
    event
}

#[test]
fn a_report_becomes_its_hosts_row_and_an_older_one_does_not() {
    let mut fed = Fed::default();
    for (host, at, ticks) in [("h1", 10, 1), ("h1", 20, 2), ("h1", 15, 9), ("h2", 5, 7)] {
        fed.feed(&report(host, at, ticks));
    }
    fed.out.rows.fold();
    let rows: Vec<_> =
        fed.out.rows.collectors.iter().map(|row| (row.hostname.as_str(), row.time.ms(), row.counts[0])).collect();
    assert_eq!(rows, [("h1", 20, Some(2)), ("h2", 5, Some(7))]);
    assert_eq!(fed.out.counts.reports, 4);
    assert_eq!(fed.out.rows.collectors[1].counts, [Some(7), None, None, None, Some(8), None]);
    assert!(fed.out.rows.raw.is_empty() && fed.out.counts.aggregated == 0);
}

#[test]
fn what_is_no_sample_and_no_report_is_refused() {
    let mut fed = Fed::default();
    fed.feed(&Event { time: Some(Time(1)), ..Event::default() });
    let mut timeless = sample("GPU-1", 1, &[]);
    timeless.time = None;
    fed.feed(&timeless);
    assert_eq!((fed.out.counts.refused, fed.out.events.len(), fed.out.rows.is_empty()), (2, 2, true));
}

#[test]
fn a_gpu_named_like_a_host_cannot_take_the_hosts_state() {
    let mut fed = Fed::default();
    fed.feed(&report("h1", 10, 1));
    fed.feed(&sample("host:h1", 20, &[("gpu_temp_c", 50.0)]));
    fed.feed(&report("h1", 30, 2));
    assert_eq!((fed.out.counts.refused, fed.out.counts.reports), (1, 2));
}
