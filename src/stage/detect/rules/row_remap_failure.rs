//! A row of memory could not be replaced by a spare one: NVIDIA's criterion for returning the board.

use super::{Fault, Judge, Look, Mark, Rule, Words, flag};
use crate::event::{Severity, Values};
use crate::metric::ids;

pub(super) const RULE: Rule = Rule {
    id: "row_remap_failure",
    unit: "",
    judge: Judge::Fault(judge),
    evidence: &[ids::REMAP_FAILURE, ids::REMAP_PENDING, ids::DBE],
    words,
};

fn judge(look: &Look<'_>, _: &mut Mark, found: &mut dyn FnMut(Fault)) {
    flag(look, ids::REMAP_FAILURE, Severity::Critical, found);
}

fn words(_: Option<i64>, _: &Values) -> Words {
    Words {
        what: "a memory row could not be remapped".to_owned(),
        action: "Drain the GPU and run the field diagnostic; a confirmed failure is a reason for return (NVIDIA: \
                 CONTACT_SUPPORT).",
    }
}
