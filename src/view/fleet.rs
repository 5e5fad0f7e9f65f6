//! The fleet as a table, as JSON and as CSV: the newest sample of every GPU, and how old it is.
//!
//! Columns for people are the metrics that have a label in the table; machines get every metric by its name. What is
//! missing is `-` for people, absent in JSON, empty in CSV; never 0.

use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::{Map, Number, json};

use super::escape::escaped;
use crate::event::rows::Raw;
use crate::event::values::whole;
use crate::event::{Time, Value};
use crate::metric::{METRICS, Metric, REASONS, ids, sampled};
use crate::store::Latest;

/// Seconds since the sample.
fn age(row: &Raw, at: Time) -> i64 {
    at.since(row.time).max(0) / 1000
}

fn number(value: Value) -> serde_json::Value {
    match value {
        Value::Int(value) => value.into(),
        Value::Real(value) => Number::from_f64(value).map_or(serde_json::Value::Null, serde_json::Value::Number),
    }
}

/// `gpuhm.fleet/1`.
#[must_use]
pub fn json(fleet: &[Latest], at: Time) -> serde_json::Value {
    let gpus: Vec<serde_json::Value> = fleet.iter().map(|latest| gpu(latest, at)).collect();
    json!({"schema": "gpuhm.fleet/1", "at": at.to_string(), "gpus": gpus})
}

fn gpu(latest: &Latest, at: Time) -> serde_json::Value {
    let row = &latest.raw;
    let mut object = Map::new();
    let mut put = |key: &str, value: serde_json::Value| object.insert(key.to_owned(), value);
    put("gpu_uuid", row.gpu_uuid.clone().into());
    put("host", row.hostname.clone().into());
    if let Some(index) = row.device_index {
        put("index", index.into());
    }
    for (key, text) in [("model", &row.model), ("rack", &latest.rack), ("cluster", &latest.cluster)] {
        if let Some(text) = text {
            put(key, text.clone().into());
        }
    }
    put("time", row.time.to_string().into());
    put("age_s", age(row, at).into());
    for (metric, value) in row.values.iter() {
        if let Some(metric) = METRICS.get(metric) {
            put(metric.name, number(value));
        }
    }
    serde_json::Value::Object(object)
}

/// A row a GPU with every metric, RFC 4180.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn csv(fleet: &[Latest], at: Time, out: impl std::io::Write) -> Result<(), csv::Error> {
    let mut csv = csv::Writer::from_writer(out);
    let fixed = ["gpu_uuid", "host", "index", "model", "rack", "cluster", "time", "age_s"];
    csv.write_record(fixed.into_iter().chain(sampled().map(|(_, metric)| metric.name)))?;
    for latest in fleet {
        let row = &latest.raw;
        let text = |text: Option<&str>| escaped(text.unwrap_or_default()).into_owned();
        let fixed = [
            row.gpu_uuid.clone(),
            escaped(&row.hostname).into_owned(),
            row.device_index.map(|index| index.to_string()).unwrap_or_default(),
            text(row.model.as_deref()),
            text(latest.rack.as_deref()),
            text(latest.cluster.as_deref()),
            row.time.to_string(),
            age(row, at).to_string(),
        ];
        let metrics = sampled().map(|(metric, _)| match row.values.get(metric) {
            Some(Value::Int(value)) => value.to_string(),
            Some(Value::Real(value)) => value.to_string(),
            None => String::new(),
        });
        csv.write_record(fixed.into_iter().chain(metrics))?;
    }
    csv.flush()?;
    Ok(())
}

/// The names of the throttle reasons in a mask, less idleness; `-` where there is none.
#[must_use]
pub fn reasons(mask: i64) -> String {
    let names: Vec<&str> =
        REASONS.iter().filter(|reason| reason.listed && mask & reason.mask() != 0).map(|reason| reason.name).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(" ") }
}

fn cell(metric: usize, row: &Raw) -> String {
    match row.values.get(metric) {
        None => "-".to_owned(),
        Some(Value::Int(mask)) if metric == ids::THROTTLE => reasons(mask),
        Some(Value::Int(value)) => value.to_string(),
        Some(Value::Real(value)) => whole(value).map_or_else(|| format!("{value:.1}"), |value| value.to_string()),
    }
}

/// An age for people: `12 s`, `3 m`, `4 h`, `2 d`.
#[must_use]
pub fn ago(seconds: i64) -> String {
    match seconds {
        ..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} m", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A table for people: header, no borders, numbers to the right.
#[must_use]
pub fn table(fleet: &[Latest], at: Time) -> String {
    let shown: Vec<(usize, &Metric)> = sampled().filter(|(_, metric)| !metric.label.is_empty()).collect();
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let labels = shown.iter().map(|(_, metric)| metric.label);
    table.set_header(["HOST", "IDX", "MODEL"].into_iter().chain(labels).chain(["AGE"]));
    for latest in fleet {
        let row = &latest.raw;
        let index = row.device_index.map_or_else(|| "-".to_owned(), |index| index.to_string());
        let model = row.model.as_deref().unwrap_or("-");
        let model = model.strip_prefix("NVIDIA ").unwrap_or(model);
        let mut cells = vec![escaped(&row.hostname).into_owned(), index, escaped(model).into_owned()];
        cells.extend(shown.iter().map(|(metric, _)| cell(*metric, row)));
        cells.push(ago(age(row, at)));
        table.add_row(cells);
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        let text =
            at == 0 || at == 2 || shown.get(at.wrapping_sub(3)).is_some_and(|(metric, _)| *metric == ids::THROTTLE);
        column.set_cell_alignment(if text { CellAlignment::Left } else { CellAlignment::Right });
    }
    table.trim_fmt()
}
