//! Standard output: the answer and nothing else. A reader that goes away ends the command quietly.

use std::io::{BufWriter, IsTerminal, StdoutLock, Write};

use anyhow::Context;

use super::exit::Failure;

/// What is said where standard output is full or gone.
const WRITING: &str = "writing to standard output";

/// Buffered standard output.
pub(crate) struct Out {
    to: BufWriter<StdoutLock<'static>>,
}

impl Out {
    pub(crate) fn new() -> Out {
        Out { to: BufWriter::new(std::io::stdout().lock()) }
    }

    /// Whether people look at it directly.
    pub(crate) fn is_terminal() -> bool {
        std::io::stdout().is_terminal()
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.bytes(line.as_bytes())
    }

    /// Writes bytes and a line end.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.to.write_all(bytes).and_then(|()| self.to.write_all(b"\n"));
        written.context(WRITING).map_err(Failure::cannot)
    }

    /// Writes the table that `write` makes, without the line end behind its last row.
    pub(crate) fn csv(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), csv::Error>) -> Result<(), Failure> {
        let mut text = Vec::new();
        write(&mut text).map_err(Failure::cannot)?;
        self.line(String::from_utf8_lossy(&text).trim_end())
    }

    /// Gives everything to the reader.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.to.flush().context(WRITING).map_err(Failure::cannot)
    }
}
