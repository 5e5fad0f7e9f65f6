//! The hardware cut the clocks because of heat (bit 6). Bit 3 is set with it and is not judged on its own.

use super::{DEFAULT, Judge, Level, Look, Mark, Rule, Words, bit};
use crate::event::{Severity, Values};
use crate::metric::ids;

pub(super) const RULE: Rule = Rule {
    id: "hw_thermal",
    unit: "",
    judge: Judge::Level(DEFAULT, judge),
    evidence: &[ids::THROTTLE, ids::GPU_TEMP, ids::SLOWDOWN_TEMP, ids::MEMORY_TEMP],
    words,
};

fn judge(look: &Look<'_>, _: &mut Mark) -> Option<Level> {
    bit(look, "HW_THERMAL", Severity::Critical)
}

fn words(_: Option<i64>, _: &Values) -> Words {
    Words {
        what: "hardware thermal slowdown: clocks are cut to half or less".to_owned(),
        action: "Check cooling now: air flow, fans, inlet temperature, thermal paste (NVIDIA: CHECK_MECHANICALS).",
    }
}
