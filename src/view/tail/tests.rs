//! Lines, envelopes and instants of records, by hand.

use super::*;

fn record(key: &[u8], value: &str) -> Record {
    Record { offset: 7, time: Time(1_000), key: key.to_vec().into(), value: value.as_bytes().to_vec().into() }
}

#[test]
fn an_event_says_when_it_was() {
    let at = |value: &str| time(&record(b"", value)).to_string();
    assert_eq!(at(r#"{"x":{"at":"no"},"timestamp":"2026-11-24T07:00:00Z"}"#), "2026-11-24T07:00:00.000Z");
    assert_eq!(at(r#"{"timestamp":"2026-11-24T07:00:00Z","at":"2026-11-24T08:00:00Z"}"#), "2026-11-24T08:00:00.000Z");
    for odd in ["not json", "{}", "[1]", r#"{"at":5}"#, r#"{"at":"soon","timestamp":null}"#] {
        assert_eq!(at(odd), "1970-01-01T00:00:01.000Z", "{odd}");
    }
    assert_eq!(at(r#"{"at":7,"timestamp":"2026-11-24T07:00:00Z"}"#), "2026-11-24T07:00:00.000Z");
}

#[test]
fn an_envelope_keeps_every_byte_and_its_place() {
    let told = |record: &Record| String::from_utf8(envelope("gpu-alerts", 3, record)).unwrap();
    assert_eq!(
        told(&record(b"GPU-a", "{\n\"a\": 1.50}")),
        r#"{"topic":"gpu-alerts","partition":3,"offset":7,"key":"GPU-a","time":"1970-01-01T00:00:01.000Z","value":{ "a": 1.50}}"#
    );
    let odd = told(&record(b"\xff", "not json"));
    assert!(odd.contains(r#""key_base64":"/w==""#) && odd.contains(r#""value_base64":"bm90IGpzb24=""#), "{odd}");
    assert!(!told(&record(b"", "1")).contains("key"));
    let acting = told(&record(b"a\x1b[2J", "\"\u{9b}\""));
    assert!(!acting.contains('\u{1b}') && acting.contains("\\u009b"), "{acting}");
}

#[test]
fn counts_are_grouped() {
    assert_eq!(counts(14, 1_203, 0), "14 shown, 1,203 filtered, 0 undecodable");
    assert_eq!(counts(999, 1_000_000, 12_345), "999 shown, 1,000,000 filtered, 12,345 undecodable");
}
