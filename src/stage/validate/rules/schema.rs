//! The schema version and the kind of event.

use super::{Problem, Rule, Subject, problem};
use crate::event::Body;

/// Accepts every `1.x` and the two event types.
pub(super) struct Schema;

impl Rule for Schema {
    fn id(&self) -> &'static str {
        "schema"
    }

    fn refuses(&self) -> &'static str {
        "a schema_version that is not 1.x, an event_type that is not gpu_metric_sample or collector_status"
    }

    fn check(&self, subject: &Subject<'_>, problems: &mut Vec<Problem>) {
        if let Some(version) = subject.event.schema_version.as_deref() {
            let minor = version.strip_prefix("1.").unwrap_or_default();
            if minor.is_empty() || !minor.bytes().all(|byte| byte.is_ascii_digit()) {
                problems.push(problem(self, "schema_version", format!("{version:?}"), "is not 1.x"));
            }
        }
        if let Body::Other(Some(kind)) = &subject.event.body {
            problems.push(problem(self, "event_type", format!("{kind:?}"), "is not a known type"));
        }
    }
}
