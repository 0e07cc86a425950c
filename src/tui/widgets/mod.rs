//! What screens are built of: panes, grids, header, footer, popups, what stands where there is nothing. Widgets draw what they are given and know no screen.

pub mod empty;
pub mod footer;
pub mod grid;
pub mod header;
pub mod pane;
pub mod popup;
pub mod sheet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::theme::Theme;
use crate::model::TableScore;

/// Draws one line at a row of an area, counted from its top; outside of the area nothing is drawn.
pub fn put<'a>(buffer: &mut Buffer, area: Rect, row: u16, line: impl Into<Line<'a>>) {
    if row < area.height {
        line.into().render(Rect { y: area.y + row, height: 1, ..area }, buffer);
    }
}

/// How good a table is, as glyph and colour.
pub fn health(score: &TableScore, theme: Theme) -> (&'static str, Style) {
    match (score.blocking, score.warning) {
        (1.., _) => ("●", theme.bad()),
        (0, 1..) => ("▲", theme.warning()),
        _ => ("✓", theme.good()),
    }
}

/// A bar of a width that is filled to a share between 0 and 1, to an eighth of a column.
pub fn bar(share: f64, width: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (share * width as f64 * 8.0).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(PARTS.get(eighths % 8).copied().unwrap_or_default());
    super::text::left(&bar, width)
}

/// Values as a row of bars from the least to the greatest, at most `width` of the last ones; a single value makes no row.
pub fn sparkline(values: &[f64], width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let values = &values[values.len().saturating_sub(width)..];
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bar = |value: &f64| {
        let share = if greatest > least { (value - least) / (greatest - least) } else { 0.5 };
        BARS[((share * 7.0).round() as usize).min(7)]
    };
    if values.len() < 2 { String::new() } else { values.iter().map(bar).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_bars_shows_the_last_values_between_their_least_and_greatest() {
        assert_eq!(sparkline(&[0.0, 50.0, 100.0], 9), "▁▅█");
        assert_eq!(sparkline(&[0.0, 50.0, 100.0], 2), "▁█");
        assert_eq!(sparkline(&[99.0, 99.0], 9), "▅▅", "what stays is no fall");
        assert_eq!(sparkline(&[3.0], 9), "");
        assert_eq!(sparkline(&[f64::NAN, 1.0], 9).chars().count(), 2);
    }

    #[test]
    fn a_bar_has_its_width_whatever_the_share() {
        assert_eq!(bar(0.5, 4), "██  ");
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.0, 3), "   ");
        assert_eq!(bar(f64::NAN, 2), "  ");
        assert_eq!(bar(7.0, 2), "██");
        assert_eq!(bar(0.5, 1), "▌");
    }
}
