//! One row a GPU, made when a reading comes: its cell of the map, how it counts, how bad it is.

use std::collections::HashMap;

use super::model::Measure;
use super::subject::{Seen, busy};
use super::theme::Band;
use crate::event::fleet::{FleetNow, GpuNow};
use crate::event::health::State;
use crate::event::{Severity, Time};
use crate::metric::ids;
use crate::view::filter::Filter;

/// How a GPU counts. Ordered: what needs someone sooner comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Its state is critical, or a critical alert is open.
    Critical,
    /// It is silent, or too little is known of it.
    NoData,
    /// Its state is degraded, or a warning is open.
    Warning,
    /// It is fit, and costs points that a glance is due for.
    Watch,
    /// No pass has judged it yet.
    NoScore,
    /// It is well.
    Ok,
}

impl Class {
    /// In the order of the header, with their words.
    pub(super) const WORDS: [(Class, &'static str); 6] = [
        (Class::Critical, "crit"),
        (Class::Warning, "warn"),
        (Class::Watch, "watch"),
        (Class::Ok, "ok"),
        (Class::NoData, "no data"),
        (Class::NoScore, "no score"),
    ];
}

/// A GPU.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Its place in the reading.
    pub(super) gpu: usize,
    /// Its host, in [`super::derive::Derived::hosts`].
    pub(super) host: usize,
    /// Its index in the host, where it has one that a row of cells can hold.
    pub(super) slot: Option<u16>,
    pub(super) class: Class,
    pub(super) score: Option<i64>,
    /// Worst alert that fires for it, also under an incident; silenced ones do not count.
    pub(super) alert: Option<Severity>,
    /// Its cell of the map.
    pub(super) cell: char,
    pub(super) band: Option<Band>,
    /// Whether the filter lets it through.
    pub(super) hit: bool,
    /// Until when its newest sample counts as fresh.
    pub(super) fresh_until: Time,
    /// Whether it is older than that.
    pub(super) stale: bool,
}

impl Row {
    /// Less is worse: by class, then by score.
    pub(super) fn badness(&self) -> (Class, i64) {
        (self.class, self.score.unwrap_or(100))
    }

    /// Whether it is well.
    pub(super) fn is_well(&self) -> bool {
        matches!(self.class, Class::Ok | Class::NoScore)
    }
}

/// The alerts that fire, by the GPU they are about: places in the reading's alerts.
pub(super) type Own = HashMap<usize, Vec<usize>>;

/// What rows are made by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule<'a> {
    pub(super) at: Time,
    pub(super) grace_ms: i64,
    pub(super) measure: Measure,
    pub(super) filter: Option<&'a Filter>,
}

/// Interval taken for a source that does not say its own, ms: the collector's default.
const INTERVAL_MS: i64 = 10_000;
/// Most GPUs of a host whose cells stand at their indexes (J).
const SLOTS: u16 = 64;
/// Intervals after which a sample is old (facts on the terminal, section 2).
const LATE: i64 = 3;

/// The row of the GPU at `place` of the reading, on host `host`.
pub(super) fn row(
    fleet: &FleetNow,
    (place, gpu): (usize, &GpuNow),
    host: usize,
    (own, voices): (&Own, &[Option<Severity>]),
    rule: &Rule<'_>,
) -> Row {
    let alerts = own.get(&place).map(Vec::as_slice).unwrap_or_default();
    let worst = alerts.iter().filter_map(|at| voices.get(*at).copied().flatten()).max();
    let interval = gpu.latest.interval_ms.filter(|ms| *ms > 0).unwrap_or(INTERVAL_MS);
    let fresh_until = gpu.latest.time.plus(LATE * interval + rule.grace_ms);
    let stale = rule.at > fresh_until;
    let known = gpu.health.as_ref();
    let class = match (known.map(|health| health.state), worst) {
        (Some(State::Critical), _) | (_, Some(Severity::Critical)) => Class::Critical,
        _ if stale => Class::NoData,
        (Some(State::Unknown), _) => Class::NoData,
        (Some(State::Degraded), _) | (_, Some(Severity::Warning)) => Class::Warning,
        (None, _) => Class::NoScore,
        (Some(State::Ok), _) if known.is_some_and(|health| health.score < 90) => Class::Watch,
        (Some(State::Ok), _) => Class::Ok,
    };
    let subject = Seen { gpu, alerts: &fleet.alerts, own: alerts, worst, at: rule.at };
    let (cell, band) = if stale { ('x', None) } else { cell(gpu, rule) };
    Row {
        gpu: place,
        host,
        slot: gpu.latest.device_index.and_then(|index| u16::try_from(index).ok()).filter(|index| *index < SLOTS),
        class,
        score: known.map(|health| health.score),
        alert: worst,
        cell,
        band,
        hit: rule.filter.is_none_or(|filter| filter.matches(&subject)),
        fresh_until,
        stale,
    }
}

/// The character and band of a GPU that is heard of.
fn cell(gpu: &GpuNow, rule: &Rule<'_>) -> (char, Option<Band>) {
    let values = &gpu.latest.values;
    let tens = |number: f64| digit(number / 10.0);
    let share = |value: Option<f64>, limit: Option<f64>| match (value, limit) {
        (Some(value), Some(limit)) if limit > 0.0 => Some(value / limit),
        _ => None,
    };
    let cell = match rule.measure {
        Measure::Score => {
            let Some(health) = gpu.health.as_ref() else { return ('-', None) };
            if health.state == State::Unknown {
                return ('x', None);
            }
            let c = if health.score >= 90 {
                '.'
            } else {
                digit(f64::from(i32::try_from(health.score).unwrap_or(0)) / 10.0)
            };
            return (c, Some(Band::of(health.score)));
        }
        Measure::Temp => values.real(ids::GPU_TEMP).map(|temp| {
            let share = share(Some(temp), values.real(ids::SLOWDOWN_TEMP).or(Some(90.0)));
            (if temp >= 100.0 { '#' } else { tens(temp) }, share)
        }),
        Measure::Power => share(values.real(ids::POWER), values.real(ids::POWER_LIMIT))
            .map(|share| (if share > 1.0 { '#' } else { digit((share * 10.0).min(9.0)) }, Some(share))),
        Measure::Util => busy(gpu).map(|busy| (tens(busy.min(99.0)), None)),
        Measure::Age => {
            let interval = gpu.latest.interval_ms.filter(|ms| *ms > 0).unwrap_or(INTERVAL_MS);
            let late = rule.at.since(gpu.latest.time).max(0) / interval;
            let late = u32::try_from(late.min(9)).unwrap_or(9);
            Some((if late == 0 { '.' } else { digit(f64::from(late)) }, None))
        }
    };
    match cell {
        None => ('-', None),
        Some((c, share)) => (c, share.map(Band::of_share)),
    }
}

/// The whole part of 0 to 9 as a digit.
fn digit(number: f64) -> char {
    ('0'..='9').rev().find(|c| number >= f64::from(u32::from(*c) - u32::from('0'))).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_is_the_whole_part() {
        assert_eq!([0.0, 0.99, 1.0, 8.99, 9.0, 12.0, -3.0].map(digit), ['0', '0', '1', '8', '9', '9', '0']);
    }

    #[test]
    fn what_needs_someone_sooner_is_worse() {
        assert!(Class::Critical < Class::NoData && Class::NoData < Class::Warning && Class::Watch < Class::Ok);
    }
}
