//! The fleet as a table, as JSON and as CSV: the newest sample of every GPU, how old it is, its score and its odds.
//!
//! Columns for people are the metrics that have a label in the table; machines get every metric by its name. What is
//! missing is `-` for people, absent in JSON, empty in CSV; never 0.

use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::{Map, Number, json};

use super::escape::escaped;
use crate::event::rows::Raw;
use crate::event::values::whole;
use crate::event::{GpuNow, Time, Value};
use crate::metric::{METRICS, Metric, REASONS, ids, sampled};

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
pub fn json(fleet: &[GpuNow], at: Time) -> serde_json::Value {
    let gpus: Vec<serde_json::Value> = fleet.iter().map(|one| gpu(one, at)).collect();
    json!({"schema": "gpuhm.fleet/1", "at": at.to_string(), "gpus": gpus})
}

fn gpu(gpu: &GpuNow, at: Time) -> serde_json::Value {
    let row = &gpu.latest;
    let mut object = Map::new();
    let mut put = |key: &str, value: serde_json::Value| object.insert(key.to_owned(), value);
    put("gpu_uuid", row.gpu_uuid.clone().into());
    put("host", row.hostname.clone().into());
    if let Some(index) = row.device_index {
        put("index", index.into());
    }
    for (key, text) in
        [("model", row.model.as_deref()), ("rack", gpu.place.rack()), ("cluster", gpu.place.get("cluster"))]
    {
        if let Some(text) = text {
            put(key, text.into());
        }
    }
    put("time", row.time.to_string().into());
    put("age_s", age(row, at).into());
    if let Some(health) = &gpu.health {
        put("score", health.score.into());
        put("state", health.state.word().into());
        put("grade", health.grade.word().into());
        put("confidence", json!((health.confidence * 1000.0).round() / 1000.0));
        put("action", health.action.word().into());
        if let Some(other) = &health.replaced_by {
            put("replaced_by", other.clone().into());
        }
    }
    for odds in gpu.prediction.iter().flat_map(|prediction| &prediction.odds) {
        put(&format!("p{}", odds.days), json!(odds.p));
    }
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
pub fn csv(fleet: &[GpuNow], at: Time, out: impl std::io::Write) -> Result<(), csv::Error> {
    let mut csv = csv::Writer::from_writer(out);
    let fixed = [
        "gpu_uuid",
        "host",
        "index",
        "model",
        "rack",
        "cluster",
        "time",
        "age_s",
        "score",
        "state",
        "confidence",
        "p30",
    ];
    csv.write_record(fixed.into_iter().chain(sampled().map(|(_, metric)| metric.name)))?;
    for gpu in fleet {
        let row = &gpu.latest;
        let (health, prediction) = (gpu.health.as_ref(), gpu.prediction.as_ref());
        let text = |text: Option<&str>| escaped(text.unwrap_or_default()).into_owned();
        let fixed = [
            row.gpu_uuid.clone(),
            escaped(&row.hostname).into_owned(),
            row.device_index.map(|index| index.to_string()).unwrap_or_default(),
            text(row.model.as_deref()),
            text(gpu.place.rack()),
            text(gpu.place.get("cluster")),
            row.time.to_string(),
            age(row, at).to_string(),
            health.map(|health| health.score.to_string()).unwrap_or_default(),
            health.map(|health| health.state.word().to_owned()).unwrap_or_default(),
            health.map(|health| format!("{:.3}", health.confidence)).unwrap_or_default(),
            prediction.and_then(|odds| odds.at(30)).map(|odds| format!("{:.6}", odds.p)).unwrap_or_default(),
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
pub fn table(fleet: &[GpuNow], at: Time) -> String {
    let shown: Vec<(usize, &Metric)> = sampled().filter(|(_, metric)| !metric.label.is_empty()).collect();
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let labels = shown.iter().map(|(_, metric)| metric.label);
    table.set_header(["HOST", "IDX", "MODEL", "SCORE"].into_iter().chain(labels).chain(["AGE"]));
    for gpu in fleet {
        let row = &gpu.latest;
        let index = row.device_index.map_or_else(|| "-".to_owned(), |index| index.to_string());
        let model = row.model.as_deref().unwrap_or("-");
        let model = model.strip_prefix("NVIDIA ").unwrap_or(model);
        let score = gpu.health.as_ref().map_or_else(|| "-".to_owned(), |health| health.score.to_string());
        let mut cells = vec![escaped(&row.hostname).into_owned(), index, escaped(model).into_owned(), score];
        cells.extend(shown.iter().map(|(metric, _)| cell(*metric, row)));
        cells.push(ago(age(row, at)));
        table.add_row(cells);
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        let text =
            at == 0 || at == 2 || shown.get(at.wrapping_sub(4)).is_some_and(|(metric, _)| *metric == ids::THROTTLE);
        column.set_cell_alignment(if text { CellAlignment::Left } else { CellAlignment::Right });
    }
    table.trim_fmt()
}
