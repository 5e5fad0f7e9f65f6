//! Scores for people and scripts: the worst first as a table, every ledger as JSON, a row a GPU as CSV, one GPU explained.

use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::{Map, Value, json};

use super::escape::escaped;
use crate::event::health::{Action, Deduction, State};
use crate::event::{Health, Time};

/// The GPU as `host/index`, or its UUID where it has no index.
#[must_use]
pub fn place(health: &Health) -> String {
    let tail = health.device_index.map_or_else(|| health.gpu_uuid.clone(), |index| index.to_string());
    escaped(&format!("{}/{tail}", health.hostname)).into_owned()
}

/// The order of the worst first: known ones by score, unknown ones last, then by place.
#[must_use]
pub fn worst_first(healths: &[Health]) -> Vec<&Health> {
    let mut all: Vec<&Health> = healths.iter().collect();
    all.sort_by_key(|health| {
        (health.state == State::Unknown, health.score, health.hostname.clone(), health.device_index)
    });
    all
}

/// Whether someone should look at it.
#[must_use]
pub fn is_troubled(health: &Health) -> bool {
    health.replaced_by.is_none() && (health.state != State::Ok || !health.ledger.is_empty())
}

/// Whether it is worse than `limit` allows: by its score, or critical whatever its score.
#[must_use]
pub fn fails(health: &Health, limit: i64) -> bool {
    health.replaced_by.is_none() && (health.score < limit || health.state == State::Critical)
}

/// What weighs most, in a word or two.
#[must_use]
pub fn why(health: &Health) -> String {
    health.ledger.first().map_or_else(|| "-".to_owned(), |row| escaped(&row.text).into_owned())
}

/// A table of the GPUs given.
#[must_use]
pub fn table(healths: &[&Health]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["GPU", "SCORE", "STATE", "GRADE", "CONF", "ACTION", "WHY"]);
    for health in healths {
        table.add_row([
            place(health),
            health.score.to_string(),
            health.state.word().to_owned(),
            health.grade.word().to_owned(),
            format!("{:.2}", health.confidence),
            health.action.word().to_owned(),
            why(health),
        ]);
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(if matches!(at, 1 | 4) { CellAlignment::Right } else { CellAlignment::Left });
    }
    table.trim_fmt()
}

/// One line on all of them.
#[must_use]
pub fn line(healths: &[Health]) -> String {
    let count = |state: State| {
        let count = healths.iter().filter(|health| health.replaced_by.is_none() && health.state == state).count();
        format!("{count} {}", state.word())
    };
    let all = healths.iter().filter(|health| health.replaced_by.is_none()).count();
    format!("{all} GPUs: {}", State::ALL.iter().map(|state| count(*state)).collect::<Vec<_>>().join(", "))
}

/// The members of one GPU's health; the points of the ledger add up to 100 − score.
#[must_use]
pub fn object(health: &Health) -> Map<String, Value> {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("gpu_uuid", health.gpu_uuid.clone().into());
    put("host", health.hostname.clone().into());
    if let Some(index) = health.device_index {
        put("index", index.into());
    }
    put("score", health.score.into());
    put("grade", health.grade.word().into());
    put("state", health.state.word().into());
    put("confidence", json!((health.confidence * 1000.0).round() / 1000.0));
    put("action", health.action.word().into());
    put("scored_at", health.time.to_string().into());
    put("as_of", health.as_of.to_string().into());
    put("ledger", serde_json::to_value(&health.ledger).unwrap_or_default());
    if !health.notes.is_empty() {
        put("notes", health.notes.clone().into());
    }
    if let Some(other) = &health.replaced_by {
        put("replaced_by", other.clone().into());
    }
    object
}

/// `gpuhm.scores/1`.
#[must_use]
pub fn json(healths: &[&Health], at: Time) -> Value {
    let gpus: Vec<Value> = healths.iter().map(|health| Value::Object(object(health))).collect();
    json!({"schema": "gpuhm.scores/1", "at": at.to_string(), "gpus": gpus})
}

/// A row a GPU, RFC 4180.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn csv(healths: &[&Health], out: impl std::io::Write) -> Result<(), csv::Error> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["gpu_uuid", "host", "index", "score", "grade", "state", "confidence", "action", "as_of", "why"])?;
    for health in healths {
        let why: Vec<String> = health.ledger.iter().map(|row| format!("{} {}", row.id, row.points)).collect();
        csv.write_record([
            health.gpu_uuid.clone(),
            escaped(&health.hostname).into_owned(),
            health.device_index.map(|index| index.to_string()).unwrap_or_default(),
            health.score.to_string(),
            health.grade.word().to_owned(),
            health.state.word().to_owned(),
            format!("{:.3}", health.confidence),
            health.action.word().to_owned(),
            health.as_of.to_string(),
            why.join("; "),
        ])?;
    }
    csv.flush()?;
    Ok(())
}

/// The ledger of one GPU for people: what was taken, on what evidence, and what to do.
#[must_use]
pub fn explain(health: &Health) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{}  {}  scored {}  newest sample {}",
            place(health),
            escaped(&health.gpu_uuid),
            health.time,
            health.as_of
        ),
        format!("{:<60} {:>6}", "start", 100),
    ];
    for row in &health.ledger {
        lines.push(format!("{:<60} {:>6}  {}", clipped(&row.text, 60), -row.points, row.id));
        lines.push(format!("    {}", evidence(row)));
    }
    lines.push(format!("{:<60} {:>6}", "", "------"));
    lines.push(format!("{:<60} {:>6}  {}", "score", health.score, health.grade.word()));
    lines.push(format!(
        "state {}, confidence {:.2}, action {}",
        health.state.word(),
        health.confidence,
        if health.action == Action::None { "none needed" } else { health.action.word() }
    ));
    lines.extend(health.notes.iter().map(|note| format!("note: {}", escaped(note))));
    if let Some(other) = &health.replaced_by {
        lines.push(format!("its slot holds {} now", escaped(other)));
    }
    lines
}

fn clipped(text: &str, most: usize) -> String {
    let text = escaped(text);
    if text.chars().count() <= most {
        return text.into_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn evidence(row: &Deduction) -> String {
    let mut parts = vec![row.dimension.word().to_owned()];
    let unit = if row.unit.is_empty() { String::new() } else { format!(" {}", row.unit) };
    if let Some(value) = row.value {
        parts.push(format!("seen {value}{unit}"));
    }
    if let Some(limit) = row.limit {
        parts.push(format!("limit {limit}{unit}"));
    }
    parts.push(format!("at {}", row.at));
    if let Some(window) = row.window_s {
        parts.push(format!("gone after {}", super::fleet::ago(window)));
    }
    if let Some(full) = row.capped {
        parts.push(format!("{full} alone, cut by a cap"));
    }
    if row.held {
        parts.push("not reported any more: what was last seen is held".to_owned());
    }
    if row.hard {
        parts.push("critical by itself".to_owned());
    }
    parts.push(format!("action {}", row.action.word()));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::health::{Dimension, Grade};

    fn health() -> Health {
        Health {
            gpu_uuid: "GPU-1".into(),
            hostname: "h\u{1b}1".into(),
            device_index: Some(3),
            time: Time(0),
            score: 62,
            grade: Grade::Degraded,
            state: State::Critical,
            confidence: 0.9,
            action: Action::Drain,
            ledger: vec![Deduction {
                id: "ecc_dbe".into(),
                dimension: Dimension::Memory,
                points: 38,
                capped: Some(40),
                text: "2 uncorrectable errors".into(),
                value: Some(2.0),
                limit: Some(0.0),
                unit: "errors".into(),
                at: Time(0),
                window_s: Some(30 * 86_400),
                held: true,
                hard: true,
                action: Action::Drain,
            }],
            notes: vec!["XID 13".into()],
            better_since: None,
            as_of: Time(0),
            replaced_by: None,
        }
    }

    #[test]
    fn an_explanation_adds_up_and_cannot_act_on_the_terminal() {
        let lines = explain(&health()).join("\n");
        for part in
            ["-38  ecc_dbe", "score", "62", "40 alone", "is held", "note: XID 13", "action drain", "gone after 30 d"]
        {
            assert!(lines.contains(part), "{part} in\n{lines}");
        }
        assert!(!lines.contains('\u{1b}'));
    }

    #[test]
    fn machines_get_every_row() {
        let health = health();
        let value = json(&[&health], Time(0));
        let gpu = &value["gpus"][0];
        assert_eq!(
            (&gpu["score"], &gpu["ledger"][0]["points"], &gpu["ledger"][0]["hard"]),
            (&json!(62), &json!(38), &json!(true))
        );
        let mut text = Vec::new();
        csv(&[&health], &mut text).unwrap();
        assert!(String::from_utf8(text).unwrap().contains(",62,degraded,critical,0.900,drain,"));
    }
}
