//! The ledger of a GPU: what deductions found, what is held of before, rounded once, capped worst first.
//!
//! Order: hard rows first, since they say why the state is critical, then worst first.
//!
//! Rounding: to the nearest point, halves up, of each deduction's faded points; then a row without points is left out
//! unless it is hard. It is monotone: more raw points never make fewer whole ones. Everything after it is in whole points.

use std::cmp::Reverse;

use super::deductions::DEDUCTIONS;
use super::numbers::{FULL, cap};
use super::rule::{Case, Found, Rule, fade};
use crate::event::Time;
use crate::event::health::{Action, Deduction, Dimension};
use crate::event::time::{MINUTE, SECOND};
use crate::event::values::whole;

/// The ledger, hard rows first, then worst first; its points add up to what the score lacks.
pub(super) fn ledger(case: &Case<'_>) -> Vec<Deduction> {
    let mut rows: Vec<Deduction> = DEDUCTIONS.iter().filter_map(|rule| row(rule, case)).collect();
    rows.sort_by_key(|row| Reverse((row.points, row.hard)));
    cut(&mut rows);
    rows.sort_by_key(|row| !row.hard);
    rows
}

/// What a deduction takes, before caps.
fn row(rule: &Rule, case: &Case<'_>) -> Option<Deduction> {
    let look = (rule.look)(case);
    let seen = look.seen && rule.needs.seen(case);
    let found = look.found.map(|found| fresh(rule, case, found));
    // A hard event stays without a reset even when the store has forgotten it.
    let unanswered = |row: &Deduction| row.hard && row.window_s.is_some() && resets(rule.action);
    let elsewhere = |row: &Deduction| look.elsewhere.contains(&row.at.floor(MINUTE));
    let kept = before(rule, case).filter(|row| (!seen || look.fades || unanswered(row)) && !elsewhere(row));
    let kept = kept.map(|row| Deduction { held: !seen, ..row });
    let worse = |row: &Deduction| (row.points, row.hard);
    let row = match (found, kept) {
        (Some(found), Some(kept)) => Some(if worse(&kept) > worse(&found) { kept } else { found }),
        (found, kept) => found.or(kept),
    };
    row.filter(|row| row.points > 0 || row.hard)
}

fn fresh(rule: &Rule, case: &Case<'_>, found: Found) -> Deduction {
    Deduction {
        id: rule.id.to_owned(),
        dimension: rule.dimension,
        points: rounded(found.points),
        capped: None,
        text: found.text,
        value: found.value,
        limit: found.limit,
        unit: found.unit.to_owned(),
        at: found.at,
        window_s: found.window.map(|window| window / SECOND),
        held: false,
        hard: hard(rule, case, found.at),
        action: rule.action,
    }
}

/// What the ledger of last time has of the deduction, as it stands now.
fn before(rule: &Rule, case: &Case<'_>) -> Option<Deduction> {
    let last = case.known.health.as_ref()?.ledger.iter().find(|row| row.id == rule.id)?;
    // What stands until cleared is cleared by a reset, where a reset is the answer to it.
    if last.window_s.is_none() && resets(rule.action) && case.answered(last.at) {
        return None;
    }
    let then = last.capped.unwrap_or(last.points);
    let points = match (last.window_s, last.value) {
        (Some(window), Some(value)) => {
            let left = fade(last.at, case.now, window.saturating_mul(SECOND));
            then.min(rounded((rule.full)(value) * left))
        }
        _ => then,
    };
    let hard = last.hard && hard(rule, case, last.at);
    Some(Deduction { points, capped: None, hard, ..last.clone() })
}

/// Whether the state is critical for what was seen at `at`.
fn hard(rule: &Rule, case: &Case<'_>, at: Time) -> bool {
    rule.hard && !(resets(rule.action) && case.answered(at))
}

/// Whether a reset is what the action asks for.
const fn resets(action: Action) -> bool {
    matches!(action, Action::Reset | Action::Drain)
}

/// Points, rounded: the only place.
fn rounded(points: f64) -> i64 {
    whole((points + 0.5).floor()).unwrap_or_default().max(0)
}

/// Takes the points, worst first, within the caps of the dimensions and of the whole.
fn cut(rows: &mut [Deduction]) {
    let mut left = FULL;
    let mut taken: Vec<(Dimension, i64)> = Vec::new();
    for row in rows {
        let of =
            taken.iter().filter(|(dimension, _)| *dimension == row.dimension).map(|(_, points)| points).sum::<i64>();
        let points = row.points.min(cap(row.dimension) - of).min(left);
        if points < row.points {
            row.capped = Some(row.points);
            row.points = points;
        }
        left -= points;
        taken.push((row.dimension, points));
    }
}

/// What the score lacks.
pub(super) fn sum(rows: &[Deduction]) -> i64 {
    rows.iter().map(|row| row.points).sum()
}
