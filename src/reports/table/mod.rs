//! Tables, queries and findings as files: the rows go from the store to the file without ever being held whole.

pub mod csv;
pub mod json;
pub mod jsonl;
pub mod parquet;
pub mod text;
pub mod xlsx;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{TableFormat, writing};
use crate::error::{Error, Result};
use crate::sql::Ident;
use crate::store::Store;

/// How a format writes the rows of a query, which it says how many there were of.
#[derive(Debug, Clone, Copy)]
pub enum Writer {
    /// From front to back, so that it can go anywhere.
    Stream(fn(&Store, &str, &mut dyn Write) -> Result<u64>),
    /// Only into a file.
    File(fn(&Store, &str, &Path) -> Result<u64>),
}

/// Where an output goes.
pub enum Target<'a> {
    /// A file, which is replaced when the new one is whole and left alone until then.
    File(&'a Path),
    /// Anything that takes bytes, such as the standard output.
    Stream(&'a mut dyn Write),
}

/// Writes the rows of a query in their order and says how many there were. The same rows give the same bytes.
pub fn export(store: &Store, sql: &str, format: &TableFormat, target: Target) -> Result<u64> {
    match (format.write, target) {
        (Writer::Stream(write), target) => write_to(target, |out| write(store, sql, out)),
        (Writer::File(write), Target::File(path)) if is_replaceable(path) => {
            let new = Replacement::beside(path)?;
            let rows = write(store, sql, new.file.path())?;
            new.keep()?;
            Ok(rows)
        }
        (Writer::File(write), target) => {
            let whole = NamedTempFile::new().map_err(writing)?;
            let rows = write(store, sql, whole.path())?;
            write_to(target, |out| {
                let mut file = fs::File::open(whole.path()).map_err(writing)?;
                io::copy(&mut file, out).map_err(writing)
            })?;
            Ok(rows)
        }
    }
}

/// Lets `write` write to the target. A file is replaced only once `write` has succeeded and all is on the disk.
pub fn write_to<T>(target: Target, write: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
    match target {
        Target::Stream(stream) => {
            let mut out = BufWriter::with_capacity(1 << 16, stream);
            let value = write(&mut out)?;
            out.flush().map_err(writing)?;
            Ok(value)
        }
        Target::File(path) if is_replaceable(path) => {
            let new = Replacement::beside(path)?;
            let mut out = BufWriter::with_capacity(1 << 16, new.file.as_file());
            let value = write(&mut out).map_err(|error| error.at_file(path))?;
            out.flush().map_err(|cause| writing(cause).at_file(path))?;
            drop(out);
            new.keep()?;
            Ok(value)
        }
        Target::File(path) => {
            let mut file = fs::OpenOptions::new()
                .write(true)
                .open(path)
                .map_err(|cause| Error::io("the output cannot be written", path, cause))?;
            write_to(Target::Stream(&mut file), write)
        }
    }
}

/// Whether there is nothing at the path yet, or a plain file: a device or a pipe is written to, not replaced.
fn is_replaceable(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |found| found.is_file() || found.is_dir())
}

/// A file in the making, in the folder of the one whose place it takes.
struct Replacement {
    file: NamedTempFile,
    path: PathBuf,
}

impl Replacement {
    fn beside(path: &Path) -> Result<Replacement> {
        if path.is_dir() {
            return Err(Error::usage("the output is a folder").at_file(path).hint("name a file in it"));
        }
        // Through a link, the file that it leads to is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tastevin-").suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // What the user's umask leaves of it, as for any other file of theirs; an old file's own stay.
            let permissions = fs::metadata(&path).map_or(fs::Permissions::from_mode(0o666), |old| old.permissions());
            builder.permissions(permissions);
        }
        let file = builder
            .tempfile_in(folder)
            .map_err(|cause| Error::io("the output cannot be written", &path, without_the_temporary_name(cause)))?;
        Ok(Replacement { file, path })
    }

    fn keep(self) -> Result<()> {
        let refused = |cause| Error::io("the output cannot be written", &self.path, cause);
        self.file.as_file().sync_all().map_err(refused)?;
        self.file.persist(&self.path).map_err(|cause| Error::io("the output cannot be written", &self.path, cause.error))?;
        Ok(())
    }
}

/// The name of the temporary file would only puzzle; the kind of the refusal says it all.
fn without_the_temporary_name(cause: io::Error) -> io::Error {
    io::Error::from(cause.kind())
}

/// What a column of a query holds, as far as files tell kinds of values apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A whole or a broken number.
    Number,
    /// True or false.
    Boolean,
    /// A calendar day.
    Date,
    /// A day and time.
    Timestamp,
    /// Several values.
    List,
    /// Text, and all that is best shown as text.
    Text,
}

impl Kind {
    /// The kind of a DuckDB type.
    fn of(sql_type: &str) -> Kind {
        match sql_type {
            list if list.ends_with(']') => Kind::List,
            "BOOLEAN" => Kind::Boolean,
            "DATE" => Kind::Date,
            "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" | "TIMESTAMP WITH TIME ZONE" => {
                Kind::Timestamp
            }
            "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT" | "UINTEGER"
            | "UBIGINT" | "UHUGEINT" | "FLOAT" | "DOUBLE" => Kind::Number,
            decimal if decimal.starts_with("DECIMAL") => Kind::Number,
            _ => Kind::Text,
        }
    }
}

/// The columns of a query: name and kind.
fn columns(store: &Store, sql: &str) -> Result<Vec<(String, Kind)>> {
    Ok(store.columns(sql)?.into_iter().map(|(name, sql_type)| (name, Kind::of(&sql_type))).collect())
}

/// The query with every list as one text, its parts separated by a comma, for files that have no lists.
fn without_lists(sql: &str, columns: &[(String, Kind)]) -> String {
    let fields: Vec<String> = columns
        .iter()
        .map(|(name, kind)| match kind {
            Kind::List => format!("array_to_string({name}::VARCHAR[], ', ') AS {name}", name = Ident(name)),
            _ => Ident(name).to_string(),
        })
        .collect();
    format!("SELECT {} FROM ({sql})", fields.join(", "))
}

/// Whether a spreadsheet would take the text for a formula.
fn looks_like_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The text as a spreadsheet may be given it: an apostrophe in front of what would be a formula.
pub(super) fn neutralised(text: &str) -> std::borrow::Cow<'_, str> {
    if looks_like_a_formula(text) { format!("'{text}").into() } else { text.into() }
}

/// An error of the CSV writer as ours.
pub(super) fn refused(cause: ::csv::Error) -> Error {
    match cause.into_kind() {
        ::csv::ErrorKind::Io(cause) => writing(cause),
        other => Error::internal(format!("a record cannot be written as CSV: {other:?}")),
    }
}
