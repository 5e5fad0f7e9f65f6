//! Odds as a table, as JSON and as CSV; `explain` says of one GPU where its odds come from and what they do not know.
//!
//! A probability never stands alone: its 80 % interval, the fleet's base and the main reason go with it. Percentages have two
//! digits, since more are not known. What is missing is `-` for people, absent in JSON, empty in CSV.

mod explain;

pub use explain::explain;

use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::{Map, Number, json};

use super::escape::escaped;
use crate::event::prediction::{Advice, HORIZONS, Odds};
use crate::event::{Prediction, Time};

/// The horizon that the table is sorted by, in days.
const SORTED_BY: i64 = 30;

/// A probability with two digits: `12 %`, `1.2 %`, `0.12 %`.
#[must_use]
pub fn percent(p: f64) -> String {
    format!("{} %", bare(p))
}

/// The same without the sign.
fn bare(p: f64) -> String {
    match 100.0 * p {
        p if !p.is_finite() => "-".to_owned(),
        p if p >= 9.95 => format!("{p:.0}"),
        p if p >= 0.995 => format!("{p:.1}"),
        p if p >= 0.0995 => format!("{p:.2}"),
        p if p >= 0.001 => format!("{p:.3}"),
        _ => "<0.001".to_owned(),
    }
}

/// An 80 % interval: `0.4-3.1 %`.
fn interval(low: f64, high: f64) -> String {
    format!("{}-{} %", bare(low), bare(high))
}

/// A factor: `×9`, `×1.5`, `×0.42`.
fn times(factor: f64) -> String {
    let digits = match factor {
        many if many >= 9.95 => 0,
        some if some >= 0.995 => 1,
        _ => 2,
    };
    let text = format!("{factor:.digits$}");
    format!("×{}", text.strip_suffix(".0").unwrap_or(&text))
}

/// How many times the fleet's hazard.
fn lift(of: &Prediction) -> f64 {
    of.hazard / of.base_hazard
}

/// By falling odds in 30 days, then by place.
fn sorted(all: &[Prediction]) -> Vec<&Prediction> {
    let p = |of: &Prediction| of.at(SORTED_BY).map_or(0.0, |odds| odds.p);
    let mut sorted: Vec<&Prediction> = all.iter().collect();
    sorted.sort_by(|a, b| {
        let place = |of: &Prediction| (of.hostname.clone(), of.device_index, of.gpu_uuid.clone());
        p(b).total_cmp(&p(a)).then_with(|| place(a).cmp(&place(b)))
    });
    sorted
}

/// The word for people: `schedule diagnostics`; `-` for none.
fn advised(advice: Advice) -> String {
    if advice == Advice::None { "-".to_owned() } else { advice.word().replace('_', " ") }
}

/// The main reason: `×9 failed 41 days ago`; `-` where nothing sets the GPU apart.
fn why(of: &Prediction) -> String {
    of.reasons
        .first()
        .map_or_else(|| "-".to_owned(), |reason| format!("{} {}", times(reason.factor), escaped(&reason.text)))
}

/// A table for people: header, no borders, numbers to the right, the likeliest to fail first.
#[must_use]
pub fn table(all: &[Prediction]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["HOST", "IDX", "P7", "P30", "P90", "P30 80 %", "LIFT", "ADVICE", "WHY"]);
    for of in sorted(all) {
        let mut cells = vec![escaped(&of.hostname).into_owned()];
        cells.push(of.device_index.map_or_else(|| "-".to_owned(), |index| index.to_string()));
        cells.extend(HORIZONS.map(|days| of.at(days).map_or_else(|| "-".to_owned(), |odds| percent(odds.p))));
        cells.push(of.at(SORTED_BY).map_or_else(|| "-".to_owned(), |odds| interval(odds.low, odds.high)));
        cells.extend([times(lift(of)), advised(of.advice), why(of)]);
        table.add_row(cells);
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(if matches!(at, 0 | 7 | 8) { CellAlignment::Left } else { CellAlignment::Right });
    }
    table.trim_fmt()
}

/// `gpuhm.predictions/1`.
#[must_use]
pub fn json(all: &[Prediction], at: Time) -> serde_json::Value {
    let gpus: Vec<serde_json::Value> = sorted(all).into_iter().map(gpu).collect();
    json!({"schema": "gpuhm.predictions/1", "at": at.to_string(), "gpus": gpus})
}

fn gpu(of: &Prediction) -> serde_json::Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: serde_json::Value| object.insert(key.to_owned(), value);
    put("gpu_uuid", of.gpu_uuid.clone().into());
    put("host", of.hostname.clone().into());
    if let Some(index) = of.device_index {
        put("index", index.into());
    }
    put("time", of.time.to_string().into());
    put("as_of", of.as_of.to_string().into());
    put("odds", of.odds.iter().map(odds).collect::<Vec<_>>().into());
    let reason = |reason: &crate::event::prediction::Reason| {
        let mut object = numbers(&[("factor", reason.factor)]);
        object.insert("id".to_owned(), reason.id.clone().into());
        object.insert("text".to_owned(), reason.text.clone().into());
        serde_json::Value::Object(object)
    };
    put("reasons", of.reasons.iter().map(reason).collect::<Vec<_>>().into());
    put("advice", of.advice.word().into());
    put("status", of.standing.word().into());
    put("model", of.model.clone().into());
    put("labels", of.labels.into());
    object.extend(numbers(&hazards(of)));
    serde_json::Value::Object(object)
}

/// The numbers of a GPU beside its odds, with their units in their names.
fn hazards(of: &Prediction) -> [(&'static str, f64); 4] {
    [
        ("hazard_per_gpu_year", of.hazard),
        ("base_hazard_per_gpu_year", of.base_hazard),
        ("lift", lift(of)),
        ("exposure_gpu_years", of.exposure_years),
    ]
}

fn odds(odds: &Odds) -> serde_json::Value {
    let mut object = numbers(&[("p", odds.p), ("p_low_80", odds.low), ("p_high_80", odds.high), ("p_base", odds.base)]);
    object.insert("days".to_owned(), odds.days.into());
    serde_json::Value::Object(object)
}

/// Members of an object; what is no number is absent.
fn numbers(of: &[(&str, f64)]) -> Map<String, serde_json::Value> {
    of.iter().filter_map(|(key, value)| Some(((*key).to_owned(), Number::from_f64(*value)?.into()))).collect()
}

/// A row a GPU, RFC 4180.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn csv(all: &[Prediction], out: impl std::io::Write) -> Result<(), csv::Error> {
    let mut csv = csv::Writer::from_writer(out);
    let horizons =
        HORIZONS.iter().flat_map(|days| ["", "_low_80", "_high_80", "_base"].map(|of| format!("p{days}{of}")));
    let fixed = ["gpu_uuid", "host", "index", "time", "as_of"].map(str::to_owned);
    let last = [
        "hazard_per_gpu_year",
        "base_hazard_per_gpu_year",
        "lift",
        "exposure_gpu_years",
        "labels",
        "advice",
        "status",
        "model",
        "why",
    ];
    csv.write_record(fixed.into_iter().chain(horizons).chain(last.map(str::to_owned)))?;
    for of in sorted(all) {
        let number = |value: f64| if value.is_finite() { value.to_string() } else { String::new() };
        let mut row = vec![
            of.gpu_uuid.clone(),
            escaped(&of.hostname).into_owned(),
            of.device_index.map(|index| index.to_string()).unwrap_or_default(),
            of.time.to_string(),
            of.as_of.to_string(),
        ];
        for days in HORIZONS {
            let of_horizon = of.at(days).map(|odds| [odds.p, odds.low, odds.high, odds.base].map(number));
            row.extend(of_horizon.unwrap_or_default());
        }
        row.extend(hazards(of).map(|(_, value)| number(value)));
        row.extend([
            of.labels.to_string(),
            of.advice.word().to_owned(),
            of.standing.word().to_owned(),
            of.model.clone(),
        ]);
        let why = of.reasons.iter().map(|reason| format!("{} {}", times(reason.factor), escaped(&reason.text)));
        row.push(why.collect::<Vec<_>>().join("; "));
        csv.write_record(row)?;
    }
    csv.flush()?;
    Ok(())
}

#[cfg(test)]
pub(super) mod tests;
