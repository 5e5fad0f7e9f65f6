//! XIDs that cost points by their group: one table, since nothing else tells them apart.
//!
//! Of one group all that came in one minute is one fault: a driver repeats itself while a fault lasts.

use crate::event::Time;
use crate::event::health::{Action, Dimension};
use crate::event::time::MINUTE;
use crate::event::xid::line;
use crate::pass::score::numbers::XID_WINDOW;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real, repeated, together};

/// Points of the first fault, of each further one, and the most.
type Price = [f64; 3];

pub(super) const UNCONTAINED_CODES: &[i64] = &[95, 140];
pub(super) const CONTAINED_CODES: &[i64] = &[94];
pub(super) const INTERNAL_CODES: &[i64] = &[46, 62, 109, 119, 120, 143, 158];
pub(super) const NVLINK_CODES: &[i64] = &[74];

const UNCONTAINED_PRICE: Price = [40.0, 0.0, 40.0];
const CONTAINED_PRICE: Price = [15.0, 0.0, 15.0];
const INTERNAL_PRICE: Price = [20.0, 10.0, 40.0];
const NVLINK_PRICE: Price = [30.0, 0.0, 30.0];

pub(super) const UNCONTAINED: Rule = Rule {
    id: "uncontained_error",
    dimension: Dimension::Memory,
    points: "40, fading over 7 days",
    looks_for: "XID 95 or 140: an uncontained memory error",
    hard: true,
    action: Action::Reset,
    needs: Needs::Nothing,
    look: |case| look(case, UNCONTAINED_CODES, UNCONTAINED_PRICE),
    full: |count| together(count, UNCONTAINED_PRICE),
};

pub(super) const CONTAINED: Rule = Rule {
    id: "contained_error",
    dimension: Dimension::Memory,
    points: "15, fading over 7 days",
    looks_for: "XID 94: a contained memory error",
    hard: false,
    action: Action::Monitor,
    needs: Needs::Nothing,
    look: |case| look(case, CONTAINED_CODES, CONTAINED_PRICE),
    full: |count| together(count, CONTAINED_PRICE),
};

pub(super) const INTERNAL: Rule = Rule {
    id: "internal_error",
    dimension: Dimension::Bus,
    points: "20, 10 each further to 40, fading over 7 days",
    looks_for: "XID 46, 62, 109, 119, 120, 143 or 158: the GPU's own processors",
    hard: false,
    action: Action::Reset,
    needs: Needs::Nothing,
    look: |case| look(case, INTERNAL_CODES, INTERNAL_PRICE),
    full: |count| together(count, INTERNAL_PRICE),
};

pub(super) const NVLINK: Rule = Rule {
    id: "nvlink_fault",
    dimension: Dimension::Bus,
    points: "30, fading over 7 days",
    looks_for: "XID 74: an NVLink fault",
    hard: false,
    action: Action::Reset,
    needs: Needs::Nothing,
    look: |case| look(case, NVLINK_CODES, NVLINK_PRICE),
    full: |count| together(count, NVLINK_PRICE),
};

fn look(case: &Case<'_>, codes: &'static [i64], price: Price) -> Look {
    let mut told: Vec<(Time, i64)> = case.xids(codes, XID_WINDOW).map(|(code, at)| (at, code)).collect();
    told.sort_unstable_by(|a, b| b.cmp(a));
    // The newest of each minute stays.
    told.dedup_by_key(|(at, _)| at.floor(MINUTE));
    let Some((at, code)) = told.first().copied() else { return Look::CLEAR };
    let times: Vec<Time> = told.iter().map(|(at, _)| *at).collect();
    let count = i64::try_from(told.len()).unwrap_or(i64::MAX);
    let often = if count == 1 { String::new() } else { format!("; {count} of its kind in 7 days") };
    let found = Found {
        points: repeated(&times, case.now, XID_WINDOW, price),
        at,
        window: Some(XID_WINDOW),
        value: Some(real(count)),
        limit: None,
        unit: "",
        text: format!("{}{often}", line(code)),
    };
    Look::of(Some(found), true)
}
