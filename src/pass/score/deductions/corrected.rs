//! Corrected memory errors far above the GPU's own history: shown, hardly punished. No study found them to foretell
//! uncorrectable ones (facts on health, 2).
//!
//! The errors of a day against the six days before it, at each hour of the last day; never against now, so that history
//! that leaves the store cannot make an old burst look worse. A GPU without a week's history cannot be judged.

use crate::event::Time;
use crate::event::health::{Action, Dimension};
use crate::event::time::DAY;
use crate::pass::score::ids::SBE;
use crate::pass::score::numbers::{
    CORRECTED_HISTORY as HISTORY, CORRECTED_LEAST as LEAST, CORRECTED_TIMES as TIMES, DAY_WINDOW,
};
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real};
use crate::pass::score::text::counted;

const POINTS: f64 = 3.0;

pub(super) const RULE: Rule = Rule {
    id: "corrected_errors",
    dimension: Dimension::Memory,
    points: "3 at most, fading over a day",
    looks_for: "corrected memory errors of a day far above the GPU's own history",
    hard: false,
    action: Action::Monitor,
    needs: Needs::Metrics(&[&[SBE, SBE_AGGREGATE]]),
    look,
    full: |_| POINTS,
};

const SBE_AGGREGATE: usize = crate::metric::ids::find("ecc_sbe_aggregate");

fn look(case: &Case<'_>) -> Look {
    let hours = &case.known.corrected;
    let from = case.now.plus(-DAY_WINDOW);
    let ends = hours.iter().filter(|(at, errors)| *at > from && *errors > 0).map(|(at, _)| *at);
    let Some((at, recent, usual)) = ends.filter_map(|at| burst(case, at)).max() else { return Look::CLEAR };
    let limit = real(usual) / real(HISTORY) * TIMES;
    let found = Found {
        points: case.faded(POINTS, at, DAY_WINDOW),
        at,
        window: Some(DAY_WINDOW),
        value: Some(real(recent)),
        limit: Some(limit),
        unit: "errors",
        text: format!("{} in a day, far above its own history", counted(recent, "corrected memory error")),
    };
    Look::of(Some(found), true)
}

/// The day up to the hour at `at`, where it is far above the days before: the hour, its errors, those of history.
fn burst(case: &Case<'_>, at: Time) -> Option<(Time, i64, i64)> {
    let between = |from: Time, to: Time| {
        let hours = case.known.corrected.iter().filter(|(hour, _)| *hour > from && *hour <= to);
        hours.fold(0_i64, |sum, (_, errors)| sum.saturating_add((*errors).max(0)))
    };
    let (day, start) = (at.plus(-DAY), at.plus(-DAY * (HISTORY + 1)));
    let (recent, usual) = (between(day, at), between(start, day));
    let far = recent >= LEAST && real(recent) > real(usual) / real(HISTORY) * TIMES;
    (far && case.known.first <= start).then_some((at, recent, usual))
}
