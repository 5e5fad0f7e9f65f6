//! Standard output: the answer and nothing else. A reader that goes away ends the command quietly.

use std::io::{BufWriter, IsTerminal, StdoutLock, Write};

use super::exit::Failure;

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
        self.to.write_all(line.as_bytes())?;
        self.to.write_all(b"\n")?;
        Ok(())
    }

    /// Writes bytes and a line end.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes)?;
        self.to.write_all(b"\n")?;
        Ok(())
    }

    /// Gives everything to the reader.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.to.flush()?)
    }
}
