//! A page of samples put together GPU by GPU, one line after the other, within bounds of memory.
//!
//! What is on the page is judged when it has been read whole: something else than metrics, or metrics of something else than
//! GPUs, is said in a line.

use std::collections::HashMap;

use super::board::{Board, Labels};
use super::line::{self, Odd};
use super::number::Meaning;
use crate::source::endpoint::Trouble;
use crate::source::identity;

/// Most GPUs on one page: 2,048 hosts' through one server, and some 30 MB of memory (J).
const MOST_GPUS: usize = 16_384;
/// So many lines without a single sample are no page of metrics (J).
const PATIENCE: u64 = 1000;

/// The samples of a page so far.
pub(super) struct Gather<'n> {
    names: &'n HashMap<&'static str, Meaning>,
    boards: Vec<Board>,
    by_uuid: HashMap<String, usize>,
    /// Samples of anything.
    samples: u64,
    /// Lines that are no line of the format.
    odd: u64,
}

/// A page that was read whole.
#[derive(Debug)]
pub(super) struct Gathered {
    /// Its GPUs, in the order they appear.
    pub(super) boards: Vec<Board>,
    /// Samples of anything.
    pub(super) samples: u64,
    /// Lines that could not be understood.
    pub(super) odd: u64,
}

impl<'n> Gather<'n> {
    pub(super) fn new(names: &'n HashMap<&'static str, Meaning>) -> Gather<'n> {
        Gather { names, boards: Vec::new(), by_uuid: HashMap::new(), samples: 0, odd: 0 }
    }

    /// Takes a line, without its end. A line longer than is read is passed as none.
    pub(super) fn line(&mut self, line: Option<&[u8]>) -> Result<(), Trouble> {
        let parsed = match line.map(simdutf8::basic::from_utf8) {
            Some(Ok(text)) => line::parse(text),
            Some(Err(_)) | None => Err(Odd),
        };
        match parsed {
            Ok(None) => Ok(()),
            Ok(Some(sample)) => {
                self.samples += 1;
                self.sample(&sample)
            }
            Err(Odd) => {
                self.odd += 1;
                if self.samples == 0 && self.odd > PATIENCE { Err(no_metrics()) } else { Ok(()) }
            }
        }
    }

    fn sample(&mut self, sample: &line::Sample<'_>) -> Result<(), Trouble> {
        if !sample.name.starts_with("DCGM_") {
            return Ok(());
        }
        let labels = Labels::of(sample);
        if labels.other {
            return Ok(());
        }
        let made;
        let uuid = match (labels.uuid, labels.index) {
            // An instance by a UUID of its own: its parent is not named.
            (Some(uuid), _) if uuid.starts_with("MIG-") => return Ok(()),
            (Some(uuid), _) => uuid,
            (None, Some(index)) => {
                made = identity::gpu_uuid(labels.host.unwrap_or_default(), index);
                &made
            }
            // An XID without a GPU, for one: facts/telemetry.md section 5.
            (None, None) => return Ok(()),
        };
        let at = match self.by_uuid.get(uuid) {
            Some(at) => *at,
            None if self.boards.len() >= MOST_GPUS => {
                return Err(Trouble::new(format!("more than {MOST_GPUS} GPUs on one page")));
            }
            None => {
                self.by_uuid.insert(uuid.to_owned(), self.boards.len());
                self.boards.push(Board::new(uuid.to_owned(), &labels));
                self.boards.len() - 1
            }
        };
        if let Some(board) = self.boards.get_mut(at) {
            board.take(self.names.get(sample.name).copied(), sample, &labels);
        }
        Ok(())
    }

    /// The page's GPUs; an error where it is none of an exporter's.
    pub(super) fn finish(self) -> Result<Gathered, Trouble> {
        if self.odd > self.samples {
            return Err(no_metrics());
        }
        if self.boards.is_empty() {
            let why = match self.samples {
                0 => "the page is empty".to_owned(),
                samples => format!("no GPU on the page: {samples} samples of other things"),
            };
            return Err(
                Trouble::new(why).hint("see whether the exporter sees its GPUs, and whether its page is /metrics")
            );
        }
        Ok(Gathered { boards: self.boards, samples: self.samples, odd: self.odd })
    }
}

fn no_metrics() -> Trouble {
    Trouble::new("not a page of metrics").hint("use the exporter's own address, http://HOST:9400/metrics")
}

/// What a whole text holds.
#[cfg(test)]
pub(super) fn gather(text: &str) -> Result<Gathered, Trouble> {
    let names = super::number::names();
    let mut gather = Gather::new(&names);
    for line in text.lines() {
        gather.line(Some(line.as_bytes()))?;
    }
    gather.finish()
}

#[cfg(test)]
mod tests;
