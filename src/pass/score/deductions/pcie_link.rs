//! The PCIe link runs below what GPU and host can do, at work: idle links go down by themselves.

use crate::event::health::{Action, Dimension};
use crate::pass::score::ids::{LINK_GEN, LINK_GEN_MAX, LINK_WIDTH, LINK_WIDTH_MAX};
use crate::pass::score::numbers::DAY_WINDOW;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real};

const POINTS: f64 = 10.0;

pub(super) const RULE: Rule = Rule {
    id: "pcie_link",
    dimension: Dimension::Bus,
    points: "10, fading over a day",
    looks_for: "PCIe generation or width below the board's own while busy",
    hard: false,
    action: Action::Reset,
    needs: Needs::Load(&[&[LINK_GEN], &[LINK_GEN_MAX], &[LINK_WIDTH], &[LINK_WIDTH_MAX]]),
    look,
    full: |_| POINTS,
};

fn look(case: &Case<'_>) -> Look {
    // At rest it cannot be told: what was seen at work is held for a day.
    if case.works() != Some(true) {
        return Look::UNKNOWN;
    }
    let below = |now: usize, most: usize| case.int(now).zip(case.int(most)).filter(|(now, most)| now < most);
    let (now, most, what) = match (below(LINK_WIDTH, LINK_WIDTH_MAX), below(LINK_GEN, LINK_GEN_MAX)) {
        (Some((now, most)), _) => (now, most, "lanes"),
        (None, Some((now, most))) => (now, most, "generation"),
        (None, None) => return Look::CLEAR,
    };
    let found = Found {
        points: case.faded(POINTS, case.latest(), DAY_WINDOW),
        at: case.latest(),
        window: Some(DAY_WINDOW),
        value: Some(real(now)),
        limit: Some(real(most)),
        unit: what,
        text: format!("PCIe {what} {now} of {most} at work"),
    };
    Look::of(Some(found), true)
}
