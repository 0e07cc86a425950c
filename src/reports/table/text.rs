//! A table as aligned text, for a terminal.

use std::io::Write;

use unicode_width::UnicodeWidthStr as _;

use super::{Kind, Writer, columns, without_lists};
use crate::error::Result;
use crate::reports::text::{thousands, visible};
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
        let shown = |(cell, number): (&Option<&str>, &bool)| match cell {
            None => "–".to_owned(),
            Some(cell) if *number => amount(cell),
            Some(cell) => visible(cell),
        };
        let cells = cells.iter().zip(&lines.right).map(shown).collect();
        lines.add(cells)
    })?;
    lines.release()?;
    Ok(rows)
}

/// An amount as people read it, `6 500.84` for `6500.8400`. A number without a fraction may be one that stands for a thing
/// and stays as it is.
fn amount(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    match digits.split_once('.') {
        Some((whole, part)) if part.bytes().all(|byte| byte.is_ascii_digit()) => {
            let Ok(whole) = whole.parse() else { return visible(number) };
            let zeros = part.len() - part.trim_end_matches('0').len();
            let part = &part[..part.len() - zeros.min(part.len().saturating_sub(2))];
            format!("{sign}{}.{part}", thousands(whole))
        }
        _ => visible(number),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_grouped_and_has_no_zeros_that_say_nothing() {
        let read =
            ["6500.8400", "0.1250", "12.9", "-1234567.0000", "20241103", "1.5e-10", "NaN", "144355.77"].map(amount);
        assert_eq!(read, ["6 500.84", "0.125", "12.9", "-1 234 567.00", "20241103", "1.5e-10", "NaN", "144 355.77"]);
    }
}
