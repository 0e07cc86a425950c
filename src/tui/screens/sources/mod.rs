//! Sources (1): what comes in, how good it is, and what could not be read. Home.

mod manage;
mod next;
mod trial;

pub use self::manage::changed;
pub use self::trial::{failed as test_failed, tried};

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Direction, Rect};
use ratatui::text::{Line, Span};

use super::{Region, Screen, lines_seen};
use crate::model::{Load, LoadStatus, Page, TableScore};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect, Job};
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::empty::{self, Stage};
use crate::tui::widgets::grid::{Cell, Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, below, inner, split};
use crate::tui::widgets::put;
use crate::tui::window::Window;
use crate::workbench::SourceStatus;

/// The list of sources.
const SOURCES: usize = 0;
/// What came in of the chosen one, entity by entity.
const ENTITIES: usize = 1;
/// How good the candidate tables are.
const TABLES: usize = 2;
/// In the list of rejects there is one pane.
const REJECTS: usize = 0;

/// What the screen shows.
#[derive(Default)]
pub struct State {
    /// The sources; `None` until they are known.
    pub sources: Option<Vec<SourceStatus>>,
    focus: usize,
    cursors: [Cursor; 3],
    asked: Option<u64>,
    /// The source whose rejects are open.
    rejects: Option<Rejects>,
    manage: manage::State,
    trial: trial::State,
}

/// The records of a source that could not be read as rows.
struct Rejects {
    source: String,
    cursor: Cursor,
    /// How many columns of the raw text are scrolled out at the left.
    across: usize,
    page: Window<Vec<Option<String>>>,
    asked: Option<(u64, u64)>,
}

/// The screen.
pub static SCREEN: Screen = Screen {
    number: "1",
    title: "Sources",
    panes: |model| if model.sources.rejects.is_some() { 1 } else { 3 },
    focus: |model| &mut model.sources.focus,
    regions,
    reel,
    needs,
    answer,
    back,
    layers: |model| if model.sources.rejects.is_some() { vec![&REJECTS_KEYS] } else { vec![&KEYS] },
    all_layers: &[&KEYS, &REJECTS_KEYS],
    view,
};

static KEYS: Layer = Layer {
    title: "sources",
    commands: &[
        Command {
            name: "load",
            keys: &["l"],
            label: "load",
            help: "Loads the chosen source, then checks.",
            run: |m| load(m, false),
            ready: can_load,
        },
        Command {
            name: "load all",
            keys: &["L"],
            label: "load all",
            help: "Loads every source, then checks.",
            run: |m| load(m, true),
            ready: can_load,
        },
        Command {
            name: "open",
            keys: &["enter"],
            label: "open",
            help: "On a source with rejects: opens them. On a table: opens its anomalies.",
            run: enter,
            ready: can_enter,
        },
        Command {
            name: "what to do next",
            keys: &["n"],
            label: "next",
            help: "Shows what to do next, what helps most first; Enter goes there.",
            run: next::ask,
            ready: always,
        },
        Command {
            name: "add source",
            keys: &["a"],
            label: "add",
            help: "Adds a source: its kind, then a form with the options of its connector.",
            run: manage::add,
            ready: Model::free,
        },
        Command {
            name: "edit source",
            keys: &["e"],
            label: "edit",
            help: "Changes the options of the chosen source.",
            run: manage::edit,
            ready: manage::can_change,
        },
        Command {
            name: "test source",
            keys: &["t"],
            label: "test",
            help: "Tries the way to the chosen source, without loading, and says step by step what holds; Esc stops it.",
            run: trial::begin,
            ready: manage::on_source,
        },
        Command {
            name: "remove source",
            keys: &["X"],
            label: "",
            help: "Takes the chosen source out of tastevin.toml, after a question.",
            run: manage::remove,
            ready: manage::can_change,
        },
    ],
};

static REJECTS_KEYS: Layer = Layer {
    title: "rejects",
    commands: &[
        Command {
            name: "leave rejects",
            keys: &["esc", "q", "backspace"],
            label: "back",
            help: "Goes back to the sources.",
            run: leave,
            ready: always,
        },
        Command {
            name: "scroll right",
            keys: &["l", "right"],
            label: "right",
            help: "Shows more of the raw text at the right.",
            run: |m| across(m, 16),
            ready: always,
        },
        Command {
            name: "scroll left",
            keys: &["h", "left"],
            label: "left",
            help: "Shows more of the raw text at the left.",
            run: |m| across(m, -16),
            ready: always,
        },
        Command {
            name: "copy raw text",
            keys: &["y"],
            label: "copy",
            help: "Copies the raw text of the record to the clipboard.",
            run: copy_raw,
            ready: has_reject,
        },
        Command {
            name: "copy record",
            keys: &["Y"],
            label: "",
            help: "Copies file, line, reason and raw text.",
            run: copy_record,
            ready: has_reject,
        },
    ],
};

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect, head| Region { pane, frame, body: below(inner(frame), head) };
    if model.sources.rejects.is_some() {
        return vec![region(REJECTS, grid_and_raw(area)[0], 1)];
    }
    if area.height < 12 {
        return vec![region(model.sources.focus, area, 1)];
    }
    let [sources, entities, tables] = stacked(model, area);
    vec![region(SOURCES, sources, 1), region(ENTITIES, entities, 2), region(TABLES, tables, 1)]
}

fn stacked(model: &Model, area: Rect) -> [Rect; 3] {
    let sources = model.sources.sources.as_ref().map_or(1, Vec::len) as u16;
    let most = (area.height / 3).max(4);
    let top = (sources + 3).clamp(4, most);
    let tables = (model.about.schema.tables.len() as u16 + 3).min((area.height * 2 / 5).max(4));
    let [a, b, c] =
        split(area, Direction::Vertical, [Constraint::Length(top), Constraint::Fill(1), Constraint::Length(tables)]);
    [a, b, c]
}

fn grid_and_raw(area: Rect) -> [Rect; 2] {
    split(area, Direction::Vertical, [Constraint::Fill(1), Constraint::Length(if area.height > 14 { 7 } else { 4 })])
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let pane = if model.sources.rejects.is_some() { REJECTS } else { pane };
    let height = lines_seen(model, regions, pane);
    let tables = model.about.schema.tables.len() as u64;
    let total = match pane {
        SOURCES => model.sources.sources.as_ref().map_or(0, |sources| sources.len() as u64),
        ENTITIES => chosen(model).map_or(0, |source| source.entities.len() as u64),
        _ => tables,
    };
    if let Some(rejects) = &mut model.sources.rejects {
        return Some(Reel { cursor: &mut rejects.cursor, total: rejects.page.len(), height });
    }
    Some(Reel { cursor: model.sources.cursors.get_mut(pane)?, total, height })
}

/// The source that the cursor is on.
fn chosen(model: &Model) -> Option<&SourceStatus> {
    let at = usize::try_from(model.sources.cursors[SOURCES].at).ok()?;
    model.sources.sources.as_ref()?.get(at)
}

/// What the header needs too, and therefore every screen.
pub fn shared_needs(model: &mut Model) -> Vec<Effect> {
    if model.sources.asked == Some(model.epoch) {
        return Vec::new();
    }
    model.sources.asked = Some(model.epoch);
    vec![model.ask(Ask::Sources), model.ask(Ask::Verdict)]
}

fn needs(model: &mut Model) -> Vec<Effect> {
    let height = lines_seen(model, regions, REJECTS);
    let epoch = model.epoch;
    let Some(rejects) = &mut model.sources.rejects else {
        return Vec::new();
    };
    let seen = rejects.cursor.top..rejects.cursor.top + height;
    let (offset, limit) = Window::<()>::around(&seen);
    if rejects.asked == Some((epoch, offset))
        || (rejects.page.holds(&seen) && rejects.asked.is_some_and(|(at, _)| at == epoch))
    {
        return Vec::new();
    }
    rejects.asked = Some((epoch, offset));
    let source = rejects.source.clone();
    vec![model.ask(Ask::Rejects { source, offset, limit })]
}

fn answer(model: &mut Model, answer: &Answer) {
    match answer {
        Answer::Standing(standing) => next::take(model, standing),
        Answer::Kinds { kinds, sources } => manage::take_kinds(model, kinds, sources),
        Answer::Test { source, probes } => trial::take(model, source, probes),
        Answer::Sources(sources) => model.sources.sources = Some(sources.clone()),
        Answer::Rejects(page) => {
            if let Some(rejects) = &mut model.sources.rejects {
                rejects.page = Window { offset: page.offset, rows: rows(page), total: Some(page.total) };
            }
        }
        _ => {}
    }
}

/// The columns entity, file, line, reason, raw of a page of rejects.
fn rows(page: &Page) -> Vec<Vec<Option<String>>> {
    let at = |name: &str| page.columns.iter().position(|column| column == name);
    let columns = ["entity", "file", "line", "reason", "raw"].map(at);
    let cell = |row: &Vec<Option<String>>, at: Option<usize>| at.and_then(|at| row.get(at).cloned().flatten());
    page.rows.iter().map(|row| columns.iter().map(|at| cell(row, *at)).collect()).collect()
}

fn back(model: &mut Model) -> bool {
    if model.sources.rejects.take().is_some() {
        return true;
    }
    std::mem::replace(&mut model.sources.focus, SOURCES) != SOURCES
}

fn can_load(model: &Model) -> Result<(), String> {
    model.free()?;
    match model.about.sources.is_empty() {
        false => Ok(()),
        true => Err("there is no source; a adds one".to_owned()),
    }
}

fn load(model: &mut Model, all: bool) -> Vec<Effect> {
    // The names are known before anything is known of the sources, so that this works from the first frame on.
    let at = usize::try_from(model.sources.cursors[SOURCES].at).unwrap_or(0);
    let chosen = model.about.sources.get(at).cloned().into_iter();
    let names = if all { model.about.sources.clone() } else { chosen.collect() };
    load_these(model, names)
}

/// Loads sources one after the other, then checks.
pub fn load_these(model: &mut Model, mut names: Vec<String>) -> Vec<Effect> {
    if names.is_empty() {
        return Vec::new();
    }
    let first = names.remove(0);
    model.loads = names;
    model.staged = false;
    vec![Effect::Do(Job::Load(first))]
}

fn can_enter(model: &Model) -> Result<(), String> {
    if model.sources.focus == TABLES {
        return match table_scores(model).is_empty() {
            true => Err("nothing was checked yet; l loads and checks".to_owned()),
            false => Ok(()),
        };
    }
    match chosen(model) {
        None => Err("there is no source; a adds one".to_owned()),
        Some(source) => match source.standing.as_ref().map(Load::rejected) {
            None => Err(format!("{} was never loaded; l loads it", source.name)),
            Some(0) => Err(format!("{} has no rejects: every record was read", source.name)),
            Some(_) => Ok(()),
        },
    }
}

fn enter(model: &mut Model) -> Vec<Effect> {
    if model.sources.focus == TABLES {
        let at = usize::try_from(model.sources.cursors[TABLES].at).unwrap_or(0);
        if let Some(table) = model.about.schema.tables.get_index(at).map(|(name, _)| name.clone()) {
            super::anomalies::show_table(model, &table);
        }
        return super::open(model, &super::anomalies::SCREEN);
    }
    if let Some(source) = chosen(model).map(|source| source.name.clone()) {
        model.sources.rejects =
            Some(Rejects { source, cursor: Cursor::default(), across: 0, page: Window::default(), asked: None });
        model.sources.focus = REJECTS;
    }
    Vec::new()
}

fn leave(model: &mut Model) -> Vec<Effect> {
    model.sources.rejects = None;
    Vec::new()
}

fn across(model: &mut Model, columns: isize) -> Vec<Effect> {
    if let Some(rejects) = &mut model.sources.rejects {
        rejects.across = rejects.across.saturating_add_signed(columns).min(100_000);
    }
    Vec::new()
}

fn reject(model: &Model) -> Option<&Vec<Option<String>>> {
    let rejects = model.sources.rejects.as_ref()?;
    rejects.page.get(rejects.cursor.at)
}

fn has_reject(model: &Model) -> Result<(), String> {
    reject(model).map(|_| ()).ok_or_else(|| "there is no record here".to_owned())
}

fn copy_raw(model: &mut Model) -> Vec<Effect> {
    let raw = reject(model).and_then(|row| row.get(4).cloned().flatten()).unwrap_or_default();
    super::copy(model, raw)
}

fn copy_record(model: &mut Model) -> Vec<Effect> {
    let cells: Vec<String> =
        reject(model).map(|row| row.iter().map(|cell| cell.clone().unwrap_or_default()).collect()).unwrap_or_default();
    super::copy(model, cells.join("\t"))
}

fn table_scores(model: &Model) -> &[TableScore] {
    model.verdict.as_ref().map_or(&[], |verdict| &verdict.tables)
}

fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    if let Some(rejects) = &model.sources.rejects {
        return view_rejects(model, rejects, area, buffer);
    }
    if model.sources.sources.as_ref().is_some_and(Vec::is_empty) {
        return view_empty(model, area, buffer);
    }
    let focus = model.sources.focus;
    let mut panes = regions(model, area);
    // The pane with the keys is drawn last, so that its frame is whole.
    panes.sort_by_key(|region| region.pane == focus);
    for region in panes {
        match region.pane {
            SOURCES => view_sources(model, region.frame, focus == SOURCES, buffer),
            ENTITIES => view_entities(model, region.frame, focus == ENTITIES, buffer),
            _ => view_tables(model, region.frame, focus == TABLES, buffer),
        }
    }
}

fn view_empty(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    Pane { title: vec![Span::raw("sources")], foot: String::new(), focused: true }.draw(area, theme, buffer);
    if let Some(empty) = empty::missing(model, Stage::Source) {
        empty::draw(&empty, inner(area), theme, buffer);
    }
}

fn view_sources(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let sources = model.sources.sources.as_deref().unwrap_or_default();
    Pane { title: vec![Span::raw("sources")], foot: String::new(), focused }.draw(frame, theme, buffer);
    if model.sources.sources.is_none() {
        return put(buffer, inner(frame), 1, Line::styled("   reading the workspace…", theme.dim()));
    }
    let columns = [
        Column::text("source", 14, 28, 0),
        Column::text("kind", 8, 12, 3),
        Column::text("status", 12, 12, 0),
        Column::text("last load", 16, 16, 1),
        Column::number("rows in", 10, 0),
        Column::number("staged", 10, 2),
        Column::number("rejected", 8, 0),
        Column::number("took", 12, 4),
    ];
    let cursor = model.sources.cursors[SOURCES];
    let grid = Grid { columns: &columns, cursor, total: sources.len() as u64, focused, selectable: true };
    grid.draw(inner(frame), theme, buffer, |at| {
        let Some(source) = usize::try_from(at).ok().and_then(|at| sources.get(at)) else {
            return Row::default();
        };
        let (glyph, word, style) = match source.last.as_ref().map(|load| load.status) {
            None => ("○", "not loaded", theme.dim()),
            Some(LoadStatus::Done) => ("✓", "loaded", theme.good()),
            Some(LoadStatus::Failed) => ("✗", "failed", theme.bad()),
            Some(LoadStatus::Cancelled) => ("▲", "cancelled", theme.warning()),
        };
        let count = |of: fn(&Load) -> u64| {
            source.standing.as_ref().map(|load| text::number(of(load))).unwrap_or_else(|| "–".to_owned())
        };
        let rejected = source.standing.as_ref().map_or(0, Load::rejected);
        let took = source.last.as_ref().and_then(|load| (load.ended? - load.started).to_std().ok());
        Row {
            mark: (glyph, style),
            cells: vec![
                (text::clean(&source.name).into_owned(), theme.text()),
                (text::clean(&source.kind).into_owned(), theme.text()),
                (word.to_owned(), style),
                (source.last.as_ref().map(|load| text::moment(load.started)).unwrap_or_default(), theme.text()),
                (count(Load::rows_in), theme.text()),
                (count(Load::staged), theme.text()),
                (count(Load::rejected), if rejected > 0 { theme.warning() } else { theme.text() }),
                (took.map(text::duration).unwrap_or_default(), theme.text()),
            ],
            ..Row::default()
        }
    });
}

fn view_entities(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(source) = chosen(model) else {
        return Pane { title: vec![Span::raw("entities")], foot: String::new(), focused }.draw(frame, theme, buffer);
    };
    let mut title = vec![Span::raw(text::clean(&source.name).into_owned())];
    if !source.place.is_empty() {
        title.push(Span::styled(format!(" · {}", text::clean(&source.place)), theme.dim()));
    }
    Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let load = source.standing.as_ref();
    let sum = match load {
        None => Line::styled("   not loaded yet: l loads it", theme.dim()),
        Some(load) => Line::from(vec![
            Span::raw(format!("   {} in", text::count(load.rows_in(), "row"))),
            Span::styled(" = ", theme.dim()),
            Span::raw(format!("{} staged", text::number(load.staged()))),
            Span::styled(" + ", theme.dim()),
            match load.rejected() {
                0 => Span::raw("0 rejected"),
                rejected => Span::styled(format!("{} rejected", text::number(rejected)), theme.warning()),
            },
        ]),
    };
    put(buffer, inside, 0, sum);
    let columns = [
        Column::text("entity", 10, 16, 0),
        Column::text("feeds", 10, 22, 2),
        Column::text("file", 14, 34, 1),
        Column::number("rows in", 9, 0),
        Column::number("staged", 9, 3),
        Column::number("rejected", 8, 0),
        Column::text("read as", 12, 60, 4),
    ];
    let cursor = model.sources.cursors[ENTITIES];
    let total = source.entities.len() as u64;
    let notes = notes_of(source);
    let room = inside.height.saturating_sub(2);
    let grid_height = (total as u16 + 1).min(room);
    let grid = Grid { columns: &columns, cursor, total, focused, selectable: focused };
    grid.draw(Rect { height: grid_height, ..below(inside, 1) }, theme, buffer, |at| {
        let Some((entity, tables)) = usize::try_from(at).ok().and_then(|at| source.entities.get(at)) else {
            return Row::default();
        };
        let came = load.and_then(|load| load.entities.iter().find(|came| came.entity == *entity));
        let count = |number: Option<u64>| number.map_or_else(|| "–".to_owned(), text::number);
        let rejected = came.map(|came| came.rejected);
        Row {
            mark: (" ", theme.text()),
            cells: vec![
                (text::clean(entity).into_owned(), theme.text()),
                (text::clean(&tables.join(", ")).into_owned(), theme.text()),
                (came.map(|came| text::clean(&came.files.join(", ")).into_owned()).unwrap_or_default(), theme.text()),
                (count(came.map(|came| came.rows_in)), theme.text()),
                (count(came.map(|came| came.staged)), theme.text()),
                (count(rejected), if rejected > Some(0) { theme.warning() } else { theme.text() }),
                (came.map(|came| text::clean(&came.dialect).into_owned()).unwrap_or_default(), theme.text()),
            ],
            ..Row::default()
        }
    });
    let mut row = grid_height + 2;
    for note in notes {
        for (part, line) in
            text::wrap(&text::clean(&note), usize::from(inside.width.saturating_sub(6))).into_iter().enumerate()
        {
            let lead = if part == 0 { "   · " } else { "     " };
            put(buffer, inside, row, Line::styled(format!("{lead}{line}"), theme.dim()));
            row += 1;
        }
    }
}

/// What is worth knowing of the last loads of a source.
fn notes_of(source: &SourceStatus) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(last) = source.last.as_ref().filter(|last| last.status != LoadStatus::Done) {
        let stands = if source.standing.is_some() { "; the earlier load still stands" } else { "" };
        notes.push(format!("the load of {} {}{stands}", text::moment(last.started), last.status.name()));
        notes.extend(last.notes.iter().cloned());
    }
    notes.extend(source.standing.iter().flat_map(|load| load.notes.iter().cloned()));
    notes
}

fn view_tables(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    Pane { title: vec![Span::raw("tables")], foot: String::new(), focused }.draw(frame, theme, buffer);
    let columns = [
        Column::text("table", 14, 22, 0),
        Column::number("rows", 10, 1),
        Column::number("blocking", 8, 0),
        Column::number("warning", 8, 0),
        Column::number("score", 7, 0),
        Column::text("clean █ warning ▓ blocking ░", BAR, BAR, 2),
    ];
    let cursor = model.sources.cursors[TABLES];
    let tables = &model.about.schema.tables;
    let grid = Grid { columns: &columns, cursor, total: tables.len() as u64, focused, selectable: focused };
    grid.draw(inner(frame), theme, buffer, |at| {
        let Some((name, _)) = usize::try_from(at).ok().and_then(|at| tables.get_index(at)) else {
            return Row::default();
        };
        let name_cell = (text::clean(name).into_owned(), theme.text());
        let Some(score) = table_scores(model).iter().find(|score| score.table == *name) else {
            return Row {
                mark: ("○", theme.dim()),
                cells: vec![name_cell, ("–".to_owned(), theme.dim())],
                ..Row::default()
            };
        };
        let (glyph, style) = match (score.blocking, score.warning) {
            (1.., _) => ("●", theme.bad()),
            (0, 1..) => ("▲", theme.warning()),
            _ => ("✓", theme.good()),
        };
        let colour = |count: u64, style| if count > 0 { style } else { theme.dim() };
        Row {
            mark: (glyph, style),
            cells: vec![
                name_cell,
                (text::number(score.rows), theme.text()),
                (text::number(score.blocking), colour(score.blocking, theme.bad())),
                (text::number(score.warning), colour(score.warning, theme.warning())),
                (if score.rows == 0 { "–".to_owned() } else { format!("{:.1} %", floor(score.score)) }, style),
            ],
            tail: strip(score, theme),
        }
    });
}

/// How wide the strip is that shows the shares of a table's rows.
const BAR: u16 = 28;

/// The shares of clean, doubtful and blocking rows; what there is at all is seen, be it ever so little.
fn strip(score: &TableScore, theme: Theme) -> Vec<Cell> {
    let share = |rows: u64| match score.rows {
        0 => 0,
        all => ((rows as f64 / all as f64 * f64::from(BAR)).round() as usize).max(usize::from(rows > 0)),
    };
    let (blocking, warning) = (share(score.blocking), share(score.warning));
    let clean = if score.rows == 0 { 0 } else { usize::from(BAR).saturating_sub(blocking + warning) };
    vec![("█".repeat(clean), theme.good()), ("▓".repeat(warning), theme.warning()), ("░".repeat(blocking), theme.bad())]
}

/// A percentage cut, not rounded: only what is perfect is 100 %.
fn floor(percent: f64) -> f64 {
    (percent * 10.0).floor() / 10.0
}

fn view_rejects(model: &Model, rejects: &Rejects, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let [list, raw] = grid_and_raw(area);
    let title = vec![
        Span::raw(format!("rejects · {}", text::clean(&rejects.source))),
        Span::styled(
            format!(" · {} could not be read as a row", text::count(rejects.page.len(), "record")),
            theme.dim(),
        ),
    ];
    let here = reject(model);
    let raw_title = here.and_then(|row| Some(format!("{} line {}", row.get(1)?.as_deref()?, row.get(2)?.as_deref()?)));
    let frame = Pane {
        title: vec![Span::raw(text::clean(&raw_title.unwrap_or_default()).into_owned())],
        foot: String::new(),
        focused: false,
    };
    frame.draw(raw, theme, buffer);
    if let Some(text) = here.and_then(|row| row.get(4)?.as_deref()) {
        let inside = inner(raw);
        for (row, line) in
            (0..inside.height).zip(text::chop(&text::clean(text), usize::from(inside.width.saturating_sub(2))))
        {
            put(buffer, inside, row, Line::raw(format!(" {line}")));
        }
    }
    let foot = match rejects.page.len() {
        0 => String::new(),
        total => format!("{}/{}", text::number(rejects.cursor.at + 1), text::number(total)),
    };
    Pane { title, foot, focused: true }.draw(list, theme, buffer);
    let columns = [
        Column::text("file", 14, 30, 1),
        Column::number("line", 8, 0),
        Column::text("reason", 16, 26, 0),
        Column::text("raw text", 20, 4000, 0),
    ];
    let grid =
        Grid { columns: &columns, cursor: rejects.cursor, total: rejects.page.len(), focused: true, selectable: true };
    grid.draw(inner(list), theme, buffer, |at| {
        let Some(row) = rejects.page.get(at) else {
            return Row { mark: (" ", theme.dim()), cells: vec![("…".to_owned(), theme.dim())], ..Row::default() };
        };
        let cell = |at: usize| {
            row.get(at).and_then(Option::as_deref).map(|cell| text::clean(cell).into_owned()).unwrap_or_default()
        };
        let line = cell(2).parse::<u64>().map_or_else(|_| cell(2), text::number);
        Row {
            mark: ("✗", theme.warning()),
            cells: vec![
                (cell(1), theme.text()),
                (line, theme.text()),
                (cell(3), theme.warning()),
                (text::skip(&cell(4), rejects.across), theme.text()),
            ],
            ..Row::default()
        }
    });
    if rejects.page.is_empty() {
        put(buffer, below(inner(list), 1), 0, Line::styled("   no rejects", theme.dim()));
    }
}
