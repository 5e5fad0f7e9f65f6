//! The bytes of a recording as lines: plain or gzip, each line bounded, and what is left of a file that was cut off.
//!
//! Nothing is buffered beyond the bound of a line, whatever the file holds. Knows no format.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::source::SourceError;

/// Bytes kept of one line; the rest is thrown away and counted. One byte more than the largest line that is whole, so
/// that whoever judges lines by length sees that this one is too long.
pub(super) const LINE: usize = (1 << 20) + 1;
/// First bytes of a gzip member (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 64 << 10;

/// A reader that counts.
struct Counting<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A line without its end.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Its bytes, at most `LINE`.
    pub(super) bytes: Vec<u8>,
    /// Bytes thrown away.
    pub(super) dropped: u64,
    /// Whether the file broke off within it.
    pub(super) cut: bool,
}

/// A recording's lines.
pub(super) struct Input {
    reader: Box<dyn BufRead + Send>,
    read: Arc<AtomicU64>,
    size: Option<u64>,
    lines: u64,
    over: bool,
    /// Why it ended early.
    pub(super) broken: Option<String>,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("lines", &self.lines).field("broken", &self.broken).finish_non_exhaustive()
    }
}

impl Input {
    /// Opens a file; `-` is standard input.
    pub(super) fn open(path: &str) -> Result<Input, SourceError> {
        let fail = |error: io::Error| SourceError::File { file: path.to_owned(), why: error.to_string() };
        if path == "-" {
            return Input::new(io::stdin(), None).map_err(fail);
        }
        let file = File::open(path).map_err(fail)?;
        let about = file.metadata().map_err(fail)?;
        Input::new(file, about.is_file().then_some(about.len())).map_err(fail)
    }

    fn new(inner: impl Read + Send + 'static, size: Option<u64>) -> io::Result<Input> {
        let read = Arc::new(AtomicU64::new(0));
        let mut counting = Counting { inner, read: Arc::clone(&read) };
        let mut head = Vec::new();
        counting.by_ref().take(GZIP.len() as u64).read_to_end(&mut head)?;
        let gzip = head == GZIP;
        let whole = BufReader::with_capacity(BUFFER, Cursor::new(head).chain(counting));
        let reader: Box<dyn BufRead + Send> =
            if gzip { Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(whole))) } else { Box::new(whole) };
        Ok(Input { reader, read, size, lines: 0, over: false, broken: None })
    }

    /// The next line; `None` at the end. Where the file cannot be read further, the piece of a line that could be comes
    /// as a line that is cut, and `broken` says why.
    pub(super) fn line(&mut self) -> Option<Line> {
        let mut line = Line { number: self.lines + 1, ..Line::default() };
        let mut any = false;
        while !self.over {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.broken = Some(error.to_string());
                    line.cut = true;
                    self.over = true;
                    break;
                }
            };
            if chunk.is_empty() {
                self.over = true;
                break;
            }
            any = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(chunk.len(), |end| end + 1);
            let part = chunk.get(..end.unwrap_or(used)).unwrap_or_default();
            let keep = part.len().min(LINE - line.bytes.len());
            line.bytes.extend_from_slice(part.get(..keep).unwrap_or_default());
            line.dropped += (part.len() - keep) as u64;
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return None;
        }
        if line.dropped == 0 && line.bytes.last() == Some(&b'\r') {
            line.bytes.pop();
        }
        self.lines += 1;
        Some(line)
    }

    /// How much of the file has been read, 0 to 1, where its size is known.
    #[expect(clippy::cast_precision_loss, reason = "a share of progress needs no more than 53 bits")]
    pub(super) fn share(&self) -> Option<f64> {
        let size = self.size.filter(|size| *size > 0)?;
        Some((self.read.load(Ordering::Relaxed) as f64 / size as f64).min(1.0))
    }

    /// How many lines were read.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &'static [u8]) -> Vec<Vec<u8>> {
        let mut input = Input::new(bytes, None).unwrap();
        std::iter::from_fn(|| input.line().map(|line| line.bytes)).collect()
    }

    #[test]
    fn takes_line_ends_of_both_kinds_and_none_at_the_end() {
        assert_eq!(lines(b"a\r\nb\n\nc"), [&b"a"[..], b"b", b"", b"c"]);
        assert_eq!(lines(b""), Vec::<Vec<u8>>::new());
        assert_eq!(lines(b"\n"), [b""]);
        assert_eq!(lines(b"x"), [b"x"]);
    }

    #[test]
    fn keeps_no_more_than_the_bound_of_a_line() {
        let long = vec![b'x'; 3 * LINE + 7];
        let mut input = Input::new(Cursor::new([&long[..], b"\nnext\n"].concat()), None).unwrap();
        let first = input.line().unwrap();
        assert_eq!((first.bytes.len(), first.dropped), (LINE, 2 * LINE as u64 + 7));
        let second = input.line().unwrap();
        assert_eq!((second.bytes.as_slice(), second.number), (&b"next"[..], 2));
    }
}
