//! The stage on single records: passes, refuses, drops, enriches.

use super::*;
use crate::event::Asset;
use crate::event::record::{INVALID, RAW};
use crate::stage::{Enrichment, Inputs};

const SEED: &str = include_str!("../../../tests/data/seed-event.json");
const ARRIVED: Time = Time(1_770_805_801_000);

fn record(offset: i64, text: &str) -> Record {
    Record {
        offset,
        time: ARRIVED,
        key: Bytes::from_static(b"GPU-abc123def456-789ghi-012jkl"),
        value: Bytes::copy_from_slice(text.as_bytes()),
    }
}

fn run(inputs: &Inputs, records: &[Record]) -> Out {
    let (mut stage, mut states, mut out) = (Validate::default(), States::default(), Out::default());
    let step = Step { now: ARRIVED, topic: RAW, partition: 3, inputs };
    for record in records {
        stage.apply(&step, record, &mut states, &mut out);
    }
    out
}

#[test]
fn a_valid_event_passes_byte_for_byte() {
    let out = run(&Inputs::default(), &[record(0, SEED)]);
    assert_eq!(out.counts.validated, 1);
    assert_eq!(out.events, [Message { topic: VALIDATED, key: record(0, SEED).key, value: record(0, SEED).value }]);
}

#[test]
fn the_second_of_two_is_a_duplicate() {
    let out = run(&Inputs::default(), &[record(0, SEED), record(1, SEED)]);
    assert_eq!((out.counts.validated, out.counts.duplicates, out.events.len()), (1, 1, 1));
}

#[test]
fn a_known_asset_is_spliced_in_and_differences_are_counted() {
    let mut asset = Asset { gpu_uuid: "GPU-abc123def456-789ghi-012jkl".to_owned(), ..Asset::default() };
    assert!(asset.set("rack", "rack-77"));
    let mut inputs = Inputs::default();
    inputs.assets.insert(asset.gpu_uuid.clone(), Enrichment::new(asset));
    let out = run(&inputs, &[record(0, SEED)]);
    let text = String::from_utf8(out.events[0].value.to_vec()).unwrap();
    let end = text.rfind(",\"asset\":{\"rack\":\"rack-77\"}}").unwrap();
    assert_eq!(text[..end], SEED[..end]);
    assert_eq!(out.counts.asset_differences, 1);
}

#[test]
fn a_refusal_names_every_reason_and_carries_the_original() {
    let hot = SEED.replacen("\"gpu_temp_c\": 65", "\"gpu_temp_c\": 500", 1).replacen("312.5", "900.0", 1);
    let out = run(&Inputs::default(), &[record(7, &hot)]);
    assert_eq!((out.counts.refused, out.events.len()), (1, 1));
    assert_eq!(out.events[0].topic, INVALID);
    let event: serde_json::Value = serde_json::from_slice(&out.events[0].value).unwrap();
    assert_eq!(event["reasons"][0]["rule"], "range");
    assert_eq!(event["reasons"][1]["rule"], "power_limit");
    assert_eq!(event["source"]["offset"], 7);
    assert_eq!(event["original_event"]["metrics"]["health"]["gpu_temp_c"], 500);
    assert!(!out.events[0].value.contains(&b'\n'));
}

#[test]
fn what_is_no_json_travels_as_base64() {
    let out = run(&Inputs::default(), &[record(0, "not json"), record(1, &"x".repeat(MAX_BYTES + 1))]);
    let event: serde_json::Value = serde_json::from_slice(&out.events[0].value).unwrap();
    assert_eq!(event["original_base64"], "bm90IGpzb24=");
    let event: serde_json::Value = serde_json::from_slice(&out.events[1].value).unwrap();
    assert_eq!((event["reasons"][0]["rule"].as_str(), event["truncated"].as_bool()), (Some("size"), Some(true)));
}

#[test]
fn the_future_is_refused_and_the_past_is_welcome() {
    let at = |time: &str| SEED.replacen("2026-02-11T10:30:00.123Z", time, 1);
    let texts = [at("2026-02-11T10:35:01.000Z"), at("2026-02-11T10:35:01.001Z"), at("1999-01-01T00:00:00Z")];
    let records: Vec<Record> = texts.iter().zip(0..).map(|(text, offset)| record(offset, text)).collect();
    let out = run(&Inputs::default(), &records);
    assert_eq!((out.counts.validated, out.counts.refused), (2, 1));
    assert_eq!(out.reasons.get("clock_skew"), Some(&1));
}

#[test]
fn versions_types_and_identities() {
    for (from, to, rule) in [
        ("\"schema_version\": \"1.0\"", "\"schema_version\": \"1.17\"", None),
        ("\"schema_version\": \"1.0\"", "\"schema_version\": \"2.0\"", Some("schema")),
        ("gpu_metric_sample", "gpu_alert", Some("schema")),
        ("GPU-abc123def456-789ghi-012jkl", "GPU\\u0007", Some("identity")),
        ("GPU-abc123def456-789ghi-012jkl", "", Some("identity")),
        ("\"sample_count\": 1", "\"sample_count\": 1, \"interval_ms\": 0", Some("interval")),
    ] {
        let out = run(&Inputs::default(), &[record(0, &SEED.replacen(from, to, 1))]);
        assert_eq!(out.reasons.keys().next().copied(), rule, "{to}");
    }
}

#[test]
fn a_refusal_is_never_larger_than_a_bus_takes() {
    let xids = |entry: &str| {
        let list = vec![entry; 100_000].join(",");
        SEED.replacen("\"clocks\": {", &format!("\"errors\": {{\"xids\": [{list}]}}, \"clocks\": {{"), 1)
    };
    for entry in ["1", "{\"code\":-1}", "{\"code\":79}", "{\"at\":\"x\"}"] {
        let out = run(&Inputs::default(), &[record(0, &xids(entry))]);
        assert_eq!(out.counts.refused, 1, "{entry}");
        assert!(out.events[0].value.len() < 3 << 20, "{entry}: {} bytes", out.events[0].value.len());
    }
}

#[test]
fn an_xid_has_a_time_that_can_be() {
    for (at, rule) in [
        ("2026-02-11T10:29:59Z", None),
        ("5000-12-31T00:00:00Z", Some("clock_skew")),
        ("1969-01-01T00:00:00Z", Some("clock_skew")),
    ] {
        let xid = format!("\"errors\": {{\"xids\": [{{\"code\": 79, \"at\": \"{at}\"}}]}}, \"clocks\": {{");
        let out = run(&Inputs::default(), &[record(0, &SEED.replacen("\"clocks\": {", &xid, 1))]);
        assert_eq!(out.reasons.keys().next().copied(), rule, "{at}");
    }
}

#[test]
fn a_gpu_cannot_take_the_name_of_a_hosts_key_nor_one_that_hides() {
    for name in ["host:dgx01", "rack:1", "GPU-\u{202e}1", "GPU\u{9b}1"] {
        let out = run(&Inputs::default(), &[record(0, &SEED.replacen("GPU-abc123def456-789ghi-012jkl", name, 1))]);
        assert_eq!(out.reasons.keys().next().copied(), Some("identity"), "{name}");
    }
}

#[test]
fn what_is_no_proper_report_counts_as_the_sample_it_was_collected_as() {
    let report = r#"{"schema_version":"1.0","event_type":"collector_status","timestamp":"2026-02-11T10:30:00Z","host":{"hostname":"h"}}"#;
    let broken = report.replacen("\"host\"", "\"gpu\":5,\"host\"", 1);
    for (text, counts) in [(report, (1, 0)), (&*broken, (0, 1))] {
        let out = run(&Inputs::default(), &[record(0, text)]);
        let collected = crate::event::codec::probe(text.as_bytes()).is_ok_and(|probe| probe.report);
        assert_eq!((out.counts.reports, out.counts.refused), counts, "{text}");
        assert_eq!(collected, counts.0 == 1, "{text}");
    }
}
