//! Records of any topic as lines: pretty for people, one JSON object a line for scripts, alone or in an envelope that says
//! where it stood. What is chosen among them is in `choice`; neither knows where records come from or go to.

pub mod choice;
mod event;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::alerts;
use super::escape::{escaped, json_line};
use crate::event::record::Record;
use crate::event::{Alert, Time};

/// The two members that may say when an event was, and nothing of the rest.
#[derive(Deserialize)]
struct When<'a> {
    #[serde(borrow)]
    at: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

/// The instant an event is about: its `at` or `timestamp`, else when it reached the bus.
#[must_use]
pub fn time(record: &Record) -> Time {
    let when: Option<When<'_>> = serde_json::from_slice(&record.value).ok();
    let read = |raw: &RawValue| Time::parse(&serde_json::from_str::<String>(raw.get()).ok()?);
    when.and_then(|when| when.at.and_then(read).or_else(|| when.timestamp.and_then(read))).unwrap_or(record.time)
}

/// What `--envelope` prints: where a record stood, and its value.
#[derive(Serialize)]
struct Envelope<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_base64: Option<String>,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
}

/// The record on one line of JSON with where it stood; what is no JSON, and a key that is no text, as base64.
#[must_use]
pub fn envelope(topic: &str, partition: i32, record: &Record) -> Vec<u8> {
    let value = serde_json::from_slice::<&RawValue>(&record.value).ok();
    let key = std::str::from_utf8(&record.key).ok();
    let envelope = Envelope {
        topic,
        partition,
        offset: record.offset,
        key: key.filter(|key| !key.is_empty()),
        key_base64: key.is_none().then(|| STANDARD.encode(&record.key)),
        time: record.time.to_string(),
        value,
        value_base64: value.is_none().then(|| STANDARD.encode(&record.value)),
    };
    // Text, numbers and JSON that was read: it always serialises.
    json_line(&serde_json::to_string(&envelope).unwrap_or_default()).into_bytes()
}

/// What a person reads when they end it: `14 shown, 1,203 filtered, 0 undecodable`.
#[must_use]
pub fn counts(shown: u64, filtered: u64, undecodable: u64) -> String {
    let [shown, filtered, undecodable] = [shown, filtered, undecodable].map(grouped);
    format!("{shown} shown, {filtered} filtered, {undecodable} undecodable")
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    parts.collect::<Vec<_>>().join(",")
}

/// The event on one line; `None` where it is not JSON.
#[must_use]
pub fn jsonl(record: &Record) -> Option<Vec<u8>> {
    serde_json::from_slice::<serde::de::IgnoredAny>(&record.value).ok()?;
    Some(json_line(std::str::from_utf8(&record.value).ok()?).into_bytes())
}

/// The event as a line for people; `None` where it is not JSON.
#[must_use]
pub fn pretty(record: &Record) -> Option<String> {
    if let Ok(alert) = serde_json::from_slice::<Alert>(&record.value) {
        return Some(alerts::line(&alert));
    }
    let value: Value = serde_json::from_slice(&record.value).ok()?;
    let at = time(record).to_string();
    let at = at.get(..19).map_or_else(|| at.clone(), |at| format!("{}Z", at.replace('T', " ")));
    let key = String::from_utf8_lossy(&record.key).into_owned();
    let text = match value.get("event_type").and_then(Value::as_str) {
        Some("gpu_metric_sample") => sample(&value),
        Some("gpu_metric_invalid") => invalid(&value),
        Some("collector_status") => format!("COLL {key:<18} {}", scalars(value.get("collector"))),
        _ => format!("     {key:<18} {}", scalars(Some(&value))),
    };
    Some(escaped(&format!("{at} {text}")).into_owned())
}

fn at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    value.pointer(pointer).filter(|value| !value.is_null())
}

fn show(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "-".to_owned(),
    }
}

fn sample(value: &Value) -> String {
    let place = format!("{}/{}", show(at(value, "/host/hostname")), show(at(value, "/gpu/device_index")));
    let shown = [
        ("/metrics/health/gpu_temp_c", "°C"),
        ("/metrics/health/power_usage_w", "W"),
        ("/metrics/performance/gpu_util_pct", "% util"),
        ("/metrics/performance/sm_active_pct", "% sm"),
        ("/metrics/memory/fb_used_mib", "MiB"),
    ];
    let numbers: Vec<String> = shown
        .iter()
        .filter_map(|(pointer, unit)| at(value, pointer).map(|number| format!("{number} {unit}")))
        .collect();
    let reasons: Vec<String> = at(value, "/metrics/health/throttle_reasons_decoded")
        .and_then(Value::as_array)
        .map(|reasons| reasons.iter().map(|reason| show(Some(reason))).collect())
        .unwrap_or_default();
    format!("     {place:<18} {} {}", numbers.join("  "), reasons.join(" ")).trim_end().to_owned()
}

fn invalid(value: &Value) -> String {
    let errors: Vec<String> = at(value, "/validation_errors")
        .and_then(Value::as_array)
        .map(|errors| errors.iter().map(|error| show(Some(error))).collect())
        .unwrap_or_default();
    let source = format!(
        "{}[{}]@{}",
        show(at(value, "/source/topic")),
        show(at(value, "/source/partition")),
        show(at(value, "/source/offset"))
    );
    format!("BAD  {source:<18} {}", errors.join("; "))
}

fn scalars(value: Option<&Value>) -> String {
    let Some(Value::Object(members)) = value else { return String::new() };
    let shown = members.iter().filter(|(_, value)| !value.is_object() && !value.is_array());
    shown.map(|(key, value)| format!("{key}={}", show(Some(value)))).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
