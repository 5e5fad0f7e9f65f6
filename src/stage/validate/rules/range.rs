//! Plausible values: every metric within the range its row of the table gives.

use super::{Problem, Rule, Subject, problem};
use crate::event::Body;
use crate::metric::{COMPACT, METRICS};

/// A number in short: 1e308 has 309 digits.
fn show(number: f64) -> String {
    if number.abs() < 1e15 { number.to_string() } else { format!("{number:e}") }
}

/// Accepts what lies within the table's range, both ends included.
pub(super) struct Range;

impl Rule for Range {
    fn id(&self) -> &'static str {
        "range"
    }

    fn refuses(&self) -> &'static str {
        "a value outside its metric's range (docs/metrics.md), an XID below 0"
    }

    fn check(&self, subject: &Subject<'_>, problems: &mut Vec<Problem>) {
        let Body::Sample(_, values, xids) = &subject.event.body else { return };
        for (metric, value) in values.iter() {
            let Some((low, high)) = COMPACT.get(metric).map(|row| row.range) else { continue };
            if !(low..=high).contains(&value.real())
                && let Some(row) = METRICS.get(metric)
            {
                let field = format!("metrics.{}.{}", row.block.key(), row.name);
                let wanted = format!("is outside {low} to {high} {}", row.unit);
                problems.push(problem(self, &field, show(value.real()), &wanted));
            }
        }
        for xid in xids.iter().filter(|xid| xid.code < 0) {
            problems.push(problem(self, "metrics.errors.xids", xid.code.to_string(), "is no XID"));
        }
    }
}
