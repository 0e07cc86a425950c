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
use ratatui::text::Line;
use ratatui::widgets::Widget;

/// Draws one line at a row of an area, counted from its top; outside of the area nothing is drawn.
pub fn put<'a>(buffer: &mut Buffer, area: Rect, row: u16, line: impl Into<Line<'a>>) {
    if row < area.height {
        line.into().render(Rect { y: area.y + row, height: 1, ..area }, buffer);
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

#[cfg(test)]
mod tests {
    use super::*;

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
