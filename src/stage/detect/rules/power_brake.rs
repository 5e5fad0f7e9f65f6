//! The platform told the GPU to slow down (bit 7): power supply or rack, as often as the GPU itself.

use super::{DEFAULT, Judge, Level, Look, Mark, Rule, Words, bit};
use crate::event::{Severity, Values};
use crate::metric::ids;

pub(super) const RULE: Rule = Rule {
    id: "power_brake",
    unit: "",
    judge: Judge::Level(DEFAULT, judge),
    evidence: &[ids::THROTTLE, ids::POWER, ids::POWER_LIMIT],
    words,
};

fn judge(look: &Look<'_>, _: &mut Mark) -> Option<Level> {
    bit(look, "HW_POWER_BRAKE", Severity::Warning)
}

fn words(_: Option<i64>, _: &Values) -> Words {
    Words {
        what: "power brake: the platform holds the GPU's clocks down".to_owned(),
        action: "Check the host's power supplies, their cabling and the rack's power (NVIDIA: CHECK_MECHANICALS).",
    }
}
