//! Draws a form of several parts.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::pane::{Pane, inner};
use super::popup::{Target, field_at, padded, typed};
use super::put;
use crate::tui::input::Input;
use crate::tui::model::Model;
use crate::tui::popups::Sheet;
use crate::tui::text;

/// The most lines for the words above the form.
const ABOUT: usize = 9;
/// The lines below: a gap, and what is wrong with what was typed or good for it.
const BELOW: usize = 4;

/// Where everything in it is.
struct Plan {
    frame: Rect,
    inside: Rect,
    about: Vec<String>,
    /// The row of the first line to be typed in.
    first: u16,
    /// Lines that are scrolled out above, and lines that are seen.
    skip: usize,
    seen: usize,
    /// The room for the names of the parts.
    label: usize,
}

fn plan(sheet: &Sheet, area: Rect, small: bool) -> Plan {
    let width = 76.min(area.width.saturating_sub(2)).max(area.width.min(10));
    let room = usize::from(width.saturating_sub(4));
    let mut about: Vec<String> = sheet.about.iter().flat_map(|line| text::wrap(&text::clean(line), room)).collect();
    let typing: usize = sheet.parts.iter().map(|part| part.lines.len()).sum();
    let high = about.len().min(ABOUT) + usize::from(!about.is_empty()) + typing + BELOW + 2;
    // What becomes of the rows stands in the lowest third of a low screen, and is followed while one types.
    let most = (area.height * 2 / 3).max(u16::try_from(typing + BELOW + 3).unwrap_or(u16::MAX));
    let height = u16::try_from(high).unwrap_or(u16::MAX).min(most).min(area.height);
    let own = Rect {
        x: area.x + (area.width - width.min(area.width)) / 2,
        y: area.y + ((area.height - height) / 3).min(most - height),
        width: width.min(area.width),
        height,
    };
    let frame = if small { area } else { own };
    let inside = padded(inner(frame));
    // On a low screen the lines to be typed in are worth more than the words above them.
    let whole = about.len();
    about.truncate(usize::from(inside.height).saturating_sub(typing + BELOW + 1));
    let is_cut = about.len() < whole;
    if let Some(last) = about.last_mut().filter(|_| is_cut) {
        *last = text::fit(&format!("{last} …"), room).into_owned();
    }
    let first = about.len() as u16 + u16::from(!about.is_empty());
    // The line that has the keys is always seen.
    let seen = usize::from(inside.height).saturating_sub(usize::from(first) + BELOW).max(1);
    let skip = (sheet.focus + 1).saturating_sub(seen);
    let label = sheet.parts.iter().map(|part| text::width(&part.label)).max().unwrap_or(0).min(24);
    Plan { frame, inside, about, first, skip, seen, label }
}

impl Plan {
    /// The lines that are seen: which one of all, what stands before it, what was typed, and where it is.
    fn lines<'s>(&self, sheet: &'s Sheet) -> impl Iterator<Item = (usize, String, &'s Input, Rect)> {
        let (inside, first, label) = (self.inside, self.first, self.label);
        let all = sheet.parts.iter().flat_map(|part| part.lines.iter().enumerate().map(move |line| (part, line)));
        all.enumerate().skip(self.skip).take(self.seen).zip(first..).map(move |((at, (part, (nth, input))), row)| {
            let name = if nth == 0 { part.label.as_str() } else { "" };
            let line = Rect { y: inside.y + row, height: 1, ..inside }.intersection(inside);
            (at, format!("{} ", text::left(name, label)), input, line)
        })
    }
}

/// Draws it; returns where the terminal's cursor belongs.
pub fn draw(model: &Model, sheet: &Sheet, area: Rect, buffer: &mut Buffer) -> Position {
    let theme = model.theme;
    let plan = plan(sheet, area, model.is_small());
    Clear.render(plan.frame, buffer);
    let title = vec![Span::raw(text::clean(&sheet.title).into_owned())];
    let [accept, leave] = ["form/accept", "form/leave"].map(|name| model.key(name));
    Pane { title, foot: format!("{accept} accept · {leave} leave"), focused: true }.draw(plan.frame, theme, buffer);
    for (row, line) in (0..).zip(&plan.about) {
        put(buffer, plan.inside, row, Line::raw(line.clone()));
    }
    let mut place = Position::new(plan.inside.x, plan.inside.y);
    let mut row = plan.first;
    for (at, lead, input, line) in plan.lines(sheet) {
        let here = typed(input, line, &lead, theme, buffer);
        if at == sheet.focus {
            place = here;
        }
        row += 1;
    }
    let part = sheet.parts.get(sheet.place().0);
    let (words, style) = match (sheet.check)(model, sheet).filter(|_| sheet.touched) {
        Some(wrong) => (format!("✗ {wrong}"), theme.bad()),
        None => (part.map(|part| part.words()).unwrap_or_default(), theme.dim()),
    };
    for line in text::wrap(&text::clean(&words), usize::from(plan.inside.width)).into_iter().take(BELOW - 1) {
        row += 1;
        put(buffer, plan.inside, row, Line::styled(line, style));
    }
    place
}

/// What is at a place of the screen.
pub fn target(sheet: &Sheet, area: Rect, small: bool, place: Position) -> Target {
    let plan = plan(sheet, area, small);
    if !plan.frame.contains(place) {
        return Target::Outside;
    }
    let line = plan.lines(sheet).find(|(.., line)| line.contains(place));
    line.map_or(Target::Inside, |(at, lead, _, line)| field_at(at, text::width(&lead), line, place))
}
