//! What lies over the timeline: what came in with one load, or what differs between two commits.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Direction, Rect};
use ratatui::text::{Line, Span};

use super::{PAGE, SCREEN, entries, regions, view};
use crate::model::{Load, LoadStatus, RowChange, RowFilter, TableTally};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Ask, Effect};
use crate::tui::model::Model;
use crate::tui::screens::{changes, copy, lines_seen, tables};
use crate::tui::text;
use crate::tui::widgets::pane::{Pane, inner, split};
use crate::tui::widgets::put;
use crate::tui::window::Listing;

/// What lies over the timeline.
pub enum Page {
    /// One load.
    Load {
        /// Its number.
        load: i64,
        /// The first line that is seen.
        cursor: Cursor,
    },
    /// What differs between two commits.
    Difference(Difference),
}

/// What differs between the states after two commits.
pub struct Difference {
    /// The earlier one; 0 is the state before the first.
    pub from: i64,
    /// The later one.
    pub to: i64,
    tables: Option<Vec<TableTally>>,
    cursor: Cursor,
    asked: Option<u64>,
    /// The rows of a table that are open.
    pub rows: Option<Rows>,
    /// Whether it was the rows that were asked for, and not the tables.
    at_rows: bool,
}

/// The rows of a table that differ.
pub struct Rows {
    table: String,
    /// How many there are.
    total: u64,
    list: Listing<RowChange>,
}

impl Page {
    /// The frame of its list, and the lines above the list.
    pub fn list(&self, model: &Model, area: Rect) -> (Rect, u16) {
        match self {
            Page::Load { .. } => (area, 0),
            Page::Difference(difference) if difference.rows.is_some() => (changes::areas(area)[0], 1),
            Page::Difference(difference) => (difference.areas(model, area)[1], 1),
        }
    }
}

impl Difference {
    /// Which commits they are, and the tables.
    fn areas(&self, model: &Model, area: Rect) -> [Rect; 2] {
        let words = self.words(model, area.width).len() as u16 + 2;
        split(area, Direction::Vertical, [Constraint::Length(words.min(area.height / 2)), Constraint::Fill(1)])
    }

    /// What is known of the commits.
    fn words(&self, model: &Model, width: u16) -> Vec<Line<'static>> {
        let ids = if self.from + 1 == self.to { vec![self.to] } else { vec![self.from, self.to] };
        let mut lines = Vec::new();
        for id in ids {
            match entries::commit(model, id) {
                Some(commit) => lines.extend(view::commit_words(commit, width.saturating_sub(2), model.theme)),
                None if id == 0 => {
                    lines.push(Line::styled(" commit 0 · the state before the first", model.theme.dim()))
                }
                None => lines.push(Line::styled(format!(" commit {id}"), model.theme.dim())),
            }
        }
        lines
    }

    fn title(&self) -> String {
        match self.from + 1 == self.to {
            true => format!("what commit {} changed", self.to),
            false => format!("what differs between commit {} and commit {}", self.from, self.to),
        }
    }
}

/// Opens a load.
pub fn open_load(model: &mut Model, load: i64) {
    // The first line that leads to rows is where Enter does something.
    let lines = load_lines(model, load, model.area.width);
    let at = lines.iter().position(|(_, counted)| counted.is_some()).unwrap_or(0) as u64;
    model.history.page = Some(Page::Load { load, cursor: Cursor { at, ..Cursor::default() } });
    (model.history.focus, model.history.door) = (PAGE, false);
}

/// Opens what differs between two commits.
pub fn open_difference(model: &mut Model, from: i64, to: i64) {
    let difference =
        Difference { from, to, tables: None, cursor: Cursor::default(), asked: None, rows: None, at_rows: false };
    model.history.page = Some(Page::Difference(difference));
    (model.history.focus, model.history.door) = (PAGE, false);
}

/// Goes to a table of what differs, whose tallies are known, and opens its rows.
pub fn stand_on(model: &mut Model, tables: &[TableTally], table: usize) {
    if let Some(Page::Difference(difference)) = &mut model.history.page {
        difference.tables = Some(tables.to_vec());
        difference.cursor.at = table as u64;
    }
    if has_rows(model).is_ok() {
        open_rows(model);
        if let Some(Page::Difference(difference)) = &mut model.history.page {
            difference.at_rows = true;
        }
    }
}

/// Takes one step out; false where nothing is open. Rows that the user came to from elsewhere, `behind` a door, are not left by
/// way of the tables.
pub fn back(model: &mut Model, behind: bool) -> bool {
    if let Some(Page::Difference(difference)) = &mut model.history.page
        && difference.rows.take().is_some()
        && !(behind && difference.at_rows)
    {
        return true;
    }
    model.history.page.take().is_some()
}

fn difference(model: &Model) -> Option<&Difference> {
    match &model.history.page {
        Some(Page::Difference(difference)) => Some(difference),
        _ => None,
    }
}

fn table_here(model: &Model) -> Option<&TableTally> {
    let difference = difference(model)?;
    difference.tables.as_ref()?.get(usize::try_from(difference.cursor.at).ok()?)
}

/// Why the rows of the table under the cursor cannot be opened, if so.
pub fn has_rows(model: &Model) -> Result<(), String> {
    match table_here(model) {
        None => Err("comparing; a moment".to_owned()),
        Some(tally) if changes::changed(tally) == 0 => Err(format!("nothing differs in {}", text::clean(&tally.table))),
        Some(_) => Ok(()),
    }
}

/// Opens the rows of the table under the cursor.
pub fn open_rows(model: &mut Model) -> Vec<Effect> {
    let rows = table_here(model).map(|tally| Rows {
        table: tally.table.clone(),
        total: changes::changed(tally),
        list: Listing::default(),
    });
    if let Some(Page::Difference(difference)) = &mut model.history.page {
        difference.rows = rows;
    }
    Vec::new()
}

fn row_here(model: &Model) -> Option<&RowChange> {
    difference(model)?.rows.as_ref()?.list.here()
}

/// Whether there is a row to be copied.
pub fn has_row(model: &Model) -> Result<(), String> {
    row_here(model).map(drop).ok_or_else(|| "there is no row here".to_owned())
}

/// Shows all cells of the row under the cursor.
pub fn open_cells(model: &mut Model) -> Vec<Effect> {
    let change = row_here(model).cloned();
    change.map_or_else(Vec::new, |change| changes::open_cells(model, &change))
}

/// Shows the row under the cursor in Tables.
pub fn show_row(model: &mut Model) -> Vec<Effect> {
    let table = difference(model).and_then(|difference| difference.rows.as_ref()).map(|rows| rows.table.clone());
    match (table, row_here(model).map(|change| change.row.clone())) {
        (Some(table), Some(row)) => changes::show_row(model, "canonical", &table, &row),
        _ => Vec::new(),
    }
}

/// Whether there is a table under the cursor.
pub fn has_table(model: &Model) -> Result<(), String> {
    table_here(model).map(drop).ok_or_else(|| "comparing; a moment".to_owned())
}

/// Shows the canonical table under the cursor in Tables.
pub fn open_canonical(model: &mut Model) -> Vec<Effect> {
    let Some(table) = table_here(model).map(|tally| tally.table.clone()) else { return Vec::new() };
    tables::open(model, "canonical", &table, Vec::new())
}

/// Why the rows that a commit left in quarantine cannot be shown, if so: those of the last commit are kept.
pub fn has_quarantine(model: &Model) -> Result<(), String> {
    has_table(model)?;
    let last = model.history.known.as_ref().and_then(|known| known.commits.first()).map(|commit| commit.id);
    match (difference(model), table_here(model)) {
        (Some(difference), Some(tally)) if difference.from + 1 == difference.to => match tally.quarantined {
            0 => Err(format!("commit {} left nothing of {} in quarantine", difference.to, text::clean(&tally.table))),
            _ if last != Some(difference.to) => {
                Err(format!("the quarantine is that of commit {}, the last one", last.unwrap_or_default()))
            }
            _ => Ok(()),
        },
        _ => Err("the quarantine is that of one commit; open it alone".to_owned()),
    }
}

/// Shows in Tables what the commit left in quarantine of the table under the cursor.
pub fn open_quarantine(model: &mut Model) -> Vec<Effect> {
    let Some(table) = table_here(model).map(|tally| tally.table.clone()) else { return Vec::new() };
    tables::open(model, "quarantine", &table, Vec::new())
}

/// What the line under the cursor counts.
fn counted_here(model: &Model) -> Option<(&Load, view::Counted)> {
    let Some(Page::Load { load, cursor }) = &model.history.page else { return None };
    let load = entries::load(model, *load)?;
    let at = usize::try_from(cursor.at).ok()?;
    let (_, counted) = load_lines(model, load.id, model.area.width).into_iter().nth(at)?;
    Some((load, counted?))
}

/// Why the rows behind the line under the cursor cannot be shown, if so.
pub fn has_counted(model: &Model) -> Result<(), String> {
    let Some((load, _)) = counted_here(model) else { return Err("this line counts no rows".to_owned()) };
    let of_source = |other: &&Load| other.source == load.source && other.status == LoadStatus::Done;
    let standing = model.history.known.as_ref().and_then(|known| known.loads.iter().find(of_source));
    match standing {
        Some(standing) if standing.id != load.id => {
            Err(format!("these rows are gone: load {} stands in their place", standing.id))
        }
        _ => Ok(()),
    }
}

/// Shows in Tables the rows that the line under the cursor counts.
pub fn open_counted(model: &mut Model) -> Vec<Effect> {
    let Some((load, counted)) = counted_here(model) else { return Vec::new() };
    let (source, id) = (load.source.clone(), load.id.to_string());
    let is = |column: &str, value: String| RowFilter::Is(column.to_owned(), vec![Some(value)]);
    match counted {
        view::Counted::Staged(entity) => tables::open(model, "staging", &format!("{source}/{entity}"), Vec::new()),
        view::Counted::Rejected(None) => tables::open(model, "dq", "rejects", vec![is("load", id)]),
        view::Counted::Rejected(Some(entity)) => {
            tables::open(model, "dq", "rejects", vec![is("load", id), is("entity", entity)])
        }
    }
}

/// Copies the row under the cursor.
pub fn copy_row(model: &mut Model) -> Vec<Effect> {
    let text = row_here(model).map(changes::as_text).unwrap_or_default();
    copy(model, text)
}

/// The list that the keys move through.
pub fn reel(model: &mut Model) -> Option<Reel<'_>> {
    let height = lines_seen(model, regions, PAGE);
    let lines = match &model.history.page {
        Some(Page::Load { load, .. }) => load_lines(model, *load, model.area.width).len() as u64,
        _ => 0,
    };
    match model.history.page.as_mut()? {
        Page::Load { cursor, .. } => Some(Reel { cursor, total: lines, height }),
        Page::Difference(difference) => match &mut difference.rows {
            Some(rows) => Some(rows.list.reel(height)),
            None => {
                let total = difference.tables.as_ref().map_or(0, Vec::len) as u64;
                Some(Reel { cursor: &mut difference.cursor, total, height })
            }
        },
    }
}

/// What is to be asked for.
pub fn needs(model: &mut Model) -> Vec<Effect> {
    let (epoch, height) = (model.epoch, lines_seen(model, regions, PAGE));
    let Some(Page::Difference(difference)) = &mut model.history.page else {
        return Vec::new();
    };
    let (from, to) = (difference.from, difference.to);
    let mut asks = Vec::new();
    if difference.asked != Some(epoch) {
        difference.asked = Some(epoch);
        asks.push(Ask::Between { from, to });
    }
    if let Some(rows) = &mut difference.rows
        && let Some((offset, limit)) = rows.list.wants(epoch, height)
    {
        asks.push(Ask::BetweenRows { from, to, table: rows.table.clone(), offset, limit });
    }
    asks.into_iter().map(|ask| model.ask(ask)).collect()
}

/// Takes what differs, in rows per table.
pub fn take_tables(model: &mut Model, from: i64, to: i64, tables: &[TableTally]) {
    if let Some(Page::Difference(difference)) = &mut model.history.page
        && (difference.from, difference.to) == (from, to)
    {
        if difference.tables.is_none() {
            difference.cursor.at = changes::first(tables);
        }
        difference.tables = Some(tables.to_vec());
    }
}

/// Takes a window of the rows that differ.
pub fn take_rows(model: &mut Model, offset: u64, rows: &[RowChange]) {
    if let Some(Page::Difference(difference)) = &mut model.history.page
        && let Some(open) = &mut difference.rows
    {
        open.list.take(offset, rows.to_vec(), open.total);
    }
}

fn load_lines(model: &Model, load: i64, width: u16) -> Vec<(Line<'static>, Option<view::Counted>)> {
    match entries::load(model, load) {
        Some(load) => view::load_words(load, width.saturating_sub(2), model.theme),
        None => Vec::new(),
    }
}

/// Draws it.
pub fn draw(model: &Model, page: &Page, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    match page {
        Page::Load { load, cursor } => {
            let lines = load_lines(model, *load, area.width);
            let frame = (SCREEN.regions)(model, area).first().map_or(area, |region| region.frame);
            let inside = inner(frame);
            let more = lines.len() > usize::from(inside.height);
            let foot = if more { format!("{}/{}", cursor.at + 1, lines.len()) } else { String::new() };
            Pane { title: vec![Span::raw(format!("load {load}"))], foot, focused: true }.draw(frame, theme, buffer);
            let skip = usize::try_from(cursor.top).unwrap_or(usize::MAX);
            for (row, (at, (line, _))) in (0..inside.height).zip((0..).zip(lines).skip(skip)) {
                let line = if at == cursor.at { line.patch_style(theme.cursor(true)) } else { line };
                put(buffer, inside, row, line);
            }
        }
        Page::Difference(difference) => match &difference.rows {
            Some(rows) => {
                let total = text::count(rows.total, "row");
                let differ = if rows.total == 1 { "differs" } else { "differ" };
                let title = format!("{} · {} · {total} {differ}", difference.title(), text::clean(&rows.table));
                changes::draw_rows(&rows.list, title, area, theme, buffer);
            }
            None => draw_difference(model, difference, area, buffer),
        },
    }
}

/// The state after a commit, by its number.
fn state_of(commit: i64) -> String {
    if commit == 0 { "before the first commit".to_owned() } else { format!("commit {commit}") }
}

fn draw_difference(model: &Model, difference: &Difference, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let [words, tables] = difference.areas(model, area);
    let commits = format!("{} → {}", state_of(difference.from), state_of(difference.to));
    Pane { title: vec![Span::raw(commits)], foot: String::new(), focused: false }.draw(words, theme, buffer);
    let inside = inner(words);
    for (row, line) in (0..inside.height).zip(difference.words(model, area.width)) {
        put(buffer, inside, row, line);
    }
    Pane { title: vec![Span::raw(difference.title())], foot: String::new(), focused: true }.draw(tables, theme, buffer);
    let inside = inner(tables);
    match &difference.tables {
        None => put(buffer, inside, 0, Line::styled("   comparing…", theme.dim())),
        Some(tallies) => {
            let held_back = difference.from + 1 == difference.to;
            changes::draw_tallies(tallies, held_back, difference.cursor, true, inside, theme, buffer);
        }
    }
}
