//! Draws the model: header, screen, footer, and what lies over them. Reads only.

use ratatui::Frame;
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
    let body = Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(2), ..area };
    let bottom = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    let too_small = model.too_small();
    if too_small {
        let size = format!("{}x{}: too small, {}x{} needed", area.width, area.height, SMALLEST.0, SMALLEST.1);
        let size = format!("{size}; {} keys, {} quit", model.key("help"), model.key("quit"));
        for (row, line) in (0..).zip(text::wrap(&size, usize::from(area.width))) {
            put(buffer, body, row, Line::styled(line, model.theme.warning()));
        }
    } else {
        (model.screen().view)(model, body, buffer);
    }
    header::draw(model, top, buffer);
    if area.height > 1 && !too_small {
        footer::draw(model, bottom, buffer);
    }
    let cursor: Option<Position> = popup::draw(model, body, buffer);
    popup::hint(model, body, buffer);
    footer::note(model, body, buffer);
    model.theme.finish(buffer);
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
}
