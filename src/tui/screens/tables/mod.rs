//! Tables (5): any table of any stage, and the result of any query, in one grid.
//!
//! Neighbours: `sheet` is a view on the screen, `side` stands beside it (record, profile, frequencies), `sift` filters and sorts,
//! `act` does what the other keys say, `console` takes SQL, `list` names the tables, `view` draws, `ask` carries questions.

mod act;
pub mod ask;
mod complete;
pub mod console;
mod keys;
mod list;
pub mod repair;
mod sheet;
mod side;
mod sift;
mod view;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ratatui::layout::{Constraint, Direction, Position, Rect};

use super::{Region, Screen, lines_seen};
use crate::model::{RowFilter, RowStory, RowsOf, TableInfo, TableView};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{self, Popup, Sent};
use crate::tui::text;
use crate::tui::widgets::pane::{below, inner, split};
use crate::tui::window::Window;
use ask::{TableAnswer, TableAsk, TableSlot};
use list::ListLine;
use sheet::Sheet;
use side::Side;

/// The tables.
const LIST: usize = 0;
/// The rows of the open one.
const GRID: usize = 1;
/// What stands beside them.
const SIDE: usize = 2;

/// What the screen shows.
#[derive(Default)]
pub struct State {
    focus: usize,
    tables: Option<Arc<Vec<TableInfo>>>,
    /// The epoch under which the tables were asked for.
    listed: Option<u64>,
    list: Cursor,
    /// What is open.
    of: Option<RowsOf>,
    sheets: HashMap<RowsOf, Sheet>,
    /// The query that was run last, and what was open before.
    query: Option<Query>,
    runs: u64,
    /// What was open, with the query before it, while the rows of a new query have not come.
    replaced: Option<(Option<RowsOf>, Option<Query>, Option<Sheet>)>,
    /// Whether the next rows are those of a query that was just typed.
    fresh_query: bool,
    history: Vec<String>,
    /// Expressions that were typed as filters.
    expressions: Vec<String>,
    side: Option<Side>,
    /// What stood beside the rows before one of its lines was gone into, and of which view.
    behind: Option<(TableView, Side)>,
    /// What is being found out, and which share of it is.
    busy: BTreeMap<TableSlot, Option<f64>>,
    search: Option<Search>,
    /// Text that goes to the clipboard next.
    copied: Option<String>,
    /// The export that waits for a yes.
    export: Option<TableAsk>,
    /// What became of the row of which a cell was edited last.
    repaired: Option<RowStory>,
    /// With how many filters a door led here, if one did.
    came_from: Option<usize>,
}

/// The text of a query, and what was open before it.
type Query = (String, Option<RowsOf>);

/// What is searched for.
#[derive(Debug, Clone)]
struct Search {
    text: String,
    /// The column to search, or all.
    column: Option<String>,
    /// Whether the cursor has yet to go to the column in which it was found.
    found: bool,
}

impl State {
    /// Which share of an answer is found, as far as that is known.
    pub fn share(&self, slot: TableSlot) -> Option<f64> {
        self.busy.get(&slot).copied().flatten()
    }
}

/// The screen.
pub static SCREEN: Screen = Screen {
    number: "5",
    title: "Tables",
    panes: |model| if model.tables.side.is_some() { 3 } else { 2 },
    focus: |model| &mut model.tables.focus,
    regions,
    reel,
    needs,
    answer,
    back,
    layers: keys::layers,
    all_layers: keys::ALL,
    view: view::view,
};

/// What became of the row of which a cell was edited last from here.
pub fn repaired(model: &Model) -> Option<&RowStory> {
    model.tables.repaired.as_ref().filter(|_| std::ptr::eq(model.screen(), &SCREEN))
}

/// Opens a table of any stage with only the rows that all filters let through: a door for other screens. Esc leads back.
pub fn open(model: &mut Model, schema: &str, table: &str, filters: Vec<RowFilter>) -> Vec<Effect> {
    let of = RowsOf::table(schema, table);
    let from = model.open;
    let effects = super::through(model, &SCREEN);
    let state = &mut model.tables;
    let sheet = state.sheets.entry(of.clone()).or_insert_with(|| Sheet::new(of.clone(), 0));
    let own = filters.len();
    sheet.change(|view| *view = TableView { of: of.clone(), filters, sort: Vec::new() });
    state.of = Some(of);
    (state.focus, state.side) = (GRID, None);
    state.came_from = (from != model.open).then_some(own);
    settle_list(model);
    effects
}

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let state = &model.tables;
    let region = |pane, frame: Rect| {
        let head = match pane {
            GRID => 1 + u16::from(view::has_chips(model)),
            SIDE => state.side.as_ref().map_or(0, Side::head),
            _ => 0,
        };
        Region { pane, frame, body: below(inner(frame), head) }
    };
    if area.width < 100 || area.height < 12 {
        let pane = if state.side.is_none() && state.focus == SIDE { GRID } else { state.focus };
        return vec![region(pane, area)];
    }
    let names = Constraint::Length((area.width / 5).clamp(30, 38));
    let [names, right] = split(area, Direction::Horizontal, [names, Constraint::Fill(1)]);
    let mut all = vec![region(LIST, names)];
    if state.side.is_none() {
        all.push(region(GRID, right));
        return all;
    }
    let [grid, side] = if right.width >= 110 {
        split(right, Direction::Horizontal, [Constraint::Fill(1), Constraint::Length(right.width * 2 / 5)])
    } else {
        split(right, Direction::Vertical, [Constraint::Fill(2), Constraint::Fill(3)])
    };
    all.extend([region(GRID, grid), region(SIDE, side)]);
    all
}

/// How many columns of the terminal the grid has.
fn grid_width(model: &Model) -> u16 {
    let own = regions(model, model.body()).into_iter().find(|region| region.pane == GRID);
    own.map_or_else(|| model.body().width.saturating_sub(2), |region| region.body.width)
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let height = lines_seen(model, regions, pane);
    match pane {
        LIST => {
            let total = lines(model).len() as u64;
            Some(Reel { cursor: &mut model.tables.list, total, height })
        }
        GRID => {
            let sheet = sheet_mut(model)?;
            let total = sheet.window.len();
            Some(Reel { cursor: &mut sheet.cursor, total, height })
        }
        _ => {
            let total = side::length(model);
            Some(Reel { cursor: &mut model.tables.side.as_mut()?.cursor, total, height })
        }
    }
}

fn tables(model: &Model) -> &[TableInfo] {
    model.tables.tables.as_deref().map_or(&[], Vec::as_slice)
}

fn lines(model: &Model) -> Vec<ListLine> {
    list::lines(tables(model), model.tables.query.is_some())
}

/// The open sheet.
fn sheet(model: &Model) -> Option<&Sheet> {
    model.tables.sheets.get(model.tables.of.as_ref()?)
}

fn sheet_mut(model: &mut Model) -> Option<&mut Sheet> {
    model.tables.sheets.get_mut(model.tables.of.as_ref()?)
}

/// The open table as the list knows it; none for a query.
fn info(model: &Model) -> Option<&TableInfo> {
    let of = model.tables.of.as_ref()?;
    tables(model).iter().find(|table| table.of() == *of)
}

/// Opens what a line of the list names.
fn open_line(model: &mut Model, line: &ListLine) {
    let of = match line {
        ListLine::Head(_) => return,
        ListLine::Query => model.tables.query.as_ref().map(|(sql, _)| RowsOf::Query(sql.clone())),
        ListLine::Table(at) => tables(model).get(*at).map(TableInfo::of),
    };
    let Some(of) = of.filter(|of| model.tables.of.as_ref() != Some(of)) else { return };
    let state = &mut model.tables;
    let sheet = state.sheets.entry(of.clone()).or_insert_with(|| Sheet::new(of.clone(), 0));
    if sheet.failed.take().is_some() {
        // What failed or was cancelled is tried again.
        sheet.asked = None;
    }
    state.of = Some(of);
    (state.side, state.came_from) = (None, None);
}

/// Puts the cursor of the list on what is open.
fn settle_list(model: &mut Model) {
    let has_query = model.tables.query.is_some();
    let at = model.tables.of.as_ref().and_then(|of| list::line_of(tables(model), has_query, of));
    if let (Some(at), Some(mut reel)) = (at, reel(model, LIST)) {
        reel.go(at as u64);
    }
}

fn needs(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    let epoch = model.epoch;
    if model.tables.listed != Some(epoch) {
        model.tables.listed = Some(epoch);
        effects.push(model.ask(Ask::Table(TableAsk::List)));
    }
    if model.tables.of.is_none() {
        if let Some(of) = list::first(tables(model)).map(TableInfo::of) {
            model.tables.sheets.insert(of.clone(), Sheet::new(of.clone(), 0));
            model.tables.of = Some(of);
            settle_list(model);
        }
    } else if model.tables.focus == LIST {
        let line = usize::try_from(model.tables.list.at).ok().and_then(|at| lines(model).get(at).cloned());
        if let Some(line) = line {
            open_line(model, &line);
        }
    }
    if model.tables.side.is_none() && model.tables.focus == SIDE {
        model.tables.focus = GRID;
    }
    effects.extend(needs_rows(model));
    effects.extend(side::needs(model));
    if let Some(text) = model.tables.copied.take() {
        effects.extend(super::copy(model, text));
    }
    effects
}

fn needs_rows(model: &mut Model) -> Vec<Effect> {
    let height = lines_seen(model, regions, GRID);
    let (epoch, width) = (model.epoch, grid_width(model));
    show_match(model);
    let remember = model.tables.fresh_query && !model.about.read_only;
    let Some(sheet) = sheet_mut(model) else { return Vec::new() };
    sheet.follow(width);
    let viewed = sheet.viewed(epoch);
    // What is shown of other data stays on the screen until the new rows come; another view begins at its top.
    let another = sheet.shown.as_ref().is_none_or(|shown| shown.view != viewed.view);
    let seen = if another { 0..height } else { sheet.cursor.top..sheet.cursor.top + height };
    let (offset, limit) = Window::<()>::around(&seen);
    let asked = sheet.asked.as_ref().is_some_and(|(asked, at)| {
        // While rows are being found nothing else can be asked of them; a failure is not tried again by itself.
        *asked == viewed && (sheet.shown.as_ref() != Some(&viewed) || *at == offset)
    });
    let at_hand = sheet.shown.as_ref() == Some(&viewed) && sheet.window.holds(&seen);
    if asked || at_hand {
        return Vec::new();
    }
    sheet.asked = Some((viewed.clone(), offset));
    let prepares = sheet.shown.as_ref() != Some(&viewed);
    if prepares {
        model.tables.busy.insert(TableSlot::Rows, None);
    }
    vec![model.ask(Ask::Table(TableAsk::Rows { viewed, offset, limit, remember }))]
}

/// Goes to the column in which a search has found its text, once the row is at hand.
fn show_match(model: &mut Model) {
    let Some(search) = model.tables.search.clone().filter(|search| search.found) else { return };
    let Some(sheet) = sheet_mut(model) else { return };
    let Some(row) = sheet.window.get(sheet.cursor.at) else { return };
    let wanted = search.text.to_lowercase();
    let matches = |at: &usize| {
        let named =
            search.column.as_ref().is_none_or(|column| sheet.columns.get(*at).is_some_and(|own| own.name == *column));
        named && row.get(*at).and_then(Option::as_ref).is_some_and(|value| value.to_lowercase().contains(&wanted))
    };
    let shown = sheet.shown_columns();
    let found = shown.iter().copied().find(matches).or_else(|| (0..sheet.columns.len()).find(matches));
    if let Some(at) = found {
        sheet.go_to(at);
    }
    if let Some(search) = &mut model.tables.search {
        search.found = false;
    }
}

/// A share of an answer is found.
pub fn nearer(model: &mut Model, slot: TableSlot, share: f64) {
    if let Some(known) = model.tables.busy.get_mut(&slot) {
        *known = Some(share);
    }
}

fn answer(model: &mut Model, answer: &Answer) {
    let Answer::Table(answer) = answer else { return };
    match answer.as_ref() {
        TableAnswer::List(tables) => {
            model.tables.tables = Some(Arc::new(tables.clone()));
            settle_list(model);
        }
        TableAnswer::Rows(page) => {
            model.tables.busy.remove(&TableSlot::Rows);
            let height = lines_seen(model, regions, GRID);
            if let Some(sheet) = sheet_mut(model) {
                sheet.take(page.clone(), height);
            }
            act::ran(model);
        }
        TableAnswer::Found(found) => {
            model.tables.busy.remove(&TableSlot::Find);
            act::found(model, *found);
        }
        TableAnswer::Copied(text) => {
            model.tables.busy.remove(&TableSlot::Copy);
            model.tables.copied = Some(text.clone());
        }
        TableAnswer::Exported(path, exported) => {
            model.tables.busy.remove(&TableSlot::Export);
            act::exported(model, path, exported.as_ref());
        }
        TableAnswer::History(history) => {
            model.tables.history.clone_from(history);
            if let Some(Popup::Console(console)) = &mut model.popup
                && console.purpose == console::Purpose::Query
            {
                console.remember(history);
            }
        }
        TableAnswer::Cell(story, findings, field) => {
            model.tables.busy.remove(&TableSlot::Cell);
            repair::take(model, story.as_deref(), findings, field);
        }
        TableAnswer::Record(_) | TableAnswer::Profile(_) | TableAnswer::Frequencies(_) => side::take(model, answer),
        TableAnswer::Failed { slot, what, hints } => {
            model.tables.busy.remove(slot);
            failed(model, *slot, what, hints);
        }
    }
}

/// What cannot be answered is said where it was asked.
fn failed(model: &mut Model, slot: TableSlot, what: &str, hints: &[String]) {
    match slot {
        TableSlot::Rows => act::refused(model, what, hints),
        TableSlot::Record | TableSlot::Profile | TableSlot::Frequencies => {
            if let Some(side) = &mut model.tables.side {
                side.failed = Some((what.to_owned(), hints.to_vec()));
            }
        }
        TableSlot::Export => {
            let hints: String = hints.iter().map(|hint| format!("; {hint}")).collect();
            popups::come_back(model, &Sent::Export, &format!("{what}{hints}"));
        }
        _ => model.notes.say(model.clock, Tone::Failed, text::clean(what), hints.to_vec()),
    }
}

fn back(model: &mut Model) -> bool {
    let state = &mut model.tables;
    if let Some(sheet) = state.of.as_ref().and_then(|of| state.sheets.get_mut(of)) {
        if sheet.range.take().is_some() {
            return true;
        }
        if !sheet.marks.is_empty() {
            sheet.marks.clear();
            return true;
        }
    }
    if state.side.take().is_some() {
        state.focus = GRID;
        return true;
    }
    if back_beside(model) {
        return true;
    }
    let state = &mut model.tables;
    if let Some(own) = state.came_from {
        // What was added to the filters of the door goes first.
        if model.tables.focus == GRID && sift::remove_after(model, own) {
            return true;
        }
        model.tables.came_from = None;
        return super::leave_door(model);
    }
    if state.focus == GRID && sift::remove_chip(model) {
        return true;
    }
    std::mem::replace(&mut model.tables.focus, LIST) != LIST
}

/// Whether something stands beside the rows, which a step out takes away.
pub fn is_beside(model: &Model) -> bool {
    model.tables.side.is_some()
}

/// Goes back to what stood beside the rows, from those that one of its lines counts; false where nothing did.
fn back_beside(model: &mut Model) -> bool {
    let state = &mut model.tables;
    let Some((view, side)) = state.behind.take() else { return false };
    let Some(sheet) = state.of.as_ref().and_then(|of| state.sheets.get_mut(of)) else { return false };
    let own = &sheet.view;
    let is_next = own.of == view.of && own.filters.len() == view.filters.len() + 1;
    if !is_next || !own.filters.starts_with(&view.filters) || own.sort != view.sort || state.focus != GRID {
        return false;
    }
    sheet.change(|own| *own = view);
    (state.side, state.focus) = (Some(side), SIDE);
    true
}

/// The mouse was pressed: in the grid it chooses the column too.
pub fn pointed(model: &mut Model, pane: usize, place: Position) {
    let own = regions(model, model.body()).into_iter().find(|region| region.pane == pane && pane == GRID);
    if let (Some(region), Some(sheet)) = (own, sheet_mut(model))
        && let Some(column) = place.x.checked_sub(region.body.x).and_then(|x| sheet.column_at(x, region.body.width))
    {
        sheet.go(column);
    }
}
