//! Records of any topic as lines: pretty for people, one JSON object a line for scripts.

use serde_json::Value;

use super::alerts;
use super::escape::{escaped, json_line};
use crate::event::record::Record;
use crate::event::{Alert, Time};

/// The instant an event is about: its `at` or `timestamp`, else when it reached the bus.
#[must_use]
pub fn time(record: &Record) -> Time {
    let value: Option<Value> = serde_json::from_slice(&record.value).ok();
    let of = |key: &str| value.as_ref()?.get(key)?.as_str().and_then(Time::parse);
    of("at").or_else(|| of("timestamp")).unwrap_or(record.time)
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
