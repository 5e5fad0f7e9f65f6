//! A page of samples put together GPU by GPU, one line after the other, within bounds of memory.
//!
//! What is on the page is judged when it has been read whole: something else than metrics, or metrics of something else than
//! GPUs, is said in a line.

use std::collections::HashMap;

use super::board::{Board, Labels};
use super::line::{self, Head, Odd};
use super::number::Names;
use crate::source::endpoint::Trouble;
use crate::source::identity;

/// Most GPUs on one page: 2,048 hosts' through one server, and some 30 MB of memory (J).
const MOST_GPUS: usize = 16_384;
/// What every name begins with that is read.
const OURS: &str = "DCGM_";
/// So many lines without a single sample are no page of metrics (J).
const PATIENCE: u64 = 1000;

/// Longest text of labels that is remembered, in bytes: dcgm-exporter's own take 250 (J). Of the longest, as many as there may be
/// GPUs take 16 MB.
const MOST_TEXT: usize = 1024;

type Places = HashMap<String, usize, foldhash::fast::RandomState>;

/// The samples of a page so far.
pub(super) struct Gather<'n> {
    names: &'n Names,
    boards: Vec<Board>,
    by_uuid: Places,
    /// Whose labels a text is: a GPU's lines have the same at every metric, and taking them apart is most of the work.
    by_text: Places,
    /// Samples of anything.
    samples: u64,
    /// Lines that are no line of the format.
    odd: u64,
    /// Values of a time before it are not taken, in milliseconds.
    oldest: i64,
}

/// Why a line was not taken.
enum Refused {
    /// It is none of the format.
    Line,
    /// The page is not to be read on.
    Page(Trouble),
}

impl From<Odd> for Refused {
    fn from(_: Odd) -> Refused {
        Refused::Line
    }
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
    pub(super) fn new(names: &'n Names) -> Gather<'n> {
        let (boards, by_uuid, by_text) = (Vec::new(), Places::default(), Places::default());
        Gather { names, boards, by_uuid, by_text, samples: 0, odd: 0, oldest: i64::MIN }
    }

    /// Leaves values out whose own time is before `oldest`, in milliseconds.
    pub(super) fn since(self, oldest: i64) -> Gather<'n> {
        Gather { oldest, ..self }
    }

    /// Takes a line, without its end. A line longer than is read is passed as none.
    pub(super) fn line(&mut self, line: Option<&[u8]>) -> Result<(), Trouble> {
        let head = match line.map(simdutf8::basic::from_utf8) {
            Some(Ok(text)) => line::head(text),
            Some(Err(_)) | None => Err(Odd),
        };
        let taken = match head {
            Ok(None) => return Ok(()),
            Ok(Some(head)) => self.known(head).unwrap_or_else(|| self.sample(head)),
            Err(odd) => Err(odd.into()),
        };
        match taken {
            Ok(()) => {
                self.samples += 1;
                Ok(())
            }
            Err(Refused::Page(trouble)) => Err(trouble),
            Err(Refused::Line) => {
                self.odd += 1;
                if self.samples == 0 && self.odd > PATIENCE { Err(no_metrics()) } else { Ok(()) }
            }
        }
    }

    /// Takes a sample whose labels were seen before; `None` where they were not.
    fn known(&mut self, head: Head<'_>) -> Option<Result<(), Refused>> {
        let (text, rest) = head.guess()?;
        let board = self.boards.get_mut(*self.by_text.get(text)?)?;
        let reading = match line::reading(rest) {
            Ok(reading) => reading,
            Err(odd) => return Some(Err(odd.into())),
        };
        if head.name.starts_with(OURS) {
            board.take(self.names.get(head.name).copied(), reading, &Labels::default(), self.oldest);
        }
        Some(Ok(()))
    }

    /// Takes any sample.
    fn sample(&mut self, head: Head<'_>) -> Result<(), Refused> {
        let (labels, rest) = head.labels()?;
        let reading = line::reading(rest)?;
        if !head.name.starts_with(OURS) {
            return Ok(());
        }
        let labels = Labels::of(&labels);
        let Some(at) = self.place(&labels)? else { return Ok(()) };
        let plain = head.guess().filter(|(text, behind)| {
            *behind == rest && labels.is_plain() && text.len() <= MOST_TEXT && self.by_text.len() < MOST_GPUS
        });
        if let Some((text, _)) = plain {
            self.by_text.insert(text.to_owned(), at);
        }
        if let Some(board) = self.boards.get_mut(at) {
            board.take(self.names.get(head.name).copied(), reading, &labels, self.oldest);
        }
        Ok(())
    }

    /// Which GPU labels are of; `None` where of none.
    fn place(&mut self, labels: &Labels<'_>) -> Result<Option<usize>, Refused> {
        let made;
        let uuid = match (labels.uuid, labels.index) {
            _ if labels.other => return Ok(None),
            // An instance by a UUID of its own: its parent is not named.
            (Some(uuid), _) if uuid.starts_with("MIG-") => return Ok(None),
            (Some(uuid), _) => uuid,
            (None, Some(index)) => {
                made = identity::gpu_uuid(labels.host.unwrap_or_default(), index);
                &made
            }
            // An XID without a GPU, for one: facts/telemetry.md section 5.
            (None, None) => return Ok(None),
        };
        if let Some(at) = self.by_uuid.get(uuid) {
            return Ok(Some(*at));
        }
        if self.boards.len() >= MOST_GPUS {
            return Err(Refused::Page(Trouble::new(format!("more than {MOST_GPUS} GPUs on one page"))));
        }
        let at = self.boards.len();
        self.by_uuid.insert(uuid.to_owned(), at);
        self.boards.push(Board::new(uuid.to_owned(), labels));
        Ok(Some(at))
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
