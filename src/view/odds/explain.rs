//! One GPU's odds in words: the base, every factor, the product, the odds, what stands behind them, what they do not know.
//!
//! Honesty is part of the answer: how many of a hundred such GPUs do not fail, and what no number here rests on.

use std::fmt::Write as _;

use super::{interval, lift, percent, times};
use crate::event::Prediction;
use crate::event::prediction::Standing;
use crate::pass::predict::base_interval;
use crate::pass::predict::table::band;
use crate::view::escape::escaped;

/// The horizon of the base and of the example, in days.
const SHOWN: (i64, i64) = (90, 30);

/// What the odds do not rest on, in every explanation.
const LIMITS: [&str; 5] = [
    "says nothing about when: these are rates, not a time to failure",
    "the 7-day odds rest on the yearly rate: no data behind that step",
    "corrected errors (SBE), heat, age and power are not used: no evidence that they foretell failure elsewhere than where it was seen",
    "row-remap failure, SRAM threshold and XID 64, 79, 95: gpuhm acts by rule on them (see the health score), not by odds",
    "odds alone never ask for a replacement",
];

/// The text of `--explain`.
#[must_use]
pub fn explain(of: &Prediction) -> String {
    let mut text = String::new();
    if write(of, &mut text).is_err() {
        debug_assert!(false, "writing to a String cannot fail");
    }
    text
}

fn write(of: &Prediction, out: &mut String) -> std::fmt::Result {
    let index = of.device_index.map_or_else(|| "-".to_owned(), |index| index.to_string());
    writeln!(out, "{} GPU {index} ({})", escaped(&of.hostname), escaped(&of.gpu_uuid))?;
    factors(of, out)?;
    for odds in &of.odds {
        let (p, range, base) = (percent(odds.p), interval(odds.low, odds.high), percent(odds.base));
        writeln!(out, "  fails within {:>2} days: {p} (80 %: {range}), the fleet's average GPU {base}", odds.days)?;
    }
    writeln!(out, "advice: {}", of.advice.word().replace('_', " "))?;
    behind(of, out)?;
    writeln!(out, "what it does not know:")?;
    if of.standing == Standing::PriorOnly {
        writeln!(out, "  no failure recorded yet: this is the prior, not this fleet")?;
    }
    if let Some(odds) = of.at(SHOWN.1) {
        writeln!(out, "  {}", such(odds.p, SHOWN.1))?;
    }
    LIMITS.iter().try_for_each(|line| writeln!(out, "  {line}"))
}

/// The base, each factor with its band, their product.
fn factors(of: &Prediction, out: &mut String) -> std::fmt::Result {
    let days = SHOWN.0;
    if let Some(odds) = of.at(days) {
        let range = base_interval(of, days).map(|(low, high)| format!(" (80 %: {})", interval(low, high)));
        writeln!(out, "  fleet base {} in {days} days{}", percent(odds.base), range.unwrap_or_default())?;
    }
    for reason in &of.reasons {
        let range = band(&reason.id, reason.factor).map(|(low, high)| {
            let plain = |factor| times(factor).replace('×', "");
            format!(" (80 %: {}-{})", plain(low), plain(high))
        });
        writeln!(out, "  {:<6} {}{}", times(reason.factor), escaped(&reason.text), range.unwrap_or_default())?;
    }
    if of.reasons.is_empty() {
        writeln!(out, "  ×1     nothing known sets this GPU apart")?;
    }
    writeln!(
        out,
        "  {:<6} all together: {} failures a GPU-year, the fleet {}",
        times(lift(of)),
        rate(of.hazard),
        rate(of.base_hazard)
    )
}

fn rate(hazard: f64) -> String {
    format!("{hazard:.4}")
}

/// What stands behind the numbers.
fn behind(of: &Prediction, out: &mut String) -> std::fmt::Result {
    let s = if of.labels == 1 { "" } else { "s" };
    let standing = match of.standing {
        Standing::PriorOnly => "the prior and the evidence table alone",
        Standing::Updating => "recorded failures move the rates, no model is fitted to them",
        Standing::Fitted => "a model fitted to the fleet's own failures",
    };
    writeln!(
        out,
        "stands on: {} recorded failure{s} in {:.1} GPU-years; model {}",
        of.labels,
        of.exposure_years,
        escaped(&of.model)
    )?;
    writeln!(out, "  {}: {standing}", of.standing.word())?;
    writeln!(out, "  as of {}, its newest sample {}", of.time, of.as_of)
}

/// `of 100 such GPUs about 3 fail within 30 days, 97 do not`: out of as many as make it at least one.
fn such(p: f64, days: i64) -> String {
    let of = [100.0, 1000.0, 10_000.0, 100_000.0].into_iter().find(|of| p * of >= 1.0).unwrap_or(1_000_000.0);
    let fail = (p * of).round();
    format!("of {of:.0} such GPUs about {fail:.0} fail within {days} days, {:.0} do not", of - fail)
}

#[cfg(test)]
mod tests {
    use super::super::tests::prediction;
    use super::*;

    #[test]
    fn says_everything_once() {
        let text = explain(&prediction("a", 9.0));
        for part in [
            "node\\u{1b}a GPU 3",
            "fleet base 1.2 % in 90 days (80 %: 0.24-6.2 %)",
            "×9     failed 41 days ago (80 %: 4-20)",
            "×9     all together: 0.4500 failures a GPU-year, the fleet 0.0500",
            "fails within 30 days: 3.6 %",
            "stands on: 0 recorded failures in 0.0 GPU-years; model gpuhm-rates/1",
            "no failure recorded yet: this is the prior, not this fleet",
            "of 100 such GPUs about 4 fail within 30 days, 96 do not",
            "says nothing about when",
            "acts by rule",
            "no data behind that step",
        ] {
            assert_eq!(text.matches(part).count(), 1, "{part}:\n{text}");
        }
    }

    #[test]
    fn a_small_probability_is_told_out_of_many() {
        assert_eq!(such(0.0041, 30), "of 1000 such GPUs about 4 fail within 30 days, 996 do not");
    }
}
