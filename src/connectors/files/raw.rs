//! One record of a file as it stands there, for who wants to see where a value came from.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::choose::{Stamp, unpacked_name};
use super::dialect::Dialect;
use super::encoding::Utf16Reader;
use super::records::RecordReader;
use super::unpack::Members;
use crate::connectors::LineMark;
use crate::error::{Error, Result};

/// The text of the row `row` of an entity, out of the file that it was read from.
///
/// `mark` is the last one at or before the row; between two marks every record stands on one line of its own. `None`
/// where the file is gone or has changed since (its size or its time differ), and for what is no text file.
pub fn raw_record(
    path: &Path,
    bytes: u64,
    modified_ms: Option<i64>,
    dialect: &str,
    mark: LineMark,
    row: u64,
) -> Result<Option<String>> {
    let Some(dialect) = Dialect::parse(dialect) else { return Ok(None) };
    if Stamp::of(path).ok() != Some(Stamp { bytes, modified_ms }) {
        return Ok(None);
    }
    read(path, &dialect, mark, row).map_err(|cause| Error::io("the file cannot be read", path, cause))
}

fn read(path: &Path, dialect: &Dialect, mark: LineMark, row: u64) -> io::Result<Option<String>> {
    let mut file = BufReader::new(File::open(path)?);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes: Box<dyn Read> = if unpacked_name(&name).1 {
        let mut content = Members::new(file);
        io::copy(&mut (&mut content).take(mark.byte), &mut io::sink())?;
        Box::new(content)
    } else {
        file.seek(SeekFrom::Start(mark.byte))?;
        Box::new(file)
    };
    let text: Box<dyn Read> =
        if dialect.encoding.is_utf16() { Box::new(Utf16Reader::new(bytes, dialect.encoding)) } else { bytes };
    let mut text = BufReader::new(text);
    for _ in mark.row..row {
        text.skip_until(dialect.grammar.newline)?;
    }
    let mut record = RecordReader::new(dialect.grammar);
    loop {
        let mut line = Vec::new();
        if text.read_until(dialect.grammar.newline, &mut line)? == 0 || record.push(&line) {
            break;
        }
    }
    let record = record.finish();
    Ok((!record.is_empty()).then(|| dialect.encoding.show(&record)))
}
