//! The GPU's memory is within a few degrees of its own maximum operating temperature.
//!
//! Beyond that limit the driver slows the GPU down (SW thermal), so the same margins as for the die apply.

use super::thermal_margin::LIMITS;
use super::{DEFAULT, Judge, Level, Look, Mark, Rule, Terms, Words, margin, near};
use crate::event::Values;
use crate::metric::ids;

pub(super) const RULE: Rule = Rule {
    id: "memory_margin",
    unit: "°C",
    judge: Judge::Level(Terms { limits: Some(LIMITS), ..DEFAULT }, judge),
    evidence: &[ids::MEMORY_TEMP, ids::MEMORY_MAX_TEMP, ids::GPU_TEMP, ids::POWER],
    words,
};

fn degrees(values: &Values) -> Option<f64> {
    Some(values.real(ids::MEMORY_MAX_TEMP)? - values.real(ids::MEMORY_TEMP)?)
}

fn judge(look: &Look<'_>, _: &mut Mark) -> Option<Level> {
    Some(margin(degrees(look.values)?, LIMITS))
}

fn words(_: Option<i64>, values: &Values) -> Words {
    Words {
        what: format!("memory {}", near(degrees(values), "its own maximum operating temperature")),
        action: "Check cooling: air flow, fans, inlet temperature, dust (NVIDIA: CHECK_MECHANICALS).",
    }
}
