//! The GPU is lost: XID 79, or it has gone silent while its host goes on reporting.
//!
//! An XID 79 fades over a week, within which such boards fail again (J); silence costs while it lasts and no longer.

use crate::event::health::{Action, Dimension};
use crate::event::xid::line;
use crate::pass::score::numbers::XID_WINDOW;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real};

pub(super) const CODES: &[i64] = &[79];
const POINTS: f64 = 60.0;

pub(super) const RULE: Rule = Rule {
    id: "off_the_bus",
    dimension: Dimension::Bus,
    points: "60, after XID 79 fading over 7 days",
    looks_for: "XID 79, or a GPU gone while its host reports",
    hard: true,
    action: Action::Drain,
    needs: Needs::Nothing,
    look,
    full: |_| POINTS,
};

fn look(case: &Case<'_>) -> Look {
    let gone = case.context.gone;
    if gone == Some(true) {
        let found = Found {
            points: POINTS,
            at: case.latest(),
            window: None,
            value: Some(real(1)),
            limit: None,
            unit: "",
            text: "gone: its host goes on reporting without it".to_owned(),
        };
        return Look::of(Some(found), true);
    }
    let newest = case.xids(CODES, XID_WINDOW).map(|(_, at)| at).max();
    let found = newest.map(|at| Found {
        points: case.faded(POINTS, at, XID_WINDOW),
        at,
        window: Some(XID_WINDOW),
        value: Some(real(1)),
        limit: None,
        unit: "",
        text: line(79),
    });
    Look::of(found, gone.is_some())
}
