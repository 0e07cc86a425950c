//! History (7): what was loaded and committed, the newest first, and how the scores of the tables went.
//!
//! Neighbours: `entries` is the timeline, `page` what lies over it (one load, one difference), `keys` has every command.

mod entries;
mod keys;
mod page;
mod view;

use indexmap::IndexMap;
use ratatui::layout::{Constraint, Direction, Rect};

use self::entries::Shown;
use self::page::Page;
pub use self::view::commit_words;
use super::{Region, Screen, lines_seen};
use crate::model::{Commit, Load, TableScore};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect};
use crate::tui::model::Model;
use crate::tui::widgets::pane::{below, inner, split};

/// Loads and commits.
const TIMELINE: usize = 0;
/// The scores of the tables.
const TRENDS: usize = 1;
/// What the entry under the cursor is, where there is room for it; it has no keys.
const DETAIL: usize = 2;
/// Over the timeline there is one pane.
const PAGE: usize = 0;

/// What the screen shows.
#[derive(Default)]
pub struct State {
    focus: usize,
    cursors: [Cursor; 2],
    known: Option<Known>,
    asked: Option<u64>,
    shown: Shown,
    /// The commits that are marked, at most two.
    marked: Vec<i64>,
    page: Option<Page>,
    /// Whether a door of another screen led to that page.
    door: bool,
    /// The commit that is to be undone once there is a message.
    reverting: Option<i64>,
}

/// What the workspace knows of its past.
struct Known {
    loads: Vec<Load>,
    commits: Vec<Commit>,
    trends: IndexMap<String, Vec<TableScore>>,
}

/// The screen.
pub static SCREEN: Screen = Screen {
    number: "7",
    title: "History",
    panes: |model| if model.history.page.is_some() { 1 } else { 2 },
    focus: |model| &mut model.history.focus,
    regions,
    reel,
    needs,
    answer,
    back,
    layers: keys::layers,
    all_layers: keys::ALL,
    view: view::view,
};

/// Opens the screen on what a commit changed: a door for other screens.
pub fn show_commit(model: &mut Model, commit: i64) -> Vec<Effect> {
    page::open_difference(model, commit - 1, commit);
    model.history.door = true;
    super::through(model, &SCREEN)
}

/// The same, on the rows of one of its tables.
pub fn show_commit_rows(model: &mut Model, commit: &Commit, table: usize) -> Vec<Effect> {
    let effects = show_commit(model, commit.id);
    page::stand_on(model, &commit.tables, table);
    effects
}

/// Opens the screen on a load: a door for other screens.
pub fn show_load(model: &mut Model, load: i64) -> Vec<Effect> {
    page::open_load(model, load);
    model.history.door = true;
    super::through(model, &SCREEN)
}

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect, head| Region { pane, frame, body: below(inner(frame), head) };
    if let Some(page) = &model.history.page {
        let (frame, head) = page.list(model, area);
        return vec![region(PAGE, frame, head)];
    }
    if area.height < 14 {
        return vec![region(model.history.focus, area, 1)];
    }
    let tables = model.about.schema.tables.len() as u16 + 3;
    if area.width < 130 {
        let parts = [Constraint::Fill(1), Constraint::Length(tables.min(area.height * 2 / 5))];
        let [timeline, trends] = split(area, Direction::Vertical, parts);
        return vec![region(TIMELINE, timeline, 1), region(TRENDS, trends, 1)];
    }
    let [timeline, right] = split(area, Direction::Horizontal, [Constraint::Fill(3), Constraint::Fill(2)]);
    let parts = [Constraint::Fill(1), Constraint::Length(tables.min(area.height / 2))];
    let [detail, trends] = split(right, Direction::Vertical, parts);
    vec![region(TIMELINE, timeline, 1), region(TRENDS, trends, 1), region(DETAIL, detail, 0)]
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    if model.history.page.is_some() {
        return page::reel(model);
    }
    let height = lines_seen(model, regions, pane);
    let total = match pane {
        TIMELINE => entries::count(model),
        _ => model.about.schema.tables.len() as u64,
    };
    Some(Reel { cursor: model.history.cursors.get_mut(pane)?, total, height })
}

fn needs(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    if model.history.asked != Some(model.epoch) {
        model.history.asked = Some(model.epoch);
        effects.push(model.ask(Ask::History));
    }
    effects.extend(page::needs(model));
    effects
}

fn answer(model: &mut Model, answer: &Answer) {
    match answer {
        Answer::History { loads, commits, trends } => {
            model.history.known =
                Some(Known { loads: loads.clone(), commits: commits.clone(), trends: trends.clone() });
        }
        Answer::Between { from, to, tables } => page::take_tables(model, *from, *to, tables),
        Answer::BetweenRows { offset, rows } => page::take_rows(model, *offset, rows),
        _ => {}
    }
}

fn back(model: &mut Model) -> bool {
    let behind = std::mem::take(&mut model.history.door) && super::is_behind_a_door(model);
    if page::back(model, behind) {
        // What a door led to is left through it, not by way of the timeline.
        let left = behind && model.history.page.is_none();
        model.history.door = behind && !left;
        return !left;
    }
    let state = &mut model.history;
    if std::mem::replace(&mut state.focus, TIMELINE) != TIMELINE {
        return true;
    }
    if !state.marked.is_empty() {
        state.marked.clear();
        return true;
    }
    std::mem::take(&mut state.shown) != Shown::All
}
