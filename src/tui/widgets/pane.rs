//! A framed part of the screen. Neighbouring panes share one line of frame.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Direction, Layout, Rect, Spacing};
use ratatui::symbols::merge::MergeStrategy;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use crate::tui::text;
use crate::tui::theme::Theme;

/// Divides an area so that neighbours share one line of frame.
pub fn split<const N: usize>(area: Rect, direction: Direction, parts: [Constraint; N]) -> [Rect; N] {
    Layout::new(direction, parts).spacing(Spacing::Overlap(1)).areas(area)
}

/// The part of a pane within its frame.
pub fn inner(frame: Rect) -> Rect {
    Rect {
        x: frame.x.saturating_add(1).min(frame.right()),
        y: frame.y.saturating_add(1).min(frame.bottom()),
        width: frame.width.saturating_sub(2),
        height: frame.height.saturating_sub(2),
    }
}

/// An area without its first lines.
pub fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// The frame of a pane with its title, and what stands at the right of its lower line.
pub struct Pane<'a> {
    /// The title.
    pub title: Vec<Span<'a>>,
    /// At the lower right, e.g. where the cursor is.
    pub foot: String,
    /// Whether the keys go to it.
    pub focused: bool,
}

impl Pane<'_> {
    /// Draws the frame.
    pub fn draw(self, frame: Rect, theme: Theme, buffer: &mut Buffer) {
        let room = usize::from(frame.width.saturating_sub(4));
        let mut title = vec![Span::raw(" ")];
        let mut used = 0;
        for span in self.title {
            let cut = text::fit(&span.content, room.saturating_sub(used)).into_owned();
            used += text::width(&cut);
            title.push(Span::styled(cut, theme.title(self.focused).patch(span.style)));
        }
        title.push(Span::raw(" "));
        let mut block = Block::bordered()
            .merge_borders(MergeStrategy::Exact)
            .border_style(theme.frame(self.focused))
            .title_top(Line::from(title));
        if !self.foot.is_empty() && text::width(&self.foot) <= room {
            block = block.title_bottom(Line::styled(format!(" {} ", self.foot), theme.dim()).right_aligned());
        }
        block.render(frame, buffer);
    }
}
