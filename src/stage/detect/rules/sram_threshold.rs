//! The driver says that SRAM errors passed NVIDIA's threshold: a criterion for returning the board.

use super::{Fault, Judge, Look, Mark, Rule, Words, flag};
use crate::event::{Severity, Values};
use crate::metric::ids;

pub(super) const RULE: Rule =
    Rule { id: "sram_threshold", unit: "", judge: Judge::Fault(judge), evidence: &[ids::SRAM, ids::DBE], words };

fn judge(look: &Look<'_>, _: &mut Mark, found: &mut dyn FnMut(Fault)) {
    flag(look, ids::SRAM, Severity::Critical, found);
}

fn words(_: Option<i64>, _: &Values) -> Words {
    Words {
        what: "SRAM errors are above NVIDIA's threshold".to_owned(),
        action: "Drain the GPU and run the field diagnostic; the flag is a reason for return (NVIDIA: CONTACT_SUPPORT).",
    }
}
