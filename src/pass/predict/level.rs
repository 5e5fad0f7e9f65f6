//! The fleet's failure rate: all-time, in each window of 90 days, now, and where it is going.
//!
//! Section 4 steps 1 to 3. The rate in a window is Gamma(2 + failures, 2/λ̂ + GPU-years), λ̂ being the all-time mean: two
//! pseudo-failures at the old level. While no failure was ever recorded the prior stands alone: months without a label say
//! that nobody labels, not that nothing fails. Knows no group and no single GPU.

use super::lives::{Lives, Span, years};
use super::table::{PRIOR, RECENT_WEIGHT, TREND_KEEPS, TREND_NEEDS, WINDOW, WINDOWS, YEAR_DAYS};
use crate::event::Time;

/// The fleet's level.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    now: Time,
    /// Recorded failures.
    pub(super) failures: i64,
    /// GPU-years observed.
    pub(super) years: f64,
    /// Failures a GPU-year in each window, the newest first.
    rates: Vec<f64>,
    /// How much ln λ moves over the next 90 days.
    pub(super) drift: f64,
    /// The shape of the Gamma distribution that the level rests on.
    pub(super) shape: f64,
}

impl Level {
    /// Counts once over all lives.
    pub(super) fn of(lives: &Lives, now: Time) -> Level {
        let (mut failed, mut exposed) = (vec![0.0; WINDOWS], vec![0.0; WINDOWS]);
        let mut failures = 0;
        for life in lives.all() {
            for at in &life.failures {
                failures += 1;
                if let Some(slot) = failed.get_mut(window(now.since(*at))) {
                    *slot += 1.0;
                }
            }
            each(&life.spans, now, |window, years| {
                if let Some(slot) = exposed.get_mut(window) {
                    *slot += years;
                }
            });
        }
        let (all, years): (f64, f64) = (failed.iter().sum(), exposed.iter().sum());
        let prior = PRIOR.0 / PRIOR.1;
        if failures == 0 {
            return Level { now, failures, years, rates: vec![prior; WINDOWS], drift: 0.0, shape: PRIOR.0 };
        }
        let mean = (PRIOR.0 + all) / (PRIOR.1 + years);
        let rate = |(f, e): (&f64, &f64)| (RECENT_WEIGHT + f) / (RECENT_WEIGHT / mean + e);
        let rates: Vec<f64> = failed.iter().zip(&exposed).map(rate).collect();
        let newest = |of: &[f64]| [of.first().copied().unwrap_or(0.0), of.get(1).copied().unwrap_or(0.0)];
        let recent = newest(&failed)[0];
        // The mean rests on no more than either of the two: all failures with the prior, or the recent ones with theirs.
        let shape = (PRIOR.0 + all).min(RECENT_WEIGHT + recent);
        Level { now, failures, years, drift: drift(newest(&failed), newest(&rates)), shape, rates }
    }

    /// Failures a GPU-year, now.
    pub(super) fn rate(&self) -> f64 {
        self.rates.first().copied().unwrap_or(PRIOR.0 / PRIOR.1)
    }

    /// Failures that an average GPU has in the next `days`: the integral of the rate, which moves evenly in ln by `drift`
    /// over 90 days and then stays.
    pub(super) fn ahead(&self, days: f64) -> f64 {
        let span = years(WINDOW) * YEAR_DAYS;
        let (moving, after) = (days.min(span), (days - span).max(0.0));
        // ∫ e^(drift·u/span) du = moving · (e^x − 1)/x with x = drift·moving/span
        let x = self.drift * moving / span;
        let mean = if x.abs() < 1e-9 { 1.0 } else { x.exp_m1() / x };
        self.rate() * (moving * mean + after * self.drift.exp()) / YEAR_DAYS
    }

    /// Failures that an average GPU would have had in these stretches, at the rate of each window.
    pub(super) fn expected(&self, spans: &[Span]) -> f64 {
        let mut sum = 0.0;
        each(spans, self.now, |window, years| sum += years * self.rates.get(window).copied().unwrap_or(0.0));
        sum
    }
}

/// Step 3, with failures and rates of the last window and the one before.
fn drift(failed: [f64; 2], rates: [f64; 2]) -> f64 {
    let ([last, before], [rate, rate_before]) = (failed, rates);
    let n = last.min(before);
    if n < TREND_NEEDS {
        return 0.0;
    }
    TREND_KEEPS * (rate / rate_before).ln() * n / (n + TREND_NEEDS)
}

/// The window of what was `ago` milliseconds ago.
fn window(ago: i64) -> usize {
    usize::try_from(ago.max(0) / WINDOW).unwrap_or(usize::MAX).min(WINDOWS - 1)
}

/// The GPU-years of stretches by window.
fn each(spans: &[Span], now: Time, mut sum: impl FnMut(usize, f64)) {
    for span in spans {
        let (newest, oldest) = (now.since(span.to).max(0), now.since(span.from).max(0));
        for index in window(newest)..=window(oldest) {
            let edge = |windows: usize| i64::try_from(windows).map_or(i64::MAX, |n| n.saturating_mul(WINDOW));
            let end = if index + 1 == WINDOWS { i64::MAX } else { edge(index + 1) };
            sum(index, years(oldest.min(end) - newest.max(edge(index))));
        }
    }
}

/// How recent a window is that holds exposure in the last 90 days: the share of a stretch that counts as now.
pub(super) fn recent(spans: &[Span], now: Time) -> f64 {
    let mut sum = 0.0;
    each(spans, now, |window, years| sum += if window == 0 { years } else { 0.0 });
    sum
}

#[cfg(test)]
mod tests {
    use super::super::lives::Life;
    use super::*;
    use crate::event::time::DAY;

    const NOW: Time = Time(1_800_000_000_000);

    /// 1,000 GPUs observed for two years, with failures so many days ago.
    fn fleet(days_ago: &[i64]) -> Level {
        let life = |failures| {
            let spans = vec![Span { from: NOW.plus(-730 * DAY), to: NOW }];
            Life { spans, failures, newest: None }
        };
        let mut known = vec![life(Vec::new()); 1000];
        for (life, ago) in known.iter_mut().zip(days_ago) {
            life.failures.push(NOW.plus(-ago * DAY));
        }
        Level::of(&Lives { known, lost: Vec::new() }, NOW)
    }

    #[test]
    fn without_a_failure_the_prior_stands_alone() {
        let level = fleet(&[]);
        assert!((level.rate() - 0.05).abs() < 1e-15);
        // By hand: 1 − exp(−0.05 · 90/365.25) = 1.2245 %
        assert!((-(-level.ahead(90.0)).exp_m1() - 0.012_245).abs() < 1e-6);
    }

    #[test]
    fn the_recent_level_is_gamma_with_two_pseudo_failures() {
        let level = fleet(&[10, 20, 30, 400]);
        let years = 1000.0 * 730.0 / 365.25;
        let mean = 5.0 / (20.0 + years);
        let recent = 5.0 / (2.0 / mean + 1000.0 * 90.0 / 365.25);
        assert!((level.years - years).abs() < 1e-6 && level.failures == 4);
        assert!((level.rate() / recent - 1.0).abs() < 1e-12);
        assert!((level.shape - 5.0).abs() < f64::EPSILON);
        assert!(
            (fleet(&[400, 500, 600]).shape - 2.0).abs() < f64::EPSILON,
            "old failures do not sharpen the recent level"
        );
    }

    #[test]
    fn a_trend_needs_ten_in_each_window_and_counts_half_there() {
        let days = |recent: i64, before: i64| {
            let ago = (0..recent).map(|n| 1 + n).chain((0..before).map(|n| 91 + n));
            fleet(&ago.collect::<Vec<_>>())
        };
        assert!(days(30, 9).drift.abs() < f64::EPSILON && days(9, 30).drift.abs() < f64::EPSILON);
        let level = days(30, 10);
        let growth = (level.rates[0] / level.rates[1]).ln();
        assert!(growth > 0.5 && (level.drift - growth / 2.0 * 0.5).abs() < 1e-12);
        assert!(days(10, 30).drift < 0.0);
        // Over 90 days the rate moves evenly in ln, afterwards it stays.
        let more = level.ahead(180.0) - level.ahead(90.0);
        assert!((more / (level.rate() * level.drift.exp() * 90.0 / 365.25) - 1.0).abs() < 1e-9);
        let steps: f64 =
            (0..900).map(|n| level.rate() * (level.drift * (f64::from(n) + 0.5) / 900.0).exp() * 0.1 / 365.25).sum();
        assert!((level.ahead(90.0) / steps - 1.0).abs() < 1e-6);
    }

    #[test]
    fn exposure_is_split_at_the_windows_edges_and_none_is_lost() {
        let spans = [Span { from: NOW.plus(-20_000 * DAY), to: NOW.plus(-45 * DAY) }];
        let mut by = vec![0.0; WINDOWS];
        each(&spans, NOW, |window, years| by[window] += years);
        assert!((by[0] - 45.0 / 365.25).abs() < 1e-9 && (by[1] - 90.0 / 365.25).abs() < 1e-9);
        assert!((by.iter().sum::<f64>() - 19_955.0 / 365.25).abs() < 1e-9);
        assert!((recent(&spans, NOW) - 45.0 / 365.25).abs() < 1e-9);
    }

    #[test]
    fn expected_failures_add_up_to_the_recorded_ones_where_data_is_rich() {
        let ago: Vec<i64> = (0..300).map(|n| 1 + n * 2).collect();
        let level = fleet(&ago);
        let spans = [Span { from: NOW.plus(-730 * DAY), to: NOW }];
        let all = 1000.0 * level.expected(&spans);
        assert!((all / 300.0 - 1.0).abs() < 0.05, "{all}");
    }
}
