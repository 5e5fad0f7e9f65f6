//! One line of the Prometheus text format, taken apart: name, labels with their escapes, value, time.
//!
//! Reads the classic format and `OpenMetrics` (`# EOF`, exemplars) alike. Strict about what a sample is, so that a page of
//! something else is known as such; it knows no metric by name.

use std::borrow::Cow;

/// Most labels of a sample that are looked at: pods' own labels may be many, and what counts stands first.
const MOST_LABELS: usize = 128;
/// A timestamp below it is in seconds (`OpenMetrics`), else in milliseconds: in 1973 there was neither.
const SECONDS_BELOW: f64 = 1e11;

/// The beginning of a sample's line: its name, and what stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// The metric's name.
    pub(super) name: &'a str,
    rest: &'a str,
}

/// The end of a sample's line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading<'a> {
    /// Its value: text that is a number.
    pub(super) text: &'a str,
    /// That number.
    pub(super) number: f64,
    /// Its time, in milliseconds, where the page gives one.
    pub(super) stamp: Option<i64>,
}

/// Labels, in their order.
pub(super) type Labels<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// It is no line of this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Odd;

/// Takes a line's name off; `None` where it is empty or a comment.
pub(super) fn head(line: &str) -> Result<Option<Head<'_>>, Odd> {
    let line = line.trim_matches(BLANKS);
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (name, rest) = name(line)?;
    Ok(Some(Head { name, rest }))
}

impl<'a> Head<'a> {
    /// What is the text of its labels in nearly every line, and what follows it: they end at the first brace outside quotes, this at
    /// the last brace there is. Where the very same text was found to be all the labels of one line, it is of any other.
    pub(super) fn guess(&self) -> Option<(&'a str, &'a str)> {
        self.rest.strip_prefix('{')?.rsplit_once('}')
    }

    /// Its labels, and what follows them.
    pub(super) fn labels(&self) -> Result<(Labels<'a>, &'a str), Odd> {
        match self.rest.trim_start_matches(BLANKS).strip_prefix('{') {
            Some(inside) => labels(inside),
            None if self.rest.starts_with(BLANKS) => Ok((Vec::new(), self.rest)),
            None => Err(Odd),
        }
    }
}

/// Takes apart what stands behind the labels: value, time, exemplar.
pub(super) fn reading(rest: &str) -> Result<Reading<'_>, Odd> {
    let mut words = rest.split(BLANKS).filter(|word| !word.is_empty());
    let text = words.next().ok_or(Odd)?;
    let number = text.parse().map_err(|_| Odd)?;
    let stamp = match words.next() {
        None => None,
        Some(word) if word.starts_with('#') => None,
        Some(word) => {
            let stamp = word.parse().map_err(|_| Odd).map(milliseconds)?;
            if words.next().is_some_and(|word| !word.starts_with('#')) {
                return Err(Odd);
            }
            stamp
        }
    };
    Ok(Reading { text, number, stamp })
}

const BLANKS: [char; 3] = [' ', '\t', '\r'];

fn milliseconds(stamp: f64) -> Option<i64> {
    let ms = if stamp.abs() < SECONDS_BELOW { stamp * 1000.0 } else { stamp };
    crate::event::values::whole(ms.round())
}

/// The name at the beginning, and what follows it.
fn name(text: &str) -> Result<(&str, &str), Odd> {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    let end = text.bytes().position(|byte| !part(byte)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).ok_or(Odd)?;
    match name.bytes().next() {
        Some(first) if !first.is_ascii_digit() => Ok((name, rest)),
        _ => Err(Odd),
    }
}

/// The labels behind `{`, and what follows `}`.
fn labels(mut text: &str) -> Result<(Labels<'_>, &str), Odd> {
    let mut labels = Vec::new();
    loop {
        text = text.trim_start_matches(BLANKS);
        if let Some(rest) = text.strip_prefix('}') {
            return Ok((labels, rest));
        }
        let (key, rest) = name(text)?;
        let rest = rest.trim_start_matches(BLANKS).strip_prefix('=').ok_or(Odd)?;
        let rest = rest.trim_start_matches(BLANKS).strip_prefix('"').ok_or(Odd)?;
        let (value, rest) = quoted(rest)?;
        if labels.len() < MOST_LABELS {
            labels.push((key, value));
        }
        text = rest.trim_start_matches(BLANKS);
        match text.strip_prefix(',') {
            Some(rest) => text = rest,
            None if text.starts_with('}') => {}
            None => return Err(Odd),
        }
    }
}

/// The text up to the closing quote, escapes undone, and what follows it.
fn quoted(text: &str) -> Result<(Cow<'_, str>, &str), Odd> {
    let end = text.find(['"', '\\']).ok_or(Odd)?;
    let (plain, rest) = text.split_at(end);
    if let Some(rest) = rest.strip_prefix('"') {
        return Ok((Cow::Borrowed(plain), rest));
    }
    let mut value = plain.to_owned();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Cow::Owned(value), rest.get(at + 1..).unwrap_or_default())),
            '\\' => match chars.next().ok_or(Odd)?.1 {
                'n' => value.push('\n'),
                c @ ('\\' | '"') => value.push(c),
                // Not an escape of the format: kept as it stands.
                other => value.extend(['\\', other]),
            },
            c => value.push(c),
        }
    }
    Err(Odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Sample<'a> {
        name: &'a str,
        labels: Labels<'a>,
        value: &'a str,
        stamp: Option<i64>,
    }

    fn parse(line: &str) -> Result<Option<Sample<'_>>, Odd> {
        let Some(head) = head(line)? else { return Ok(None) };
        let (labels, rest) = head.labels()?;
        let Reading { text, number, stamp } = reading(rest)?;
        assert!(text.parse::<f64>().unwrap().to_bits() == number.to_bits());
        // What is guessed is the labels' text, or more than it.
        let (inside, behind) = head.guess().unwrap_or_default();
        assert!(behind.len() <= rest.len() && (behind.len() < rest.len() || behind == rest), "{line:?}: {inside:?}");
        Ok(Some(Sample { name: head.name, labels, value: text, stamp }))
    }

    fn sample(line: &str) -> Sample<'_> {
        parse(line).unwrap().unwrap()
    }

    #[test]
    fn a_sample_is_taken_apart() {
        let it = sample("A_b:c{gpu=\"0\", UUID = \"GPU-1\" ,pod=\"\",} 12.5 1700000000123\r");
        assert_eq!((it.name, it.value, it.stamp), ("A_b:c", "12.5", Some(1_700_000_000_123)));
        let labels: Vec<(&str, &str)> = it.labels.iter().map(|(key, value)| (*key, value.as_ref())).collect();
        assert_eq!(labels, [("gpu", "0"), ("UUID", "GPU-1"), ("pod", "")]);
        assert_eq!(sample("a 1").labels.len(), 0);
        assert_eq!(sample("a{} NaN").value, "NaN");
        assert_eq!(sample("a\t+Inf").value, "+Inf");
        assert_eq!(sample("a 1 1700000000.5").stamp, Some(1_700_000_000_500));
        assert_eq!(sample("a 1 1700000000 # {trace=\"x\"} 1").stamp, Some(1_700_000_000_000));
        assert_eq!(sample("a 1 # {trace=\"x\"} 1").stamp, None);
    }

    #[test]
    fn escapes_are_undone() {
        let it = sample(r#"a{m="say \"hi\"\\\n{},=" ,n="\q"} 1"#);
        assert_eq!(it.labels[0].1, "say \"hi\"\\\n{},=");
        assert_eq!(it.labels[1].1, "\\q");
    }

    #[test]
    fn comments_and_blank_lines_are_nothing() {
        for line in ["", "  \r", "# HELP a b", "#", "# EOF"] {
            assert_eq!(parse(line), Ok(None), "{line:?}");
        }
    }

    #[test]
    fn what_is_no_sample_is_odd() {
        for line in [
            "<html>",
            "a",
            "a{",
            "a{b",
            "a{b=\"c\"",
            "a{b=\"c",
            "a{b=\"c\\",
            "a{b=c} 1",
            "a{b=\"c\" d=\"e\"} 1",
            "a{} x",
            "a{}",
            "a 1 x",
            "a 1 2 3",
            "1a 2",
            "{b=\"c\"} 1",
            "DCGM_FI_DEV_SM_CLOCK,  gauge, SM clock",
        ] {
            assert_eq!(parse(line), Err(Odd), "{line:?}");
        }
    }
}
