//! Matchers: `field op value`, as on-call people know them from Alertmanager; what silences, filters and `tail` share.
//!
//! What has fields says which it has and gives their values; an unknown field is an error with the nearest name, never a
//! silent "no match". Severities compare by rank, numbers as numbers, everything else as text. Knows no screen.

use std::fmt;

use super::Severity;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=`: equal; `*` in the value stands for any text.
    Is,
    /// `!=`
    IsNot,
    /// `=~`: matches the regular expression, whole.
    Like,
    /// `!~`
    Unlike,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// The comparisons, longest spelling first.
const OPS: [(&str, Op); 9] = [
    ("!=", Op::IsNot),
    ("=~", Op::Like),
    ("!~", Op::Unlike),
    ("<=", Op::AtMost),
    (">=", Op::AtLeast),
    ("==", Op::Is),
    ("=", Op::Is),
    ("<", Op::Less),
    (">", Op::More),
];

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<'a> {
    /// Text.
    Text(std::borrow::Cow<'a, str>),
    /// A number.
    Number(f64),
    /// A severity: compares by rank.
    Severity(Severity),
    /// The thing has none.
    Missing,
}

impl<'a> Field<'a> {
    /// Text that may be missing.
    #[must_use]
    pub fn text(text: Option<&'a str>) -> Field<'a> {
        text.map_or(Field::Missing, |text| Field::Text(text.into()))
    }

    /// A number that may be missing.
    #[must_use]
    pub fn number(number: Option<f64>) -> Field<'static> {
        number.map_or(Field::Missing, Field::Number)
    }
}

/// Something that has fields.
pub trait Fields {
    /// The names of all fields, for errors and help.
    fn names() -> &'static [&'static str]
    where
        Self: Sized;

    /// The value of the field `name`, which is one of them.
    fn field(&self, name: &str) -> Field<'_>;
}

/// Why a matcher cannot be read. `at` is where in the text, in characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Wrong {
    /// Position of the fault in the text.
    pub at: usize,
    /// What is wrong.
    pub why: String,
}

/// `field op value`.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The field.
    pub field: String,
    /// The comparison.
    pub op: Op,
    /// The value, as written.
    pub value: String,
    pattern: Option<regex_lite::Regex>,
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        (&self.field, self.op, &self.value) == (&other.field, other.op, &other.value)
    }
}

impl Matcher {
    /// Reads `field op value`; quotes around the value are taken off. `names` are the fields there are.
    ///
    /// # Errors
    /// Where there is no comparison, the field is unknown, a regular expression does not read, or an ordering is asked of
    /// what has none.
    pub fn parse(text: &str, names: &[&str]) -> Result<Matcher, Wrong> {
        let found = text.char_indices().find_map(|(at, _)| {
            let rest = text.get(at..)?;
            OPS.iter().find(|(word, _)| rest.starts_with(word)).map(|(word, op)| (at, *word, *op))
        });
        let Some((at, word, op)) = found else {
            return Err(Wrong {
                at: 0,
                why: format!("{text:?} has no comparison: write FIELD=VALUE, or !=, =~, !~, <, <=, >, >="),
            });
        };
        let (field, rest) = text.split_at(at);
        let value = rest.get(word.len()..).unwrap_or_default().trim();
        let value = unquoted(value);
        Matcher::new(field.trim(), op, value, names).map_err(|why| Wrong { at: 0, why })
    }

    /// A matcher of its three parts.
    ///
    /// # Errors
    /// As [`Matcher::parse`].
    pub fn new(field: &str, op: Op, value: &str, names: &[&str]) -> Result<Matcher, String> {
        if !names.contains(&field) {
            let near = nearest(field, names).map(|name| format!(", did you mean {name}?")).unwrap_or_default();
            return Err(format!("no field {field:?}{near}; the fields are {}", names.join(", ")));
        }
        let graded = field == "severity" && !value.contains('*') && !matches!(op, Op::Like | Op::Unlike);
        if graded && Severity::parse(value).is_none() {
            return Err(format!("{value:?} is no severity: there are info, warning and critical"));
        }
        let pattern = match op {
            Op::Like | Op::Unlike => Some(
                regex_lite::Regex::new(&format!("^(?:{value})$"))
                    .map_err(|error| format!("{value:?} is no regular expression: {error}"))?,
            ),
            Op::Is | Op::IsNot if value.contains('*') => {
                let parts: Vec<String> = value.split('*').map(regex_lite::escape).collect();
                regex_lite::Regex::new(&format!("^{}$", parts.join(".*"))).ok()
            }
            Op::Less | Op::AtMost | Op::More | Op::AtLeast
                if value.parse::<f64>().is_err() && Severity::parse(value).is_none() =>
            {
                return Err(format!(
                    "{value:?} is neither a number nor a severity: {field} cannot be more or less than it"
                ));
            }
            _ => None,
        };
        Ok(Matcher { field: field.to_owned(), op, value: value.to_owned(), pattern })
    }

    /// Whether a thing matches. What has no such value matches only `!=` and `!~`.
    #[must_use]
    pub fn matches(&self, thing: &dyn FieldsOf) -> bool {
        let value = thing.value(&self.field);
        let order = || match &value {
            Field::Number(number) => number.partial_cmp(&self.value.parse().ok()?),
            Field::Severity(severity) => Some(severity.cmp(&Severity::parse(&self.value)?)),
            Field::Text(text) => text.parse::<f64>().ok()?.partial_cmp(&self.value.parse().ok()?),
            Field::Missing => None,
        };
        let same = || match (&self.pattern, &value) {
            (_, Field::Missing) => false,
            (Some(pattern), Field::Text(text)) => pattern.is_match(text),
            (Some(pattern), Field::Number(number)) => pattern.is_match(&number.to_string()),
            (Some(pattern), Field::Severity(severity)) => pattern.is_match(severity.word()),
            (None, Field::Text(text)) => *text == self.value.as_str(),
            (None, Field::Number(_) | Field::Severity(_)) => order().is_some_and(std::cmp::Ordering::is_eq),
        };
        match self.op {
            Op::Is | Op::Like => same(),
            Op::IsNot | Op::Unlike => !same(),
            Op::Less => order().is_some_and(std::cmp::Ordering::is_lt),
            Op::AtMost => order().is_some_and(std::cmp::Ordering::is_le),
            Op::More => order().is_some_and(std::cmp::Ordering::is_gt),
            Op::AtLeast => order().is_some_and(std::cmp::Ordering::is_ge),
        }
    }
}

/// What a matcher asks of a thing, behind a reference.
pub trait FieldsOf {
    /// The value of a field.
    fn value(&self, name: &str) -> Field<'_>;
}

impl<T: Fields> FieldsOf for T {
    fn value(&self, name: &str) -> Field<'_> {
        self.field(name)
    }
}

impl fmt::Display for Matcher {
    /// As it can be read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = OPS.iter().rev().find(|(_, op)| *op == self.op).map_or("=", |(word, _)| word);
        let plain = |c: char| c.is_alphanumeric() || "-_./:*".contains(c);
        if !self.value.is_empty() && self.value.chars().all(plain) {
            write!(f, "{}{word}{}", self.field, self.value)
        } else {
            write!(f, "{}{word}\"{}\"", self.field, self.value)
        }
    }
}

/// The text without the quotes around it.
fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

/// The name that a mistyped one most likely means: at most two edits away.
#[must_use]
pub fn nearest<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    names.iter().map(|name| (distance(word, name), *name)).filter(|(edits, _)| *edits <= 2).min().map(|(_, name)| name)
}

/// Edits from one text to the other (Levenshtein).
pub(super) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().enumerate() {
        let mut left = at + 1;
        let mut next = vec![left];
        for (pair, d) in row.windows(2).zip(&other) {
            let [diagonal, above] = pair else { continue };
            left = (diagonal + usize::from(c != *d)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// The fields of an alert.
const ALERT_FIELDS: [&str; 10] =
    ["rule", "severity", "host", "gpu", "index", "rack", "cluster", "datacenter", "model", "status"];

impl Fields for super::Alert {
    fn names() -> &'static [&'static str] {
        &ALERT_FIELDS
    }

    fn field(&self, name: &str) -> Field<'_> {
        let gpu = self.gpu.as_ref();
        match name {
            "rule" => Field::text(Some(&self.rule)),
            "severity" => Field::Severity(self.severity),
            "host" => Field::text(self.host.hostname.as_deref()),
            "gpu" => Field::text(gpu.map(|gpu| gpu.gpu_uuid.as_str())),
            "index" => Field::number(
                gpu.and_then(|gpu| gpu.device_index).and_then(|index| i32::try_from(index).ok()).map(f64::from),
            ),
            "rack" => Field::text(self.host.rack.as_deref()),
            "cluster" => Field::text(self.host.cluster.as_deref()),
            "datacenter" => Field::text(self.host.datacenter.as_deref()),
            "model" => Field::text(gpu.and_then(|gpu| gpu.name.as_deref())),
            "status" => Field::text(Some(self.status.word())),
            _ => Field::Missing,
        }
    }
}

#[cfg(test)]
mod tests;
