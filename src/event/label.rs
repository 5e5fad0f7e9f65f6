//! Labels: the failures that the fleet's own people record, read from a file.
//!
//! CSV with a header `gpu_uuid,at,kind[,note][,who]`, or JSON lines with the same keys. Every bad row is told by its line; good
//! and bad come back apart, and whether to import the good ones beside bad ones is for the caller to say. One line is one
//! record and all sizes are bounded, so that a wrong file costs little. Knows no file and no store.

use std::fmt;
use std::io::{BufRead, Read as _};

use serde::Deserialize;

use super::Time;
use super::matcher::distance;
use super::prediction::{Failure, FailureKind};
use super::text::is_plain;
use super::time::MINUTE;

/// Longest line, bytes.
pub const LONGEST_LINE: usize = 8192;
/// Most records that are read, and most errors that are told.
pub const MOST: (usize, usize) = (1_000_000, 1000);
/// Longest UUID and name of who says so, and longest note, in characters.
const LONGEST: (usize, usize) = (128, 1000);
/// How far ahead of now a label may lie: clocks differ.
const AHEAD: i64 = 5 * MINUTE;
/// A label from before 2000 is a slip of the pen, and would stretch the record by its error.
const EARLIEST: Time = Time(946_684_800_000);
/// Columns that must be there, and those that may.
const COLUMNS: [&str; 5] = ["gpu_uuid", "at", "kind", "note", "who"];
const REQUIRED: usize = 3;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelError {
    /// Its line, from 1.
    pub line: u64,
    /// What is wrong.
    pub what: String,
    /// Where the kind is unknown, the one that it is nearest to.
    pub nearest: Option<FailureKind>,
}

impl fmt::Display for LabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)?;
        self.nearest.map_or(Ok(()), |kind| write!(f, "; did you mean {}?", kind.word()))
    }
}

impl std::error::Error for LabelError {}

/// A row as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    gpu_uuid: String,
    at: String,
    kind: String,
    note: Option<String>,
    who: Option<String>,
}

/// Why a row is bad: what, and the nearest kind.
type Bad = (String, Option<FailureKind>);

/// How the rows are written.
enum Shape {
    Json,
    /// The position of each of `COLUMNS`, and how many columns there are.
    Csv([Option<usize>; COLUMNS.len()], usize),
}

/// Reads labels; `who` says so where a row does not. Returns the good ones, in the file's order, and what is wrong with the
/// others.
pub fn read(mut input: impl BufRead, who: &str, now: Time) -> (Vec<Failure>, Vec<LabelError>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let (mut number, mut shape) = (0, None);
    loop {
        let line = match next(&mut input) {
            Ok(None) => break,
            Ok(Some(line)) => line,
            Err(why) => {
                bad.push(LabelError { line: number + 1, what: format!("cannot be read: {why}"), nearest: None });
                break;
            }
        };
        number += 1;
        let mut tell = |(what, nearest): Bad| bad.push(LabelError { line: number, what, nearest });
        match (line.and_then(|line| take(&line, number, &mut shape, who, now)), shape.is_some()) {
            (Ok(None), _) => {}
            (Ok(Some(failure)), _) => good.push(failure),
            (Err(why), true) => tell(why),
            (Err(why), false) => {
                // Without a header no row can be read.
                tell(why);
                break;
            }
        }
        if good.len() >= MOST.0 || bad.len() >= MOST.1 {
            let what = format!("reading ends here: more than {} labels or {} errors", MOST.0, MOST.1);
            bad.push(LabelError { line: number, what, nearest: None });
            break;
        }
    }
    (good, bad)
}

/// The next line, without its end; `None` at the end of the input.
fn next(input: &mut impl BufRead) -> std::io::Result<Option<Result<String, Bad>>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(LONGEST_LINE + 1).unwrap_or(u64::MAX);
    if input.by_ref().take(most).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() > LONGEST_LINE && bytes.last() != Some(&b'\n') {
        skip(input)?;
        return Ok(Some(Err((format!("longer than {LONGEST_LINE} bytes"), None))));
    }
    Ok(Some(String::from_utf8(bytes).map_err(|_| ("is not UTF-8 text".to_owned(), None))))
}

/// Reads on to the end of the line, keeping nothing.
fn skip(input: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let held = input.fill_buf()?;
        let (used, done) = match held.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (held.len(), held.is_empty()),
        };
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

/// One line: nothing for a blank one and the header.
fn take(line: &str, number: u64, shape: &mut Option<Shape>, who: &str, now: Time) -> Result<Option<Failure>, Bad> {
    let line = if number == 1 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
    let line = line.trim();
    if line.is_empty() {
        return Ok(None);
    }
    let row = match shape {
        None if line.starts_with('{') => {
            *shape = Some(Shape::Json);
            from_json(line)?
        }
        None => {
            *shape = Some(header(&fields(line)?)?);
            return Ok(None);
        }
        Some(Shape::Json) => from_json(line)?,
        Some(Shape::Csv(columns, count)) => from_csv(&fields(line)?, columns, *count)?,
    };
    label(row, who, now).map(Some)
}

fn from_json(line: &str) -> Result<Wire, Bad> {
    serde_json::from_str(line).map_err(|error| {
        let text = error.to_string();
        // Its own line number is always 1.
        let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
        (format!("{what} at column {}", error.column()), None)
    })
}

/// The fields of a CSV line.
fn fields(line: &str) -> Result<csv::StringRecord, Bad> {
    if line.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
        return Err(("a quote is not closed on its line".to_owned(), None));
    }
    let mut csv =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    match csv.read_record(&mut record) {
        Ok(true) => Ok(record),
        Ok(false) => Err(("is no CSV".to_owned(), None)),
        Err(why) => Err((format!("is no CSV: {why}"), None)),
    }
}

fn header(names: &csv::StringRecord) -> Result<Shape, Bad> {
    let known = COLUMNS.join(", ");
    for (at, name) in names.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            return Err((format!("the header names {name:?}, which is none of {known}"), None));
        }
        if names.iter().take(at).any(|before| before == name) {
            return Err((format!("the header names {name} twice"), None));
        }
    }
    let columns = COLUMNS.map(|column| names.iter().position(|name| name == column));
    let missing = COLUMNS.iter().zip(columns).take(REQUIRED).find(|(_, at)| at.is_none());
    match missing {
        Some((column, _)) => Err((format!("the header has no {column}; known are {known}"), None)),
        None => Ok(Shape::Csv(columns, names.len())),
    }
}

fn from_csv(fields: &csv::StringRecord, columns: &[Option<usize>; COLUMNS.len()], count: usize) -> Result<Wire, Bad> {
    if fields.len() != count {
        let hint = if fields.len() > count { ": a note with a comma needs quotes" } else { "" };
        return Err((format!("{} fields where the header has {count}{hint}", fields.len()), None));
    }
    let [gpu_uuid, at, kind, note, who] = columns.map(|at| at.and_then(|at| fields.get(at)).map(str::to_owned));
    let [gpu_uuid, at, kind] = [gpu_uuid, at, kind].map(Option::unwrap_or_default);
    Ok(Wire { gpu_uuid, at, kind, note, who })
}

/// One label as a person gave it: held to the same rules as those of a file.
///
/// # Errors
/// What is wrong with it.
pub fn check(label: &Failure, now: Time) -> Result<Failure, String> {
    let row = Wire {
        gpu_uuid: label.gpu_uuid.clone(),
        at: label.at.to_string(),
        kind: label.kind.word().to_owned(),
        note: label.note.clone(),
        who: Some(label.who.clone()),
    };
    self::label(row, "", now).map_err(|(what, _)| what)
}

fn label(row: Wire, who: &str, now: Time) -> Result<Failure, Bad> {
    let wrong = |what: String| (what, None);
    let name = |field: &str, text: &str| {
        let fits = !text.is_empty() && text.chars().count() <= LONGEST.0 && is_plain(text);
        if fits { Ok(()) } else { Err(wrong(format!("{field} is not 1 to {} printable characters", LONGEST.0))) }
    };
    let gpu_uuid = row.gpu_uuid.trim().to_owned();
    name("gpu_uuid", &gpu_uuid)?;
    let kind = kind(row.kind.trim())?;
    let at = instant(row.at.trim(), now).map_err(wrong)?;
    let filled = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let who = filled(row.who).unwrap_or_else(|| who.to_owned());
    name("who", &who)?;
    let note = filled(row.note);
    if note.as_ref().is_some_and(|note| note.chars().count() > LONGEST.1) {
        return Err(wrong(format!("the note is longer than {} characters", LONGEST.1)));
    }
    if note.as_ref().is_some_and(|note| !is_plain(note)) {
        return Err(wrong("the note holds control characters".to_owned()));
    }
    Ok(Failure { gpu_uuid, at, kind, who, note })
}

/// An instant, or a day's beginning in UTC, that can be.
fn instant(text: &str, now: Time) -> Result<Time, String> {
    let shown = || text.chars().take(64).collect::<String>();
    let day = || (text.len() == "2026-11-02".len()).then(|| Time::parse(&format!("{text}T00:00:00Z"))).flatten();
    let at = Time::parse(text).or_else(day);
    let at = at.ok_or_else(|| {
        format!("at {:?} is neither RFC 3339 with a zone (2026-11-02T08:30:00Z) nor a date (2026-11-02)", shown())
    })?;
    if at > now.plus(AHEAD) {
        return Err(format!("at {at} lies in the future: now is {now}"));
    }
    if at < EARLIEST {
        return Err(format!("at {at} lies before 2000"));
    }
    Ok(at)
}

fn kind(word: &str) -> Result<FailureKind, Bad> {
    FailureKind::parse(word).ok_or_else(|| {
        let words: Vec<&str> = FailureKind::ALL.iter().map(|kind| kind.word()).collect();
        let shown: String = word.chars().take(64).collect();
        (format!("kind {shown:?} is none of {}", words.join(", ")), Some(nearest(word)))
    })
}

/// The kind with the fewest letters to change; of equals the first.
fn nearest(word: &str) -> FailureKind {
    let plain: String =
        word.chars().take(64).map(|c| if c == '-' || c == ' ' { '_' } else { c.to_ascii_lowercase() }).collect();
    let apart = |kind: &FailureKind| distance(&plain, kind.word());
    FailureKind::ALL.iter().copied().min_by_key(apart).unwrap_or(FailureKind::Other)
}

#[cfg(test)]
mod tests;
