//! Silences: alerts that match are stored and shown, and do not count as open, until a time.

use uuid::Uuid;

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
    /// A silence whose id is made from what it says, so that saying it twice is one.
    #[must_use]
    pub fn new(matchers: Vec<Matcher>, from: Time, until: Time, reason: &str, who: &str) -> Silence {
        let mut said: Vec<String> = matchers.iter().map(Matcher::to_string).collect();
        said.extend([from.ms().to_string(), until.ms().to_string(), reason.to_owned(), who.to_owned()]);
        let namespace = Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"silences.gpuhm");
        let mut id = Uuid::new_v5(&namespace, said.join("\n").as_bytes()).simple().to_string();
        // Short enough to type; the odds that two of a thousand share one are about 1 in 10,000.
        id.truncate(8);
        Silence { id, matchers, from, until, reason: reason.to_owned(), who: who.to_owned(), ended: None }
    }

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
    // One that names nothing would silence everything.
    let silences = silences.iter().filter(|silence| silence.holds(at) && !silence.matchers.is_empty());
    let mut matching = silences.filter(|silence| silence.matchers.iter().all(|matcher| matcher.matches(alert)));
    matching.next().map(Silence::mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Alert;
    use crate::event::matcher::Fields;

    fn silence(text: &str, from: i64) -> Silence {
        let matcher = Matcher::parse(text, <Alert as Fields>::names()).unwrap();
        Silence::new(vec![matcher], Time(from), Time(100), "new fans", "ana")
    }

    #[test]
    fn says_the_same_by_the_same_id_and_another_by_another() {
        let one = silence("host=n1", 10);
        assert_eq!(one.id.len(), 8);
        assert_eq!(one, silence("host=n1", 10));
        assert_ne!(one.id, silence("host=n2", 10).id);
        assert_ne!(one.id, silence("host=n1", 11).id);
    }

    #[test]
    fn holds_from_the_first_to_before_the_last_instant_unless_ended() {
        let mut one = silence("host=n1", 10);
        assert_eq!([9, 10, 99, 100].map(|at| one.holds(Time(at))), [false, true, true, false]);
        one.ended = Some(Time(50));
        assert_eq!([49, 50].map(|at| one.holds(Time(at))), [true, false]);
    }
}
