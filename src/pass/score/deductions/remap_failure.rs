//! A memory row could not be replaced by a spare one: NVIDIA's criterion for returning the board.
//!
//! The flag stands until the board is replaced; XID 64 says the same once, before Ampere of a page.

use crate::event::health::{Action, Dimension};
use crate::metric::ids;
use crate::pass::score::numbers::FAILURE_WINDOW;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real};

pub(super) const CODES: &[i64] = &[64];
const POINTS: f64 = 60.0;

pub(super) const RULE: Rule = Rule {
    id: "row_remap_failure",
    dimension: Dimension::Memory,
    points: "60",
    looks_for: "the row remap failure flag, or XID 64 in 30 days",
    hard: true,
    action: Action::RunFieldDiag,
    needs: Needs::Ampere(&[&[ids::REMAP_FAILURE]]),
    look,
    full: |_| POINTS,
};

fn look(case: &Case<'_>) -> Look {
    let flag = case.int(ids::REMAP_FAILURE);
    if flag.is_some_and(|flag| flag > 0) {
        let text = "a memory row could not be remapped: the failure flag is set".to_owned();
        let found = Found {
            points: POINTS,
            at: case.latest(),
            window: None,
            value: Some(real(1)),
            limit: None,
            unit: "",
            text,
        };
        return Look::of(Some(found), true);
    }
    let newest = case.xids(CODES, FAILURE_WINDOW).map(|(_, at)| at).max();
    let found = newest.map(|at| Found {
        points: case.faded(POINTS, at, FAILURE_WINDOW),
        at,
        window: Some(FAILURE_WINDOW),
        value: Some(real(1)),
        limit: None,
        unit: "",
        text: crate::event::xid::line(64),
    });
    Look::of(found, true)
}
