//! Duplicates (4): rows that may be the same thing, side by side; which one stays, and what it takes over. Neighbours: [`keys`] and [`act`]
//! decide, [`view`] draws.

mod act;
mod keys;
mod view;

use std::collections::{HashMap, HashSet};

use ratatui::layout::{Constraint, Direction, Rect};

use super::{Region, Screen, lines_seen};
use crate::model::{DuplicateGroup, Duplicates};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect};
use crate::tui::model::Model;
use crate::tui::widgets::pane::{below, inner, split};
use keys::{GROUP_KEYS, KEYS, ROW_KEYS};

/// The groups.
const GROUPS: usize = 0;
/// The rows of one, side by side.
const ROWS: usize = 1;
/// Lines over the fields: the identities, where the rows come from, what refers to them.
const HEAD: u16 = 3;

/// What the screen shows.
#[derive(Default)]
pub struct State {
    focus: usize,
    cursor: Cursor,
    groups: Option<Vec<DuplicateGroup>>,
    /// The epoch that the groups were asked for in.
    asked: Option<u64>,
    /// The group whose rows are shown or were asked for, with the epoch.
    asked_rows: Option<(u64, DuplicateGroup)>,
    open: Option<Open>,
    /// Groups about which something was decided since they were counted.
    decided: HashSet<(String, String, String)>,
    /// Whether fields are shown in which the rows do not differ.
    all_fields: bool,
    /// What was searched for.
    search: Option<String>,
}

/// The rows of a group, and what is to become of them.
struct Open {
    found: Duplicates,
    /// The line of the field that the keys act on.
    cursor: Cursor,
    /// The row that the keys act on.
    column: usize,
    /// The row that stays.
    survivor: usize,
    /// Fields whose value comes from another row than the one that stays.
    picks: HashMap<String, usize>,
}

/// The screen.
pub static SCREEN: Screen = Screen {
    number: "4",
    title: "Duplicates",
    panes: |_| 2,
    focus: |model| &mut model.duplicates.focus,
    regions,
    reel,
    needs,
    answer,
    back: |model| std::mem::replace(&mut model.duplicates.focus, GROUPS) != GROUPS,
    layers: |model| if model.duplicates.focus == ROWS { vec![&ROW_KEYS, &KEYS] } else { vec![&GROUP_KEYS, &KEYS] },
    all_layers: &[&KEYS, &GROUP_KEYS, &ROW_KEYS],
    view: view::view,
};

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect, head| Region { pane, frame, body: below(inner(frame), head) };
    let [groups, rows] = if area.width >= 110 {
        split(
            area,
            Direction::Horizontal,
            [Constraint::Length(area.width.saturating_sub(96).clamp(46, 72)), Constraint::Fill(1)],
        )
    } else if area.height >= 18 {
        split(area, Direction::Vertical, [Constraint::Length((area.height / 3).max(5)), Constraint::Fill(1)])
    } else if model.duplicates.focus == ROWS {
        return vec![region(ROWS, area, HEAD)];
    } else {
        return vec![region(GROUPS, area, 1)];
    };
    vec![region(GROUPS, groups, 1), region(ROWS, rows, HEAD)]
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let height = lines_seen(model, regions, pane);
    let state = &mut model.duplicates;
    if pane == GROUPS {
        let total = state.groups.as_ref().map_or(0, |groups| groups.len() as u64);
        return Some(Reel { cursor: &mut state.cursor, total, height });
    }
    let all = state.all_fields;
    let open = state.open.as_mut()?;
    let total = shown_fields(&open.found, all).count() as u64;
    Some(Reel { cursor: &mut open.cursor, total, height })
}

/// The fields that have a line, by their places in the table.
fn shown_fields(found: &Duplicates, all: bool) -> impl Iterator<Item = usize> + '_ {
    (0..found.fields.len()).filter(move |at| all || found.differing.contains(&found.fields[*at]))
}

fn chosen(model: &Model) -> Option<&DuplicateGroup> {
    let at = usize::try_from(model.duplicates.cursor.at).ok()?;
    model.duplicates.groups.as_ref()?.get(at)
}

fn needs(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    let epoch = model.epoch;
    if model.verdict.is_some() && model.duplicates.asked != Some(epoch) {
        model.duplicates.asked = Some(epoch);
        effects.push(model.ask(Ask::Duplicates));
    }
    let wanted = chosen(model).cloned().map(|group| (epoch, group));
    if wanted.is_some() && model.duplicates.asked_rows != wanted {
        let group = wanted.as_ref().map(|(_, group)| group.clone());
        model.duplicates.asked_rows = wanted;
        effects.extend(group.map(|group| model.ask(Ask::DuplicateRows(Box::new(group)))));
    }
    effects
}

fn answer(model: &mut Model, answer: &Answer) {
    match answer {
        Answer::Duplicates(groups) => {
            let state = &mut model.duplicates;
            // The cursor stays with its group, wherever that stands now.
            let here = usize::try_from(state.cursor.at).ok();
            let here = here.and_then(|at| state.groups.as_ref()?.get(at)).map(name);
            let place = here.and_then(|here| groups.iter().position(|group| name(group) == here));
            state.cursor.at = place.map_or(state.cursor.at, |at| at as u64);
            state.groups = Some(groups.clone());
            state.decided.clear();
        }
        Answer::DuplicateRows(found) => {
            let derived = |field: &str| {
                let table = found.as_ref().map_or("", |found| found.group.table.as_str());
                model.about.schema.field(table, field).is_none_or(|field| field.key || field.derive.is_some())
            };
            let before = model.duplicates.open.take();
            model.duplicates.open = found.as_ref().map(|found| match before {
                Some(before) if before.found == **found => before,
                _ => Open::of((**found).clone(), derived),
            });
            if model.duplicates.open.is_none() {
                model.duplicates.focus = GROUPS;
            }
        }
        _ => {}
    }
}

/// What could not be written down is not decided.
pub fn not_written(model: &mut Model) {
    model.duplicates.decided.clear();
}

fn name(group: &DuplicateGroup) -> (String, String, String) {
    (group.rule.clone(), group.table.clone(), group.anchor.clone())
}

impl Open {
    /// The row that most refers to stays, of several the fullest; what it lacks it takes from the others.
    fn of(found: Duplicates, is_given: impl Fn(&str) -> bool) -> Open {
        let filled = |at: usize| found.rows[at].values.iter().flatten().count();
        let best =
            (0..found.rows.len()).max_by_key(|at| (found.rows[*at].referred, filled(*at), std::cmp::Reverse(*at)));
        let survivor = best.unwrap_or(0);
        let mut picks = HashMap::new();
        for (place, field) in found.fields.iter().enumerate().filter(|(_, field)| !is_given(field)) {
            if found.rows[survivor].values[place].is_none()
                && let Some(other) = (0..found.rows.len()).find(|at| found.rows[*at].values[place].is_some())
            {
                picks.insert(field.clone(), other);
            }
        }
        Open { found, cursor: Cursor::default(), column: survivor, survivor, picks }
    }

    /// The row whose value of the field is kept.
    fn source_of(&self, field: &str) -> usize {
        self.picks.get(field).copied().unwrap_or(self.survivor)
    }

    /// The place of the field under the cursor.
    fn field(&self, all: bool) -> Option<usize> {
        shown_fields(&self.found, all).nth(usize::try_from(self.cursor.at).ok()?)
    }
}

/// How many fields differ whose value can be chosen: what is computed follows from the others.
fn choosable(model: &Model, open: &Open) -> usize {
    open.found.differing.iter().filter(|field| !is_computed(model, &open.found.group.table, field)).count()
}

/// Whether a field is computed from others, so that nobody chooses its value.
fn is_computed(model: &Model, table: &str, field: &str) -> bool {
    model.about.schema.field(table, field).is_some_and(|field| field.derive.is_some())
}
