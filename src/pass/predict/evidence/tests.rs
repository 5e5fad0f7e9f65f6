//! The evidence table, row by row.

use super::super::tests::{NOW, ago, gpu};
use super::*;
use crate::event::facts::FaultMinute;
use crate::event::rows::Happening;
use crate::event::time::HOUR;
use crate::event::{Value, Values};

fn read(gpu: &Known, failed_days_ago: Option<i64>) -> Vec<(String, String)> {
    let failures: Vec<Time> = failed_days_ago.into_iter().map(ago).collect();
    let life = Life { newest: failures.last().copied(), failures, spans: Vec::new() };
    let mut found = Vec::new();
    Reader::new(NOW).read(gpu, &life, &mut found);
    found.into_iter().map(|reason| (reason.id, reason.text)).collect()
}

fn one(id: &str, text: &str) -> Vec<(String, String)> {
    vec![(id.to_owned(), text.to_owned())]
}

fn xid(code: i64, days_ago: i64) -> Happening {
    let (gpu_uuid, hostname, detail) = (String::new(), String::new(), String::new());
    Happening { gpu_uuid, at: ago(days_ago), kind: "xid".to_owned(), code, hostname, detail }
}

fn lifetime(count: i64) -> Values {
    let mut values = Values::default();
    values.set(METRICS.iter().position(|metric| metric.name == "ecc_dbe_aggregate").unwrap(), Value::Int(count));
    values
}

#[test]
fn own_failures_by_age() {
    let gpu = gpu("a", 0, 300);
    assert!(read(&gpu, None).is_empty());
    assert_eq!(read(&gpu, Some(0)), one("own_failure_recent", "failed within the last day"));
    assert_eq!(read(&gpu, Some(89)), one("own_failure_recent", "failed 89 days ago"));
    assert_eq!(read(&gpu, Some(90)), one("own_failure_older", "failed 90 days ago"));
}

#[test]
fn telemetry_knows_of_uncorrectable_errors_too() {
    let mut gpu = gpu("a", 0, 300);
    gpu.latest.values = lifetime(2);
    let older = "2 uncorrectable memory errors on its lifetime counter, none in 90 days";
    assert_eq!(read(&gpu, None), one("own_failure_older", older));
    gpu.events = vec![xid(48, 12), xid(63, 3)];
    assert_eq!(read(&gpu, None), one("own_failure_recent", "uncorrectable memory error 12 days ago"));
    let error = |days| vec![FaultMinute { start: ago(days), dbe: 1, ..FaultMinute::default() }];
    gpu.events.clear();
    gpu.minutes = error(89);
    assert_eq!(read(&gpu, None), one("own_failure_recent", "uncorrectable memory error 89 days ago"));
    gpu.minutes = error(90);
    assert_eq!(read(&gpu, None), one("own_failure_older", "uncorrectable memory error 90 days ago"));
    gpu.events = vec![xid(48, 12), xid(63, 3)];
    gpu.minutes = vec![FaultMinute { start: ago(1), dbe: 1, ..FaultMinute::default() }];
    // One row for all of it, and the newest speaks.
    assert_eq!(read(&gpu, Some(200)), one("own_failure_recent", "uncorrectable memory error 1 day ago"));
    assert_eq!(read(&gpu, Some(1)), one("own_failure_recent", "failed 1 day ago"));
}

#[test]
fn what_is_answered_by_rule_or_foretells_nothing_has_no_row() {
    let mut gpu = gpu("a", 0, 300);
    gpu.events = [64, 79, 95, 94, 63, 13].into_iter().map(|code| xid(code, 2)).collect();
    let quiet = FaultMinute {
        start: ago(1),
        remaps: 3,
        nvlink_crc: 900,
        pcie_replays: 50,
        sw_thermal_s: 60.0,
        ..FaultMinute::default()
    };
    gpu.minutes = vec![quiet];
    gpu.corrected = vec![(ago(1), 1_000_000)];
    gpu.latest.values = lifetime(0);
    for metric in ["row_remap_failure", "sram_threshold_exceeded"] {
        gpu.latest.values.set(METRICS.iter().position(|row| row.name == metric).unwrap(), Value::Int(1));
    }
    assert!(read(&gpu, None).is_empty());
}

#[test]
fn heat_counts_under_load_within_a_day_from_a_minute_on() {
    let hour = |ago_hours: i64| Load {
        start: NOW.plus(-ago_hours * HOUR),
        ms: HOUR,
        sm_active: Some(50.0),
        ..Load::default()
    };
    let hot = |ago_hours: i64, seconds| FaultMinute {
        start: NOW.plus(-ago_hours * HOUR),
        hw_thermal_s: seconds,
        ..FaultMinute::default()
    };
    let with = |hours: Vec<Load>, minutes: Vec<FaultMinute>| {
        let mut gpu = gpu("a", 0, 300);
        (gpu.hours, gpu.minutes) = (hours, minutes);
        read(&gpu, None)
    };
    let text = "hardware thermal slowdown for 60 s under load in the last day";
    assert_eq!(with(vec![hour(3), hour(5)], vec![hot(5, 20.0), hot(3, 40.0)]), one("hw_thermal_busy", text));
    assert!(with(vec![hour(3)], vec![hot(3, 59.0)]).is_empty());
    assert!(with(vec![hour(3)], vec![hot(5, 60.0)]).is_empty(), "in an hour that it was not busy");
    assert!(with(vec![hour(26)], vec![hot(26, 60.0)]).is_empty(), "more than a day ago");
    let power = |watts| Load { sm_active: None, power: [None, Some(watts), None], limit: Some(700.0), ..hour(3) };
    assert!(with(vec![power(200.0)], vec![hot(3, 60.0)]).is_empty());
    assert_eq!(with(vec![power(300.0)], vec![hot(3, 60.0)]).len(), 1);
}
