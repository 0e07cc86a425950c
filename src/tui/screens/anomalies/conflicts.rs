//! The conflicts: decisions that were not applied because the data has moved on. Each is settled by keeping what was
//! decided, by taking what the source says now, or by looking at the row.

use std::collections::HashSet;

use indexmap::IndexMap;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::listed::{self, Listed, Look};
use super::{Page, open, record};
use crate::model::{Action, Conflict, Decision};
use crate::tui::effects::{Answer, Ask, Effect, Wish};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Popup, Question};
use crate::tui::screens::decide;
use crate::tui::text;
use crate::tui::widgets::grid::{Column, Row};

/// What tells a conflict apart: the decision, the row, the field.
type Id = (String, String, String);

/// Where the user is.
#[derive(Default)]
pub struct State {
    list: Listed<Conflict>,
    /// Those that were settled since the list came.
    settled: HashSet<Id>,
}

/// The page.
pub static PAGE: Page = Page {
    panes: 1,
    focus: |model| &mut model.anomalies.conflicts.list.focus,
    regions: listed::regions,
    reel: |model, pane| {
        let height = super::lines_seen(model, &PAGE, pane);
        Some(model.anomalies.conflicts.list.reel(height))
    },
    needs: |model| match model.anomalies.conflicts.list.wants(model.epoch) {
        true => vec![model.ask(Ask::Conflicts)],
        false => Vec::new(),
    },
    answer,
    back: |_| false,
    layers: |_| vec![&super::keys::CONFLICTS],
    view,
};

fn answer(model: &mut Model, answer: &Answer) {
    if let Answer::Conflicts(conflicts) = answer {
        let height = super::lines_seen(model, &PAGE, 0);
        let is_settled = model.pending.is_empty() && !model.check_wanted;
        let state = &mut model.anomalies.conflicts;
        if is_settled {
            state.settled.clear();
        }
        state.list.take(conflicts.clone(), height, |one, other| id_of(one) == id_of(other));
    }
}

/// Whether there are conflicts.
pub fn ready(model: &Model) -> Result<(), String> {
    if model.conflicts == 0 { Err("every decision applies: there are no conflicts".to_owned()) } else { Ok(()) }
}

/// Opens the page.
pub fn show(model: &mut Model) -> Vec<Effect> {
    model.anomalies.conflicts.list.reopen();
    open(model, &PAGE);
    Vec::new()
}

fn id_of(conflict: &Conflict) -> Id {
    (conflict.decision.clone(), conflict.row.clone(), conflict.field.clone())
}

fn current(model: &Model) -> Option<&Conflict> {
    model.anomalies.conflicts.list.here()
}

fn decision<'a>(model: &'a Model, conflict: &Conflict) -> Option<&'a Decision> {
    model.ledger.iter().find(|one| one.id == conflict.decision)
}

/// How many rows the decision is about.
fn rows(decision: &Decision) -> usize {
    match &decision.action {
        Action::Bulk { rows, .. } => rows.len(),
        Action::Exclude { rows, .. } | Action::Merge { rows, .. } => rows.len(),
        Action::Replace { values, .. } => values.len(),
        Action::Waive { rows, .. } => rows.len().max(1),
        Action::Set { .. } | Action::Revert { .. } => 1,
    }
}

fn can_settle(model: &Model) -> Result<(), String> {
    model.writable()?;
    let Some(conflict) = current(model) else { return Err("there are no conflicts any more".to_owned()) };
    match model.anomalies.conflicts.settled.contains(&id_of(conflict)) {
        true => Err(format!("this is settled already; {} or {} takes that back", model.key("undo"), model.key("redo"))),
        false => Ok(()),
    }
}

/// Whether what was decided can be decided again about the value that is there now.
pub fn can_keep(model: &Model) -> Result<(), String> {
    can_settle(model)?;
    match current(model).map(|one| one.reason.as_str()) {
        Some("changed") => Ok(()),
        Some("missing-row" | "missing-survivor") => {
            let give_up = model.key("take new");
            Err(format!(
                "the row is not there to decide about; the decision waits until it comes back, {give_up} gives it up"
            ))
        }
        _ => Err(format!("this can never apply as it stands; {} gives it up", model.key("take new"))),
    }
}

/// Decides the same again, about the value that is there now.
pub fn keep(model: &mut Model) -> Vec<Effect> {
    let Some(conflict) = current(model).cloned() else { return Vec::new() };
    let now = conflict.now.clone();
    let said = now.as_deref().map_or("no value".to_owned(), |now| format!("\"{}\"", text::exact(now)));
    model.say(Tone::Done, format!("kept: {}.{} of {} = {said}", conflict.table, conflict.field, conflict.row));
    set(model, conflict, now)
}

/// One more decision about the cell of a conflict; what was refused before it no longer counts.
fn set(model: &mut Model, conflict: Conflict, now: Option<String>) -> Vec<Effect> {
    let decided = decision(model, &conflict).cloned();
    let rule = match decided.as_ref().map(|one| &one.action) {
        Some(Action::Set { rule, .. } | Action::Bulk { rule, .. }) => rule.clone(),
        _ => None,
    };
    model.anomalies.conflicts.settled.insert(id_of(&conflict));
    let Conflict { table, row, field, .. } = conflict;
    let wish = Wish::Set { table, field, rule, values: IndexMap::from([(row, now)]) };
    decide(model, wish, decided.and_then(|one| one.why))
}

/// Whether the decision can be given up.
pub fn can_take(model: &Model) -> Result<(), String> {
    can_settle(model)
}

/// Lets the source's value stand: takes the decision back, or for one row of many, decides for what is there now.
pub fn take(model: &mut Model) -> Vec<Effect> {
    let Some(conflict) = current(model).cloned() else { return Vec::new() };
    let rows = decision(model, &conflict).map_or(1, rows);
    if rows <= 1 {
        model.say(Tone::Done, format!("given up: the decision about {} {}", conflict.table, conflict.row));
        return revert(model);
    }
    if conflict.reason == "changed" {
        let now = conflict.found.clone();
        model.say(
            Tone::Done,
            format!("taken: the new value of {}.{} of {}", conflict.table, conflict.field, conflict.row),
        );
        return set(model, conflict, now);
    }
    let about = vec![
        format!("The decision is about {}; all of it is taken back.", text::count(rows as u64, "row")),
        format!("{} brings it back.", model.key("redo")),
    ];
    model.popup =
        Some(Popup::Question(Question { title: "take the whole decision back".to_owned(), about, yes: revert }));
    Vec::new()
}

fn revert(model: &mut Model) -> Vec<Effect> {
    let Some(conflict) = current(model).cloned() else { return Vec::new() };
    model.anomalies.conflicts.settled.insert(id_of(&conflict));
    decide(model, Wish::Action(Action::Revert { of: conflict.decision }), None)
}

/// Whether there is a row to look at.
pub fn can_open(model: &Model) -> Result<(), String> {
    match current(model) {
        Some(one) if one.row.is_empty() => Err("this decision is about no single row".to_owned()),
        Some(_) => Ok(()),
        None => Err("there are no conflicts any more".to_owned()),
    }
}

/// Shows the row.
pub fn open_row(model: &mut Model) -> Vec<Effect> {
    if let Some(name) = current(model).map(|one| (one.table.clone(), one.row.clone())) {
        record::show(model, name);
    }
    Vec::new()
}

fn value(value: &Option<String>) -> String {
    value.as_deref().map_or("no value".to_owned(), text::exact)
}

fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let list = &model.anomalies.conflicts.list;
    let total = list.all.as_ref().map_or(0, |all| all.len() as u64);
    let title =
        vec![Span::raw("decisions in conflict"), Span::styled(format!(" · {}", text::number(total)), theme.text())];
    let columns = [
        Column::text("row", 16, 30, 0),
        Column::text("field", 12, 30, 1),
        Column::text("decided about", 12, 40, 2),
        Column::text("mine", 12, 40, 0),
        Column::text("found now", 12, 40, 0),
        Column::text("why not applied", 16, 60, 3),
    ];
    let look = Look {
        title,
        columns: &columns,
        nothing: format!("✓ Every decision applies. {} goes back.", model.key("back")),
        one: "conflict",
        details: current(model).map(|one| details(model, one)).unwrap_or_default(),
    };
    list.draw(look, |one| row(model, one), area, theme, buffer);
}

fn row(model: &Model, one: &Conflict) -> Row {
    let theme = model.theme;
    let settled = model.anomalies.conflicts.settled.contains(&id_of(one));
    let faint = |style| if settled { theme.dim() } else { style };
    Row {
        mark: if settled { ("✓", theme.good()) } else { ("≠", theme.warning()) },
        cells: vec![
            (text::clean(&one.row).into_owned(), faint(theme.text())),
            (place(one), faint(theme.text())),
            (value(&one.was), theme.dim()),
            (value(&one.now), faint(theme.fresh())),
            (value(&one.found), faint(theme.offending())),
            (text::clean(&one.why()).into_owned(), theme.dim()),
        ],
        ..Row::default()
    }
}

fn place(conflict: &Conflict) -> String {
    let table = text::clean(&conflict.table);
    if conflict.field.is_empty() { table.into_owned() } else { format!("{table}.{}", text::clean(&conflict.field)) }
}

fn details(model: &Model, conflict: &Conflict) -> Vec<String> {
    let mut lines =
        vec![format!("{} of {}: {}", place(conflict), text::clean(&conflict.row), text::clean(&conflict.why()))];
    if !conflict.field.is_empty() {
        lines.push(format!(
            "decided {} → {}, but it is {} now",
            value(&conflict.was),
            value(&conflict.now),
            value(&conflict.found)
        ));
    }
    if let Some(decision) = decision(model, conflict) {
        let why = decision.why.as_deref().map(|why| format!(": \"{}\"", text::clean(why))).unwrap_or_default();
        lines.push(format!("by {} on {}{why}", text::clean(&decision.who), text::moment(decision.at)));
        match rows(decision) {
            0 | 1 => {}
            many => lines.push(format!("one of {} that the decision is about", text::count(many as u64, "row"))),
        }
    }
    lines
}
