//! Silences: alerts that match are stored and shown, and do not count as open, until a time.

use super::{Matcher, Time};

/// A row of `silences`. Key: id.
#[derive(Debug, Clone, PartialEq)]
pub struct Silence {
    /// Short, unique, made from what it says and when.
    pub id: String,
    /// All must match.
    pub matchers: Vec<Matcher>,
    /// From when.
    pub from: Time,
    /// Until when.
    pub until: Time,
    /// Why.
    pub reason: String,
    /// Who.
    pub who: String,
    /// When a person ended it before its time.
    pub ended: Option<Time>,
}

impl Silence {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn holds(&self, now: Time) -> bool {
        self.from <= now && now < self.until && self.ended.is_none_or(|ended| now < ended)
    }

    /// What an alert it matches carries in `suppressed_by`.
    #[must_use]
    pub fn mark(&self) -> String {
        format!("silence:{}", self.id)
    }
}

/// The mark of the first of `silences` that holds at `at` and matches the alert.
#[must_use]
pub fn mark(silences: &[Silence], alert: &super::Alert, at: Time) -> Option<String> {
    let silences = silences.iter().filter(|silence| silence.holds(at));
    let mut matching = silences.filter(|silence| silence.matchers.iter().all(|matcher| matcher.matches(alert)));
    matching.next().map(Silence::mark)
}
