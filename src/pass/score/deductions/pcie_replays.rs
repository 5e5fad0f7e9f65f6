//! PCIe replays above the rate that DCGM expects of the link, five minutes in a row.

use crate::event::Time;
use crate::event::health::{Action, Dimension};
use crate::event::time::MINUTE;
use crate::event::values::whole;
use crate::pass::score::ids::{LINK_GEN_MAX, LINK_WIDTH_MAX, REPLAYS};
use crate::pass::score::numbers::DAY_WINDOW;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real};

const POINTS: f64 = 10.0;
/// Minutes in a row.
const IN_A_ROW: usize = 5;
/// Replays a minute for each Gbit/s of the link (DCGM: a bit error rate of 1e-12, and its margin).
const PER_GBPS: f64 = 0.06;

pub(super) const RULE: Rule = Rule {
    id: "pcie_replays",
    dimension: Dimension::Bus,
    points: "10, fading over a day",
    looks_for: "PCIe replays above what DCGM expects of the link, 5 minutes in a row",
    hard: false,
    action: Action::Monitor,
    needs: Needs::Metrics(&[&[REPLAYS], &[LINK_GEN_MAX], &[LINK_WIDTH_MAX]]),
    look,
    full: |_| POINTS,
};

/// Gbit/s of a lane.
fn lane(generation: i64) -> Option<f64> {
    Some(match generation {
        1 => 2.5,
        2 => 5.0,
        3 => 8.0,
        4 => 16.0,
        5 => 32.0,
        6 => 64.0,
        _ => return None,
    })
}

/// The most replays a minute that are normal. Of the link's maximum: what it runs at may be less only now.
fn expected(case: &Case<'_>) -> Option<i64> {
    let (generation, lanes) = (case.int(LINK_GEN_MAX)?, case.int(LINK_WIDTH_MAX)?);
    whole((real(lanes) * lane(generation)? * PER_GBPS).ceil())
}

fn look(case: &Case<'_>) -> Look {
    let Some(limit) = expected(case) else { return Look::UNKNOWN };
    let from = case.now.plus(-DAY_WINDOW);
    let minutes = case.known.minutes.iter().filter(|minute| minute.pcie_replays > limit && minute.start > from);
    let mut above: Vec<(Time, i64)> = minutes.map(|minute| (minute.start, minute.pcie_replays)).collect();
    above.sort_unstable();
    above.dedup_by_key(|(start, _)| *start);
    // Starts are whole minutes, each once: five in a row span four minutes.
    let row = |row: &&[(Time, i64)]| match row {
        [first, .., last] => last.0.since(first.0) == MINUTE * 4,
        _ => false,
    };
    let Some([.., (start, replays)]) = above.windows(IN_A_ROW).rfind(row) else { return Look::CLEAR };
    let at = start.plus(MINUTE).min(case.now);
    let found = Found {
        points: case.faded(POINTS, at, DAY_WINDOW),
        at,
        window: Some(DAY_WINDOW),
        value: Some(real(*replays)),
        limit: Some(real(limit)),
        unit: "a minute",
        text: format!("{replays} PCIe replays in a minute, the fifth above {limit}"),
    };
    Look::of(Some(found), true)
}
