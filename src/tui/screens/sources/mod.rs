//! Sources (1): what comes in, how far it has come, and what to do next. Home.

mod bars;
mod detail;
mod keys;
mod lines;
mod list;
mod manage;
mod next;
mod tables;
mod trial;

pub use self::manage::{changed, refused};
pub use self::trial::{failed as test_failed, tried};

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Direction, Position, Rect};
use ratatui::text::Span;

use super::{Region, Screen, in_drawing_order, lines_seen};
use crate::model::Standing;
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect, Job};
use crate::tui::model::Model;
use crate::tui::widgets::empty::{self, Stage};
use crate::tui::widgets::pane::{Pane, below, inner, split};
use crate::workbench::SourceStatus;

/// The list of sources.
const SOURCES: usize = 0;
/// How far the rows of each table have come.
const TABLES: usize = 1;
/// What to do next.
const NEXT: usize = 2;
/// What is known of the chosen source.
const DETAIL: usize = 3;

/// From this size on, panes stand side by side and what is known of the chosen source is always there.
const WIDE: (u16, u16) = (132, 24);
/// How wide the figures of the tables are, with their frame.
const FIGURES: u16 = 88;
/// Below this height, there is only the pane that has the keys.
const LOW: u16 = 16;

/// What the screen shows.
#[derive(Default)]
pub struct State {
    /// The sources; `None` until they are known.
    pub sources: Option<Vec<SourceStatus>>,
    /// How far the data has come; `None` until that is known.
    standing: Option<Standing>,
    focus: usize,
    cursors: [Cursor; 4],
    /// Which figure of a table the keys act on.
    figure: usize,
    asked: Option<u64>,
    standing_asked: Option<u64>,
    manage: manage::State,
    trial: trial::State,
}

/// The screen.
pub static SCREEN: Screen = Screen {
    number: "1",
    title: "Sources",
    panes: |model| if is_empty(model) { 1 } else { 4 },
    focus: |model| &mut model.sources.focus,
    regions,
    reel,
    needs,
    answer,
    back,
    layers: keys::layers,
    all_layers: keys::ALL,
    view,
};

fn is_empty(model: &Model) -> bool {
    model.sources.sources.as_ref().is_some_and(Vec::is_empty)
}

/// Whether there is room for all panes side by side.
fn is_wide(area: Rect) -> bool {
    area.width >= WIDE.0 && area.height >= WIDE.1
}

/// Goes to the list of sources, from what lies over it.
pub fn home(model: &mut Model) {
    if model.sources.focus == DETAIL && !is_wide(model.body()) {
        model.sources.focus = SOURCES;
    }
}

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect| {
        let head = if pane == SOURCES || pane == TABLES { 1 } else { 0 };
        let body = below(inner(frame), head);
        let foot = if pane == NEXT { next::foot(body.height) } else { 0 };
        Region { pane, frame, body: Rect { height: body.height.saturating_sub(foot), ..body } }
    };
    let focus = model.sources.focus;
    if is_empty(model) {
        return vec![region(SOURCES, area)];
    }
    let sources = model.sources.sources.as_ref().map_or(1, Vec::len) as u16 + 3;
    if is_wide(area) {
        // The figures of the tables need no more; names of files do.
        let left = (area.width / 2).min(area.width - FIGURES).clamp(54, 96);
        let [left, right] = split(area, Direction::Horizontal, [Constraint::Length(left), Constraint::Fill(1)]);
        let top = sources.clamp(4, (area.height / 3).max(4));
        let [list, known] = split(left, Direction::Vertical, [Constraint::Length(top), Constraint::Fill(1)]);
        let high = tables::height(model, right.height.saturating_sub(8));
        let [tables, next] = split(right, Direction::Vertical, [Constraint::Length(high), Constraint::Fill(1)]);
        return vec![region(SOURCES, list), region(TABLES, tables), region(NEXT, next), region(DETAIL, known)];
    }
    if area.height < LOW || focus == DETAIL {
        return vec![region(focus, area)];
    }
    let top = sources.clamp(4, (area.height / 3).max(4));
    let high = tables::height(model, area.height.saturating_sub(top + 6));
    let parts = [Constraint::Length(top), Constraint::Length(high), Constraint::Fill(1)];
    let [list, tables, next] = split(area, Direction::Vertical, parts);
    vec![region(SOURCES, list), region(TABLES, tables), region(NEXT, next)]
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let height = lines_seen(model, regions, pane);
    let total = match pane {
        SOURCES => model.sources.sources.as_ref().map_or(0, Vec::len),
        TABLES => model.about.schema.tables.len(),
        NEXT => next::steps(model).len(),
        _ => detail::entries(model).len(),
    };
    Some(Reel { cursor: model.sources.cursors.get_mut(pane)?, total: total as u64, height })
}

/// Whether something was loaded, and no source that was feeds any table.
pub fn nothing_fed(model: &Model) -> bool {
    let mut loaded = model.sources.sources.iter().flatten().filter(|source| source.standing.is_some()).peekable();
    loaded.peek().is_some() && loaded.all(|source| source.entities.iter().all(|(_, tables)| tables.is_empty()))
}

/// Where the cursor of a pane is.
fn at(model: &Model, pane: usize) -> usize {
    model.sources.cursors.get(pane).map_or(0, |cursor| usize::try_from(cursor.at).unwrap_or(usize::MAX))
}

/// The source that the cursor is on.
pub fn chosen(model: &Model) -> Option<&SourceStatus> {
    model.sources.sources.as_ref()?.get(at(model, SOURCES))
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
    if model.sources.standing_asked == Some(model.epoch) {
        return Vec::new();
    }
    model.sources.standing_asked = Some(model.epoch);
    vec![model.ask(Ask::Standing)]
}

fn answer(model: &mut Model, answer: &Answer) {
    match answer {
        Answer::Standing(standing) => model.sources.standing = Some(standing.as_ref().clone()),
        Answer::Kinds { kinds, sources } => manage::take_kinds(model, kinds, sources),
        Answer::Test { source, probes } => trial::take(model, source, probes),
        Answer::Sources(sources) => model.sources.sources = Some(sources.clone()),
        _ => {}
    }
}

/// Whether what is known of a source has the keys, from which a step out leads to the list.
pub fn is_detailed(model: &Model) -> bool {
    model.sources.focus == DETAIL
}

fn back(model: &mut Model) -> bool {
    std::mem::replace(&mut model.sources.focus, SOURCES) != SOURCES
}

/// The mouse was pressed in a pane.
pub fn pointed(model: &mut Model, pane: usize, place: Position) {
    if pane == TABLES {
        tables::pointed(model, place);
    }
}

/// Why nothing can be loaded now, if so.
fn can_load(model: &Model) -> Result<(), String> {
    model.free()?;
    empty::reached(model, Stage::Source)
}

fn load(model: &mut Model, all: bool) -> Vec<Effect> {
    // The names are known before anything is known of the sources, so that this works from the first frame on.
    let chosen = model.about.sources.get(at(model, SOURCES)).cloned().into_iter();
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

fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    if is_empty(model) {
        let theme = model.theme;
        Pane { title: vec![Span::raw("sources")], foot: String::new(), focused: true }.draw(area, theme, buffer);
        if let Some(empty) = empty::missing(model, Stage::Source) {
            empty::draw(&empty, inner(area), theme, buffer);
        }
        return;
    }
    let focus = model.sources.focus;
    let panes = in_drawing_order(regions(model, area), focus);
    for region in panes {
        let focused = region.pane == focus;
        match region.pane {
            SOURCES => list::view(model, region.frame, focused, buffer),
            TABLES => tables::view(model, region.frame, focused, buffer),
            NEXT => next::view(model, region, focused, buffer),
            _ => detail::view(model, region, focused, buffer),
        }
    }
}
