//! A table as an Excel workbook: numbers are numbers, days are days, and no row is left out.

use std::path::Path;

use polars::prelude::{AnyValue, DataFrame};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use super::{Kind, Writer, columns, neutralised};
use crate::error::{Error, Result};
use crate::reports::{TableFormat, writing};
use crate::sql::Ident;
use crate::store::Store;

/// One sheet with a frozen, filterable header; further sheets where one is full.
pub const FORMAT: TableFormat = TableFormat {
    name: "xlsx",
    summary: "an Excel workbook: numbers as numbers, days as days, further sheets beyond 1 048 575 rows",
    extension: "xlsx",
    write: Writer::File(write),
};

/// Rows that fit below the header of a sheet.
const SHEET_ROWS: u32 = 1_048_575;
/// Columns that fit into a sheet.
const SHEET_COLUMNS: usize = 16_384;
/// Characters that fit into a cell, counted as Excel counts them, in UTF-16 units.
const CELL_UNITS: usize = 32_767;
/// The first day on which Excel's count of days agrees with the calendar, 1900-03-01; earlier days are written as text.
const FIRST_DAY: f64 = 61.0;

fn write(store: &Store, sql: &str, path: &Path) -> Result<u64> {
    write_with_sheets_of(store, sql, path, SHEET_ROWS)
}

fn write_with_sheets_of(store: &Store, sql: &str, path: &Path, sheet_rows: u32) -> Result<u64> {
    let columns = columns(store, sql)?;
    if columns.len() > SHEET_COLUMNS {
        return Err(Error::usage(format!("{} columns do not fit into a sheet of 16 384", columns.len()))
            .hint("choose fewer columns, or export to parquet or csv"));
    }
    let mut book = Book::new(&columns, sheet_rows);
    let mut total = 0;
    book.sheet()?;
    store.each_frame(&plain(sql, &columns), &mut |frame| {
        total += frame.height() as u64;
        book.add(&frame)
    })?;
    book.finish(path)?;
    Ok(total)
}

/// The query with every value as Excel knows it: text, a number (days since 1899-12-30 for dates) or a truth value. A day
/// comes with its text, for the days that Excel does not know.
fn plain(sql: &str, columns: &[(String, Kind)]) -> String {
    let fields: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(at, (name, kind))| {
            let name = Ident(name);
            match kind {
                Kind::Number => format!("{name}::DOUBLE AS c{at}, NULL::VARCHAR AS t{at}"),
                Kind::Boolean => format!("{name} AS c{at}, NULL::VARCHAR AS t{at}"),
                Kind::Date | Kind::Timestamp => {
                    format!("epoch({name}) / 86400.0 + 25569 AS c{at}, {name}::VARCHAR AS t{at}")
                }
                Kind::List => format!("array_to_string({name}::VARCHAR[], ', ') AS c{at}, NULL::VARCHAR AS t{at}"),
                Kind::Text => format!("{name}::VARCHAR AS c{at}, NULL::VARCHAR AS t{at}"),
            }
        })
        .collect();
    format!("SELECT {} FROM ({sql})", fields.join(", "))
}

/// A workbook in the making. A full sheet is written to disk by the library and held no longer.
struct Book<'a> {
    columns: &'a [(String, Kind)],
    sheet_rows: u32,
    book: Workbook,
    sheets: usize,
    /// The row last written on the current sheet; 0 is the header.
    row: u32,
    header: Format,
    day: Format,
    moment: Format,
}

impl<'a> Book<'a> {
    fn new(columns: &'a [(String, Kind)], sheet_rows: u32) -> Book<'a> {
        let mut book = Workbook::new();
        // The moment of writing would make two exports of the same rows differ.
        let created = ExcelDateTime::from_ymd(2000, 1, 1).unwrap_or_default();
        book.set_properties(&DocProperties::new().set_creation_datetime(&created));
        Book {
            columns,
            sheet_rows,
            book,
            sheets: 0,
            row: 0,
            header: Format::new().set_bold(),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }

    /// Begins the next sheet with its header.
    fn sheet(&mut self) -> Result<()> {
        self.close_sheet()?;
        self.sheets += 1;
        self.row = 0;
        let name = if self.sheets == 1 { "rows".to_owned() } else { format!("rows {}", self.sheets) };
        let sheet = self.book.add_worksheet_with_constant_memory().map_err(refused)?;
        sheet.set_name(name).map_err(refused)?;
        sheet.set_freeze_panes(1, 0).map_err(refused)?;
        for (at, (name, kind)) in (0..).zip(self.columns) {
            sheet.write_with_format(0, at, neutralised(name), &self.header).map_err(refused)?;
            let width = match kind {
                Kind::Date => 11.0,
                Kind::Timestamp => 19.0,
                _ => (name.chars().count() as f64 + 4.0).clamp(10.0, 40.0),
            };
            sheet.set_column_width(at, width).map_err(refused)?;
        }
        Ok(())
    }

    /// Lets the rows of the current sheet be filtered, now that it is known how many they are.
    fn close_sheet(&mut self) -> Result<()> {
        let (row, columns) = (self.row, self.columns.len());
        if self.sheets == 0 || columns == 0 {
            return Ok(());
        }
        let last = u16::try_from(columns - 1).unwrap_or(u16::MAX);
        let sheet = self.book.worksheet_from_index(self.sheets - 1).map_err(refused)?;
        sheet.autofilter(0, 0, row, last).map_err(refused)?;
        Ok(())
    }

    fn add(&mut self, frame: &DataFrame) -> Result<()> {
        let cells = frame.get_columns();
        for at in 0..frame.height() {
            if self.row >= self.sheet_rows {
                self.sheet()?;
            }
            self.row += 1;
            let row = self.row;
            for column in 0..self.columns.len() {
                let value = value_at(cells, 2 * column, at)?;
                let text = value_at(cells, 2 * column + 1, at)?;
                self.cell(row, column, &value, &text)?;
            }
        }
        Ok(())
    }

    fn cell(&mut self, row: u32, column: usize, value: &AnyValue, text: &AnyValue) -> Result<()> {
        let (name, kind) = &self.columns[column];
        let sheet = self.book.worksheet_from_index(self.sheets - 1).map_err(refused)?;
        let at = u16::try_from(column).unwrap_or(u16::MAX);
        let format = if *kind == Kind::Date { &self.day } else { &self.moment };
        match (value, kind) {
            (AnyValue::Null, _) => return Ok(()),
            (AnyValue::Float64(day), Kind::Date | Kind::Timestamp) if *day >= FIRST_DAY => {
                sheet.write_number_with_format(row, at, *day, format)
            }
            (AnyValue::Float64(_), Kind::Date | Kind::Timestamp) => {
                sheet.write_string(row, at, text.get_str().unwrap_or_default())
            }
            (AnyValue::Float64(number), _) if number.is_finite() => sheet.write_number(row, at, *number),
            (AnyValue::Float64(number), _) => sheet.write_string(row, at, number.to_string()),
            (AnyValue::Boolean(truth), _) => sheet.write_boolean(row, at, *truth),
            (other, _) => {
                let text = neutralised(other.get_str().unwrap_or_default());
                if text.encode_utf16().count() > CELL_UNITS {
                    return Err(Error::usage(
                        "a text is longer than the 32 767 characters that fit into a cell of Excel",
                    )
                    .at_column(name.as_str())
                    .hint("export to parquet or csv"));
                }
                sheet.write_string(row, at, text)
            }
        }
        .map_err(refused)?;
        Ok(())
    }

    fn finish(mut self, path: &Path) -> Result<()> {
        self.close_sheet()?;
        self.book.save(path).map_err(refused)
    }
}

fn value_at<'f>(columns: &'f [polars::prelude::Column], column: usize, row: usize) -> Result<AnyValue<'f>> {
    columns.get(column).and_then(|column| column.get(row).ok()).ok_or_else(|| Error::internal("a frame lacks a value"))
}

fn refused(cause: XlsxError) -> Error {
    match cause {
        XlsxError::IoError(cause) => writing(cause),
        other => Error::internal("the workbook cannot be written").caused_by(other),
    }
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader as _, Xlsx, open_workbook};

    use super::*;

    const ROWS: &str =
        "SELECT i::INTEGER AS n, -i / 2.0 AS half, DATE '2026-01-31' + i::INTEGER AS day, DATE '1850-01-01' AS old,
        TIMESTAMP '2026-01-31 06:00:00' AS moment, i % 2 = 0 AS even, ['a', 'b'] AS list, '=cmd|' || i AS text,
        NULL::VARCHAR AS nothing FROM range(5) t(i)";

    fn read(sql: &str, sheet_rows: u32) -> Result<Vec<(String, Vec<Vec<Data>>)>> {
        let store = Store::in_memory(&[])?;
        let dir = tempfile::tempdir().map_err(writing)?;
        let path = dir.path().join("t.xlsx");
        write_with_sheets_of(&store, sql, &path, sheet_rows)?;
        let wrong = |cause: calamine::XlsxError| Error::internal("the workbook cannot be read back").caused_by(cause);
        let mut book: Xlsx<_> = open_workbook(&path).map_err(wrong)?;
        let mut sheets = Vec::new();
        for name in book.sheet_names() {
            let range = book.worksheet_range(&name).map_err(wrong)?;
            sheets.push((name, range.rows().map(<[Data]>::to_vec).collect()));
        }
        Ok(sheets)
    }

    #[test]
    fn a_workbook_reads_back_with_its_types() -> Result<()> {
        let sheets = read(ROWS, SHEET_ROWS)?;
        let [(name, rows)] = sheets.as_slice() else { panic!("one sheet was expected") };
        assert_eq!((name.as_str(), rows.len()), ("rows", 6));
        let row = &rows[2];
        assert_eq!(row[0], Data::Float(1.0));
        assert_eq!(row[1], Data::Float(-0.5));
        assert_eq!(row[2].to_string(), "46054", "2026-02-01 in days since 1899-12-30");
        assert!(matches!(row[2], Data::DateTime(_)) && matches!(row[4], Data::DateTime(_)));
        assert_eq!(row[3], Data::String("1850-01-01".into()));
        assert_eq!(row[5], Data::Bool(false));
        assert_eq!(row[6], Data::String("a, b".into()));
        assert_eq!(row[7], Data::String("'=cmd|1".into()));
        Ok(())
    }

    #[test]
    fn what_does_not_fit_on_a_sheet_goes_on_the_next_under_the_same_header() -> Result<()> {
        let sheets = read(ROWS, 2)?;
        let sizes: Vec<(&str, usize)> = sheets.iter().map(|(name, rows)| (name.as_str(), rows.len())).collect();
        assert_eq!(sizes, [("rows", 3), ("rows 2", 3), ("rows 3", 2)]);
        assert_eq!(sheets[2].1[0][0], Data::String("n".into()));
        assert_eq!(sheets[2].1[1][0], Data::Float(4.0));
        Ok(())
    }
}
