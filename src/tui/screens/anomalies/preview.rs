//! What accepting suggestions, or emptying a field, would change, cell by cell, before it is done.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::act::{self, Targets};
use super::{Page, close, keys, open};
use crate::model::{Anomaly, AnomalyFilter, Status, Suggested};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::screens::Region;
use crate::tui::text;
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, below, inner};
use crate::tui::widgets::put;
use crate::tui::window::Window;

/// What becomes of the cells.
#[derive(Default, Clone, PartialEq, Eq)]
enum Change {
    /// They get what is suggested.
    #[default]
    Accept,
    /// They are emptied, for this reason.
    Empty(Option<String>),
}

/// What is shown.
#[derive(Default)]
pub struct State {
    targets: Targets,
    change: Change,
    focus: usize,
    cursor: Cursor,
    window: Window<Suggested>,
    asked: Option<((u64, AnomalyFilter), u64)>,
}

/// The page.
pub static PAGE: Page = Page {
    panes: 1,
    focus: |model| &mut model.anomalies.preview.focus,
    regions,
    reel: |model, _| {
        let height = super::lines_seen(model, &PAGE, 0);
        let state = &mut model.anomalies.preview;
        Some(Reel { cursor: &mut state.cursor, total: state.window.len(), height })
    },
    needs,
    answer: |model, answer| {
        let state = &mut model.anomalies.preview;
        match answer {
            Answer::Suggestions { offset, total, rows } => {
                state.window = Window { offset: *offset, rows: rows.clone(), total: Some(*total) };
            }
            Answer::Emptied { offset, total, rows } => {
                let rows = rows.iter().map(emptied).collect();
                state.window = Window { offset: *offset, rows, total: Some(*total) };
            }
            _ => {}
        }
    },
    back: |_| false,
    layers: |model| match model.anomalies.preview.change {
        Change::Accept => vec![&keys::PREVIEW],
        Change::Empty(_) => vec![&keys::EMPTYING],
    },
    view,
};

/// A cell that will have no value.
fn emptied(one: &Anomaly) -> Suggested {
    Suggested {
        table: one.table.clone(),
        field: one.field.clone(),
        rule: one.rule.clone(),
        row: one.row.clone(),
        before: one.value.clone(),
        after: String::new(),
    }
}

fn regions(_: &Model, area: Rect) -> Vec<Region> {
    vec![Region { pane: 0, frame: area, body: below(inner(area), 2) }]
}

/// Shows what accepting would change.
pub fn show(model: &mut Model, targets: Targets) {
    let mut window = Window::default();
    if let Targets::These(these) = &targets {
        let rows: Vec<Suggested> = these
            .iter()
            .filter_map(|one| {
                Some(Suggested {
                    table: one.table.clone(),
                    field: one.field.clone(),
                    rule: one.rule.clone(),
                    row: one.row.clone(),
                    before: one.value.clone(),
                    after: one.suggestion.clone()?,
                })
            })
            .collect();
        window = Window { offset: 0, total: Some(rows.len() as u64), rows };
    }
    model.anomalies.preview = State { targets, window, ..State::default() };
    open(model, &PAGE);
}

/// Shows what giving many rows no value would take away.
pub fn show_emptied(model: &mut Model, targets: Targets, why: Option<String>) {
    let mut window = Window::default();
    if let Targets::These(these) = &targets {
        window = Window { offset: 0, total: Some(these.len() as u64), rows: these.iter().map(emptied).collect() };
    }
    model.anomalies.preview = State { targets, change: Change::Empty(why), window, ..State::default() };
    open(model, &PAGE);
}

fn needs(model: &mut Model) -> Vec<Effect> {
    let height = super::lines_seen(model, &PAGE, 0);
    let epoch = model.epoch;
    let state = &mut model.anomalies.preview;
    let Targets::All(filter, _) = &state.targets else { return Vec::new() };
    let (filter, key) = (filter.clone(), (epoch, filter.clone()));
    let same = |a: &(u64, AnomalyFilter), b: &(u64, AnomalyFilter)| a.1 == b.1;
    match super::fetch(&mut state.asked, &key, &mut state.window, &mut state.cursor, height, same) {
        Some((offset, limit)) => vec![match model.anomalies.preview.change {
            Change::Accept => model.ask(Ask::Suggestions { filter, offset, limit }),
            // What is waived stays.
            Change::Empty(_) => {
                let filter = AnomalyFilter { status: Some(Status::Open), ..filter };
                model.ask(Ask::Emptied { filter, offset, limit })
            }
        }],
        None => Vec::new(),
    }
}

/// Whether there is something to accept.
pub fn ready(model: &Model) -> Result<(), String> {
    model.writable()?;
    match model.anomalies.preview.window.total {
        None => Err("what would change is still being looked up".to_owned()),
        Some(0) => Err(format!("there is nothing to accept here; {} goes back", model.key("back"))),
        Some(_) => Ok(()),
    }
}

/// Makes every change that is shown.
pub fn accept(model: &mut Model) -> Vec<Effect> {
    let State { targets, change, .. } = std::mem::take(&mut model.anomalies.preview);
    close(model);
    match change {
        Change::Accept => act::accept_these(model, targets),
        Change::Empty(why) => act::set_these(model, targets, None, why.as_deref()),
    }
}

/// Says that one key is not enough to empty many rows.
pub fn neither(model: &mut Model) -> Vec<Effect> {
    let (yes, back) = (model.key("values that go/empty all"), model.key("back"));
    model.say(Tone::Refused, format!("{yes} empties all of these, {back} none"));
    Vec::new()
}

/// Leaves everything as it is.
pub fn leave(model: &mut Model) -> Vec<Effect> {
    close(model);
    Vec::new()
}

/// The rule of all that is shown, as far as it is at hand.
fn about(rows: &[Suggested]) -> String {
    match rows {
        [first, rest @ ..] if rest.iter().all(|one| one.rule == first.rule) => format!(" of {}", first.rule),
        _ => String::new(),
    }
}

/// What stands in a field that is emptied.
const NOTHING: &str = "no value";
/// The column of what stands there now; beside it is what will.
const BEFORE: usize = 3;

fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let state = &model.anomalies.preview;
    let total = state.window.len();
    let title = match state.window.total {
        Some(total) if state.change == Change::Accept => {
            format!("accept {}{}", text::count(total, "suggestion"), about(&state.window.rows))
        }
        None if state.change == Change::Accept => "accept suggestions".to_owned(),
        Some(total) => format!("empty the field in {}{}", text::count(total, "finding"), about(&state.window.rows)),
        None => "empty the field".to_owned(),
    };
    let foot = match total {
        0 => String::new(),
        total => format!("{}/{}", text::number(state.cursor.at + 1), text::number(total)),
    };
    Pane { title: vec![Span::raw(title)], foot, focused: true }.draw(area, theme, buffer);
    let inside = inner(area);
    let say = match state.window.total {
        _ if state.change != Change::Accept => format!(
            " These will have no value in this field. {} empties all of them, {} none.",
            model.key("values that go/empty all"),
            model.key("back")
        ),
        Some(0) => format!(" Nothing open here comes with a suggestion. {} goes back.", model.key("back")),
        _ => format!(
            " {} changes all of these, {} none. It is one decision per field and rule.",
            model.key("suggestions/accept all"),
            model.key("back")
        ),
    };
    put(buffer, inside, 0, Line::styled(text::fit(&say, usize::from(inside.width)).into_owned(), theme.dim()));
    let columns = [
        Column::name("table", 9, 14, 2),
        Column::name("row", 18, 30, 0),
        Column::text("field", 10, 22, 1),
        Column::text("before", 16, 60, 0),
        Column::text("after", 16, 60, 0),
    ];
    let whole = |one: &Suggested| {
        let before = one.before.as_deref().map_or_else(|| "–".to_owned(), text::exact);
        let after = if state.change == Change::Accept { text::exact(&one.after) } else { NOTHING.to_owned() };
        let cells = [&one.table, &one.row, &one.field].map(|name| text::clean(name).into_owned());
        let cells = cells.into_iter().chain([before, after]).map(|cell| (cell, theme.text()));
        Row { cells: cells.collect(), ..Row::default() }
    };
    let columns = match state.window.is_whole() {
        true => Grid::fitted(&columns, state.window.rows.iter().map(whole)),
        false => columns.to_vec(),
    };
    let grid = Grid { columns: &columns, cursor: state.cursor, total, focused: true, selectable: true };
    let rooms: HashMap<usize, u16> = Grid::widths(&columns, inside.width).into_iter().collect();
    let room = |column: usize| rooms.get(&column).copied().map_or(0, usize::from);
    let shown = |one: &Suggested| {
        if state.change != Change::Accept {
            let before = one.before.as_deref().map_or_else(|| "–".to_owned(), text::exact);
            return ((before, theme.offending()), NOTHING.to_owned());
        }
        let after = text::exact(&one.after);
        match &one.before {
            Some(before) => {
                let (before, after) = text::differing(&text::exact(before), &after, (room(BEFORE), room(BEFORE + 1)));
                ((before, theme.offending()), after)
            }
            None => (("–".to_owned(), theme.bad()), after),
        }
    };
    grid.draw(below(inside, 1), theme, buffer, |at| match state.window.get(at) {
        None => Row { cells: vec![("…".to_owned(), theme.dim())], ..Row::default() },
        Some(one) => {
            let (before, after) = shown(one);
            Row {
                mark: ("→", theme.dim()),
                cells: vec![
                    (text::clean(&one.table).into_owned(), theme.dim()),
                    (text::clean(&one.row).into_owned(), theme.text()),
                    (text::clean(&one.field).into_owned(), theme.text()),
                    before,
                    (after, theme.fresh()),
                ],
                ..Row::default()
            }
        }
    });
}
