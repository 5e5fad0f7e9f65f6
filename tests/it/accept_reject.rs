//! What is an event and what is not: 64 inputs, one of them the seed's own, and the rule that refuses each.
//!
//! The kinds are those on which JSON readers differ: numbers out of range, keys twice, text that is no text, types,
//! depth, and what stands around the object. A new reader, or a new version of the one there is, must give these verdicts.

use gpuhm::event::Time;
use gpuhm::stage::validate::{Judge, MAX_BYTES};

const SEED: &str = include_str!("../data/seed-event.json");
/// A second after the seed's event.
const ARRIVED: Time = Time(1_770_805_801_000);

const TEMP: &str = "\"gpu_temp_c\": 65";
const STALE: &str = "\"stale\": false";
const NAME: &str = "\"name\": \"NVIDIA A100-SXM4-80GB\"";

/// A change to the seed's event: what it is, what is replaced by what, and the rules that refuse it; none accepts.
type Change = (&'static str, &'static str, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const CHANGES: [Change; 49] = [
    ("the seed's event", "", "", &[]),
    // Numbers.
    ("NaN", TEMP, r#""gpu_temp_c": NaN"#, &["syntax"]),
    ("Infinity", TEMP, r#""gpu_temp_c": Infinity"#, &["syntax"]),
    ("-Infinity", TEMP, r#""gpu_temp_c": -Infinity"#, &["syntax"]),
    ("NaN in an unknown field", STALE, r#""x": NaN"#, &["syntax"]),
    ("1e999 in a known field", TEMP, r#""gpu_temp_c": 1e999"#, &["number"]),
    ("1e999 in an unknown field", STALE, r#""x": 1e999"#, &["number"]),
    ("-1e999 in an unknown array", STALE, r#""x": [-1e999]"#, &["number"]),
    ("an integer of 23 digits in range of no metric", TEMP, r#""gpu_temp_c": 12345678901234567890123"#, &["range"]),
    ("an integer of 23 digits in an unknown field", STALE, r#""x": 12345678901234567890123"#, &[]),
    ("1e-400, which is zero", TEMP, r#""gpu_temp_c": 1e-400"#, &[]),
    ("a whole number written 1410.0", "1410", "1410.0", &[]),
    ("a whole number written 1.41e3", "1410", "1.41e3", &[]),
    ("half a megahertz", "1410", "1410.5", &["type"]),
    ("a counter beyond 2^63", "1847", "9223372036854775808", &["type"]),
    ("DCGM's blank integer", "1847", "9223372036854775794", &["range"]),
    ("minus zero", TEMP, r#""gpu_temp_c": -0"#, &[]),
    ("a leading zero", TEMP, r#""gpu_temp_c": 065"#, &["syntax"]),
    ("a leading plus", TEMP, r#""gpu_temp_c": +65"#, &["syntax"]),
    ("no digit before the point", TEMP, r#""gpu_temp_c": .5"#, &["syntax"]),
    ("no digit behind the point", TEMP, r#""gpu_temp_c": 65."#, &["syntax"]),
    ("hexadecimal", TEMP, r#""gpu_temp_c": 0x41"#, &["syntax"]),
    // Types.
    ("null is absent", TEMP, r#""gpu_temp_c": null"#, &[]),
    ("a string", TEMP, r#""gpu_temp_c": "65""#, &["type"]),
    ("true", TEMP, r#""gpu_temp_c": true"#, &["type"]),
    ("an array", TEMP, r#""gpu_temp_c": [65]"#, &["type"]),
    ("an object", TEMP, r#""gpu_temp_c": {"v": 65}"#, &["type"]),
    ("a number as a name", NAME, r#""name": 100"#, &["type"]),
    ("an array in place of a block", r#""clocks": {"#, r#""clocks": [1410, 1593], "other": {"#, &["type"]),
    ("null in place of a block", r#""clocks": {"#, r#""clocks": null, "other": {"#, &["type"]),
    ("null in place of the GPU's UUID", r#""GPU-abc123def456-789ghi-012jkl""#, "null", &["required"]),
    ("null in place of the time", r#""2026-02-11T10:30:00.123Z""#, "null", &["required"]),
    // Keys.
    ("a key twice", TEMP, r#""gpu_temp_c": 65, "gpu_temp_c": 500"#, &["duplicate_key", "range"]),
    ("a key twice, once in escapes", TEMP, r#""gpu_temp_c": 65, "gpu_temp_\u0063": 66"#, &["duplicate_key"]),
    ("an unknown key twice", STALE, r#""x": 1, "x": 1"#, &["duplicate_key"]),
    ("a key twice in an unknown object", STALE, r#""x": {"a": [{"b": 1, "b": 2}]}"#, &["duplicate_key"]),
    ("an unknown field", STALE, r#""x": {"a": [1, "b", null, true]}"#, &[]),
    ("a key that is no string", STALE, "x: 1", &["syntax"]),
    // Text.
    ("escapes", NAME, r#""name": "NVIDIA \u0041100 \"80\" \\ \/ \ud83d\ude00""#, &[]),
    ("a lone surrogate in a known field", NAME, r#""name": "\ud800""#, &["syntax"]),
    ("a lone surrogate in an unknown field", STALE, r#""x": "\udfff!""#, &["syntax"]),
    ("an escape that is none", NAME, r#""name": "\x41""#, &["syntax"]),
    ("a control character", NAME, "\"name\": \"a\u{1}b\"", &["syntax"]),
    ("a line end within a string", NAME, "\"name\": \"a\nb\"", &["syntax"]),
    ("single quotes", NAME, "\"name\": 'A100'", &["syntax"]),
    // Form.
    ("a comma behind the last member", STALE, r#""stale": false, "x": [1,]"#, &["syntax"]),
    ("a comment", STALE, r#""stale": false /* no */"#, &["syntax"]),
    ("a bracket closed by a brace", STALE, r#""x": [1}"#, &["syntax"]),
    ("a value missing", STALE, r#""stale": "#, &["syntax"]),
];

/// Inputs that are more than a change of text.
fn others() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let nested = |depth: usize| {
        let deep = format!("\"x\": {}{}", "[".repeat(depth), "]".repeat(depth));
        SEED.replacen(STALE, &deep, 1).into_bytes()
    };
    let bytes = |from: &str, to: &[u8]| {
        let at = SEED.find(from).unwrap();
        [&SEED.as_bytes()[..at], to, &SEED.as_bytes()[at + from.len()..]].concat()
    };
    let around = |before: &str, after: &str| format!("{before}{SEED}{after}").into_bytes();
    vec![
        ("nothing", Vec::new(), &["syntax"]),
        ("half an event", SEED.as_bytes()[..SEED.len() / 2].to_vec(), &["syntax"]),
        ("data behind the event", around("", "{}"), &["syntax"]),
        ("white space around the event", around(" \n", "\r\n\t"), &[]),
        ("a byte order mark", around("\u{feff}", ""), &["syntax"]),
        ("an array around the event", around("[", "]"), &["type"]),
        ("null", b"null".to_vec(), &["type"]),
        ("an empty object", b"{}".to_vec(), &["required", "required", "required"]),
        ("invalid UTF-8 in a known string", bytes(NAME, b"\"name\": \"A\xff100\""), &["utf8"]),
        ("invalid UTF-8 in an unknown string", bytes(STALE, b"\"x\": \"\xc0\xaf\""), &["utf8"]),
        // The event and its block quality are two of the 32.
        ("nested 32 deep", nested(30), &[]),
        ("nested 33 deep", nested(31), &["depth"]),
        ("nested 1,000 deep", nested(1_000), &["depth"]),
        ("nested 100,000 deep", nested(100_000), &["depth"]),
        ("more than a mebibyte", nested(MAX_BYTES / 2), &["size"]),
    ]
}

#[test]
fn every_input_gets_its_verdict() {
    let changed = CHANGES.iter().map(|(name, from, to, rules)| {
        assert!(SEED.contains(from), "{name}: {from}");
        (*name, SEED.replacen(from, to, 1).into_bytes(), *rules)
    });
    let all: Vec<_> = changed.chain(others()).collect();
    assert_eq!(all.len(), 64);
    let mut judge = Judge::default();
    let mut wrong = Vec::new();
    for (name, bytes, rules) in &all {
        let mut problems = Vec::new();
        judge.judge(bytes, ARRIVED, &mut problems);
        let found: Vec<&str> = problems.iter().map(|problem| problem.rule).collect();
        if found != *rules {
            wrong.push(format!("{name}: {found:?} instead of {rules:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
