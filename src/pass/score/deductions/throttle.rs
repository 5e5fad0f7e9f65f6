//! Clocks cut for a fault: bits 3, 5, 6 and 7 of the throttle reasons. Idleness, power cap and chosen clocks cost nothing.
//!
//! Points = seed × min(1, seconds in an hour / 60), the worst hour of the last day, fading over a day. Bit 3 is set with 6
//! and 7: what they have of its time is not counted again.

use crate::event::Time;
use crate::event::facts::FaultMinute;
use crate::event::health::{Action, Dimension};
use crate::event::time::MINUTE;
use crate::metric::ids;
use crate::pass::score::numbers::{THROTTLE_FULL_S, THROTTLE_SPAN, THROTTLE_WINDOW};
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule};
use crate::pass::score::text::seconds;

const HW_THERMAL_POINTS: f64 = 20.0;
const SW_THERMAL_POINTS: f64 = 5.0;
const POWER_BRAKE_POINTS: f64 = 15.0;
const HW_SLOWDOWN_POINTS: f64 = 15.0;

pub(super) const HW_THERMAL: Rule = Rule {
    id: "hw_thermal",
    dimension: Dimension::Thermal,
    points: "20, less under 60 s in an hour, fading over a day",
    looks_for: "hardware thermal slowdown (bit 6)",
    hard: false,
    action: Action::CheckCooling,
    needs: Needs::Metrics(&[&[ids::THROTTLE]]),
    look: |case| look(case, HW_THERMAL_POINTS, "hardware thermal slowdown", |minute| minute.hw_thermal_s),
    full: |seconds| points(HW_THERMAL_POINTS, seconds),
};

pub(super) const SW_THERMAL: Rule = Rule {
    id: "sw_thermal",
    dimension: Dimension::Thermal,
    points: "5, less under 60 s in an hour, fading over a day",
    looks_for: "software thermal slowdown (bit 5)",
    hard: false,
    action: Action::CheckCooling,
    needs: Needs::Metrics(&[&[ids::THROTTLE]]),
    look: |case| look(case, SW_THERMAL_POINTS, "software thermal slowdown", |minute| minute.sw_thermal_s),
    full: |seconds| points(SW_THERMAL_POINTS, seconds),
};

pub(super) const POWER_BRAKE: Rule = Rule {
    id: "power_brake",
    dimension: Dimension::Power,
    points: "15, less under 60 s in an hour, fading over a day",
    looks_for: "power brake (bit 7)",
    hard: false,
    action: Action::CheckPower,
    needs: Needs::Metrics(&[&[ids::THROTTLE]]),
    look: |case| look(case, POWER_BRAKE_POINTS, "power brake by the platform", |minute| minute.power_brake_s),
    full: |seconds| points(POWER_BRAKE_POINTS, seconds),
};

pub(super) const HW_SLOWDOWN: Rule = Rule {
    id: "hw_slowdown",
    dimension: Dimension::Power,
    points: "15, less under 60 s in an hour, fading over a day",
    looks_for: "hardware slowdown (bit 3) with neither heat (6) nor power brake (7)",
    hard: false,
    action: Action::CheckPower,
    needs: Needs::Load(&[&[ids::THROTTLE]]),
    look: |case| look(case, HW_SLOWDOWN_POINTS, "hardware slowdown, neither heat nor power brake", alone),
    full: |seconds| points(HW_SLOWDOWN_POINTS, seconds),
};

/// Seconds of bit 3 that neither 6 nor 7 explains.
fn alone(minute: &FaultMinute) -> f64 {
    minute.hw_slowdown_s - minute.hw_thermal_s.max(0.0) - minute.power_brake_s.max(0.0)
}

fn points(seed: f64, seconds: f64) -> f64 {
    seed * (seconds / THROTTLE_FULL_S).min(1.0)
}

fn look(case: &Case<'_>, seed: f64, what: &str, of: fn(&FaultMinute) -> f64) -> Look {
    let active = case.known.minutes.iter().map(|minute| (minute.start, of(minute))).filter(|(_, s)| *s > 0.0);
    let mut active: Vec<(Time, f64)> = active.collect();
    active.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    active.dedup_by_key(|(start, _)| *start);
    let mut worst: Option<(f64, Time, f64)> = None;
    for (index, (start, _)) in active.iter().enumerate() {
        let hour = active.iter().take(index + 1).rev().take_while(|(other, _)| start.since(*other) < THROTTLE_SPAN);
        let in_hour: f64 = hour.map(|(_, s)| s).sum();
        let at = start.plus(MINUTE).min(case.now);
        let left = case.faded(points(seed, in_hour), at, THROTTLE_WINDOW);
        if left > 0.0 && worst.is_none_or(|(most, ..)| left >= most) {
            worst = Some((left, at, in_hour));
        }
    }
    let found = worst.map(|(points, at, in_hour)| Found {
        points,
        at,
        window: Some(THROTTLE_WINDOW),
        value: Some(in_hour),
        limit: Some(THROTTLE_FULL_S),
        unit: "s",
        text: format!("{what}: {} in an hour", seconds(in_hour)),
    });
    Look::of(found, true)
}
