//! Rows that differ between two states, table by table and cell by cell. Neighbours: `commit` and `history` show them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Direction, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::tables;
use crate::model::{CellChange, DiffKind, RowChange, RowFilter, TableTally};
use crate::tui::cursor::Cursor;
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::Popup;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, inner, split};
use crate::tui::widgets::put;
use crate::tui::window::Listing;

/// Rows that are not as they were.
pub fn changed(tally: &TableTally) -> u64 {
    tally.added + tally.changed + tally.removed
}

/// A sum over all tables.
pub fn sum(tallies: &[TableTally], of: fn(&TableTally) -> u64) -> u64 {
    tallies.iter().map(of).sum()
}

/// What changed in all tables together, in a few words.
pub fn in_sum(tallies: &[TableTally]) -> String {
    let said = |of, word: &str| format!("{} {word}", text::number(sum(tallies, of)));
    format!("{}, {}, {}", said(|t| t.added, "added"), said(|t| t.changed, "changed"), said(|t| t.removed, "removed"))
}

/// The place of the first table in which something differs: Enter does something there.
pub fn first(tallies: &[TableTally]) -> u64 {
    tallies.iter().position(|tally| changed(tally) > 0).unwrap_or(0) as u64
}

/// The list of rows, and below it the cells of the one under the cursor.
pub fn areas(area: Rect) -> [Rect; 2] {
    let low = if area.height > 18 { area.height / 3 } else { 5.min(area.height) };
    split(area, Direction::Vertical, [Constraint::Fill(1), Constraint::Length(low)])
}

/// Draws how many rows differ, a line per table.
pub fn draw_tallies(
    tallies: &[TableTally],
    held_back: bool,
    cursor: Cursor,
    focused: bool,
    area: Rect,
    theme: Theme,
    buffer: &mut Buffer,
) {
    // Where there is little room, what is added, changed and removed stands as near as its heads allow.
    let [least, added, others] = if area.width < 51 { [10, 5, 7] } else { [14, 10, 10] };
    let mut columns = vec![
        Column::name("table", least, 24, 0),
        Column::number("added", added, 0),
        Column::number("changed", others, 1),
        Column::number("removed", others, 2),
        Column::number("unchanged", 11, 4),
    ];
    if held_back {
        columns.push(Column::number("quarantined", 11, 3));
    }
    let grid = Grid { columns: &columns, cursor, total: tallies.len() as u64, focused, selectable: focused };
    grid.draw(area, theme, buffer, |at| {
        let Some(tally) = usize::try_from(at).ok().and_then(|at| tallies.get(at)) else {
            return Row::default();
        };
        let cell = |count: u64, style, room: u16| match count {
            0 => ("0".to_owned(), theme.dim()),
            count => (text::number_in(count, usize::from(room)), style),
        };
        Row {
            mark: if tally.unusual {
                ("▲", theme.warning())
            } else if changed(tally) > 0 {
                ("≠", theme.strong())
            } else {
                ("=", theme.dim())
            },
            cells: vec![
                (text::clean(&tally.table).into_owned(), theme.text()),
                cell(tally.added, theme.good(), added),
                cell(tally.changed, theme.warning(), others),
                cell(tally.removed, theme.bad(), others),
                cell(tally.unchanged, theme.text(), 11),
                cell(tally.quarantined, theme.warning(), 11),
            ],
            ..Row::default()
        }
    });
}

/// Draws the rows that differ, and the cells of the one under the cursor.
pub fn draw_rows(rows: &Listing<RowChange>, title: String, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let [list, detail] = areas(area);
    draw_cells(rows.here(), detail, theme, buffer);
    Pane { title: vec![Span::raw(title)], foot: rows.foot(), focused: true }.draw(list, theme, buffer);
    let columns = [
        Column::text("", 8, 8, 0),
        Column::name("row", 14, 28, 0),
        Column::text("what changes: old → new", 20, 400, 0),
    ];
    let line = |change: &RowChange| {
        let (glyph, style) = kind(change.kind, theme);
        // Of a row that comes or goes the key stands at its left already.
        let told = |cell: &&CellChange| {
            let value = cell.new.as_deref().or(cell.old.as_deref());
            change.kind == DiffKind::Changed || value != Some(change.row.as_str())
        };
        let cells: Vec<String> = change.cells.iter().filter(told).map(|cell| in_words(change.kind, cell)).collect();
        Row {
            mark: (glyph, style),
            cells: vec![
                (change.kind.name().to_owned(), style),
                (text::clean(&change.row).into_owned(), theme.text()),
                (cells.join("  "), theme.dim()),
            ],
            ..Row::default()
        }
    };
    let fitted = match rows.window.is_whole() {
        true => Grid::fitted(&columns, rows.window.rows.iter().map(line)),
        false => columns.to_vec(),
    };
    let grid =
        Grid { columns: &fitted, cursor: rows.cursor, total: rows.window.len(), focused: true, selectable: true };
    grid.draw(inner(list), theme, buffer, |at| match rows.window.get(at) {
        Some(change) => line(change),
        None => Row { mark: (" ", theme.dim()), cells: vec![("…".to_owned(), theme.dim())], ..Row::default() },
    });
}

fn draw_cells(change: Option<&RowChange>, frame: Rect, theme: Theme, buffer: &mut Buffer) {
    let title = change.map(|change| format!("{} {}", text::clean(&change.row), change.kind.name()));
    let inside = inner(frame);
    let (seen, all) = (usize::from(inside.height), change.map_or(0, |change| change.cells.len()));
    let foot = if all > seen { format!("{seen} of {all} fields") } else { String::new() };
    Pane { title: vec![Span::raw(title.unwrap_or_default())], foot, focused: false }.draw(frame, theme, buffer);
    let Some(change) = change else {
        return;
    };
    let names = change.cells.iter().map(|cell| text::width(&text::clean(&cell.field))).max().unwrap_or(0);
    let room = names.clamp(22, (usize::from(inside.width) / 3).max(22));
    for (row, cell) in (0..inside.height).zip(&change.cells) {
        let mut spans = vec![Span::styled(format!(" {} ", text::left(&text::clean(&cell.field), room)), theme.key())];
        if change.kind != DiffKind::Added {
            spans.push(Span::styled(value(cell.old.as_deref()), theme.bad()));
        }
        if change.kind == DiffKind::Changed {
            spans.push(Span::styled(" → ", theme.dim()));
        }
        if change.kind != DiffKind::Removed {
            spans.push(Span::styled(value(cell.new.as_deref()), theme.good()));
        }
        put(buffer, inside, row, Line::from(spans));
    }
}

/// Shows every cell of a row that differs to its end: beside the list there may be room for some of them, and for a part of each.
pub fn open_cells(model: &mut Model, change: &RowChange) -> Vec<Effect> {
    let names = change.cells.iter().map(|cell| text::width(&text::clean(&cell.field))).max();
    let names = names.unwrap_or(0).min(24);
    let line = |cell: &CellChange| {
        let field = text::left(&text::clean(&cell.field), names);
        format!("{field}  {}", between(change.kind, cell))
    };
    let lines = change.cells.iter().map(line).collect();
    let title = format!("{} {}", text::clean(&change.row), change.kind.name());
    model.popup = Some(Popup::Text { title, lines, cursor: Cursor::default(), waits: None });
    Vec::new()
}

/// A row that differs as text to be copied: kind, key, then field, old and new of every cell.
pub fn as_text(change: &RowChange) -> String {
    let mut parts = vec![change.kind.name(), change.row.as_str()];
    for cell in &change.cells {
        parts.extend([&cell.field, cell.old.as_deref().unwrap_or_default(), cell.new.as_deref().unwrap_or_default()]);
    }
    parts.join("\t")
}

/// Shows in Tables the row of a state: a candidate, or one that is only canonical, by its key.
pub fn show_row(model: &mut Model, schema: &str, table: &str, row: &str) -> Vec<Effect> {
    let keys: Vec<&str> =
        model.about.schema.tables.get(table).map(|declared| declared.keys().collect()).unwrap_or_default();
    let column = match (schema, keys.as_slice()) {
        ("candidate", _) => "_key".to_owned(),
        (_, [key]) => (*key).to_owned(),
        _ => {
            model.say(Tone::Refused, format!("no one field of {} tells its rows apart", text::clean(table)));
            return Vec::new();
        }
    };
    tables::open(model, schema, table, vec![RowFilter::Is(column, vec![Some(row.to_owned())])])
}

fn kind(kind: DiffKind, theme: Theme) -> (&'static str, Style) {
    match kind {
        DiffKind::Added => ("+", theme.good()),
        DiffKind::Changed => ("~", theme.warning()),
        DiffKind::Removed => ("-", theme.bad()),
    }
}

fn value(value: Option<&str>) -> String {
    value.map_or("–".to_owned(), text::exact)
}

fn in_words(kind: DiffKind, cell: &CellChange) -> String {
    format!("{} {}", cell.field, between(kind, cell))
}

/// What a cell was and is, as far as there is a row.
fn between(kind: DiffKind, cell: &CellChange) -> String {
    let (old, new) = (value(cell.old.as_deref()), value(cell.new.as_deref()));
    match kind {
        DiffKind::Added => new,
        DiffKind::Removed => old,
        DiffKind::Changed => format!("{old} → {new}"),
    }
}
