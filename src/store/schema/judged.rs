//! The tables of judgement: places, scores, predictions, the fleet's numbers, and what people record.
//!
//! Apart from the other tables because stages write only the first. Knows no database.

use std::borrow::Cow;

use super::{Column, Holds, Table, WRITTEN_AT, may, must};
use crate::event::health::State;
use crate::event::prediction::HORIZONS;
use crate::event::rows::PLACE_TEXTS;

/// All of them, in the order of the migration.
pub(super) fn tables() -> [Table; 6] {
    [places(), healths(), fleet(), predictions(), failures(), silences()]
}

pub(crate) fn places() -> Table {
    let mut columns = vec![must("gpu_uuid", Holds::Text), must("since", Holds::Time)];
    columns.extend([must("hostname", Holds::Text), may("device_index", Holds::Int)]);
    columns.extend(PLACE_TEXTS.map(|name| may(name, Holds::Text)));
    columns.push(WRITTEN_AT);
    Table { name: "gpu_places", key: &["gpu_uuid", "since"], columns }
}

pub(crate) fn healths() -> Table {
    let columns = vec![
        must("gpu_uuid", Holds::Text),
        must("time", Holds::Time),
        must("hostname", Holds::Text),
        may("device_index", Holds::Int),
        must("score", Holds::Int),
        must("grade", Holds::Text),
        must("state", Holds::Text),
        must("confidence", Holds::Double),
        must("action", Holds::Text),
        must("ledger", Holds::Json),
        must("notes", Holds::Json),
        may("better_since", Holds::Time),
        must("as_of", Holds::Time),
        may("replaced_by", Holds::Text),
        WRITTEN_AT,
    ];
    Table { name: "gpu_health_scores", key: &["gpu_uuid", "time"], columns }
}

pub(crate) fn fleet() -> Table {
    let mut columns = vec![must("time", Holds::Time)];
    columns.extend(State::ALL.iter().map(|state| named(format!("gpus_{}", state.word()), Holds::Int)));
    columns.extend([may("mean_score", Holds::Double), may("worst_score", Holds::Int)]);
    columns.extend(["open_info", "open_warning", "open_critical"].map(|name| must(name, Holds::Int)));
    columns.push(WRITTEN_AT);
    Table { name: "fleet_health", key: &["time"], columns }
}

pub(crate) fn predictions() -> Table {
    let mut columns = vec![must("gpu_uuid", Holds::Text), must("time", Holds::Time)];
    columns.extend([must("hostname", Holds::Text), may("device_index", Holds::Int)]);
    for days in HORIZONS {
        let odds = ["", "_low", "_high", "_base"];
        columns.extend(odds.map(|end| named(format!("p{days}{end}"), Holds::Double)));
    }
    columns.extend([
        must("hazard", Holds::Double),
        must("base_hazard", Holds::Double),
        must("reasons", Holds::Json),
        must("advice", Holds::Text),
        must("status", Holds::Text),
        must("model", Holds::Text),
        must("labels", Holds::Int),
        must("exposure_years", Holds::Double),
        must("as_of", Holds::Time),
        WRITTEN_AT,
    ]);
    Table { name: "gpu_failure_predictions", key: &["gpu_uuid", "time"], columns }
}

pub(crate) fn failures() -> Table {
    let columns = vec![
        must("gpu_uuid", Holds::Text),
        must("at", Holds::Time),
        must("kind", Holds::Text),
        must("who", Holds::Text),
        may("note", Holds::Text),
    ];
    Table { name: "gpu_failures", key: &["gpu_uuid", "at", "kind"], columns }
}

pub(crate) fn silences() -> Table {
    let columns = vec![
        must("id", Holds::Text),
        must("matchers", Holds::Json),
        must("from_at", Holds::Time),
        must("until_at", Holds::Time),
        must("reason", Holds::Text),
        must("who", Holds::Text),
        may("ended_at", Holds::Time),
    ];
    Table { name: "silences", key: &["id"], columns }
}

fn named(name: String, holds: Holds) -> Column {
    Column { name: Cow::Owned(name), holds, required: true }
}
