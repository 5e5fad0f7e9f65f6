//! A repair of memory waits for a reset: work may go on meanwhile. Rows from Ampere on, pages before.

use crate::event::health::{Action, Dimension};
use crate::metric::ids;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real};

const POINTS: f64 = 10.0;

pub(super) const REMAP: Rule = Rule {
    id: "row_remap_pending",
    dimension: Dimension::Memory,
    points: "10",
    looks_for: "a row remap that waits for a reset",
    hard: false,
    action: Action::Reset,
    needs: Needs::Ampere(&[&[ids::REMAP_PENDING]]),
    look: |case| look(case, ids::REMAP_PENDING, "a memory row waits for a reset to be remapped"),
    full: |_| POINTS,
};

pub(super) const RETIREMENT: Rule = Rule {
    id: "page_retirement_pending",
    dimension: Dimension::Memory,
    points: "10",
    looks_for: "a page retirement that waits for a reset (before Ampere)",
    hard: false,
    action: Action::Reset,
    needs: Needs::Older(&[&[ids::RETIRED_PENDING]]),
    look: |case| look(case, ids::RETIRED_PENDING, "a memory page waits for a reset to be retired"),
    full: |_| POINTS,
};

fn look(case: &Case<'_>, metric: usize, text: &str) -> Look {
    let Some(flag) = case.int(metric) else { return Look::UNKNOWN };
    let found = (flag > 0).then(|| Found {
        points: POINTS,
        at: case.latest(),
        window: None,
        value: Some(real(1)),
        limit: None,
        unit: "",
        text: text.to_owned(),
    });
    Look::of(found, true)
}
