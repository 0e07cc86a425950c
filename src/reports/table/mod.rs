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
use crate::error::{self, Error, Result};
use crate::model::CellKind as Kind;
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
        if !folder.exists() {
            return Err(Error::new(error::Kind::Io, "the folder of the output does not exist")
                .at_file(&path)
                .hint("make it first, or name another output"));
        }
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
        self.file
            .persist(&self.path)
            .map_err(|cause| Error::io("the output cannot be written", &self.path, cause.error))?;
        Ok(())
    }
}

/// The name of the temporary file would only puzzle; the kind of the refusal says it all.
fn without_the_temporary_name(cause: io::Error) -> io::Error {
    io::Error::from(cause.kind())
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

/// Whether a spreadsheet would take the text for a formula. A sign before digits alone is a number or a telephone number,
/// which computes nothing: `+33388830609` must reach the next system as it is.
fn looks_like_a_formula(text: &str) -> bool {
    let is_signed_number = |rest: &str| {
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.chars().all(|c| c.is_ascii_digit() || " .,".contains(c))
    };
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !text.strip_prefix(['+', '-']).is_some_and(is_signed_number)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind as Failure;
    use crate::reports::{TABLES, table_format};

    const ROWS: &str = "SELECT * FROM (VALUES
        ('=1+1', -3.5::DECIMAL(18,4), DATE '2026-01-31', ['=a', 'b'], true, 'l''été, \"oui\"'),
        ('-', NULL, DATE '1899-01-01', [], false, ''),
        (NULL, 2, NULL, NULL, NULL, '@x' || chr(10) || 'y')
    ) t(name, price, day, list, flag, note)";

    fn written(format: &str, sql: &str) -> Result<(u64, Vec<u8>)> {
        let store = Store::in_memory(&[])?;
        let mut out = Vec::new();
        let rows = export(&store, sql, table_format(format)?, Target::Stream(&mut out))?;
        Ok((rows, out))
    }

    fn text(format: &str, sql: &str) -> Result<String> {
        String::from_utf8(written(format, sql)?.1).map_err(|cause| Error::internal("not UTF-8").caused_by(cause))
    }

    #[test]
    fn csv_disarms_formulas_in_text_and_leaves_negative_numbers_alone() -> Result<()> {
        assert_eq!(
            text("csv", ROWS)?,
            "name,price,day,list,flag,note\n\
             '=1+1,-3.5000,2026-01-31,\"'=a, b\",true,\"l'été, \"\"oui\"\"\"\n\
             '-,,1899-01-01,,false,\n\
             ,2.0000,,,,\"'@x\ny\"\n"
        );
        Ok(())
    }

    #[test]
    fn a_telephone_number_is_no_formula_and_a_sum_is_one() {
        for harmless in ["+33388830609", "-3,5", "+33 3 88 83 06 09", "a=b", ""] {
            assert_eq!(neutralised(harmless), harmless);
        }
        for formula in ["=1", "+1+1", "-2-cmd|x", "+", "-", "@SUM(A1)", "\t=1", "\r=1", "+SUM(1)", "+1E5"] {
            assert_eq!(neutralised(formula), format!("'{formula}"));
        }
    }

    #[test]
    fn json_keeps_types_lists_and_absent_values() -> Result<()> {
        let json: serde_json::Value =
            serde_json::from_str(&text("json", ROWS)?).map_err(|cause| Error::internal("no JSON").caused_by(cause))?;
        assert_eq!(json[0]["list"], serde_json::json!(["=a", "b"]));
        assert_eq!(json[0]["price"], -3.5);
        assert_eq!(
            json[2],
            serde_json::json!({"name": null, "price": 2.0, "day": null, "list": null, "flag": null, "note": "@x\ny"})
        );
        assert_eq!(text("jsonl", ROWS)?.lines().count(), 3);
        assert_eq!(text("jsonl", "SELECT 'nan'::DOUBLE AS a, 1.5::DOUBLE AS b")?, "{\"a\":null,\"b\":1.5}\n");
        Ok(())
    }

    #[test]
    fn every_format_writes_the_columns_of_a_table_without_rows_and_the_same_bytes_twice() -> Result<()> {
        let empty = format!("SELECT * FROM ({ROWS}) WHERE name = 'none'");
        for format in TABLES {
            let (rows, bytes) = written(format.name, &empty)?;
            assert_eq!(rows, 0, "{}", format.name);
            assert_eq!(bytes.is_empty(), format.name == "jsonl", "{}", format.name);
            assert_eq!(written(format.name, ROWS)?.0, 3, "{}", format.name);
            assert!(written(format.name, ROWS)?.1 == written(format.name, ROWS)?.1, "{} differs", format.name);
        }
        assert_eq!(text("json", &empty)?, "[]\n");
        assert_eq!(text("csv", &empty)?, "name,price,day,list,flag,note\n");
        Ok(())
    }

    #[test]
    fn text_is_aligned_and_shows_control_characters_as_symbols() -> Result<()> {
        assert_eq!(
            text("text", "SELECT * FROM (VALUES ('a' || chr(27), 1), (NULL, 20)) t(name, n)")?,
            "name   n\na␛     1\n–     20\n"
        );
        Ok(())
    }

    #[test]
    fn a_failed_export_leaves_the_old_file_and_nothing_beside_it() -> Result<()> {
        let store = Store::in_memory(&[])?;
        let dir = tempfile::tempdir().map_err(writing)?;
        for format in TABLES {
            let path = dir.path().join(format!("out.{}", format.extension));
            fs::write(&path, "old").map_err(writing)?;
            let bad = "SELECT i, CASE WHEN i > 5000 THEN error('no')::INTEGER ELSE i END AS j FROM range(9000) t(i)";
            assert!(export(&store, bad, format, Target::File(&path)).is_err(), "{}", format.name);
            assert_eq!(fs::read_to_string(&path).map_err(writing)?, "old", "{}", format.name);
            fs::remove_file(&path).map_err(writing)?;
        }
        assert_eq!(fs::read_dir(dir.path()).map_err(writing)?.count(), 0);
        Ok(())
    }

    #[test]
    fn a_folder_that_is_not_there_is_named_and_not_a_fault_of_ours() -> Result<()> {
        let store = Store::in_memory(&[])?;
        for format in TABLES {
            let error = export(&store, ROWS, format, Target::File(Path::new("/nowhere/out.bin"))).err();
            let error = error.ok_or_else(|| Error::internal("an export went nowhere"))?;
            assert_eq!(error.kind(), Failure::Io, "{}: {error}", format.name);
            assert!(error.to_string().contains("/nowhere"), "{error}");
        }
        Ok(())
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_said_so() -> Result<()> {
        let store = Store::in_memory(&[])?;
        for format in TABLES {
            let error = export(&store, ROWS, format, Target::File(Path::new("/dev/full"))).err();
            let error = error.ok_or_else(|| Error::internal("a full disk took it all"))?;
            assert_eq!((error.kind(), error.what()), (Failure::Io, "the disk is full"), "{}", format.name);
        }
        Ok(())
    }
}
