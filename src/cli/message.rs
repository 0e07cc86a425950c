//! Text on its way to stderr, which may be a pipe that nobody reads any more. Neighbour: `sink`, the same for stdout.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Writes a line to stderr. Where nobody listens the words are dropped, and the command goes on to its exit code.
pub fn line(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes text that brings its own line breaks to stderr, like [`line`].
pub fn text(text: impl Display) {
    let _ = write!(io::stderr().lock(), "{text}");
}
