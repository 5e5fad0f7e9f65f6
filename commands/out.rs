//! Standard output: the answer and nothing else. A reader that goes away ends the command quietly.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;

use anyhow::Context;

use super::exit::Failure;

/// What is said where standard output is full or gone.
const WRITING: &str = "writing to standard output";

/// Bytes of one write where much is written: a pipe's usual size, which its reader takes at once.
const BLOCK: usize = 64 << 10;

/// Buffered standard output.
pub(crate) struct Out {
    to: BufWriter<Box<dyn Write>>,
}

impl Out {
    pub(crate) fn new() -> Out {
        Out { to: BufWriter::new(Box::new(std::io::stdout().lock())) }
    }

    /// For much: one write a block, with nothing between it and the file but this buffer.
    pub(crate) fn blocks() -> Result<Out, Failure> {
        // The library's own handle looks for line ends in every write and cuts it there.
        let file = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Out { to: BufWriter::with_capacity(BLOCK, Box::new(file)) })
    }

    /// Whether people look at it directly.
    pub(crate) fn is_terminal() -> bool {
        std::io::stdout().is_terminal()
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.bytes(line.as_bytes())
    }

    /// Writes bytes as they are.
    pub(crate) fn part(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes).context(WRITING).map_err(Failure::cannot)
    }

    /// Writes bytes and a line end. What is given away at a time ends with a line, as far as a block holds one: a process
    /// that is killed leaves no half of one.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let fits = self.to.capacity().saturating_sub(self.to.buffer().len()) > bytes.len();
        let room = if fits { Ok(()) } else { self.to.flush() };
        let written = room.and_then(|()| self.to.write_all(bytes)).and_then(|()| self.to.write_all(b"\n"));
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
