//! What costs nothing and is worth knowing: XIDs of the last week that no deduction is about.
//!
//! 13, 31, 43 and 45 are usually the program's, 63 is the repair at work; codes that the score does not judge stand here
//! too, so that none is passed over in silence.

use std::collections::{BTreeMap, BTreeSet};

use super::deductions::JUDGED_XIDS;
use super::numbers::XID_WINDOW;
use super::rule::Case;
use crate::event::Time;
use crate::event::xid::line;

/// The notes, by code.
pub(super) fn notes(case: &Case<'_>) -> Vec<String> {
    let from = case.now.plus(-XID_WINDOW);
    let told = case.known.events.iter().filter(|event| event.kind == "xid" && event.at > from && event.code > 0);
    let free = told.filter(|event| !JUDGED_XIDS.iter().any(|codes| codes.contains(&event.code)));
    let mut codes: BTreeMap<i64, BTreeSet<Time>> = BTreeMap::new();
    for event in free {
        codes.entry(event.code).or_default().insert(event.at);
    }
    let note = |(code, times): (i64, BTreeSet<Time>)| {
        let often = if times.len() == 1 { String::new() } else { format!(", {} times in 7 days", times.len()) };
        let last = times.last().copied().unwrap_or_default();
        format!("{}{often}, last at {last}", line(code))
    };
    codes.into_iter().map(note).collect()
}
