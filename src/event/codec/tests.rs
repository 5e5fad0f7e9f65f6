//! What decodes, what is refused and why, and that encoding gives back what was read.

use super::*;
use crate::event::{Body, Value};
use crate::metric::ids;

/// The seed document's own example.
const SEED: &str = include_str!("../../../tests/data/seed-event.json");

fn decode(text: &str) -> (Option<String>, Vec<&'static str>) {
    let mut problems = Vec::new();
    let event = Decoder::default().decode(text.as_bytes(), &mut problems);
    let encoded = event.map(|event| {
        let mut out = Vec::new();
        encode(&event, &mut out);
        String::from_utf8(out).unwrap()
    });
    (encoded, problems.iter().map(|problem| problem.rule).collect())
}

/// The seed's event with `from` replaced by `to`.
fn changed(from: &str, to: &str) -> Vec<&'static str> {
    assert!(SEED.contains(from), "{from}");
    decode(&SEED.replacen(from, to, 1)).1
}

#[test]
fn the_seeds_example_comes_back_equal() {
    let (encoded, problems) = decode(SEED);
    assert_eq!(problems, Vec::<&str>::new());
    let before: serde_json::Value = serde_json::from_str(SEED).unwrap();
    let after: serde_json::Value = serde_json::from_str(&encoded.unwrap()).unwrap();
    assert_eq!(before, after);
}

#[test]
fn absent_and_null_are_absent_and_never_zero() {
    let text = SEED.replacen("\"gpu_temp_c\": 65", "\"gpu_temp_c\": null", 1);
    let mut problems = Vec::new();
    let event = Decoder::default().decode(text.as_bytes(), &mut problems).unwrap();
    let Body::Sample(_, values, _) = event.body else { panic!("a sample") };
    assert_eq!(values.get(ids::GPU_TEMP), None);
    assert_eq!(values.get(ids::POWER), Some(Value::Real(312.5)));
    assert!(problems.is_empty());
}

#[test]
fn each_fault_is_refused_by_its_rule() {
    for (from, to, rule) in [
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": \"65\"", "type"),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": [65]", "type"),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": true", "type"),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": NaN", "syntax"),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": 1e999", "number"),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": 65, \"unknown\": 1e999", "number"),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": 65, \"gpu_temp_c\": 66", "duplicate_key"),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": 65, \"gpu_temp_\\u0063\": 66", "duplicate_key"),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": 65, \"x\": {\"a\": 1, \"a\": 2}", "duplicate_key"),
        ("\"gpu_temp_c\": 65", "\"gpu_temp_c\": 65, \"x\": 1, \"x\": 2", "duplicate_key"),
        ("\"ecc_dbe_volatile\": 0", "\"ecc_dbe_volatile\": 0.5", "type"),
        ("\"timestamp\": \"2026-02-11T10:30:00.123Z\"", "\"timestamp\": \"now\"", "timestamp"),
        ("\"timestamp\": \"2026-02-11T10:30:00.123Z\"", "\"timestamp\": 5", "type"),
        ("\"timestamp\": \"2026-02-11T10:30:00.123Z\"", "\"timestamp\": null", "required"),
        ("\"gpu_uuid\"", "\"uuid\"", "required"),
        ("\"schema_version\"", "\"version\"", "required"),
        ("\"clocks\": {", "\"clocks\": null, \"other\": {", "type"),
        ("\"stale\": false", "\"stale\": \"\\ud800\"", "syntax"),
        ("\"stale\": false", "\"stale\": 0", "type"),
    ] {
        assert_eq!(changed(from, to), [rule], "{to}");
    }
}

#[test]
fn every_problem_is_reported_not_just_the_first() {
    let text = SEED.replacen("\"gpu_temp_c\": 65", "\"gpu_temp_c\": \"hot\"", 1).replacen(
        "\"sm_clock_mhz\": 1410",
        "\"sm_clock_mhz\": []",
        1,
    );
    assert_eq!(decode(&text).1, ["type", "type"]);
}

#[test]
fn what_is_no_object_is_refused() {
    for (text, rule) in
        [("", "syntax"), ("[]", "type"), ("null", "type"), ("5", "type"), ("{} x", "syntax"), ("\u{feff}{}", "syntax")]
    {
        let (event, rules) = decode(text);
        assert_eq!((event, rules), (None, vec![rule]), "{text:?}");
    }
    let mut problems = Vec::new();
    assert!(Decoder::default().decode(b"{\"a\": \"\xff\"}", &mut problems).is_none());
    assert_eq!(problems[0].rule, "utf8");
    assert_eq!(decode("{}").1, ["required", "required", "required"]);
}

#[test]
fn nesting_ends_at_thirty_two() {
    let nest = |depth: usize| format!("\"x\": {}{}, \"schema_version\"", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(changed("\"schema_version\"", &nest(31)), Vec::<&str>::new());
    assert_eq!(changed("\"schema_version\"", &nest(32)), ["depth"]);
    assert_eq!(changed("\"schema_version\"", &nest(100_000)), ["depth"]);
}

#[test]
fn whole_numbers_may_be_written_as_reals() {
    assert_eq!(changed("\"sm_clock_mhz\": 1410", "\"sm_clock_mhz\": 1.41e3"), Vec::<&str>::new());
    assert_eq!(changed("\"device_index\": 0", "\"device_index\": 0.0"), Vec::<&str>::new());
}

#[test]
fn the_asset_block_is_spliced_in_and_replaced_without_touching_the_rest() {
    let once = replace_asset(SEED.trim_end().as_bytes(), None, br#"{"rack":"r1"}"#).unwrap();
    let mut problems = Vec::new();
    let event = Decoder::default().decode(&once, &mut problems).unwrap();
    assert_eq!(problems, []);
    assert_eq!(event.place().rack.as_deref(), Some("r1"));
    assert_eq!(event.place().hostname.as_deref(), Some("gpu-node-042"));
    let span = event.asset.as_ref().unwrap().span;
    let twice = replace_asset(&once, Some(span), br#"{"rack":"r2"}"#).unwrap();
    assert_eq!(String::from_utf8(twice).unwrap(), String::from_utf8(once).unwrap().replace("r1", "r2"));
}

#[test]
fn xids_are_read_with_their_times() {
    let text = SEED.replacen(
        "\"clocks\": {",
        "\"errors\": {\"xids\": [{\"code\": 79, \"at\": \"2026-02-11T10:29:58Z\"}, {\"code\": 48}]}, \"clocks\": {",
        1,
    );
    let mut problems = Vec::new();
    let event = Decoder::default().decode(text.as_bytes(), &mut problems).unwrap();
    let Body::Sample(_, _, xids) = &event.body else { panic!("a sample") };
    assert_eq!(
        xids.iter().map(|xid| (xid.code, xid.at.to_string())).collect::<Vec<_>>(),
        [(79, "2026-02-11T10:29:58.000Z".to_owned()), (48, "2026-02-11T10:30:00.123Z".to_owned()),]
    );
}

#[test]
fn every_plain_field_goes_into_its_own_slot() {
    let sample = r#"{"schema_version":"1.0","event_type":"gpu_metric_sample","timestamp":"2026-02-11T10:30:00.123Z","collection_timestamp":"2026-02-11T10:30:00.100Z","processing_timestamp":"2026-02-11T10:30:00.125Z","gpu":{"gpu_id":"a","gpu_uuid":"b","device_index":1,"pci_bus_id":"c","name":"d","architecture":"e","compute_capability":"f","serial":"g","driver_version":"h","job":"n"},"host":{"hostname":"i","cluster":"j","rack":"k","datacenter":"l"},"metrics":{"health":{},"memory":{},"performance":{},"clocks":{},"errors":{"xids":[{"code":2,"at":"2026-02-11T10:30:00.003Z"}]}},"quality":{"collection_latency_ms":4,"stale":true,"sample_count":5,"interval_ms":6,"error":"m"}}"#;
    let report = r#"{"schema_version":"1.0","event_type":"collector_status","timestamp":"2026-02-11T10:30:00.123Z","host":{"hostname":"i"},"collector":{"ticks":1,"missed":2,"spool_bytes":3,"dropped":4,"gpus_seen":5,"gpus_expected":6,"source":"a","source_state":"b","version":"c"}}"#;
    for text in [sample, report] {
        assert_eq!(decode(text), (Some(text.to_owned()), Vec::new()));
    }
    let asset = br#"{"hostname":"n","cluster":"o","rack":"p","datacenter":"q","model":"r"}"#;
    let enriched = replace_asset(sample.as_bytes(), None, asset).unwrap();
    let event = Decoder::default().decode(&enriched, &mut Vec::new()).unwrap();
    let (host, model) = event.asset.map(|asset| (asset.host, asset.model)).unwrap();
    let found = [host.hostname, host.cluster, host.rack, host.datacenter, model];
    assert_eq!(found.map(|text| text.unwrap().into_owned()), ["n", "o", "p", "q", "r"]);
}
