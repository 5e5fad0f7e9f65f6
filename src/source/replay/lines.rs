//! Events as JSON lines: passed on byte for byte and in the file's order, which is the order of delivery.
//!
//! Only the key and the time are looked at; whether a line is a good event is for validation to say. The file is
//! streamed: a few lines are held to know when the next one is due.

use std::collections::VecDeque;

use super::complaint::Complaints;
use super::input::{Input, Line};
use super::untimed;
use crate::event::Time;
use crate::event::codec::{Probe, probe};
use crate::source::Reading;

/// How far ahead the first time is looked for: lines, and bytes of them.
const AHEAD: (usize, usize) = (4096, 16 << 20);

/// A file of events.
#[derive(Debug)]
pub(super) struct Lines {
    input: Input,
    ahead: VecDeque<(Option<Time>, Reading)>,
    /// The time of the line before the first held one.
    last: Time,
    /// A later time is no time to play by.
    ceiling: Time,
    /// Whether there was a later one.
    is_ahead: bool,
}

impl Lines {
    /// The lines from `first` on.
    pub(super) fn new(input: Input, first: Line, ceiling: Time, complaints: &mut Complaints) -> Lines {
        let mut lines = Lines { input, ahead: VecDeque::new(), last: Time::default(), ceiling, is_ahead: false };
        lines.hold(first, complaints);
        let mut bytes = 0;
        while let Some((None, Reading::Line { bytes: line, .. })) = lines.ahead.back() {
            bytes += line.len();
            if lines.ahead.len() >= AHEAD.0 || bytes >= AHEAD.1 || !lines.fetch(complaints) {
                break;
            }
        }
        // Lines before the first that has a time take that one's.
        let first = lines.ahead.back().and_then(|(time, _)| *time);
        lines.last = first.unwrap_or_else(|| untimed(ceiling, lines.is_ahead));
        if lines.ahead.is_empty() {
            lines.fetch(complaints);
        }
        lines
    }

    /// When the next line is to be played: when it was taken, or with the line before it.
    pub(super) fn due(&self) -> Option<Time> {
        self.ahead.front().map(|(time, _)| time.unwrap_or(self.last))
    }

    /// The next line.
    pub(super) fn pop(&mut self, complaints: &mut Complaints) -> Option<Reading> {
        let (time, reading) = self.ahead.pop_front()?;
        self.last = time.unwrap_or(self.last);
        if self.ahead.is_empty() {
            self.fetch(complaints);
        }
        Some(reading)
    }

    /// How much of the file has been read, 0 to 1.
    pub(super) fn share(&self) -> Option<f64> {
        if self.ahead.is_empty() { Some(1.0) } else { self.input.share() }
    }

    /// Holds one line more; false at the end.
    fn fetch(&mut self, complaints: &mut Complaints) -> bool {
        while let Some(line) = self.input.line() {
            if self.hold(line, complaints) {
                return true;
            }
        }
        if let Some(why) = self.input.broken.take() {
            complaints.file(&format!("ends early, after line {}: {why}", self.input.lines()));
        }
        false
    }

    fn hold(&mut self, line: Line, complaints: &mut Complaints) -> bool {
        let bytes = match line.bytes.strip_prefix("\u{feff}".as_bytes()) {
            Some(rest) if line.number == 1 => rest.to_vec(),
            _ => line.bytes,
        };
        if bytes.trim_ascii().is_empty() {
            return false;
        }
        if line.dropped > 0 {
            complaints.line(line.number, &format!("longer than a line may be, by {} bytes", line.dropped), None);
        }
        let (mut key, mut time, mut report) = (String::new(), None, false);
        match probe(&bytes) {
            Ok(found) => Probe { key, time, report } = found,
            Err(_) if line.dropped > 0 => {}
            Err(error) => complaints.line(line.number, &format!("no event: {error}"), None),
        }
        self.is_ahead |= time > Some(self.ceiling);
        let time = time.filter(|time| *time <= self.ceiling);
        self.ahead.push_back((time, Reading::Line { key, bytes, report }));
        true
    }
}
