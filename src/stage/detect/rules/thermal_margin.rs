//! The GPU is within a few degrees of its own slowdown temperature: the limit the board names, never a fixed one.
//!
//! The driver's margin where it gives one, else slowdown temperature less temperature; a GPU that names neither cannot
//! be judged. 5 and 2 °C are the score's deductions. H100s at work ran at 79 °C with their slowdown at 88 (facts on
//! telemetry, 1), so that normal work stays outside; 8 °C to end is beyond the ±2 °C that single readings jump.

use super::{DEFAULT, Judge, Level, Look, Mark, Rule, Terms, Words, margin, near};
use crate::event::Values;
use crate::metric::ids;

pub(super) const LIMITS: [f64; 3] = [5.0, 2.0, 8.0];

pub(super) const RULE: Rule = Rule {
    id: "thermal_margin",
    unit: "°C",
    judge: Judge::Level(Terms { limits: Some(LIMITS), ..DEFAULT }, judge),
    evidence: &[ids::GPU_TEMP, ids::TEMP_MARGIN, ids::SLOWDOWN_TEMP, ids::POWER],
    words,
};

fn degrees(values: &Values) -> Option<f64> {
    let own = || Some(values.real(ids::SLOWDOWN_TEMP)? - values.real(ids::GPU_TEMP)?);
    values.real(ids::TEMP_MARGIN).or_else(own)
}

fn judge(look: &Look<'_>, _: &mut Mark) -> Option<Level> {
    Some(margin(degrees(look.values)?, LIMITS))
}

fn words(_: Option<i64>, values: &Values) -> Words {
    Words {
        what: near(degrees(values), "its own slowdown temperature"),
        action: "Check cooling: air flow, fans, inlet temperature, dust (NVIDIA: CHECK_MECHANICALS).",
    }
}
