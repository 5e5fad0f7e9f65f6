//! How much of what the score needs was seen, and how fresh it is.
//!
//! Σ weight of the dimension × share of its deductions whose input was seen × freshness. An input that the GPU cannot
//! have does not count, on either side; taking a reading away can only lower the share.

use super::deductions::DEDUCTIONS;
use super::numbers::{FRESH_INTERVALS, INTERVAL, STALE, weight};
use super::rule::{Case, real};
use crate::event::health::Dimension;

/// 0 to 1.
pub(super) fn confidence(case: &Case<'_>) -> f64 {
    let fresh = freshness(case);
    if fresh <= 0.0 {
        return 0.0;
    }
    let seen: f64 = Dimension::ALL.iter().map(|dimension| weight(*dimension) * share(case, *dimension)).sum();
    // Weights in binary add up to 1 only nearly.
    (fresh * seen).clamp(0.0, 1.0)
}

fn share(case: &Case<'_>, dimension: Dimension) -> f64 {
    let (mut seen, mut all) = (0, 0);
    for rule in DEDUCTIONS.iter().filter(|rule| rule.dimension == dimension && rule.needs.counts(case)) {
        all += 1;
        seen += i64::from(rule.needs.seen(case));
    }
    if all == 0 { 0.0 } else { real(seen) / real(all) }
}

/// 1 while the newest sample is young, then falling to 0.
fn freshness(case: &Case<'_>) -> f64 {
    let age = case.now.since(case.latest());
    let young = case.known.latest.interval_ms.unwrap_or(INTERVAL).max(1).saturating_mul(FRESH_INTERVALS);
    if age <= young {
        1.0
    } else if age >= STALE {
        0.0
    } else {
        1.0 - real(age - young) / real(STALE - young)
    }
}
