//! Temperature, power and utilisation all stand still: the values are not read any more, whatever the source says.
//!
//! All three together: an idle GPU holds its temperature for two hours, but all three never for longer than 4 min on
//! healthy GPUs (facts on telemetry, 2). Ten minutes leave a factor of two and a half.

use super::{Judge, Level, Look, Mark, Rule, Terms, Words};
use crate::event::time::MINUTE;
use crate::event::{Severity, Values};
use crate::metric::ids;

const TERMS: Terms = Terms { hold: 10 * MINUTE, readings: 20, clear: 0, limits: None };

pub(super) const RULE: Rule = Rule {
    id: "frozen",
    unit: "",
    judge: Judge::Level(TERMS, judge),
    evidence: &[ids::GPU_TEMP, ids::POWER, ids::GPU_UTIL, ids::SM_ACTIVE],
    words,
};

fn judge(look: &Look<'_>, mark: &mut Mark) -> Option<Level> {
    let bits = |metric| look.values.real(metric).map(|value| value.to_bits().cast_signed());
    let utilisation = bits(ids::GPU_UTIL).or_else(|| bits(ids::SM_ACTIVE))?;
    let now = [bits(ids::GPU_TEMP)?, bits(ids::POWER)?, utilisation];
    let changed = mark.replace(now) != Some(now);
    Some(Level { severity: Some(Severity::Warning), clear: changed, again: changed, value: None })
}

fn words(_: Option<i64>, _: &Values) -> Words {
    Words {
        what: "temperature, power and utilisation have not changed: the readings are frozen".to_owned(),
        action: "Restart the collector or DCGM on the host; if it stays, look for a hung driver (XID 119, 120) and drain.",
    }
}
