//! Banks of memory with no spare row, or few, left to remap to (J).

use crate::event::health::{Action, Dimension};
use crate::pass::score::ids::{BANKS_LOW, BANKS_NONE};
use crate::pass::score::numbers::{FEW_SPARE, NO_SPARE};
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real};
use crate::pass::score::text::counted;

pub(super) const RULE: Rule = Rule {
    id: "spare_rows",
    dimension: Dimension::Memory,
    points: "20 none left, 8 few left",
    looks_for: "memory banks with no spare row, or few",
    hard: false,
    action: Action::Monitor,
    needs: Needs::Optional(&[&[BANKS_LOW], &[BANKS_NONE]]),
    look,
    full: |_| NO_SPARE,
};

fn look(case: &Case<'_>) -> Look {
    let banks = |metric| case.int(metric).filter(|banks| *banks > 0);
    let (points, banks, left) = match (banks(BANKS_NONE), banks(BANKS_LOW)) {
        (Some(banks), _) => (NO_SPARE, banks, "no spare row"),
        (None, Some(banks)) => (FEW_SPARE, banks, "few spare rows"),
        (None, None) => return Look::CLEAR,
    };
    let found = Found {
        points,
        at: case.latest(),
        window: None,
        value: Some(real(banks)),
        limit: None,
        unit: "banks",
        text: format!("{} with {left} left", counted(banks, "memory bank")),
    };
    Look::of(Some(found), true)
}
