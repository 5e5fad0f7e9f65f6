//! XIDs of the hardware kind: an alert a code, at once. What programs cause, and what only informs, is an entry in
//! `gpu_events` and no alert.
//!
//! A code the table does not have raises a warning: it is new, and silence about it would be a guess.

use super::{Fault, Judge, Look, Rule, Words};
use crate::event::xid::{Entry, find, line};
use crate::event::{Severity, Values};
use crate::metric::ids;

pub(super) const RULE: Rule = Rule {
    id: "xid",
    unit: "",
    judge: Judge::Event(judge),
    evidence: &[ids::DBE, ids::REMAP_PENDING, ids::REMAP_FAILURE],
    words,
};

fn judge(look: &Look<'_>, found: &mut dyn FnMut(Fault)) {
    for xid in look.xids {
        let severity = match find(xid.code) {
            Some(Entry { severity, .. }) => *severity,
            // 0 and less are no codes: some exporters show 0 for "none so far".
            None => (xid.code > 0).then_some(Severity::Warning),
        };
        if let Some(severity) = severity {
            found(Fault { qualifier: Some(xid.code), since: xid.at, severity, value: None, threshold: None });
        }
    }
}

fn words(code: Option<i64>, _: &Values) -> Words {
    let code = code.unwrap_or_default();
    let unknown = "Look the code up in NVIDIA's XID catalogue; drain the GPU if it comes back.";
    Words { what: line(code), action: find(code).map_or(unknown, |xid| xid.action) }
}
