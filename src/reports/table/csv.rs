//! A table as comma-separated values, which every tool reads.

use std::io::Write;

use super::{Kind, Writer, columns, neutralised, refused, without_lists};
use crate::error::Result;
use crate::reports::{TableFormat, writing};
use crate::store::Store;

/// UTF-8, commas, quotes only where needed, names first. Lines end with a line feed alone, as `cut`, `sort` and `grep` want
/// them and spreadsheets read them too.
pub const FORMAT: TableFormat = TableFormat {
    name: "csv",
    summary: "comma-separated values in UTF-8, quoted as in RFC 4180, lines ended by a line feed; text that a spreadsheet would run as a formula gets an apostrophe in front",
    extension: "csv",
    write: Writer::Stream(write),
};

fn write(store: &Store, sql: &str, out: &mut dyn Write) -> Result<u64> {
    let columns = columns(store, sql)?;
    let is_text: Vec<bool> = columns.iter().map(|(_, kind)| matches!(kind, Kind::Text | Kind::List)).collect();
    let mut file = csv::Writer::from_writer(out);
    file.write_record(columns.iter().map(|(name, _)| neutralised(name).into_owned())).map_err(refused)?;
    let rows = store.each_text(&without_lists(sql, &columns), &mut |cells| {
        for (cell, is_text) in cells.iter().zip(&is_text) {
            let cell = cell.unwrap_or_default();
            let field = if *is_text { neutralised(cell) } else { cell.into() };
            file.write_field(field.as_bytes()).map_err(refused)?;
        }
        file.write_record(None::<&[u8]>).map_err(refused)
    })?;
    file.flush().map_err(writing)?;
    Ok(rows)
}
