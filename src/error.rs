//! What can go wrong, in a form that a person can act on; every room may use it and `main` turns it into an exit code.
//!
//! Bad *data* is never an error: it is a reject or an anomaly. An error is a command that could not do its work.

pub mod misread;

use std::fmt;
use std::path::{Path, PathBuf};

/// The result of anything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is; decides the exit code and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The gate did not open, or a check failed.
    Gate,
    /// The command line asks for something that makes no sense.
    Usage,
    /// A file of the workspace says something that makes no sense.
    Config,
    /// A source could not be reached or read.
    Source,
    /// The operating system refused: no such file, no permission, disk full.
    Io,
    /// The workspace is held by another process.
    Busy,
    /// A fault of this program.
    Internal,
    /// The user cancelled.
    Interrupted,
}

impl Kind {
    /// The process exit code: 1 gate, 2 usage or configuration, 3 source or I/O, 4 internal, 130 interrupted.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Gate => 1,
            Kind::Usage | Kind::Config => 2,
            Kind::Source | Kind::Io | Kind::Busy => 3,
            Kind::Internal => 4,
            Kind::Interrupted => 130,
        }
    }
}

/// Where it went wrong, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The file that was being read or written.
    pub file: Option<PathBuf>,
    /// The line in it, counted from 1.
    pub line: Option<u64>,
    /// The column, field or key.
    pub column: Option<String>,
    /// The way to the key in a TOML file, an element of an array by its number; empty where it is not known. Not shown.
    pub key: Vec<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}", file.display())?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
        }
        if let Some(column) = &self.column {
            let separator = if self.file.is_some() { " " } else { "" };
            write!(f, "{separator}[{column}]")?;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Inner {
    kind: Kind,
    what: String,
    place: Place,
    hints: Vec<String>,
    statement: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A failure: what happened, where, what to do next, and what caused it.
#[derive(Debug)]
pub struct Error(Box<Inner>);

impl Error {
    /// A failure of the given kind. `what` is a clause without a full stop, in the user's words.
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        let (what, place, hints) = (what.into(), Place::default(), Vec::new());
        Error(Box::new(Inner { kind, what, place, hints, statement: None, source: None }))
    }

    /// The command line asks for something that makes no sense.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Kind::Usage, what)
    }

    /// A file of the workspace says something that makes no sense.
    pub fn config(what: impl Into<String>) -> Self {
        Self::new(Kind::Config, what)
    }

    /// A source could not be reached or read.
    pub fn source(what: impl Into<String>) -> Self {
        Self::new(Kind::Source, what)
    }

    /// A fault of this program.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::new(Kind::Internal, what)
    }

    /// The user cancelled.
    pub fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "cancelled")
    }

    /// The operating system refused to do something with `path`.
    pub fn io(what: impl Into<String>, path: &Path, cause: std::io::Error) -> Self {
        let hint = match cause.kind() {
            std::io::ErrorKind::PermissionDenied => Some("check that your user may read (and for outputs, write) it"),
            std::io::ErrorKind::StorageFull => {
                Some("free some space on that disk; nothing was lost, run the same again")
            }
            std::io::ErrorKind::NotFound => {
                Some("check the path; those in tastevin.toml start at the workspace folder")
            }
            _ => None,
        };
        let error = Self::new(Kind::Io, what).at_file(path).caused_by(cause);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Says in which file it happened.
    #[must_use]
    pub fn at_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.0.place.file = Some(file.into());
        self
    }

    /// Says on which line it happened, counted from 1.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.0.place.line = Some(line);
        self
    }

    /// Says on which line it happened, if that is known.
    #[must_use]
    pub fn at_line_if(mut self, line: Option<u64>) -> Self {
        self.0.place.line = line;
        self
    }

    /// Says in which column, field or key it happened.
    #[must_use]
    pub fn at_column(mut self, column: impl Into<String>) -> Self {
        self.0.place.column = Some(column.into());
        self
    }

    /// The same failure as one of another kind: who asked decides whose fault it is.
    #[must_use]
    pub fn of(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Says under which key of a file it happened, so that whoever has the file at hand can tell the line.
    #[must_use]
    pub fn at_key<'k>(mut self, key: impl IntoIterator<Item = &'k str>) -> Self {
        self.0.place.key = key.into_iter().map(str::to_owned).collect();
        self
    }

    /// Keeps the statement that failed, for whoever mends the program.
    #[must_use]
    pub fn in_statement(mut self, sql: &str) -> Self {
        self.0.statement = Some(sql.to_owned());
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(cause.into());
        self
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What happened, one clause.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// Where it happened.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The statement that failed, where the program is at fault.
    pub fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }

    /// What to do next.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.0.place.to_string();
        if !place.is_empty() {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.0.what)?;
        if let Some(cause) = &self.0.source {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|cause| cause as _)
    }
}

/// The candidate that `name` is most likely a slip of, for a hint; `None` where none is near.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&name, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// The user names something that there is not: with the nearest that there is, or with all of them.
pub fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    let known: Vec<&str> = known.into_iter().collect();
    let error = Error::usage(format!("there is no {what} \"{name}\""));
    match nearest(name, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean \"{near}\"?")),
        None if known.is_empty() => error.hint("there is none yet"),
        None => error.hint(format!("known are: {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_what_and_why_on_one_line() {
        let error = Error::config("unknown transform \"trimm\"")
            .at_file("mappings/isavigne.toml")
            .at_line(12)
            .at_column("customers.email")
            .hint("did you mean \"trim\"?");
        assert_eq!(error.to_string(), "mappings/isavigne.toml:12 [customers.email]: unknown transform \"trimm\"");
        assert_eq!(error.kind().exit_code(), 2);
    }

    #[test]
    fn a_slip_of_the_pen_finds_the_name_that_was_meant_and_nonsense_finds_none() {
        let names = ["trim", "decimal", "date", "email"];
        assert_eq!(nearest("trimm", names), Some("trim"));
        assert_eq!(nearest("Decimla", names), Some("decimal"));
        assert_eq!(nearest("xyz", names), None);
    }
}
