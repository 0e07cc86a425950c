//! A table as aligned text, for a terminal.

use std::io::Write;

use unicode_width::UnicodeWidthStr as _;

use super::{Kind, Writer, columns, without_lists};
use crate::error::Result;
use crate::reports::text::visible;
use crate::reports::{TableFormat, writing};
use crate::store::Store;

/// Columns side by side; widths come from the first rows, so that it can be read while it is written.
pub const FORMAT: TableFormat = TableFormat {
    name: "text",
    summary: "aligned columns for a terminal; control characters are shown as symbols",
    extension: "txt",
    write: Writer::Stream(write),
};

/// How many rows are looked at for the widths of the columns.
const LOOKED_AT: usize = 1000;
/// No column is made wider for the sake of one long value.
const WIDEST: usize = 60;

fn write(store: &Store, sql: &str, out: &mut dyn Write) -> Result<u64> {
    let columns = columns(store, sql)?;
    let mut lines = Lines {
        right: columns.iter().map(|(_, kind)| *kind == Kind::Number).collect(),
        waiting: vec![columns.iter().map(|(name, _)| visible(name)).collect()],
        widths: Vec::new(),
        out,
    };
    let rows = store.each_text(&without_lists(sql, &columns), &mut |cells| {
        lines.add(cells.iter().map(|cell| cell.map_or_else(|| "–".to_owned(), visible)).collect())
    })?;
    lines.release()?;
    Ok(rows)
}

/// Lines that wait until enough of them are known to say how wide the columns are.
struct Lines<'a> {
    right: Vec<bool>,
    waiting: Vec<Vec<String>>,
    widths: Vec<usize>,
    out: &'a mut dyn Write,
}

impl Lines<'_> {
    fn add(&mut self, cells: Vec<String>) -> Result<()> {
        if !self.widths.is_empty() {
            return self.line(&cells);
        }
        self.waiting.push(cells);
        if self.waiting.len() > LOOKED_AT { self.release() } else { Ok(()) }
    }

    fn release(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        if self.widths.is_empty() {
            let width = |at: usize| waiting.iter().map(|cells| cells[at].width().min(WIDEST)).max().unwrap_or(0);
            self.widths = (0..self.right.len()).map(width).collect();
        }
        waiting.iter().try_for_each(|cells| self.line(cells))
    }

    fn line(&mut self, cells: &[String]) -> Result<()> {
        let mut line = String::new();
        for ((cell, width), right) in cells.iter().zip(&self.widths).zip(&self.right) {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = if *right { (padding.as_str(), "") } else { ("", padding.as_str()) };
            line.extend([before, cell, after, "  "]);
        }
        writeln!(self.out, "{}", line.trim_end()).map_err(writing)
    }
}
