//! The seed document's `validate_event`, restated: its checks, in its order, with Python's idea of each comparison.

use super::python::{Py, loads};

/// What the seed's validator does with an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seed {
    /// It passes it on.
    Accepts,
    /// It refuses it, for these reasons.
    Refuses(Vec<&'static str>),
    /// An exception nobody catches ends its process: which, and where.
    Dies(String),
}

type Checked<T> = Result<T, String>;

/// Reads and judges the bytes of an event.
pub(crate) fn judge(bytes: &[u8]) -> Seed {
    let event = match loads(bytes) {
        Ok(event) => event,
        Err(raised) => return Seed::Dies(raised.to_owned()),
    };
    match validate_event(&event) {
        Ok(errors) if errors.is_empty() => Seed::Accepts,
        Ok(errors) => Seed::Refuses(errors),
        Err(raised) => Seed::Dies(raised),
    }
}

fn validate_event(event: &Py) -> Checked<Vec<&'static str>> {
    let mut errors = Vec::new();
    for field in ["schema_version", "event_type", "timestamp", "gpu", "metrics"] {
        let there = match event {
            Py::Dict(_) => event.get(field).is_some(),
            Py::Str(text) => text.contains(field),
            Py::List(items) => items.contains(&Py::Str(field.to_owned())),
            other => return Err(format!("TypeError: {field} in {}", other.kind())),
        };
        if !there {
            errors.push("missing");
        }
    }
    if !errors.is_empty() {
        return Ok(errors);
    }
    let metrics = block(Some(event), "metrics")?;
    let health = block(metrics, "health")?;
    for (key, high) in [("gpu_temp_c", 120.0), ("memory_temp_c", 120.0), ("power_usage_w", 750.0)] {
        let value = number(health, key)?;
        if !(0.0..=high).contains(&value) {
            errors.push(key);
        }
    }
    let memory = block(metrics, "memory")?;
    // `used < 0 or free < 0`: the second is not looked at where the first holds.
    if number(memory, "fb_used_mib")? < 0.0 || number(memory, "fb_free_mib")? < 0.0 {
        errors.push("memory");
    }
    if number(memory, "ecc_dbe_volatile")? > 0.0 {
        let gpu = event.get("gpu");
        if !matches!(gpu, Some(Py::Dict(_))) {
            return Err("TypeError: event['gpu']['gpu_uuid']".to_owned());
        }
        if gpu.and_then(|gpu| gpu.get("gpu_uuid")).is_none() {
            return Err("KeyError: gpu_uuid".to_owned());
        }
    }
    Ok(errors)
}

/// `of.get(key, {})`: `None` is the empty dict of a missing key.
fn block<'p>(of: Option<&'p Py>, key: &str) -> Checked<Option<&'p Py>> {
    match of {
        None => Ok(None),
        Some(Py::Dict(_)) => Ok(of.and_then(|of| of.get(key))),
        Some(other) => Err(format!("AttributeError: {}.get({key})", other.kind())),
    }
}

/// `of.get(key, 0)`, compared with a number.
fn number(of: Option<&Py>, key: &str) -> Checked<f64> {
    match block(of, key)? {
        None => Ok(0.0),
        Some(Py::Number(value)) => Ok(*value),
        Some(Py::Bool(value)) => Ok(f64::from(u8::from(*value))),
        Some(other) => Err(format!("TypeError: {key} {}", other.kind())),
    }
}
