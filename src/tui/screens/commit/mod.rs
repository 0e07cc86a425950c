//! Commit (6): whether the gate opens, what would change, what is held back, and what was committed before.
//!
//! Neighbours: `gate` draws the conditions and leads to what is behind them, `rows` are the rows behind a number, `done` is
//! what a commit did, `keys` has every command.

mod done;
mod gate;
mod keys;
mod rows;
mod view;

use ratatui::layout::{Constraint, Direction, Rect};

pub use self::done::committed;
use self::rows::Rows;
use super::{Region, Screen, changes, lines_seen};
use crate::model::{Commit, TableTally};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect};
use crate::tui::model::Model;
use crate::tui::popups::Popup;
use crate::tui::widgets::pane::{below, inner, split};

/// What must hold.
const GATE: usize = 0;
/// What would change, table by table.
const DIFF: usize = 1;
/// What was committed before.
const LOG: usize = 2;
/// Over these there is one pane: the rows behind a number, or what a commit did.
const OVER: usize = DIFF;

/// What the screen shows.
pub struct State {
    focus: usize,
    cursors: [Cursor; 3],
    /// The tables' tallies; `None` until they are known.
    diff: Option<Vec<TableTally>>,
    /// The epoch that those tallies are of.
    diff_of: Option<u64>,
    log: Option<Vec<Commit>>,
    asked: Option<u64>,
    rows: Option<Rows>,
    /// The pane from which the rows were opened, to which they lead back.
    left: usize,
    /// What the commit did that was made last, until it was looked at.
    done: Option<done::Done>,
}

impl Default for State {
    fn default() -> State {
        State {
            focus: DIFF,
            cursors: Default::default(),
            diff: None,
            diff_of: None,
            log: None,
            asked: None,
            rows: None,
            left: DIFF,
            done: None,
        }
    }
}

/// The screen.
pub static SCREEN: Screen = Screen {
    number: "6",
    title: "Commit",
    panes: |model| if is_covered(model) { 1 } else { 3 },
    focus: |model| &mut model.commit.focus,
    regions,
    reel,
    needs,
    answer,
    back,
    layers: keys::layers,
    all_layers: keys::ALL,
    view: view::view,
};

/// Whether something lies over the three panes.
fn is_covered(model: &Model) -> bool {
    model.commit.rows.is_some() || model.commit.done.is_some()
}

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect, head| Region { pane, frame, body: below(inner(frame), head) };
    if model.commit.rows.is_some() {
        return vec![region(OVER, changes::areas(area)[0], 1)];
    }
    if let Some(done) = &model.commit.done {
        return vec![region(OVER, done.areas(model, area)[1], 1)];
    }
    if area.height < 14 {
        let head = u16::from(model.commit.focus != GATE);
        return vec![region(model.commit.focus, area, head)];
    }
    let diff = (model.about.schema.tables.len() as u16 + 3).min(area.height / 2);
    // What the commits do not need the gate may have.
    let commits = model.commit.log.as_ref().map_or(0, Vec::len).min(usize::from(area.height)) as u16;
    let spare = area.height.saturating_sub(diff + commits + 3);
    let most = if model.commit.focus == GATE { area.height / 2 } else { area.height / 3 }.max(spare);
    let gate = (gate::lines(model, area.width.saturating_sub(2)).len() as u16 + 2).clamp(3, most.max(3));
    let parts = [Constraint::Length(gate), Constraint::Length(diff), Constraint::Fill(1)];
    let [gate, diff, log] = split(area, Direction::Vertical, parts);
    vec![region(GATE, gate, 0), region(DIFF, diff, 1), region(LOG, log, 1)]
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let pane = if is_covered(model) { OVER } else { pane };
    let height = lines_seen(model, regions, pane);
    let gate = gate::lines(model, model.area.width.saturating_sub(2)).len() as u64;
    let state = &mut model.commit;
    if let Some(rows) = &mut state.rows {
        return Some(rows.reel(height));
    }
    if let Some(done) = &mut state.done {
        return Some(done.reel(height));
    }
    let total = match pane {
        DIFF => state.diff.as_ref().map_or(0, |diff| diff.len() as u64),
        GATE => gate,
        _ => state.log.as_ref().map_or(0, |log| log.len() as u64),
    };
    Some(Reel { cursor: state.cursors.get_mut(pane)?, total, height })
}

fn needs(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    let height = lines_seen(model, regions, OVER);
    let epoch = model.epoch;
    if model.commit.asked != Some(epoch) {
        model.commit.asked = Some(epoch);
        effects.push(model.ask(Ask::Log));
        if model.verdict.is_some() {
            effects.push(model.ask(Ask::Diff));
        }
    }
    if let Some(ask) = model.commit.rows.as_mut().and_then(|rows| rows.wants(epoch, height)) {
        effects.push(model.ask(ask));
    }
    effects
}

fn answer(model: &mut Model, answer: &Answer) {
    let state = &mut model.commit;
    match answer {
        // A commit screen that was opened before the first verdict has not asked for the difference yet.
        Answer::Verdict { .. } if state.diff.is_none() => state.asked = None,
        Answer::Diff(tallies) => {
            // Only the answer to the last question comes here.
            (state.diff, state.diff_of) = (Some(tallies.clone()), state.asked);
            let about = sums(model);
            if let Some(Popup::Form(form)) = &mut model.popup
                && form.title == keys::TITLE
            {
                form.about = about;
            }
        }
        Answer::Log(log) => state.log = Some(log.clone()),
        Answer::Changes { offset, rows: changes } => {
            let diff = state.diff.as_deref().unwrap_or_default();
            if let Some(rows) = &mut state.rows {
                rows.take_changes(*offset, changes, diff);
            }
        }
        Answer::Held(page) => {
            if let Some(rows) = &mut state.rows {
                rows.take_held(page);
            }
        }
        _ => {}
    }
}

/// Whether the tallies are those of the candidates as they are now.
fn is_counted(model: &Model) -> bool {
    model.commit.diff_of == Some(model.epoch)
}

/// The tallies as far as they are known.
fn diff(model: &Model) -> &[TableTally] {
    model.commit.diff.as_deref().unwrap_or_default()
}

/// How many rows would be held back.
fn held(model: &Model) -> u64 {
    changes::sum(diff(model), |tally| tally.quarantined)
}

/// What the commit would do, in numbers.
fn sums(model: &Model) -> Vec<String> {
    match is_counted(model) {
        false => vec!["counting…".to_owned()],
        true => {
            let sum = changes::in_sum(diff(model));
            let sum = format!("{sum}, {} quarantined; all tables or none.", crate::tui::text::number(held(model)));
            let told = diff(model).iter().flat_map(|tally| [tally.rewriting(), tally.staying()]).flatten();
            std::iter::once(sum).chain(told).collect()
        }
    }
}

fn back(model: &mut Model) -> bool {
    let state = &mut model.commit;
    if state.rows.take().is_some() {
        state.focus = state.left;
        return true;
    }
    if state.done.take().is_some() {
        return true;
    }
    std::mem::replace(&mut state.focus, DIFF) != DIFF
}
