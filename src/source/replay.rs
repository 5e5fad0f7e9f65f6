//! Recordings: a file of samples, plain or gzip, played in its own time. Its format is told by its first line.
//!
//! Events as JSON lines pass byte for byte in the file's order; tables (`nvidia-smi --query-gpu=… --format=csv`, and
//! CSV with columns `t,host,gpu,…`) are loaded, sorted by time over all GPUs, and made into events that hold what the
//! file says and nothing else. A broken line is passed on as it stands, for validation to refuse, and is complained of.
//! What was recorded lies in the past: a time ahead of the present is a broken clock's, and nothing is played by it.

mod cell;
mod complaint;
mod header;
mod input;
mod lines;
mod row;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

use super::{Due, Reading, Source, SourceError};
use crate::event::Time;
use crate::event::time::MINUTE;
use complaint::Complaints;
use header::Format;
use input::Input;
use lines::Lines;
use table::{Limits, Table};

/// Readings given at one call at most; the loop comes back for the rest.
const CHUNK: usize = 4096;
/// … and bytes of them, but for the last, which may exceed it. Double, and a recording of the longest lines takes as
/// much more of memory; half, and it changes nothing for real events: a chunk of them has this many.
const CHUNK_BYTES: usize = 8 << 20;
/// How far a recorded time may be ahead of the present and still be played by: what validation allows.
pub const AHEAD: i64 = 5 * MINUTE;
/// The host of a table that names none and comes from no file.
const LOCALHOST: &str = "localhost";
/// Endings of a file name that do not name its host.
const ENDINGS: [&str; 5] = [".gz", ".csv", ".txt", ".log", ".smi"];

#[derive(Debug)]
enum Recording {
    Lines(Lines),
    Table(Table),
}

/// A recording being played.
#[derive(Debug)]
pub struct Replay {
    recording: Recording,
    complaints: Complaints,
}

impl Replay {
    /// Opens a recording; `-` is standard input. In a table without a host column the file's name is the host's.
    /// `ceiling` is the present and [`AHEAD`]: what claims to be from later is played when the line before it is.
    ///
    /// # Errors
    /// `File` where it cannot be read or is none of the formats.
    pub fn open(path: &str, ceiling: Time) -> Result<Replay, SourceError> {
        let mut input = Input::open(path)?;
        let fail = |why: String| SourceError::File { file: path.to_owned(), why };
        let first = loop {
            match input.line() {
                Some(line) if line.bytes.trim_ascii().is_empty() && !line.cut => {}
                Some(line) => break line,
                None => {
                    return Err(fail(
                        input.broken.take().unwrap_or_else(|| format!("empty; {}", header::none_of_them(b""))),
                    ));
                }
            }
        };
        let format = header::detect(&first.bytes).map_err(|why| match &input.broken {
            Some(broken) => fail(format!("{broken}; {why}")),
            None => fail(why),
        })?;
        let mut complaints = Complaints::new(path);
        let recording = match format {
            Format::Lines => Recording::Lines(Lines::new(input, first, ceiling, &mut complaints)),
            Format::Table(_) if first.cut => {
                let why = input.broken.take().unwrap_or_default();
                return Err(fail(format!("it breaks off within its header: {why}")));
            }
            Format::Table(header) => {
                let limits = Limits { ceiling, broken: table::BROKEN };
                let table = Table::load(&mut input, &header, &host(path), &mut complaints, limits).map_err(fail)?;
                if let Some(why) = input.broken.take() {
                    complaints.file(&format!("ends early, after line {}: {why}", input.lines()));
                }
                Recording::Table(table)
            }
        };
        Ok(Replay { recording, complaints })
    }

    fn next_due(&self) -> Option<Time> {
        match &self.recording {
            Recording::Lines(lines) => lines.due(),
            Recording::Table(table) => table.due(),
        }
    }
}

/// When lines are played of which none has a time to play them by: long ago, or at present where the recording's times
/// are ahead of it, since a time to play by may follow.
fn untimed(ceiling: Time, is_ahead: bool) -> Time {
    if is_ahead { ceiling.plus(-AHEAD) } else { Time::default() }
}

/// The host a file is named after: `gpu-node-7` of `logs/gpu-node-7.csv.gz`.
fn host(path: &str) -> String {
    let name = Path::new(path).file_name().and_then(|name| name.to_str()).filter(|_| path != "-");
    let mut stem = name.unwrap_or(LOCALHOST);
    for ending in ENDINGS {
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    if stem.is_empty() { LOCALHOST.to_owned() } else { stem.to_owned() }
}

impl Source for Replay {
    fn kind(&self) -> &'static str {
        "replay"
    }

    fn due(&self) -> Due {
        self.next_due().map_or(Due::End, Due::At)
    }

    fn read(&mut self, now: Time, out: &mut Vec<Reading>) -> Result<(), SourceError> {
        let mut bytes = 0;
        for _ in 0..CHUNK {
            if bytes >= CHUNK_BYTES || self.next_due().is_none_or(|due| due > now) {
                break;
            }
            let reading = match &mut self.recording {
                Recording::Lines(lines) => lines.pop(&mut self.complaints),
                Recording::Table(table) => table.pop(),
            };
            bytes += reading.as_ref().map_or(0, Reading::weight);
            out.extend(reading);
        }
        Ok(())
    }

    fn complaints(&mut self) -> Vec<String> {
        self.complaints.take()
    }

    fn progress(&self) -> Option<f64> {
        match &self.recording {
            Recording::Lines(lines) => lines.share(),
            Recording::Table(table) => Some(table.share()),
        }
    }
}
