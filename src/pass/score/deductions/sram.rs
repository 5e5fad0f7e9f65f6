//! The driver says that SRAM errors passed NVIDIA's threshold: a criterion for returning the board.

use crate::event::health::{Action, Dimension};
use crate::metric::ids;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real};

const POINTS: f64 = 60.0;

pub(super) const RULE: Rule = Rule {
    id: "sram_threshold",
    dimension: Dimension::Memory,
    points: "60",
    looks_for: "the SRAM error threshold flag",
    hard: true,
    action: Action::RunFieldDiag,
    needs: Needs::Optional(&[&[ids::SRAM]]),
    look,
    full: |_| POINTS,
};

fn look(case: &Case<'_>) -> Look {
    let Some(flag) = case.int(ids::SRAM) else { return Look::UNKNOWN };
    let found = (flag > 0).then(|| Found {
        points: POINTS,
        at: case.latest(),
        window: None,
        value: Some(real(1)),
        limit: None,
        unit: "",
        text: "SRAM errors are above NVIDIA's threshold".to_owned(),
    });
    Look::of(found, true)
}
