//! Draws the model: header, screen, footer, and what lies over them. Reads only.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::model::{Model, SMALLEST};
use super::text;
use super::widgets::{footer, header, popup, put};

/// Draws everything.
pub fn view(model: &Model, frame: &mut Frame) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if area.width == 0 || area.height == 0 {
        return;
    }
    let top = Rect { height: 1, ..area };
    let between = model.between().intersection(area);
    let bottom = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    header::draw(model, top, buffer);
    let mut cursor = None;
    if model.too_small() {
        let size = format!("{}x{}: too small, {}x{} needed", area.width, area.height, SMALLEST.0, SMALLEST.1);
        let size = format!("{size}; {} quit", model.key("quit"));
        for (row, line) in (0..).zip(text::wrap(&size, usize::from(area.width))) {
            put(buffer, between, row, Line::styled(line, model.theme.warning()));
        }
    } else {
        cursor = match model.is_small() {
            true => without_frames(model, between, buffer),
            false => screen(model, between, buffer),
        };
        footer::draw(model, bottom, buffer);
        popup::hint(model, between, buffer);
    }
    footer::note(model, between, buffer);
    model.theme.finish(buffer);
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
}

/// The open screen and what lies over it; where the terminal's cursor belongs.
fn screen(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    (model.screen().view)(model, area, buffer);
    popup::draw(model, area, buffer)
}

/// The same without the frames around it: it is drawn on a larger sheet, of which the middle is seen.
fn without_frames(model: &Model, seen: Rect, buffer: &mut Buffer) -> Option<Position> {
    let sheet = model.body();
    let mut larger = Buffer::empty(sheet);
    let cursor = screen(model, sheet, &mut larger);
    for (row, y) in (sheet.y + 1..).zip(seen.top()..seen.bottom()) {
        for (column, x) in (sheet.x + 1..).zip(seen.left()..seen.right()) {
            if let (Some(from), Some(to)) = (larger.cell((column, row)), buffer.cell_mut((x, y))) {
                *to = from.clone();
                // What is two columns wide and would stand half outside is not drawn.
                if x + 1 == seen.right() && text::width(to.symbol()) > 1 {
                    to.set_symbol(" ");
                }
            }
        }
    }
    cursor.map(|place| {
        let (x, y) = (seen.x + place.x.saturating_sub(sheet.x + 1), seen.y + place.y.saturating_sub(sheet.y + 1));
        Position::new(x.min(seen.right().saturating_sub(1)), y.min(seen.bottom().saturating_sub(1)))
    })
}
