//! What `tail` puts on standard output, and what it counts.

use gpuhm::bus::Record;
use gpuhm::view::tail::choice::Choice;
use gpuhm::view::tail::{counts, envelope, jsonl, pretty, time};

use super::options::Format;
use super::plan::Window;
use crate::exit::Failure;
use crate::out::Out;

/// How records are shown.
pub(super) struct Style {
    pub(super) format: Format,
    pub(super) envelope: bool,
    pub(super) topic: String,
}

/// What is wanted of what is read.
pub(super) struct Wanted {
    pub(super) choice: Choice,
    pub(super) window: Window,
    /// Most records.
    pub(super) max: u64,
}

/// Shows records.
pub(super) struct Show {
    out: Out,
    style: Style,
    wanted: Wanted,
    shown: u64,
    filtered: u64,
    undecodable: u64,
}

impl Show {
    pub(super) fn new(style: Style, wanted: Wanted) -> Result<Show, Failure> {
        Ok(Show { out: Out::blocks()?, style, wanted, shown: 0, filtered: 0, undecodable: 0 })
    }

    /// How many were shown.
    pub(super) fn shown(&self) -> u64 {
        self.shown
    }

    /// Most records that are shown.
    pub(super) fn max(&self) -> u64 {
        self.wanted.max
    }

    /// Whether no more are wanted.
    pub(super) fn is_full(&self) -> bool {
        self.shown >= self.wanted.max
    }

    /// `14 shown, 1,203 filtered, 0 undecodable`.
    pub(super) fn counts(&self) -> String {
        counts(self.shown, self.filtered, self.undecodable)
    }

    /// Whether a record is wanted.
    pub(super) fn wants(&mut self, partition: i32, record: &Record) -> bool {
        if !self.wanted.window.is_everything() && !self.wanted.window.holds(time(record)) {
            return false;
        }
        match self.wanted.choice.takes(record) {
            Some(true) => return true,
            Some(false) => self.filtered += 1,
            None => self.cannot_tell(partition, record),
        }
        false
    }

    /// Shows a record that is wanted.
    pub(super) fn show(&mut self, partition: i32, record: &Record) -> Result<(), Failure> {
        let line = match self.style.format {
            Format::Raw => {
                self.shown += 1;
                return self.out.bytes(&record.value);
            }
            _ if self.style.envelope => Some(envelope(&self.style.topic, partition, record)),
            Format::Pretty => pretty(record).map(String::into_bytes),
            Format::Jsonl | Format::Json => jsonl(record),
        };
        let Some(line) = line else {
            self.cannot_tell(partition, record);
            return Ok(());
        };
        if self.style.format == Format::Json {
            self.out.part(if self.shown == 0 { b"[" } else { b",\n" })?;
            self.out.part(&line)?;
        } else {
            self.out.bytes(&line)?;
        }
        self.shown += 1;
        Ok(())
    }

    fn cannot_tell(&mut self, partition: i32, record: &Record) {
        self.undecodable += 1;
        let (offset, size) = (record.offset, record.value.len());
        tracing::warn!("partition {partition} offset {offset}: {size} bytes that are not JSON");
    }

    /// Gives everything to the reader of standard output.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush()
    }

    /// Gives everything to the reader of standard output, whole; what failed before it showed anything prints nothing.
    pub(super) fn close(&mut self, failed: bool) -> Result<(), Failure> {
        match (self.style.format, self.shown, failed) {
            (Format::Json, 0, true) => {}
            (Format::Json, 0, false) => self.out.line("[]")?,
            (Format::Json, ..) => self.out.line("]")?,
            _ => {}
        }
        self.out.flush()
    }
}
