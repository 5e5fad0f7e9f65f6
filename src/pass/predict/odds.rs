//! From a hazard to odds with their interval: section 4, model and step 6.
//!
//! `p(h) = 1 − exp(−∫λ·m)`, so longer horizons never have smaller odds. The interval is that of the probability: the
//! variance of ln hazard is that of the level and of every factor. Knows neither GPUs nor where the factors come from.

use super::gamma::trigamma;
use super::level::Level;
use super::table::{LIMIT, LIMITS, Z80, variance};
use crate::event::Prediction;
use crate::event::prediction::{HORIZONS, Odds, Reason};

/// Probability of at least one failure where so many are expected.
fn probability(expected: f64) -> f64 {
    -(-expected).exp_m1()
}

/// Orders the reasons, holds their product within its limits, by a row of its own where it must; returns the product.
pub(super) fn product(reasons: &mut Vec<Reason>) -> f64 {
    let all = |reasons: &[Reason]| reasons.iter().map(|reason| reason.factor).product::<f64>();
    let raw = all(reasons);
    let held = raw.clamp(LIMITS.0, LIMITS.1);
    if (held / raw - 1.0).abs() > 1e-12 {
        let text =
            format!("limit: all factors together count as no more than ×{} and no less than ×{}", LIMITS.1, LIMITS.0);
        reasons.push(Reason { id: LIMIT.to_owned(), factor: held / raw, text });
    }
    let weight = |reason: &Reason| reason.factor.ln().abs();
    reasons.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then_with(|| a.id.cmp(&b.id)));
    all(reasons)
}

/// The odds at each horizon.
pub(super) fn odds(level: &Level, product: f64, reasons: &[Reason]) -> [Odds; 3] {
    let factors: f64 = reasons.iter().map(|reason| variance(&reason.id)).sum();
    let width = (Z80 * (trigamma(level.shape) + factors).sqrt()).exp();
    HORIZONS.map(|days| {
        let base = level.ahead(i32::try_from(days).map_or(0.0, f64::from));
        let expected = base * product;
        Odds {
            days,
            p: probability(expected),
            low: probability(expected / width),
            high: probability(expected * width),
            base: probability(base),
        }
    })
}

/// The 80 % interval of the fleet's base at a horizon, in days: a prediction's own interval without the part of its
/// factors. `None` where the prediction has no such horizon or no odds.
#[must_use]
pub fn base_interval(prediction: &Prediction, days: i64) -> Option<(f64, f64)> {
    let odds = prediction.at(days)?;
    let expected = |p: f64| -(-p).ln_1p();
    let reach = (expected(odds.p) / expected(odds.low)).ln() / Z80;
    let factors: f64 = prediction.reasons.iter().map(|reason| variance(&reason.id)).sum();
    let width = (Z80 * (reach * reach - factors).max(0.0).sqrt()).exp();
    let base = expected(odds.base);
    (width.is_finite() && base.is_finite()).then(|| (probability(base / width), probability(base * width)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(factors: &[f64]) -> Vec<Reason> {
        let reason =
            |(at, factor): (usize, &f64)| Reason { id: format!("r{at}"), factor: *factor, text: String::new() };
        factors.iter().enumerate().map(reason).collect()
    }

    #[test]
    fn the_limit_is_a_row_so_that_factors_still_multiply() {
        for (factors, is) in [(vec![9.0, 3.0, 2.0], 20.0), (vec![0.2, 0.1], 0.1), (vec![9.0, 2.0], 18.0), (vec![], 1.0)]
        {
            let mut all = reasons(&factors);
            assert!((product(&mut all) - is).abs() < 1e-12, "{factors:?}");
            assert_eq!(all.iter().any(|reason| reason.id == LIMIT), (is - 18.0).abs() > 1e-9 && !factors.is_empty());
            let weights: Vec<f64> = all.iter().map(|reason| reason.factor.ln().abs()).collect();
            assert!(weights.is_sorted_by(|a, b| a >= b), "{weights:?}");
        }
    }
}
