//! Workbooks: every cell as the text that a person sees, as far as the file tells it.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::path::Path;

use calamine::{Data, ExcelDateTime, Reader, Sheets};
use chrono::{NaiveDateTime, NaiveTime};

use super::header::{self, Header};
use super::records::{FieldText, Grammar};
use super::repeats::hardly_repeat;
use super::staging::{self, Regular};
use super::watching::Teller;
use super::{Staged, unpack};
use crate::connectors::{LineMark, Target, Watch};
use crate::error::{Error, Kind, Result};

/// A row of a sheet: the line (counted from 1) and its cells, `None` where a cell is empty.
pub(super) type SheetRow = (u64, Vec<Option<String>>);

/// The rows of a sheet, and where its names are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sheet {
    /// Which sheet it is.
    pub name: String,
    /// The names as they stand.
    pub header: Vec<String>,
    /// The line of the names; 0 if there is none.
    pub header_line: u64,
    /// How many columns there are.
    pub width: usize,
    /// The rows, in order; rows without any value are none.
    pub rows: Vec<SheetRow>,
    /// The lines before the names that hold something.
    pub preamble: Vec<String>,
    /// What is worth knowing, in sentences.
    pub notes: Vec<String>,
    /// By column, whether its values hardly repeat.
    pub unlike: Vec<bool>,
}

impl Sheet {
    /// In words: `sheet "Clients", names on line 1`.
    pub fn words(&self) -> String {
        match self.header_line {
            0 => format!("sheet \"{}\", no names", self.name),
            line => format!("sheet \"{}\", names on line {line}", self.name),
        }
    }

    /// Reads one sheet: the one that is asked for, or the first that holds something; none where nothing does. `ending` is the
    /// kind of workbook.
    pub fn read(path: &Path, ending: &str, wanted: Option<&str>, header_row: Option<u64>) -> Result<Option<Sheet>> {
        if let Some(error) = disguise(path, ending)? {
            return Err(error.at_file(path));
        }
        let broken = |cause: calamine::Error| {
            Error::new(Kind::Source, format!("this is no workbook that can be read as .{ending}"))
                .at_file(path)
                .hint("open it in a spreadsheet program and save it again, without a password")
                .caused_by(cause)
        };
        let mut workbook = open(path, ending).map_err(broken)?;
        let names = workbook.sheet_names();
        let candidates: Vec<String> = match wanted {
            Some(wanted) => {
                let found = names.iter().find(|name| name.trim().to_lowercase() == wanted.trim().to_lowercase());
                let found = found.ok_or_else(|| {
                    Error::source(format!("the workbook has no sheet \"{wanted}\""))
                        .at_file(path)
                        .hint(format!("its sheets: {}", names.join(", ")))
                })?;
                vec![found.clone()]
            }
            None => names.clone(),
        };
        for name in candidates {
            let range = workbook.worksheet_range(&name).map_err(broken)?;
            let Some((first_line, _)) = range.start() else { continue };
            let lines = (u64::from(first_line) + 1)..;
            let rows: Vec<SheetRow> = lines
                .zip(range.rows())
                .map(|(line, cells)| (line, cells.iter().map(text).collect::<Vec<_>>()))
                .filter(|(_, cells)| cells.iter().any(|cell| cell.as_deref().is_some_and(|text| !text.is_empty())))
                .collect();
            if rows.is_empty() {
                continue;
            }
            let mut sheet = lay_out(name, rows, header_row).map_err(|error| error.at_file(path))?;
            if wanted.is_none() && names.len() > 1 {
                sheet.notes.push(format!("read the sheet \"{}\" of {}", sheet.name, names.join(", ")));
            }
            return Ok(Some(sheet));
        }
        Ok(None)
    }

    /// Stages its rows, by way of a text.
    pub fn stage(&self, into: &staging::Into, target: &Target, watch: &Watch) -> Result<Staged> {
        let mut copy = unpack::temporary(target.temp_dir)?;
        let unwritable = |cause| Error::io("a temporary copy cannot be written", target.temp_dir, cause);
        let teller = Teller::of_rows(watch, format!("stage {}", into.file), self.rows.len() as u64);
        let grammar = Grammar { delimiter: Some(b';'), quote: Some(b'"'), newline: b'\n' };
        let (mut longest, mut several_lines) = (0, false);
        let mut marks: Vec<LineMark> = Vec::new();
        let mut text = Vec::new();
        for (row, (line, cells)) in (1..).zip(&self.rows) {
            if text.len() > WRITTEN_AT_ONCE {
                teller.step(row)?;
                copy.write_all(&text).map_err(unwritable)?;
                text.clear();
            }
            let shift = *line as i64 - row as i64;
            if marks.last().is_none_or(|mark| mark.shift != shift) {
                marks.push(LineMark { row, shift, byte: 0 });
            }
            let fields: Vec<FieldText> = cells
                .iter()
                .map(|cell| {
                    let value = cell.as_deref().unwrap_or_default();
                    several_lines |= value.contains(['\n', '\r']);
                    FieldText { text: Cow::Borrowed(value.as_bytes()), quoted: cell.is_some() && value.is_empty() }
                })
                .collect();
            let before = text.len();
            grammar.write(&fields, b';', &mut text);
            longest = longest.max((text.len() - before) as u64);
        }
        copy.write_all(&text).map_err(unwritable)?;
        teller.step(self.rows.len() as u64)?;
        let regular = Regular {
            path: copy.path(),
            skip: 0,
            delimiter: grammar.delimiter,
            quote: grammar.quote,
            width: self.width,
            longest,
            feeds: true,
            parallel: !several_lines,
        };
        let staged = if self.rows.is_empty() { 0 } else { staging::insert(target.store, &regular, into, &teller)? };
        Ok(Staged {
            rows: self.rows.len() as u64,
            rejects: Vec::new(),
            marks,
            dialect: self.words(),
            notes: Vec::new(),
            staged,
        })
    }
}

/// How much text is gathered before it is written.
const WRITTEN_AT_ONCE: usize = 1 << 20;

type Workbook = Sheets<std::io::BufReader<std::fs::File>>;

fn open(path: &Path, ending: &str) -> std::result::Result<Workbook, calamine::Error> {
    let file = std::io::BufReader::new(std::fs::File::open(path)?);
    // By the ending of the export's own name: an unpacked copy has another.
    Ok(match ending {
        "xls" => Sheets::Xls(calamine::Xls::new(file)?),
        "ods" => Sheets::Ods(calamine::Ods::new(file)?),
        _ => Sheets::Xlsx(calamine::Xlsx::new(file)?),
    })
}

/// A text, a web page or a workbook of another kind under the name of a workbook: programs export such, and spreadsheet
/// programs open them.
fn disguise(path: &Path, ending: &str) -> Result<Option<Error>> {
    let unreadable = |cause| Error::io("the file cannot be read", path, cause);
    let mut head = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(512).read_to_end(&mut head)).map_err(unreadable)?;
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head).trim_ascii_start();
    let is_zip = head.starts_with(b"PK");
    let (what, hint) = match ending {
        "xls" if is_zip => ("a workbook of another kind", "rename it to .xlsx or .ods"),
        _ if is_zip || head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) || head.is_empty() => return Ok(None),
        // Workbooks from before Office 97 begin with a record of their own.
        "xls" if head.starts_with(&[0x09]) => return Ok(None),
        _ if text.starts_with(b"<") => {
            ("a web page or XML", "open it in a spreadsheet program and save it as .xlsx or .csv")
        }
        _ if head.iter().all(|byte| *byte >= b' ' || b"\t\r\n".contains(byte)) => ("a text", "rename it to .csv"),
        _ => return Ok(None),
    };
    Ok(Some(Error::source(format!("this is {what} under the name of a workbook")).hint(hint)))
}

fn lay_out(name: String, rows: Vec<SheetRow>, header_row: Option<u64>) -> Result<Sheet> {
    /// How many rows are looked at to find the names.
    const SAMPLE: usize = 1000;
    let texts: Vec<Vec<String>> = rows
        .iter()
        .take(SAMPLE)
        .map(|(_, cells)| cells.iter().map(|cell| cell.clone().unwrap_or_default()).collect())
        .collect();
    let found = match header_row {
        None => header::find(&texts, false),
        Some(0) => Header::absent(&texts),
        Some(wanted) => {
            let at = rows.iter().take(SAMPLE).position(|(line, _)| *line == wanted).ok_or_else(|| {
                Error::config(format!("line {wanted} of the sheet \"{name}\" is empty"))
                    .hint("header_row is the line of the column names, as the spreadsheet counts it")
            })?;
            Header::at(&texts, at)
        }
    };
    let mut notes = Vec::new();
    if found.at.is_none() && header_row.is_none() {
        notes.push("no line of column names was found; the columns are called column_1 and so on".to_owned());
    }
    let header = found.at.and_then(|at| texts.get(at)).cloned().unwrap_or_default();
    let header_line = found.at.and_then(|at| rows.get(at)).map_or(0, |(line, _)| *line);
    let first = found.at.map_or(found.first, |at| at + 1).min(rows.len());
    let shown = |(_, cells): &SheetRow| cells.iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let preamble = rows[..found.at.unwrap_or(first)].iter().map(shown).collect();
    let mut rows = rows;
    rows.drain(..first);
    // What a spreadsheet calls used reaches further than what is there.
    let filled = |cells: &[Option<String>]| cells.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let named = header.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |last| last + 1);
    let width = rows.iter().map(|(_, cells)| filled(cells)).max().unwrap_or(0).max(named).max(1);
    for (_, cells) in &mut rows {
        cells.resize(width, None);
    }
    let unlike = hardly_repeat(rows.iter(), width, |(_, cells), at| cells.get(at)?.as_ref().map(String::as_bytes));
    Ok(Sheet { name, header, header_line, width, rows, preamble, notes, unlike })
}

fn text(cell: &Data) -> Option<String> {
    match cell {
        Data::Empty => None,
        Data::String(text) => Some(text.clone()),
        Data::Int(number) => Some(number.to_string()),
        Data::Float(number) => Some(decimal(*number)),
        Data::Bool(value) => Some(value.to_string()),
        Data::DateTime(moment) => Some(date(moment)),
        Data::DateTimeIso(text) => Some(iso(text)),
        Data::DurationIso(text) => Some(text.clone()),
        Data::Error(error) => Some(error.to_string()),
    }
}

/// A number as spreadsheets show it: fifteen digits, none of them idle.
fn decimal(number: f64) -> String {
    let shown: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    // Negative zero is shown as zero.
    if shown == 0.0 { "0".to_owned() } else { shown.to_string() }
}

fn date(moment: &ExcelDateTime) -> String {
    if moment.is_duration()
        && let Some(duration) = moment.as_duration()
    {
        let seconds = duration.num_seconds();
        let sign = if seconds < 0 { "-" } else { "" };
        let seconds = seconds.unsigned_abs();
        return format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    match moment.as_datetime() {
        // A number below one is a time of day.
        Some(at) if (0.0..1.0).contains(&moment.as_f64()) && moment.as_f64() > 0.0 => {
            at.time().format("%H:%M:%S").to_string()
        }
        Some(at) => date_and_time(at),
        None => decimal(moment.as_f64()),
    }
}

fn iso(text: &str) -> String {
    match text.parse::<NaiveDateTime>() {
        Ok(at) => date_and_time(at),
        Err(_) => text.to_owned(),
    }
}

fn date_and_time(at: NaiveDateTime) -> String {
    if at.time() == NaiveTime::MIN {
        at.format("%Y-%m-%d").to_string()
    } else {
        at.format("%Y-%m-%d %H:%M:%S%.f").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType;

    #[test]
    fn cells_read_as_a_person_sees_them() {
        let moment = |value| Data::DateTime(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, false));
        let cases = [
            (Data::Float(67000.0), "67000"),
            (Data::Float(0.1 + 0.2), "0.3"),
            (Data::Float(-0.0), "0"),
            (Data::Float(12.5), "12.5"),
            (Data::Int(7), "7"),
            (Data::Bool(true), "true"),
            (moment(45_992.0), "2025-12-01"),
            (moment(45_992.75), "2025-12-01 18:00:00"),
            (moment(0.5), "12:00:00"),
            (Data::DateTimeIso("2025-12-01T00:00:00".into()), "2025-12-01"),
            (Data::Error(calamine::CellErrorType::NA), "#N/A"),
        ];
        for (cell, shown) in cases {
            assert_eq!(text(&cell).as_deref(), Some(shown), "{cell:?}");
        }
        assert_eq!(text(&Data::Empty), None);
    }
}
