//! Rows remapped for uncorrectable errors over the board's life: eight in one bank are the end of it (J).

use crate::event::health::{Action, Dimension};
use crate::pass::score::ids::REMAPPED;
use crate::pass::score::numbers;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real, together};
use crate::pass::score::text::counted;

pub(super) const RULE: Rule = Rule {
    id: "remapped_rows",
    dimension: Dimension::Memory,
    points: "3 each to 24",
    looks_for: "rows remapped for uncorrectable errors over the board's life",
    hard: false,
    action: Action::Monitor,
    needs: Needs::Ampere(&[&[REMAPPED]]),
    look,
    full: |rows| together(rows, numbers::REMAPPED),
};

fn look(case: &Case<'_>) -> Look {
    let Some(rows) = case.int(REMAPPED) else { return Look::UNKNOWN };
    let found = (rows > 0).then(|| Found {
        points: together(real(rows), numbers::REMAPPED),
        at: case.latest(),
        window: None,
        value: Some(real(rows)),
        limit: None,
        unit: "rows",
        text: format!("{} remapped for uncorrectable errors", counted(rows, "row")),
    });
    Look::of(found, true)
}
