//! Which records of a topic are wanted: flags, matchers, an expression and a pattern, all of which must let one through.
//!
//! Values of one flag are alternatives, `!` before one excludes, `*` stands for any text. A field that the topic's events
//! do not have is a mistake with a place and the nearest name, never a silent "nothing matches". Knows no flag parser.

use super::event::{Event, names};
use crate::event::Record;
use crate::event::matcher::{Matcher, Op, Wrong};
use crate::view::filter::Filter;

/// Fewest characters of a UUID that name a GPU.
const PREFIX: usize = 8;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// Values of a flag that is named like its field, for every such flag.
    pub flags: &'a [(&'static str, &'a [String])],
    /// A regular expression that the message holds: an alert's summary, else the event's JSON.
    pub grep: Option<&'a str>,
    /// An expression.
    pub filter: Option<&'a str>,
    /// Matchers.
    pub matchers: &'a [String],
}

/// What of it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {}", wrong.why)]
pub struct Refused {
    /// The flag, or what stands for one.
    pub what: String,
    /// What was written.
    pub text: String,
    /// Where in it the mistake is, and which.
    pub wrong: Wrong,
}

/// The values of one flag.
#[derive(Debug, Default)]
struct AnyOf {
    /// One of these, where there are any; each is several matchers that all match.
    yes: Vec<Vec<Matcher>>,
    /// None of these.
    no: Vec<Vec<Matcher>>,
}

/// Which records of a topic are wanted.
#[derive(Debug, Default)]
pub struct Choice {
    topic: String,
    flags: Vec<AnyOf>,
    matchers: Vec<Matcher>,
    filter: Option<Filter>,
    grep: Option<regex_lite::Regex>,
}

impl Choice {
    /// Reads what was asked for of a topic.
    ///
    /// # Errors
    /// What cannot be read, and at which character.
    pub fn read(topic: &str, asked: &Asked<'_>) -> Result<Choice, Refused> {
        let names = names(topic);
        let refused = |what: &str, text: &str, wrong| Refused { what: what.to_owned(), text: text.to_owned(), wrong };
        let mut choice = Choice { topic: topic.to_owned(), ..Choice::default() };
        for (field, values) in asked.flags {
            let mut any = AnyOf::default();
            for value in *values {
                let flag = format!("--{field}");
                let (no, all) = flag_value(topic, field, value, &names)
                    .map_err(|why| refused(&flag, value, Wrong { at: 0, why }))?;
                if no { any.no.push(all) } else { any.yes.push(all) }
            }
            if !values.is_empty() {
                choice.flags.push(any);
            }
        }
        for text in asked.matchers {
            let matcher = matcher(text, &names).map_err(|wrong| refused("matcher", text, wrong))?;
            choice.matchers.push(matcher);
        }
        if let Some(text) = asked.filter {
            let filter = Filter::parse(text, &with_paths(&names, text));
            choice.filter = Some(filter.map_err(|wrong| refused("--where", text, wrong))?);
        }
        if let Some(text) = asked.grep {
            let pattern = regex_lite::Regex::new(text);
            choice.grep = Some(pattern.map_err(|error| {
                refused("-g", text, Wrong { at: 0, why: format!("no regular expression: {error}") })
            })?);
        }
        Ok(choice)
    }

    /// Whether it lets everything through, so that nothing need be read.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.flags.is_empty() && self.matchers.is_empty() && self.filter.is_none() && self.grep.is_none()
    }

    /// Whether it lets a record through; `None` where that cannot be told, since it is no JSON.
    #[must_use]
    pub fn takes(&self, record: &Record) -> Option<bool> {
        if self.is_everything() {
            return Some(true);
        }
        let event = Event::read(&record.value, &self.topic)?;
        let all = |matchers: &Vec<Matcher>| matchers.iter().all(|matcher| matcher.matches(&event));
        let flags =
            self.flags.iter().all(|any| (any.yes.is_empty() || any.yes.iter().any(all)) && !any.no.iter().any(all));
        let message = || event.summary().map_or_else(|| String::from_utf8_lossy(&record.value), Into::into);
        Some(
            flags
                && all(&self.matchers)
                && self.filter.as_ref().is_none_or(|filter| filter.matches(&event))
                && self.grep.as_ref().is_none_or(|grep| grep.is_match(&message())),
        )
    }
}

/// The topic's fields, and the paths (`.a.b`) that a text names.
fn with_paths<'t>(names: &[&'t str], text: &'t str) -> Vec<&'t str> {
    let ends = |c: char| c.is_whitespace() || "(),=<>!\"'~".contains(c);
    let paths = text.split(ends).filter(|word| word.len() > 1 && word.starts_with('.'));
    names.iter().copied().chain(paths).collect()
}

/// A matcher; where a field is unknown, the expression's shorter words for it.
fn matcher(text: &str, names: &[&str]) -> Result<Matcher, Wrong> {
    let names = with_paths(names, text);
    Matcher::parse(text, &names).map_err(|wrong| match Filter::parse(text, &names) {
        Err(shorter) if text.contains(['=', '<', '>']) => shorter,
        _ => wrong,
    })
}

/// What one value of a flag asks for: whether it excludes, and the matchers that all must match.
fn flag_value(topic: &str, field: &str, value: &str, names: &[&str]) -> Result<(bool, Vec<Matcher>), String> {
    if !names.contains(&field) {
        return Err(format!("events of {topic} have no {field}"));
    }
    let (no, value) = value.strip_prefix('!').map_or((false, value), |rest| (true, rest));
    let of = |field: &str, op, value: &str| Matcher::new(field, op, value, names);
    let all = match field {
        "severity" => match value.strip_prefix('=') {
            Some(exact) => vec![of(field, Op::Is, exact)?],
            None => vec![of(field, Op::AtLeast, value)?],
        },
        "gpu" => gpu(value)?.into_iter().map(|(field, op, value)| of(field, op, &value)).collect::<Result<_, _>>()?,
        _ if value.is_empty() => return Err("names nothing".to_owned()),
        _ => vec![of(field, Op::Is, value)?],
    };
    Ok((no, all))
}

/// What a selector asks of a GPU: its UUID, eight characters or more of its beginning, or `host/index`.
fn gpu(selector: &str) -> Result<Vec<(&'static str, Op, String)>, String> {
    if let Some((host, index)) = selector.rsplit_once('/') {
        return Ok(vec![("host", Op::Is, host.to_owned()), ("index", Op::Is, index.to_owned())]);
    }
    if selector.contains('*') {
        return Ok(vec![("gpu", Op::Is, selector.to_owned())]);
    }
    let digits = selector.strip_prefix("GPU-").unwrap_or(selector);
    if digits.chars().count() < PREFIX {
        return Err(format!(
            "{selector:?} is no UUID, no eight characters or more of its beginning, and no host/index"
        ));
    }
    Ok(vec![("gpu", Op::Like, format!("(GPU-)?{}.*", regex_lite::escape(digits)))])
}

#[cfg(test)]
mod tests;
