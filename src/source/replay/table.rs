//! A table of samples, loaded whole and sorted by time over all GPUs, since recordings list one GPU after the other.
//!
//! Rows are compact: a time, the number of the GPU and the file's own numbers. A line that is no row keeps its place and
//! its bytes, as many as show what it was: a compressed file may unpack to a thousand times its size of such lines.

use std::borrow::Cow;

use super::complaint::{Complaints, shown};
use super::header::{Again, Header};
use super::input::{Input, Line};
use super::row::{Known, Reader};
use super::untimed;
use crate::event::sample::SCHEMA_VERSION;
use crate::event::{self, Body, Event, Quality, Time, Values};
use crate::source::Reading;

/// Bytes kept of a line that is no row. Real rows have a few hundred.
const KEPT: usize = 4 << 10;
/// Bytes that the lines that are no rows may take in memory together; a file with more is no table.
pub(super) const BROKEN: usize = 256 << 20;
/// What a line takes beside its bytes: its row, and what the allocator keeps.
const BESIDE: usize = size_of::<Row>() + 16;

#[derive(Debug)]
enum What {
    /// A GPU, and where its numbers start.
    Sample(usize, usize),
    /// The same with a time of its own, which is ahead of the present.
    Ahead(Box<(Time, usize, usize)>),
    /// A line that is no row.
    Broken(Vec<u8>),
}

#[derive(Debug)]
struct Row {
    /// When it is to be played: when it was taken, or with the line before it.
    time: Time,
    what: What,
}

/// What a table may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// A later time is no time to play by.
    pub(super) ceiling: Time,
    /// Bytes of memory that the lines that are no rows may take.
    pub(super) broken: usize,
}

/// A loaded table.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Row>,
    cells: Vec<f64>,
    metrics: Vec<usize>,
    gpus: Vec<Known>,
    intervals: Vec<Option<i64>>,
    next: usize,
}

impl Table {
    /// Loads what is left of the file behind its header; the reason where the lines that are no rows take more memory
    /// than they may.
    pub(super) fn load(
        input: &mut Input,
        header: &Header,
        host: &str,
        complaints: &mut Complaints,
        limits: Limits,
    ) -> Result<Table, String> {
        if !header.unknown.is_empty() {
            complaints.file(&format!("columns ignored, nobody knows them: {}", header.unknown.join(", ")));
        }
        let mut reader = Reader::new(header, host);
        let (mut rows, mut cells) = (Vec::<Row>::new(), Vec::new());
        let mut broken = Broken { most: limits.broken, ..Broken::default() };
        let mut pace = Pace { ceiling: limits.ceiling, ..Pace::default() };
        while let Some(line) = input.line() {
            if line.bytes.trim_ascii().is_empty() && !line.cut {
                continue;
            }
            let start = cells.len();
            let Some(read) = sample(&mut reader, header, &line, &mut cells, &mut broken.foreign) else {
                continue;
            };
            let (time, what) = match read {
                Ok((time, gpu)) if time > pace.ceiling => (Some(time), What::Ahead(Box::new((time, gpu, start)))),
                Ok((time, gpu)) => (Some(time), What::Sample(gpu, start)),
                Err(why) => {
                    let time = reader.time().filter(|_| !line.cut);
                    (time, What::Broken(broken.keep(line, &why, complaints)?))
                }
            };
            let time = pace.next(time, &mut rows);
            rows.push(Row { time, what });
        }
        if rows.is_empty() {
            complaints.file("no rows behind its header");
        }
        // Stable: rows of one instant stay in the file's order.
        rows.sort_by_key(|row| row.time);
        let intervals = intervals(&rows, reader.gpus.len());
        Ok(Table { rows, cells, metrics: reader.metrics, gpus: reader.gpus, intervals, next: 0 })
    }

    /// When the next row was taken.
    pub(super) fn due(&self) -> Option<Time> {
        self.rows.get(self.next).map(|row| row.time)
    }

    /// The next row.
    pub(super) fn pop(&mut self) -> Option<Reading> {
        let row = self.rows.get_mut(self.next)?;
        self.next += 1;
        let (time, gpu, start) = match &mut row.what {
            What::Broken(bytes) => {
                let bytes = std::mem::take(bytes);
                return Some(Reading::Line { key: String::new(), bytes, report: false });
            }
            What::Sample(gpu, start) => (row.time, *gpu, *start),
            What::Ahead(ahead) => **ahead,
        };
        let mut values = Values::default();
        let cells = self.cells.get(start..start + self.metrics.len()).unwrap_or_default();
        for (metric, number) in self.metrics.iter().zip(cells) {
            if !number.is_nan() {
                values.set_number(*metric, *number);
            }
        }
        let known = self.gpus.get(gpu)?;
        let interval = self.intervals.get(gpu).copied().flatten();
        Some(Reading::Event(Box::new(event(time, known, values, interval))))
    }

    /// How much has been delivered, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share of progress needs no more than 53 bits")]
    pub(super) fn share(&self) -> f64 {
        if self.rows.is_empty() { 1.0 } else { self.next as f64 / self.rows.len() as f64 }
    }
}

/// When rows are to be played, in the file's order.
#[derive(Debug, Default)]
struct Pace {
    ceiling: Time,
    last: Option<Time>,
    is_ahead: bool,
}

impl Pace {
    /// When to play the row after `rows` that has this `time`. Those before the first with a time take that one's.
    fn next(&mut self, time: Option<Time>, rows: &mut [Row]) -> Time {
        self.is_ahead |= time > Some(self.ceiling);
        let time = time.filter(|time| *time <= self.ceiling);
        if let (None, Some(first)) = (self.last, time) {
            for row in rows {
                row.time = first;
            }
        }
        self.last = time.or(self.last);
        self.last.unwrap_or_else(|| untimed(self.ceiling, self.is_ahead))
    }
}

/// The lines that are no rows.
#[derive(Debug, Default)]
struct Broken {
    /// Bytes of memory that they may take, and that they take.
    most: usize,
    taken: usize,
    /// How many there were, and what is wrong with the first.
    count: u64,
    first: String,
    /// Whether the lines stand under another header than the table's.
    foreign: bool,
}

impl Broken {
    /// What is kept of a line; the reason where the file has too many of them.
    fn keep(&mut self, line: Line, why: &str, complaints: &mut Complaints) -> Result<Vec<u8>, String> {
        let mut bytes = line.bytes;
        let kept = (bytes.len() > KEPT).then_some(KEPT);
        bytes.truncate(KEPT);
        bytes.shrink_to_fit();
        complaints.line(line.number, why, kept);
        if self.count == 0 {
            self.first = format!("line {}: {}", line.number, shown(why));
        }
        self.count += 1;
        self.taken += bytes.len() + BESIDE;
        if self.taken > self.most {
            return Err(format!(
                "no table: {} of its first {} lines are no rows and take more than {} MiB of memory; {}",
                self.count,
                line.number,
                self.most >> 20,
                self.first
            ));
        }
        Ok(bytes)
    }
}

/// What a line says, or what is wrong with it; `None` where it is the table's header once more.
fn sample(
    reader: &mut Reader,
    header: &Header,
    line: &Line,
    cells: &mut Vec<f64>,
    foreign: &mut bool,
) -> Option<Result<(Time, usize), String>> {
    let start = cells.len();
    let read = reader.read(&line.bytes, cells);
    let why = if line.cut {
        // What is left of it may look whole and still lack digits.
        "the file breaks off within this line".to_owned()
    } else if line.dropped > 0 {
        format!("longer than a line may be, by {} bytes", line.dropped)
    } else {
        match read.is_err().then(|| header.again(&line.bytes)).flatten() {
            Some(Again::Same) => {
                *foreign = false;
                return None;
            }
            Some(Again::Other) => {
                *foreign = true;
                "a second header, and another than the first: what stands under it cannot be told by the first"
                    .to_owned()
            }
            // Its columns may be as many and mean something else.
            None if *foreign => "stands under another header than the file's first".to_owned(),
            None => return Some(read),
        }
    };
    cells.truncate(start);
    Some(Err(why))
}

/// The median step between the times of each GPU, ms; steps of nothing (repeated times) do not count.
fn intervals(rows: &[Row], gpus: usize) -> Vec<Option<i64>> {
    let mut seen: Vec<(Option<Time>, Vec<i64>)> = vec![(None, Vec::new()); gpus];
    for row in rows {
        if let What::Sample(gpu, _) = row.what
            && let Some((last, steps)) = seen.get_mut(gpu)
        {
            let step = last.map_or(0, |last| row.time.since(last));
            if step > 0 {
                steps.push(step);
            }
            *last = Some(row.time);
        }
    }
    let median = |(_, mut steps): (Option<Time>, Vec<i64>)| {
        steps.sort_unstable();
        steps.get(steps.len().saturating_sub(1) / 2).copied()
    };
    seen.into_iter().map(median).collect()
}

fn event(time: Time, known: &Known, values: Values, interval_ms: Option<i64>) -> Event<'static> {
    let host = event::Host { hostname: Some(Cow::Owned(known.host.clone())), ..event::Host::default() };
    Event {
        schema_version: Some(Cow::Borrowed(SCHEMA_VERSION)),
        time: Some(time),
        host,
        body: Body::Sample(known.gpu.clone(), values, Vec::new()),
        quality: Quality { interval_ms, ..Quality::default() },
        ..Event::default()
    }
}
