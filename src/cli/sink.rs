//! Data on its way to stdout. Files are written by the workbench, which replaces them whole or not at all.

use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// A writer of data to stdout.
pub struct Sink {
    writer: BufWriter<Stdout>,
}

/// Stdout that takes a closed pipe for a reader that has seen enough: what follows is dropped, and the command goes on
/// to its verdict and its exit code.
struct Stdout {
    closed: bool,
}

impl Sink {
    /// Data to stdout.
    pub fn stdout() -> Sink {
        Sink { writer: BufWriter::with_capacity(1 << 16, Stdout { closed: false }) }
    }

    /// Writes a line.
    pub fn line(&mut self, text: impl Display) -> Result<()> {
        writeln!(self.writer, "{text}").map_err(refused)
    }

    /// Writes text that brings its own line breaks.
    pub fn text(&mut self, text: impl Display) -> Result<()> {
        write!(self.writer, "{text}").map_err(refused)
    }

    /// Writes bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes).map_err(refused)
    }

    /// Hands the writer to something that has errors of its own.
    pub fn hand<T>(&mut self, work: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
        work(&mut self.writer)
    }

    /// Writes out what there is so far, so that a message after it also comes after it on a screen.
    pub fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(refused)
    }

    /// Writes out what is left.
    pub fn finish(mut self) -> Result<()> {
        self.writer.flush().map_err(refused)
    }
}

fn refused(cause: io::Error) -> Error {
    Error::io("cannot write to stdout", Path::new(""), cause)
}

impl Stdout {
    fn unless_closed<T>(
        &mut self,
        nothing: T,
        work: impl FnOnce(&mut io::StdoutLock) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.closed {
            return Ok(nothing);
        }
        match work(&mut io::stdout().lock()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(nothing)
            }
            outcome => outcome,
        }
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_closed(bytes.len(), |stdout| stdout.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_closed((), |stdout| stdout.flush())
    }
}
