//! The rules that a decoded event is held against: one file each, one line in [`RULES`].
//!
//! To add one, write `rules/NAME.rs` with a unit struct that implements [`Rule`], and add it to the list; `--list-rules`,
//! the docs and the refusals follow. What decoding itself enforces is listed in `event::codec::SYNTAX_RULES`.

mod clock_skew;
mod identity;
mod interval;
mod power_limit;
mod range;
mod schema;

use crate::event::codec::{Problem, SYNTAX_RULES};
use crate::event::{Event, Time};

/// What a rule looks at.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The event.
    pub event: &'a Event<'a>,
    /// When it reached the bus.
    pub arrived: Time,
}

/// A rule for events.
pub trait Rule: Sync {
    /// Its id, in refusals and counts.
    fn id(&self) -> &'static str;

    /// What it refuses, for the list.
    fn refuses(&self) -> &'static str;

    /// Adds what is wrong.
    fn check(&self, subject: &Subject<'_>, problems: &mut Vec<Problem>);
}

/// Every rule, in the order it is checked.
pub static RULES: &[&dyn Rule] = &[
    &schema::Schema,
    &identity::Identity,
    &clock_skew::ClockSkew,
    &interval::Interval,
    &range::Range,
    &power_limit::PowerLimit,
];

/// Ids and descriptions of everything that can refuse an event, those of decoding first.
pub fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    let size = std::iter::once(("size", "an event longer than 1 MiB"));
    let decoding = SYNTAX_RULES.iter().copied();
    size.chain(decoding).chain(RULES.iter().map(|rule| (rule.id(), rule.refuses())))
}

/// A problem of rule `rule` with `field`.
fn problem(rule: &dyn Rule, field: &str, value: String, message: &str) -> Problem {
    Problem { rule: rule.id(), field: field.to_owned(), message: format!("{field}: {value} {message}"), value }
}
