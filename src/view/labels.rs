//! Recorded failures as a table, as JSON, and as the CSV that an import reads.

use comfy_table::{ContentArrangement, Table};
use serde_json::{Map, Value, json};

use super::escape::escaped;
use crate::event::{Failure, Time};

/// The columns, in every form.
const COLUMNS: [&str; 5] = ["gpu_uuid", "at", "kind", "who", "note"];

fn cells(failure: &Failure) -> [String; 5] {
    [
        escaped(&failure.gpu_uuid).into_owned(),
        failure.at.to_string(),
        failure.kind.word().to_owned(),
        escaped(&failure.who).into_owned(),
        escaped(failure.note.as_deref().unwrap_or_default()).into_owned(),
    ]
}

/// A table for people.
#[must_use]
pub fn table(failures: &[Failure]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(COLUMNS.map(str::to_uppercase));
    for failure in failures {
        table.add_row(cells(failure));
    }
    table.trim_fmt()
}

/// `gpuhm.labels/1`.
#[must_use]
pub fn json(failures: &[Failure], at: Time) -> Value {
    let one = |failure: &Failure| {
        let cells = COLUMNS.iter().zip(cells(failure)).filter(|(_, cell)| !cell.is_empty());
        Value::Object(cells.map(|(column, cell)| ((*column).to_owned(), Value::from(cell))).collect::<Map<_, _>>())
    };
    let all: Vec<Value> = failures.iter().map(one).collect();
    json!({"schema": "gpuhm.labels/1", "at": at.to_string(), "labels": all})
}

/// A row a record, RFC 4180.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn csv(failures: &[Failure], out: impl std::io::Write) -> Result<(), csv::Error> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS)?;
    failures.iter().try_for_each(|failure| csv.write_record(cells(failure)))?;
    csv.flush()?;
    Ok(())
}
