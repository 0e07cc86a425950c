//! The rows behind a number: those that a commit would change, and those that it would hold back with every reason.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::OVER;
use crate::model::{DiffKind, Page, RowChange, TableTally};
use crate::tui::cursor::Reel;
use crate::tui::effects::{Ask, Effect};
use crate::tui::model::Model;
use crate::tui::screens::{changes, copy};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, inner};
use crate::tui::widgets::put;
use crate::tui::window::Listing;

/// The rows behind a number.
pub enum Rows {
    /// Those of a table that a commit would change.
    Changes {
        /// The table.
        table: String,
        /// The rows.
        list: Listing<RowChange>,
    },
    /// Those that a commit would hold back: table, row, reasons.
    Held(Listing<Vec<Option<String>>>),
}

impl Rows {
    /// The rows of a table that would change.
    pub fn changes(table: &str) -> Rows {
        Rows::Changes { table: table.to_owned(), list: Listing::default() }
    }

    /// The rows that are held back.
    pub fn held() -> Rows {
        Rows::Held(Listing::default())
    }

    /// The list as keys move through it.
    pub fn reel(&mut self, height: u64) -> Reel<'_> {
        match self {
            Rows::Changes { list, .. } => list.reel(height),
            Rows::Held(list) => list.reel(height),
        }
    }

    /// What is to be asked for.
    pub fn wants(&mut self, epoch: u64, height: u64) -> Option<Ask> {
        match self {
            Rows::Changes { table, list } => {
                let (offset, limit) = list.wants(epoch, height)?;
                Some(Ask::Changes { table: table.clone(), offset, limit })
            }
            Rows::Held(list) => {
                let (offset, limit) = list.wants(epoch, height)?;
                Some(Ask::Held { offset, limit })
            }
        }
    }

    /// Takes a window of the rows that would change.
    pub fn take_changes(&mut self, offset: u64, rows: &[RowChange], diff: &[TableTally]) {
        if let Rows::Changes { table, list } = self {
            let total = diff.iter().find(|tally| tally.table == *table).map_or(0, changes::changed);
            list.take(offset, rows.to_vec(), total);
        }
    }

    /// Takes a window of the rows that are held back.
    pub fn take_held(&mut self, page: &Page) {
        if let Rows::Held(list) = self {
            list.take(page.offset, page.rows.clone(), page.total);
        }
    }

    /// The row under the cursor as text.
    fn text(&self) -> Option<String> {
        match self {
            Rows::Changes { list, .. } => list.here().map(changes::as_text),
            Rows::Held(list) => {
                let cells = |row: &Vec<Option<String>>| {
                    row.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect::<Vec<_>>().join("\t")
                };
                list.here().map(cells)
            }
        }
    }

    /// Draws them.
    pub fn draw(&self, area: Rect, theme: Theme, buffer: &mut Buffer) {
        match self {
            Rows::Changes { table, list } => {
                let total = text::count(list.window.len(), "row");
                changes::draw_rows(list, format!("{} · {total} would change", text::clean(table)), area, theme, buffer);
            }
            Rows::Held(list) => draw_held(list, area, theme, buffer),
        }
    }
}

/// Opens rows.
pub fn open(model: &mut Model, rows: Rows) -> Vec<Effect> {
    let state = &mut model.commit;
    if state.rows.replace(rows).is_none() {
        state.left = state.focus;
    }
    state.focus = OVER;
    Vec::new()
}

/// Whether there is a row to be copied.
pub fn has_row(model: &Model) -> Result<(), String> {
    let text = model.commit.rows.as_ref().and_then(Rows::text);
    text.map(drop).ok_or_else(|| "there is no row here".to_owned())
}

/// Copies the row under the cursor.
pub fn copy_row(model: &mut Model) -> Vec<Effect> {
    let text = model.commit.rows.as_ref().and_then(Rows::text).unwrap_or_default();
    copy(model, text)
}

/// Shows all cells of the row under the cursor, if it would change.
pub fn open_cells(model: &mut Model) -> Vec<Effect> {
    let change = match &model.commit.rows {
        Some(Rows::Changes { list, .. }) => list.here().cloned(),
        _ => None,
    };
    change.map_or_else(Vec::new, |change| changes::open_cells(model, &change))
}

/// Table and row under the cursor among those that are held back.
pub fn held_here(model: &Model) -> Option<(String, String)> {
    let Some(Rows::Held(list)) = &model.commit.rows else {
        return None;
    };
    let row = list.here()?;
    Some((row.first()?.clone()?, row.get(1)?.clone()?))
}

/// Schema, table and row of the row under the cursor.
pub fn place_here(model: &Model) -> Option<(&'static str, String, String)> {
    match model.commit.rows.as_ref()? {
        Rows::Changes { table, list } => list.here().map(|change| {
            let schema = if change.kind == DiffKind::Removed { "canonical" } else { "candidate" };
            (schema, table.clone(), change.row.clone())
        }),
        Rows::Held(_) => held_here(model).map(|(table, row)| ("candidate", table, row)),
    }
}

fn draw_held(list: &Listing<Vec<Option<String>>>, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let [above, below] = changes::areas(area);
    draw_reasons(list.here(), below, theme, buffer);
    let title = format!("quarantine · {}", text::count(list.window.len(), "row"));
    Pane { title: vec![Span::raw(title)], foot: list.foot(), focused: true }.draw(above, theme, buffer);
    let columns = [
        Column::name("table", 12, 18, 1),
        Column::name("row", 14, 28, 0),
        Column::text("why it is quarantined", 20, 400, 0),
    ];
    let line = |row: &Vec<Option<String>>| {
        let cell = |at: usize| text::clean(row.get(at).and_then(Option::as_deref).unwrap_or_default()).into_owned();
        Row {
            mark: ("●", theme.bad()),
            cells: vec![(cell(0), theme.dim()), (cell(1), theme.text()), (cell(2), theme.text())],
            ..Row::default()
        }
    };
    let fitted = match list.window.is_whole() {
        true => Grid::fitted(&columns, list.window.rows.iter().map(line)),
        false => columns.to_vec(),
    };
    let grid =
        Grid { columns: &fitted, cursor: list.cursor, total: list.window.len(), focused: true, selectable: true };
    grid.draw(inner(above), theme, buffer, |at| match list.window.get(at) {
        Some(row) => line(row),
        None => Row { mark: (" ", theme.dim()), cells: vec![("…".to_owned(), theme.dim())], ..Row::default() },
    });
}

fn draw_reasons(row: Option<&Vec<Option<String>>>, frame: Rect, theme: Theme, buffer: &mut Buffer) {
    let cell = |at: usize| row.and_then(|row| row.get(at)?.as_deref()).unwrap_or_default();
    let title = text::clean(&format!("{} {}", cell(0), cell(1))).trim().to_owned();
    Pane { title: vec![Span::raw(title)], foot: String::new(), focused: false }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let room = usize::from(inside.width.saturating_sub(4));
    let reasons = cell(2).split("; ").flat_map(|reason| text::wrap(&text::clean(reason), room));
    for (line, reason) in (0..inside.height).zip(reasons) {
        put(buffer, inside, line, Line::raw(format!(" {reason}")));
    }
}
