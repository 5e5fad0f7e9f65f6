//! Uncorrectable memory errors: more of them since driver load than were seen since the last reset.
//!
//! The volatile count, because it begins again with a reset: a first sight above 0 is a fault that no reset has answered.

use super::{Fault, Judge, Look, Mark, Rule, Words};
use crate::event::{Severity, Value, Values};
use crate::metric::ids;

pub(super) const RULE: Rule = Rule {
    id: "ecc_dbe",
    unit: "errors",
    judge: Judge::Fault(judge),
    evidence: &[ids::DBE, ids::REMAP_PENDING, ids::REMAP_FAILURE],
    words,
};

fn judge(look: &Look<'_>, mark: &mut Mark, found: &mut dyn FnMut(Fault)) {
    if look.fresh {
        *mark = None;
    }
    let Some(errors) = look.values.int(ids::DBE) else {
        return;
    };
    let [seen, ..] = mark.unwrap_or_default();
    if errors <= seen {
        return;
    }
    *mark = Some([errors, 0, 0]);
    found(Fault {
        qualifier: None,
        since: look.time,
        severity: Severity::Critical,
        value: Some(Value::Int(errors).real()),
        threshold: Some(Value::Int(seen).real()),
    });
}

fn words(_: Option<i64>, values: &Values) -> Words {
    let what = match values.int(ids::DBE) {
        Some(1) => "1 uncorrectable memory error since driver load".to_owned(),
        Some(errors) if errors > 1 => format!("{errors} uncorrectable memory errors since driver load"),
        _ => "uncorrectable memory errors".to_owned(),
    };
    Words {
        what,
        action: "Drain the GPU and reset it (NVIDIA: RESET_GPU). If it happens again, run the field diagnostic.",
    }
}
