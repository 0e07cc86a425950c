//! A framed part of the screen. Neighbouring panes share one line of frame.

use ratatui::buffer::{Buffer, Cell};
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

/// Leaves out of a title, from its end, what does not fit whole into the frame; the first parts stay, as many as `least`.
pub fn whole(title: &mut Vec<Span>, frame: Rect, least: usize) {
    while title.len() > least && !fits(title, frame) {
        title.pop();
    }
}

/// Whether a title fits whole into the frame.
pub fn fits(title: &[Span], frame: Rect) -> bool {
    title.iter().map(Span::width).sum::<usize>() <= usize::from(frame.width.saturating_sub(4))
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
        // Panes that stand below each other share a line: the foot of the one above keeps its place at the right.
        let foot = taken_above(frame, buffer);
        let titled = room.saturating_sub(if foot > 0 { foot + 1 } else { 0 });
        let mut title = vec![Span::raw(" ")];
        let mut used = 0;
        for span in self.title {
            let cut = text::fit(&span.content, titled.saturating_sub(used)).into_owned();
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
        let cuts = (!self.foot.is_empty()).then(|| title_below(frame, text::width(&self.foot) as u16 + 2, buffer));
        let own = if self.foot.is_empty() { 0 } else { text::width(&self.foot) as u16 + 3 };
        let titles = titles_below(frame, own, buffer);
        block.render(frame, buffer);
        for (x, cell) in titles {
            if let Some(there) = buffer.cell_mut((x, frame.bottom().saturating_sub(1))) {
                *there = cell;
            }
        }
        if let Some(cell) = cuts.flatten().and_then(|at| buffer.cell_mut(at)) {
            cell.set_symbol("…");
        }
    }
}

/// Whether a cell is a part of a frame.
fn is_frame(symbol: &str) -> bool {
    symbol.chars().all(|c| ('\u{2500}'..='\u{257f}').contains(&c) || matches!(c, '-' | '+' | '|'))
}

/// How many columns the foot of the pane above takes of the line that both share.
fn taken_above(frame: Rect, buffer: &Buffer) -> usize {
    // Where the corner is not there yet, nothing was drawn above.
    let corner = buffer.cell((frame.right().saturating_sub(1), frame.y)).map_or(" ", |cell| cell.symbol());
    if !is_frame(corner) {
        return 0;
    }
    let line = (frame.x + 1..frame.right().saturating_sub(1)).rev();
    let symbols = line.map(|x| buffer.cell((x, frame.y)).map_or(" ", |cell| cell.symbol()));
    let (mut taken, mut framed) = (0, false);
    for symbol in symbols {
        if is_frame(symbol) {
            framed = true;
            break;
        }
        taken += 1;
    }
    if framed { taken } else { 0 }
}

/// The titles of panes below that were drawn before this one, cell by cell, as far as its own foot leaves them.
fn titles_below(frame: Rect, foot: u16, buffer: &Buffer) -> Vec<(u16, Cell)> {
    let (y, end) = (frame.bottom().saturating_sub(1), frame.right().saturating_sub(1 + foot));
    let cells = || (frame.x + 1..end).filter_map(|x| Some((x, buffer.cell((x, y))?)));
    let is_text = |cell: &Cell| !cell.symbol().trim().is_empty() && !is_frame(cell.symbol());
    let mut texts = cells().filter(|(_, cell)| is_text(cell)).map(|(x, _)| x);
    let Some(first) = texts.next() else { return Vec::new() };
    let last = texts.next_back().unwrap_or(first);
    // A title has a space at both of its ends.
    let title = first.saturating_sub(1)..=last + 1;
    cells().filter(|(x, _)| title.contains(x)).map(|(x, cell)| (x, cell.clone())).collect()
}

/// The place before a foot of some columns, where it lies over the title of the pane below that was drawn before it.
fn title_below(frame: Rect, foot: u16, buffer: &Buffer) -> Option<(u16, u16)> {
    let (begin, y) = (frame.right().saturating_sub(1).checked_sub(foot)?, frame.bottom().saturating_sub(1));
    let is_title = |x: u16| {
        let symbol = buffer.cell((x, y)).map_or(" ", |cell| cell.symbol());
        !symbol.trim().is_empty() && !is_frame(symbol)
    };
    let hidden = (begin..frame.right().saturating_sub(1)).any(is_title);
    (hidden && begin > frame.x + 1).then(|| (begin - 1, y))
}
