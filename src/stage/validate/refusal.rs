//! What goes to the invalid topic: the original, every reason, and where it stood.
//!
//! The seed's three fields (`original_event`, `validation_errors`, `timestamp`) keep their names; what is no JSON travels
//! as base64. Everything in it follows from the record, so that a repeated step makes the same bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::Step;
use crate::event::codec::Problem;
use crate::event::record::INVALID;
use crate::event::{Message, Record};

/// Of an original that is no JSON at most this much is kept: enough to see what it was, small enough for any broker.
const KEPT_BYTES: usize = 256 << 10;

#[derive(Serialize)]
struct Refusal<'a> {
    schema_version: &'static str,
    event_type: &'static str,
    timestamp: String,
    validation_errors: Vec<&'a str>,
    reasons: Vec<Reason<'a>>,
    source: Source<'a>,
    length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_event: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_base64: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

#[derive(Serialize)]
struct Reason<'a> {
    rule: &'a str,
    field: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Source<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    time: String,
}

/// The event that says why `record` was refused.
#[must_use]
pub fn refusal(record: &Record, step: &Step<'_>, problems: &[Problem], is_json: bool) -> Message {
    let ambiguous = problems.iter().any(|problem| problem.rule == "duplicate_key");
    let line = (is_json && !ambiguous).then(|| one_line(&record.value));
    let original = line.as_deref().and_then(|line| serde_json::from_slice::<&RawValue>(line).ok());
    let kept = record.value.get(..KEPT_BYTES).unwrap_or(&record.value);
    let refusal = Refusal {
        schema_version: "1.0",
        event_type: "gpu_metric_invalid",
        timestamp: record.time.to_string(),
        validation_errors: problems.iter().map(|problem| problem.message.as_str()).collect(),
        reasons: problems
            .iter()
            .map(|problem| Reason { rule: problem.rule, field: &problem.field, value: &problem.value })
            .collect(),
        source: Source {
            topic: step.topic,
            partition: step.partition,
            offset: record.offset,
            time: record.time.to_string(),
        },
        length: record.value.len(),
        original_event: original,
        original_base64: original.is_none().then(|| STANDARD.encode(kept)),
        truncated: original.is_none() && kept.len() < record.value.len(),
    };
    // Strings, numbers and JSON that was parsed: always serialises.
    let value = serde_json::to_vec(&refusal).unwrap_or_default();
    Message { topic: INVALID, key: record.key.clone(), value: Bytes::from(value) }
}

/// JSON without line ends: they can only stand between tokens.
fn one_line(json: &[u8]) -> Vec<u8> {
    json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect()
}
