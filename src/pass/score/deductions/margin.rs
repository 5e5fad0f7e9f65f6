//! The GPU or its memory is close to its own slowdown temperature: the limit the board names, never a fixed one.
//!
//! Of the driver's margin and the slowdown temperature the smaller; of memory its maximum operating temperature, beyond
//! which the driver slows down. What was seen fades over a day (J): at rest every GPU is cool, and margins flicker.

use crate::event::health::{Action, Dimension};
use crate::metric::ids;
use crate::pass::score::numbers::DAY_WINDOW;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule};

/// Degrees under the limit, and points.
const CLOSE: (f64, f64) = (5.0, 5.0);
const AT_IT: (f64, f64) = (2.0, 10.0);

pub(super) const RULE: Rule = Rule {
    id: "thermal_margin",
    dimension: Dimension::Thermal,
    points: "5 within 5 °C, 10 within 2 °C, fading over a day",
    looks_for: "GPU or memory close to its own slowdown temperature",
    hard: false,
    action: Action::CheckCooling,
    needs: Needs::Load(&[&[ids::TEMP_MARGIN, ids::SLOWDOWN_TEMP], &[ids::TEMP_MARGIN, ids::GPU_TEMP]]),
    look,
    full: points,
};

fn points(margin: f64) -> f64 {
    if margin <= AT_IT.0 {
        AT_IT.1
    } else if margin <= CLOSE.0 {
        CLOSE.1
    } else {
        0.0
    }
}

fn look(case: &Case<'_>) -> Look {
    let values = case.values();
    let under = |limit: usize, now: usize| Some(values.real(limit)? - values.real(now)?);
    let gpu = [values.real(ids::TEMP_MARGIN), under(ids::SLOWDOWN_TEMP, ids::GPU_TEMP)];
    let memory = under(ids::MEMORY_MAX_TEMP, ids::MEMORY_TEMP);
    let all = gpu.into_iter().map(|margin| (margin, "GPU")).chain([(memory, "memory")]);
    let named = all.filter_map(|(margin, whose)| Some((margin?, whose)));
    let closest = named.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(margin, _)| *margin <= CLOSE.0);
    let found = closest.map(|(margin, whose)| Found {
        points: case.faded(points(margin), case.latest(), DAY_WINDOW),
        at: case.latest(),
        window: Some(DAY_WINDOW),
        value: Some(margin),
        limit: Some(CLOSE.0),
        unit: "°C",
        text: format!("{whose} {margin} °C under its own slowdown temperature"),
    });
    Look { found, seen: true, fades: true }
}
