//! Text tables, aligned by what a terminal draws and not by bytes. Neighbour: `text`, which makes cells harmless.

use super::text::{Paint, visible, width};

/// A table for people: a line of headings, two spaces between columns.
pub struct Table {
    headings: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings. A heading that begins with `#` is of a column of numbers and stands right.
    pub fn new<S: AsRef<str>>(headings: impl IntoIterator<Item = S>) -> Table {
        let (right, headings) = headings
            .into_iter()
            .map(|heading| match heading.as_ref().strip_prefix('#') {
                Some(heading) => (true, visible(heading)),
                None => (false, visible(heading.as_ref())),
            })
            .unzip();
        Table { headings, right, rows: Vec::new() }
    }

    /// Adds a row; the cells are data and are made harmless here.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| visible(cell.as_ref())).collect());
    }

    /// The lines of the table, each with its line break.
    pub fn lines(&self, paint: Paint) -> impl Iterator<Item = String> + '_ {
        let mut widths: Vec<usize> = self.headings.iter().map(|heading| width(heading)).collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        let heading = format!("{}\n", paint.faint(&self.line(&self.headings, &widths)));
        let rows = self.rows.iter().map(move |row| format!("{}\n", self.line(row, &widths)));
        std::iter::once(heading).chain(rows)
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (at, cell) in cells.iter().enumerate() {
            let gap = " ".repeat(widths.get(at).map_or(0, |widest| widest.saturating_sub(width(cell))));
            if self.right.get(at).copied().unwrap_or(false) {
                line.push_str(&gap);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&gap);
            }
            line.push_str("  ");
        }
        line.truncate(line.trim_end_matches(' ').len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_what_is_drawn_and_escape_sequences_are_shown() {
        let mut table = Table::new(["name", "#rows"]);
        table.row(["日本", "7"]);
        table.row(["\x1b[31m", "1 284"]);
        let text: String = table.lines(Paint(false)).collect();
        assert_eq!(text, "name    rows\n日本       7\n␛[31m  1 284\n");
    }
}
