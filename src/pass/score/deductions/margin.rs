//! The GPU or its memory is close to its own slowdown temperature: the limit the board names, never a fixed one.
//!
//! Of the driver's margin and the slowdown temperature the smaller; of memory its maximum operating temperature, beyond
//! which the driver slows down. Facts have no temperatures but the newest sample's, and one sample proves little: what was
//! seen fades over an hour only (J). A GPU that stays close is found again by every pass.

use crate::event::health::{Action, Dimension};
use crate::metric::ids;
use crate::pass::score::numbers::SAMPLE_WINDOW;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule};

/// Degrees under the limit, and points.
const CLOSE: (f64, f64) = (5.0, 5.0);
const AT_IT: (f64, f64) = (2.0, 10.0);
/// Whose temperature, and what it is held against.
const GPU: [&str; 2] = ["GPU", "slowdown temperature"];
const MEMORY: [&str; 2] = ["memory", "maximum operating temperature"];

pub(super) const RULE: Rule = Rule {
    id: "thermal_margin",
    dimension: Dimension::Thermal,
    points: "5 within 5 °C, 10 within 2 °C, fading over an hour",
    looks_for: "GPU close to its own slowdown temperature, or memory to its maximum",
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
    let all = gpu.into_iter().map(|margin| (margin, GPU)).chain([(memory, MEMORY)]);
    let named = all.filter_map(|(margin, names)| Some((margin?, names)));
    let closest = named.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(margin, _)| *margin <= CLOSE.0);
    let found = closest.map(|(margin, names)| Found {
        points: case.faded(points(margin), case.latest(), SAMPLE_WINDOW),
        at: case.latest(),
        window: Some(SAMPLE_WINDOW),
        value: Some(margin),
        limit: Some(CLOSE.0),
        unit: "°C",
        text: text(margin, names),
    });
    Look { fades: true, ..Look::of(found, true) }
}

fn text(margin: f64, [whose, limit]: [&str; 2]) -> String {
    let degrees = (margin.abs() * 10.0).round() / 10.0;
    if degrees <= 0.0 {
        format!("{whose} at its own {limit}")
    } else if margin < 0.0 {
        format!("{whose} {degrees} °C over its own {limit}")
    } else {
        format!("{whose} {degrees} °C under its own {limit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_has_its_name_and_a_side() {
        assert_eq!(text(1.0, GPU), "GPU 1 °C under its own slowdown temperature");
        assert_eq!(text(-1.0, MEMORY), "memory 1 °C over its own maximum operating temperature");
        assert_eq!(text(0.04, GPU), "GPU at its own slowdown temperature");
        assert_eq!(text(84.1 - 83.0, GPU), "GPU 1.1 °C under its own slowdown temperature");
    }
}
