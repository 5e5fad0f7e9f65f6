//! What costs nothing and is worth knowing: XIDs of the last week that no deduction is about.
//!
//! 13, 31, 43 and 45 are usually the program's, 63 is the repair at work; codes that the score does not judge stand here
//! too, so that none is passed over in silence.

use std::collections::BTreeMap;

use super::deductions::JUDGED_XIDS;
use super::numbers::XID_WINDOW;
use super::rule::Case;
use crate::event::Time;
use crate::event::xid::line;

/// The notes, by code.
pub(super) fn notes(case: &Case<'_>) -> Vec<String> {
    let from = case.now.plus(-XID_WINDOW);
    let mut codes: BTreeMap<i64, (i64, Time)> = BTreeMap::new();
    let told = case.known.events.iter().filter(|event| event.kind == "xid" && event.at > from && event.code > 0);
    for event in told.filter(|event| !JUDGED_XIDS.iter().any(|codes| codes.contains(&event.code))) {
        let (count, last) = codes.entry(event.code).or_default();
        *count += 1;
        *last = event.at.max(*last);
    }
    let note = |(code, (count, last)): (i64, (i64, Time))| {
        let often = if count == 1 { String::new() } else { format!(", {count} times in 7 days") };
        format!("{}{often}, last at {last}", line(code))
    };
    codes.into_iter().map(note).collect()
}
