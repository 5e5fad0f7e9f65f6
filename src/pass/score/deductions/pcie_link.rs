//! The PCIe link runs below what GPU and host can do, at work: idle links go down by themselves.
//!
//! Facts have no links but the newest sample's. The next sample at work that shows a whole link clears the row; where the
//! GPU rests from then on, lanes that were missing are held for a day, a low generation, which power management moves, for
//! an hour (J).

use crate::event::health::{Action, Dimension};
use crate::pass::score::ids::{LINK_GEN, LINK_GEN_MAX, LINK_WIDTH, LINK_WIDTH_MAX};
use crate::pass::score::numbers::{DAY_WINDOW, SAMPLE_WINDOW};
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real};

const POINTS: f64 = 10.0;

pub(super) const RULE: Rule = Rule {
    id: "pcie_link",
    dimension: Dimension::Bus,
    points: "10, fading over a day (lanes) or an hour (generation)",
    looks_for: "PCIe generation or width below the board's own while busy",
    hard: false,
    action: Action::Reset,
    needs: Needs::Load(&[&[LINK_GEN], &[LINK_GEN_MAX], &[LINK_WIDTH], &[LINK_WIDTH_MAX]]),
    look,
    full: |_| POINTS,
};

fn look(case: &Case<'_>) -> Look {
    // At rest it cannot be told: what was seen at work is held.
    if case.works() != Some(true) {
        return Look::UNKNOWN;
    }
    let below = |now: usize, most: usize| case.int(now).zip(case.int(most)).filter(|(now, most)| now < most);
    let (now, most, what, window) = match (below(LINK_WIDTH, LINK_WIDTH_MAX), below(LINK_GEN, LINK_GEN_MAX)) {
        (Some((now, most)), _) => (now, most, "lanes", DAY_WINDOW),
        (None, Some((now, most))) => (now, most, "generation", SAMPLE_WINDOW),
        (None, None) => return Look::CLEAR,
    };
    let found = Found {
        points: case.faded(POINTS, case.latest(), window),
        at: case.latest(),
        window: Some(window),
        value: Some(real(now)),
        limit: Some(real(most)),
        unit: what,
        text: format!("PCIe {what} {now} of {most} at work"),
    };
    Look::of(Some(found), true)
}
