//! Draws the Commit screen: the gate, what would change, what was committed before.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{DIFF, GATE, LOG, gate, is_counted, regions};
use crate::tui::model::Model;
use crate::tui::screens::{changes, in_drawing_order};
use crate::tui::text;
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, inner};
use crate::tui::widgets::put;

/// Draws the screen.
pub fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    if let Some(rows) = &model.commit.rows {
        return rows.draw(area, model.theme, buffer);
    }
    if let Some(done) = &model.commit.done {
        return done.draw(model, area, buffer);
    }
    let focus = model.commit.focus;
    let panes = in_drawing_order(regions(model, area), focus);
    for region in panes {
        match region.pane {
            DIFF => diff(model, region.frame, focus == DIFF, buffer),
            GATE => gate::draw(model, region.frame, focus == GATE, buffer),
            _ => log(model, region.frame, focus == LOG, buffer),
        }
    }
}

fn diff(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut title = vec![Span::raw("what a commit would change")];
    if model.commit.diff.is_some() && !is_counted(model) {
        title.push(Span::styled(" · counting…", theme.dim()));
    }
    // Where the gate has no room beside it, what it says is seen all the same.
    let is_alone = !regions(model, model.body()).iter().any(|region| region.pane == GATE);
    if let Some(verdict) = model.verdict.as_ref().filter(|_| is_alone) {
        let (glyph, style) = if verdict.gate_is_open() { ("✓", theme.good()) } else { ("✗", theme.bad()) };
        title.push(Span::styled(format!(" · gate {glyph}"), style));
    }
    let unusual = model.commit.diff.iter().flatten().find(|tally| tally.unusual);
    if let Some(tally) = unusual {
        let said = format!(" · ▲ {}: {} rewritten", text::clean(&tally.table), text::number(tally.rewritten));
        title.push(Span::styled(said, theme.warning()));
    }
    Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    match &model.commit.diff {
        Some(diff) => changes::draw_tallies(diff, true, model.commit.cursors[DIFF], focused, inside, theme, buffer),
        None => {
            // What is missing stands in the gate, above.
            let say = if model.verdict.is_some() { "   comparing…" } else { "   –" };
            put(buffer, inside, 0, Line::styled(say, theme.dim()));
        }
    }
}

fn log(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    Pane { title: vec![Span::raw("commits")], foot: String::new(), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let log = match &model.commit.log {
        None => return put(buffer, inside, 0, Line::styled("   …", theme.dim())),
        Some(log) if log.is_empty() => {
            let said = match &model.verdict {
                Some(verdict) if verdict.gate_is_open() => {
                    format!("   nothing was committed yet: {} commits", model.key("commit/commit"))
                }
                _ => "   nothing was committed yet".to_owned(),
            };
            return put(buffer, inside, 0, Line::styled(said, theme.dim()));
        }
        Some(log) => log,
    };
    let columns = [
        Column::number("no.", 5, 0),
        Column::text("when", 16, 16, 0),
        Column::text("who", 8, 14, 2),
        Column::text("message", 14, 200, 0),
        Column::number("added", 9, 1),
        Column::number("changed", 9, 1),
        Column::number("removed", 9, 3),
        Column::text("hash", 10, 10, 4),
    ];
    let grid = Grid {
        columns: &columns,
        cursor: model.commit.cursors[LOG],
        total: log.len() as u64,
        focused,
        selectable: focused,
    };
    grid.draw(inside, theme, buffer, |at| {
        let Some(commit) = usize::try_from(at).ok().and_then(|at| log.get(at)) else {
            return Row::default();
        };
        let sum = |of| (text::number(changes::sum(&commit.tables, of)), theme.text());
        Row {
            mark: if commit.reverts.is_some() { ("↶", theme.warning()) } else { ("✓", theme.good()) },
            cells: vec![
                (commit.id.to_string(), theme.strong()),
                (text::moment(commit.at), theme.text()),
                (text::clean(&commit.who).into_owned(), theme.text()),
                (text::clean(&commit.message).into_owned(), theme.text()),
                sum(|tally| tally.added),
                sum(|tally| tally.changed),
                sum(|tally| tally.removed),
                (commit.hash.chars().take(10).collect(), theme.dim()),
            ],
            ..Row::default()
        }
    });
}
