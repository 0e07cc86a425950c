//! Lines that are no grid of their own: cells under heads that stand further up, or words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::grid::{Cell, Column, Grid};

/// Cells under their heads, in lines that are so wide.
pub fn under(columns: &[Column], width: u16, cells: &[Cell]) -> Vec<Cell> {
    let placed = |(at, wide): &(usize, u16)| {
        let (text, style) = cells.get(*at)?;
        let (column, wide) = (columns.get(*at)?, usize::from(*wide));
        let place = if column.right { text::right } else { text::left };
        Some((format!("{}  ", place(&column.cut(text, wide), wide)), *style))
    };
    Grid::widths(columns, width).iter().filter_map(placed).collect()
}

/// Draws a line into its place; `here` says that the cursor is on it, and whether the keys are.
pub fn put(mark: (&str, Style), cells: Vec<Cell>, here: Option<bool>, place: Rect, theme: Theme, buffer: &mut Buffer) {
    let own = match here {
        Some(true) => Some(theme.cursor(true)),
        Some(false) | None => None,
    };
    let style = |style: Style| own.unwrap_or(style);
    let pointer = if here.is_some() { "▸" } else { " " };
    let mut spans = vec![
        Span::styled(pointer, style(Style::new())),
        Span::styled(text::left(mark.0, 1), style(mark.1)),
        Span::styled(" ", style(Style::new())),
    ];
    spans.extend(cells.into_iter().map(|(text, own)| Span::styled(text, style(own))));
    if let Some(own) = own {
        buffer.set_style(place.intersection(buffer.area), own);
    }
    crate::tui::widgets::put(buffer, place, 0, Line::from(spans));
}
