//! A row of memory waits for a reset to be replaced by a spare one: work may go on meanwhile.

use super::{Fault, Judge, Look, Mark, Rule, Words, flag};
use crate::event::{Severity, Values};
use crate::metric::ids;

pub(super) const RULE: Rule = Rule {
    id: "row_remap_pending",
    unit: "",
    judge: Judge::Fault(judge),
    evidence: &[ids::REMAP_PENDING, ids::DBE],
    words,
};

fn judge(look: &Look<'_>, _: &mut Mark, found: &mut dyn FnMut(Fault)) {
    flag(look, ids::REMAP_PENDING, Severity::Warning, found);
}

fn words(_: Option<i64>, _: &Values) -> Words {
    Words {
        what: "a memory row waits for a reset to be remapped".to_owned(),
        action: "Reset the GPU when its work is done (NVIDIA: RESET_GPU); until then it may go on.",
    }
}
