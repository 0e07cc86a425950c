//! A table of lines under column heads. Widths depend on the space, and where all lines are at hand on what they need, but
//! never on which of them are seen, so that nothing moves while scrolling.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::put;
use crate::tui::cursor::Cursor;
use crate::tui::text;
use crate::tui::theme::Theme;

/// A column of a grid.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its head.
    pub title: String,
    /// The least columns of the terminal that make sense.
    pub least: u16,
    /// The most that it can use.
    pub most: u16,
    /// What its longest cell takes, where all are known: what it does not need is left to others.
    pub need: u16,
    /// Whether values stand at the right, as numbers do.
    pub right: bool,
    /// Whether values are cut in the middle, as names are that differ at their ends.
    pub middle: bool,
    /// When space is short, columns with a high rank go first; those of rank 0 stay.
    pub rank: u8,
}

impl Column {
    /// A column of text.
    pub fn text(title: impl Into<String>, least: u16, most: u16, rank: u8) -> Column {
        Column { title: title.into(), least, most, need: u16::MAX, right: false, middle: false, rank }
    }

    /// A column of names: of files, tables, rows.
    pub fn name(title: impl Into<String>, least: u16, most: u16, rank: u8) -> Column {
        Column { middle: true, ..Column::text(title, least, most, rank) }
    }

    /// A value cut to a width as this column's values are.
    pub fn cut<'t>(&self, value: &'t str, width: usize) -> Cow<'t, str> {
        if self.middle { text::middle(value, width) } else { text::fit(value, width) }
    }

    /// A column of numbers.
    pub fn number(title: impl Into<String>, width: u16, rank: u8) -> Column {
        Column { right: true, ..Column::text(title, width, width, rank) }
    }
}

/// A cell: its text, already harmless, and its style.
pub type Cell = (String, Style);

/// One line of a grid.
#[derive(Debug, Default)]
pub struct Row {
    /// The mark in front.
    pub mark: (&'static str, Style),
    /// One cell per column.
    pub cells: Vec<Cell>,
    /// What stands in the last column in place of a cell, where several styles are needed.
    pub tail: Vec<Cell>,
}

/// A grid to be drawn.
pub struct Grid<'a> {
    /// The columns.
    pub columns: &'a [Column],
    /// Where the user is.
    pub cursor: Cursor,
    /// How many lines there are.
    pub total: u64,
    /// Whether the keys go to it.
    pub focused: bool,
    /// Whether it has a line that the keys act on.
    pub selectable: bool,
}

/// Columns of the terminal before the first cell: a space, the mark, a space.
pub const GUTTER: u16 = 3;
/// What can use more room than this is a sentence.
const PROSE: u16 = 50;
/// A text of which less is seen says nothing.
const LEAST: u16 = 3;
/// Columns of the terminal between two cells.
pub const GAP: u16 = 2;

/// Which columns are drawn and how wide, where a user moves through them too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    /// The columns in order, by their places in [`Grid::columns`], with their widths.
    pub columns: Vec<(usize, u16)>,
    /// The column that the keys act on; without one they act on the whole line.
    pub here: Option<usize>,
    /// How many columns in front stay while the others move; a line stands behind them.
    pub frozen: usize,
}

impl Grid<'_> {
    /// Which columns are shown in a width, and how wide.
    pub fn widths(columns: &[Column], width: u16) -> Vec<(usize, u16)> {
        let mut shown: Vec<usize> = (0..columns.len()).collect();
        let room = width.saturating_sub(GUTTER);
        let needs = |shown: &[usize]| -> u16 {
            let cells: u16 = shown.iter().map(|at| columns[*at].least).sum();
            cells.saturating_add(GAP.saturating_mul(shown.len().saturating_sub(1) as u16))
        };
        while needs(&shown) > room {
            let Some(at) = (0..shown.len()).rev().max_by_key(|at| columns[shown[*at]].rank) else {
                break;
            };
            if columns[shown[at]].rank == 0 {
                break;
            }
            shown.remove(at);
        }
        // Where it is known that those that stay leave room, as short cells do, the others are there all the same.
        let whole = |at: usize| columns[at].most.min(columns[at].need);
        let mut gone: Vec<usize> = (0..columns.len()).filter(|at| !shown.contains(at)).collect();
        gone.sort_by_key(|at| columns[*at].rank);
        for at in gone {
            let gaps = GAP.saturating_mul(shown.len() as u16);
            let others: u16 = shown.iter().fold(gaps, |sum, at| sum.saturating_add(whole(*at)));
            if columns[at].need < u16::MAX && others.saturating_add(columns[at].least.min(columns[at].need)) <= room {
                shown.push(at);
                shown.sort_unstable();
            }
        }
        let least = |at: usize| columns[at].least.min(columns[at].need);
        let mut widths: Vec<(usize, u16)> = shown.iter().map(|at| (*at, least(*at))).collect();
        let gaps = GAP.saturating_mul(shown.len().saturating_sub(1) as u16);
        let taken = shown.iter().map(|at| least(*at)).sum::<u16>().saturating_add(gaps);
        // Where those that stay have no room either, the last text is cut, and that is seen.
        let over = taken.saturating_sub(room);
        if let Some((_, wide)) = widths.last_mut().filter(|(at, wide)| !columns[*at].right && *wide >= over + LEAST) {
            *wide -= over;
        }
        let mut left = room.saturating_sub(taken);
        // The rest is dealt out evenly, a column of the terminal at a time, to whoever can use it. Where it is known what each
        // needs, sentences come last: they can use any room.
        let is_first = |at: usize| columns[at].need < u16::MAX && columns[at].most <= PROSE;
        for first in [true, false] {
            loop {
                let before = left;
                for (at, wide) in widths.iter_mut().filter(|(at, _)| is_first(*at) || !first) {
                    if left > 0 && *wide < columns[*at].most.min(columns[*at].need) {
                        *wide += 1;
                        left -= 1;
                    }
                }
                if left == before {
                    break;
                }
            }
        }
        widths
    }

    /// The columns with no more room than their heads and these lines need, so that the rest is left to others. For lists
    /// of which all lines are at hand; of others it would change while scrolling.
    pub fn fitted(columns: &[Column], lines: impl Iterator<Item = Row>) -> Vec<Column> {
        let mut lines = lines.peekable();
        if lines.peek().is_none() {
            return columns.to_vec();
        }
        let mut needs: Vec<usize> = columns.iter().map(|column| text::width(&column.title)).collect();
        for line in lines {
            for (need, (cell, _)) in needs.iter_mut().zip(&line.cells) {
                *need = text::width(cell).max(*need);
            }
        }
        let fit = |(column, need): (&Column, usize)| Column {
            need: u16::try_from(need).unwrap_or(u16::MAX),
            ..column.clone()
        };
        columns.iter().zip(needs).map(fit).collect()
    }

    /// Draws heads and lines; `row` gives the line with that number.
    pub fn draw(&self, area: Rect, theme: Theme, buffer: &mut Buffer, row: impl Fn(u64) -> Row) {
        let spread = Spread { columns: Grid::widths(self.columns, area.width), here: None, frozen: 0 };
        self.draw_spread(&spread, area, theme, buffer, row);
    }

    /// Cuts the names of each column so that those that are seen together and differ do not look the same.
    fn tell_apart(&self, widths: &[(usize, u16)], rows: &mut [Row]) {
        for (at, wide) in widths.iter().filter(|(at, _)| self.columns[*at].middle) {
            let names: Vec<&str> = rows.iter().map(|row| row.cells.get(*at).map_or("", |(cell, _)| cell)).collect();
            let cut = text::apart(&names, usize::from(*wide));
            for (row, cut) in rows.iter_mut().zip(cut) {
                if let Some((cell, _)) = row.cells.get_mut(*at) {
                    *cell = cut;
                }
            }
        }
    }

    /// Draws heads and lines of the columns that the spread says.
    pub fn draw_spread(
        &self,
        spread: &Spread,
        area: Rect,
        theme: Theme,
        buffer: &mut Buffer,
        row: impl Fn(u64) -> Row,
    ) {
        let widths = &spread.columns;
        // Only the cell, in a line where there is one, wears the full cursor.
        let is_here = |at: usize| spread.here.is_none_or(|here| here == at);
        let gap = |n: usize| if n + 1 == spread.frozen { "│ " } else { "  " };
        let mut head = vec![Span::raw(" ".repeat(usize::from(GUTTER)))];
        for (n, (at, wide)) in widths.iter().enumerate() {
            let column = &self.columns[*at];
            let style = if spread.here == Some(*at) { theme.title(self.focused) } else { theme.dim() };
            head.push(Span::styled(place(&column.title, *wide, column.right), style));
            head.push(Span::styled(gap(n), theme.dim()));
        }
        put(buffer, area, 0, Line::from(head));
        let seen = self.cursor.top..self.total.min(self.cursor.top + u64::from(area.height.saturating_sub(1)));
        let mut rows: Vec<Row> = seen.clone().map(row).collect();
        self.tell_apart(widths, &mut rows);
        for ((line, at), row) in (1..).zip(seen).zip(rows) {
            let here = self.selectable && at == self.cursor.at;
            let whole_line = spread.here.is_none();
            let base = if here { theme.cursor(self.focused && whole_line) } else { Style::new() };
            let styled = |style: Style| match here && self.focused && whole_line {
                true => keep_modifiers(style, base),
                false => style.patch(base),
            };
            let pointer = if here { "▸" } else { " " };
            let mut spans = vec![
                Span::styled(pointer, base),
                Span::styled(text::left(row.mark.0, 1), styled(row.mark.1)),
                Span::styled(" ", base),
            ];
            for (n, (at, wide)) in widths.iter().enumerate() {
                if *at + 1 == self.columns.len() && !row.tail.is_empty() {
                    spans.extend(row.tail.iter().map(|(part, style)| Span::styled(part.clone(), styled(*style))));
                    continue;
                }
                let empty = (String::new(), Style::new());
                let (cell, style) = row.cells.get(*at).unwrap_or(&empty);
                // Only the text wears the style of the cell: an underline under nothing looks like a field to type in.
                let cut = self.columns[*at].cut(cell, usize::from(*wide)).into_owned();
                let rest = " ".repeat(usize::from(*wide).saturating_sub(text::width(&cut)));
                let (before, after) =
                    if self.columns[*at].right { (rest, String::new()) } else { (String::new(), rest) };
                let (base, style) = match here && !whole_line && is_here(*at) {
                    true => {
                        let cursor = theme.cursor(self.focused);
                        (cursor, keep_modifiers(*style, cursor))
                    }
                    false => (base, styled(*style)),
                };
                spans.push(Span::styled(before, base));
                spans.push(Span::styled(cut, style));
                spans.push(Span::styled(after, base));
                let gap_style = if gap(n) == "  " && whole_line { base } else { theme.dim() };
                spans.push(Span::styled(gap(n), gap_style));
            }
            if here && self.focused && whole_line {
                let rest = Rect { y: area.y + line, height: 1, ..area };
                buffer.set_style(rest.intersection(buffer.area), base);
            }
            put(buffer, area, line, Line::from(spans));
        }
    }
}

/// On the line of the cursor its colours win, so that everything can be read; underlining and bold stay.
fn keep_modifiers(style: Style, base: Style) -> Style {
    let mut kept = base;
    kept.add_modifier |= style.add_modifier;
    kept
}

fn place(value: &str, width: u16, right: bool) -> String {
    if right { text::right(value, usize::from(width)) } else { text::left(value, usize::from(width)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_column_does_not_need_the_others_have() {
        let columns = [Column::name("row", 16, 30, 0), Column::text("mine", 12, 40, 0), Column::number("n", 9, 0)];
        let line = |row: &str, mine: &str| Row {
            cells: [row, mine, "7"].iter().map(|cell| ((*cell).to_owned(), Style::new())).collect(),
            ..Row::default()
        };
        let long = "f.blanchard at courrier.example.fr";
        let lines = || [line("C0000032", long), line("C1", "short")].into_iter();
        let fitted = Grid::fitted(&columns, lines());
        assert_eq!(Grid::widths(&fitted, 60), [(0, 8), (1, 34), (2, 1)], "nothing is cut");
        assert_eq!(Grid::widths(&fitted, 40), [(0, 8), (1, 24), (2, 1)], "what is short gives way to what is long");
        let columns = [Column::name("row", 16, 30, 0), Column::text("why", 20, 200, 1)];
        let fitted = Grid::fitted(&columns, [line("C1", "moved")].into_iter());
        assert_eq!(Grid::widths(&columns, 30), [(0, 27)], "there is no room for both");
        assert_eq!(Grid::widths(&fitted, 30), [(0, 3), (1, 5)], "but there is where both are short");
    }

    #[test]
    fn short_space_takes_the_least_important_columns_away_and_the_rest_is_dealt_out() {
        let columns = [Column::text("key", 5, 10, 0), Column::text("value", 5, 100, 0), Column::number("n", 4, 2)];
        assert_eq!(Grid::widths(&columns, 40), [(0, 10), (1, 19), (2, 4)]);
        assert_eq!(Grid::widths(&columns, 18), [(0, 7), (1, 6)], "the numbers went first");
        assert_eq!(Grid::widths(&columns, 13), [(0, 5), (1, 3)], "the last text is cut");
        assert_eq!(Grid::widths(&columns, 3), [(0, 5), (1, 5)], "rank 0 stays and is cut by the frame");
    }
}
