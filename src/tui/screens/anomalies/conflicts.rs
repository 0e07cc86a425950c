//! The conflicts: decisions that were not applied because the data has moved on. Each is settled by keeping what was
//! decided, by taking what the source says now, or by looking at the row.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use indexmap::{IndexMap, IndexSet};
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
    /// Those that are settled together next.
    marks: HashSet<Id>,
    /// The conflict at which a range began.
    range: Option<Id>,
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
    back: |model| {
        let state = &mut model.anomalies.conflicts;
        if state.range.take().is_some() {
            return true;
        }
        !std::mem::take(&mut state.marks).is_empty()
    },
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
    let state = &mut model.anomalies.conflicts;
    state.list.reopen();
    state.marks.clear();
    state.range = None;
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
    of_id(model, &conflict.decision)
}

fn of_id<'a>(model: &'a Model, id: &str) -> Option<&'a Decision> {
    model.ledger.iter().find(|one| one.id == id)
}

/// The decisions that do not fit, from the first to the one that speaks.
fn unfit(conflict: &Conflict) -> impl Iterator<Item = &String> {
    conflict.earlier.iter().chain([&conflict.decision])
}

/// Whether all decisions of a conflict are about its row alone.
fn is_of_one_row(model: &Model, conflict: &Conflict) -> bool {
    unfit(conflict).all(|id| of_id(model, id).map_or(1, rows) <= 1)
}

/// Whether one of the decisions makes rows one, and the value is what the row that stays takes over.
fn is_of_merge(model: &Model, conflict: &Conflict) -> bool {
    unfit(conflict).filter_map(|id| of_id(model, id)).any(|one| matches!(one.action, Action::Merge { .. }))
}

/// How many rows the decision is about.
fn rows(decision: &Decision) -> usize {
    decision.action.rows()
}

fn can_settle(model: &Model) -> Result<(), String> {
    model.writable()?;
    let Some(conflict) = current(model) else { return Err("there are no conflicts any more".to_owned()) };
    if selecting(model) {
        let open = !chosen(model).is_empty();
        return if open { Ok(()) } else { Err("all that is marked is settled already".to_owned()) };
    }
    match model.anomalies.conflicts.settled.contains(&id_of(conflict)) {
        true => Err(format!("this is settled already; {} takes that back", model.key("undo"))),
        false => Ok(()),
    }
}

/// Whether what was decided can be decided again about the value that is there now.
pub fn can_keep(model: &Model) -> Result<(), String> {
    can_settle(model)?;
    if selecting(model) && chosen(model).iter().any(is_kept) {
        return Ok(());
    }
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

/// Whether what was decided can be decided again about the value that is there now.
fn is_kept(conflict: &Conflict) -> bool {
    conflict.reason == "changed"
}

/// Whether giving the decision up takes all of it back: it is about this value of this row alone, or there is no value to
/// take. So it is with those before it.
fn is_reverted(model: &Model, conflict: &Conflict) -> bool {
    !is_kept(conflict) || is_of_one_row(model, conflict) && !is_of_merge(model, conflict)
}

/// What could not be written down is not settled.
pub fn not_written(model: &mut Model) {
    model.anomalies.conflicts.settled.clear();
}

/// What a key acts on: the conflicts that are marked or in the range and not settled yet, or the one under the cursor.
fn chosen(model: &Model) -> Vec<Conflict> {
    let state = &model.anomalies.conflicts;
    if !selecting(model) {
        return current(model).cloned().into_iter().collect();
    }
    let span = span(state);
    let all = state.list.all.iter().flatten().zip(0..);
    let open = all.filter(|(one, at)| is_marked(state, &span, one, *at) && !state.settled.contains(&id_of(one)));
    open.map(|(one, _)| one.clone()).collect()
}

/// Whether more than the conflict under the cursor is meant.
fn selecting(model: &Model) -> bool {
    let state = &model.anomalies.conflicts;
    !state.marks.is_empty() || state.range.is_some()
}

/// The places of the range, from where it began to the cursor; none where what it began at is not listed any more.
fn span(state: &State) -> Option<RangeInclusive<u64>> {
    let begin = state.range.as_ref()?;
    let begin = state.list.all.iter().flatten().zip(0..).find(|(one, _)| id_of(one) == *begin)?.1;
    let here = state.list.at();
    Some(begin.min(here)..=begin.max(here))
}

fn is_marked(state: &State, span: &Option<RangeInclusive<u64>>, conflict: &Conflict, at: u64) -> bool {
    span.as_ref().is_some_and(|span| span.contains(&at)) || state.marks.contains(&id_of(conflict))
}

/// Whether there is a conflict to be marked.
pub fn has_conflict(model: &Model) -> Result<(), String> {
    current(model).map(drop).ok_or_else(|| "there are no conflicts any more".to_owned())
}

/// Marks the conflict or takes its mark away, and goes on to the next.
pub fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(id) = current(model).map(id_of) else { return Vec::new() };
    let height = super::lines_seen(model, &PAGE, 0);
    let state = &mut model.anomalies.conflicts;
    if !state.marks.remove(&id) {
        state.marks.insert(id);
    }
    state.list.reel(height).step(1);
    Vec::new()
}

/// Begins a range at the cursor, or ends it by marking what is in it.
pub fn range(model: &mut Model) -> Vec<Effect> {
    match &model.anomalies.conflicts.range {
        None => {
            model.anomalies.conflicts.range = current(model).map(id_of);
            let [keep, take] = ["keep mine", "take new"].map(|name| model.key(name));
            let (range, back) = (model.key("conflicts/mark a range"), model.key("back"));
            let said = format!("range: move, then {keep} or {take} settle all of it; {range} marks it, {back} leaves");
            model.say(Tone::News, said);
        }
        Some(_) => {
            let marked: Vec<Id> = chosen(model).iter().map(id_of).collect();
            let state = &mut model.anomalies.conflicts;
            state.range = None;
            state.marks.extend(marked);
        }
    }
    Vec::new()
}

/// Marks every conflict in the same field for the same reason, or none of them any more.
pub fn mark_alike(model: &mut Model) -> Vec<Effect> {
    let Some(here) = current(model).cloned() else { return Vec::new() };
    mark_those(model, |one| (&one.table, &one.field, &one.reason) == (&here.table, &here.field, &here.reason))
}

/// Marks everything that is listed, or nothing any more.
pub fn mark_all(model: &mut Model) -> Vec<Effect> {
    mark_those(model, |_| true)
}

fn mark_those(model: &mut Model, of: impl Fn(&Conflict) -> bool) -> Vec<Effect> {
    let state = &mut model.anomalies.conflicts;
    let open = state.list.all.iter().flatten().filter(|one| of(one)).map(id_of);
    let those: Vec<Id> = open.filter(|id| !state.settled.contains(id)).collect();
    state.range = None;
    if !those.is_empty() && those.iter().all(|id| state.marks.contains(id)) {
        state.marks.retain(|id| !those.contains(id));
    } else {
        state.marks.extend(those);
    }
    Vec::new()
}

/// Decides the same again, about the value that is there now; of many after a question.
pub fn keep(model: &mut Model) -> Vec<Effect> {
    let (kept, left): (Vec<Conflict>, Vec<Conflict>) = chosen(model).into_iter().partition(is_kept);
    if let ([one], true) = (kept.as_slice(), left.is_empty()) {
        let said = format!("kept: {} of {} = {}", place(one), text::clean(&one.row), value(&one.now));
        model.say(Tone::Done, said);
        return settle(model, kept, Choice::Keep);
    }
    let mut about = vec!["What you decided is decided again, about the values that the source has now:".to_owned()];
    about.extend(some(&kept, |one| format!("{} → {}", value(&one.found), value(&one.now))));
    if !left.is_empty() {
        let take = model.key("take new");
        about.push(match left.len() as u64 {
            1 => format!("1 conflict stays as it is: there is no row to decide about. {take} gives that up."),
            many => {
                let many = text::count(many, "conflict");
                format!("{many} stay as they are: there is no row to decide about. {take} gives those up.")
            }
        });
    }
    let title = format!("keep mine in {}", text::count(kept.len() as u64, "conflict"));
    let yes = move |model: &mut Model| {
        model.say(Tone::Done, format!("kept: {}", text::count(kept.len() as u64, "value")));
        settle(model, kept, Choice::Keep)
    };
    model.popup = Some(Popup::Question(Question::new(title, about, yes)));
    Vec::new()
}

/// Whether the decision can be given up.
pub fn can_take(model: &Model) -> Result<(), String> {
    can_settle(model)
}

/// Lets the source's value stand: takes the decision back, or for one row of many, decides for what is there now.
pub fn take(model: &mut Model) -> Vec<Effect> {
    let all = chosen(model);
    if let [one] = all.as_slice()
        && (is_kept(one) || is_of_one_row(model, one))
    {
        let (place, row, undo) = (place(one), text::clean(&one.row), model.key("undo"));
        let said = match is_reverted(model, one) {
            true => format!("given up: what was decided about {place} of {row}; {undo} takes that back"),
            false => format!("taken: the new value of {place} of {row}; {undo} takes that back"),
        };
        model.say(Tone::Done, said);
        return settle(model, all, Choice::Take);
    }
    let mut about = vec!["What the source has now stands, and what you decided about it is given up:".to_owned()];
    about.extend(some(&all, |one| match is_kept(one) {
        true => format!("{} stays, not {}", value(&one.found), value(&one.now)),
        false => format!("{}, so {} waits for nothing any more", text::clean(&one.why()), value(&one.now)),
    }));
    let whole: IndexSet<&String> = all.iter().filter(|one| is_reverted(model, one)).flat_map(unfit).collect();
    let more = whole.iter().map(|id| of_id(model, id).map_or(1, rows)).filter(|rows| *rows > 1);
    match more.clone().count() as u64 {
        0 => {}
        1 => about.push(format!(
            "One decision is about {}; all of it is taken back.",
            text::count(more.sum::<usize>() as u64, "row")
        )),
        many => about.push(format!(
            "{many} decisions are about {} together; all of them are taken back.",
            text::count(more.sum::<usize>() as u64, "row")
        )),
    }
    about.push(format!("{} takes that back.", model.key("undo")));
    let title = match all.len() {
        1 => "take the whole decision back".to_owned(),
        many => format!("take new in {}", text::count(many as u64, "conflict")),
    };
    let yes = move |model: &mut Model| {
        model.say(Tone::Done, format!("given up: {}", text::count(all.len() as u64, "conflict")));
        settle(model, all, Choice::Take)
    };
    model.popup = Some(Popup::Question(Question::new(title, about, yes)));
    Vec::new()
}

/// What is to become of a conflict.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// The user's value.
    Keep,
    /// The source's.
    Take,
}

/// As many of the conflicts as a question has room for, a line each.
fn some(conflicts: &[Conflict], what: impl Fn(&Conflict) -> String) -> Vec<String> {
    const MOST: usize = 6;
    let line = |one: &Conflict| format!("  {} {}: {}", text::clean(&one.row), place(one), what(one));
    let mut lines: Vec<String> = conflicts.iter().take(MOST).map(line).collect();
    if let Some(more) = conflicts.len().checked_sub(MOST + 1) {
        lines.push(format!("  and {} more", text::number(more as u64 + 1)));
    }
    lines
}

/// Settles conflicts with as few decisions as say it: one for all rows of a field that were decided together, one for each
/// decision that is taken back. What was refused before them no longer counts.
fn settle(model: &mut Model, conflicts: Vec<Conflict>, choice: Choice) -> Vec<Effect> {
    type Field = (String, String, Option<String>, Option<String>);
    let mut reverted = IndexSet::new();
    let mut values: IndexMap<Field, IndexMap<String, Option<String>>> = IndexMap::new();
    for one in conflicts {
        model.anomalies.conflicts.settled.insert(id_of(&one));
        if choice == Choice::Take && is_reverted(model, &one) {
            reverted.extend(unfit(&one).cloned());
            continue;
        }
        let decided = decision(model, &one);
        let rule = match decided.map(|one| &one.action) {
            Some(Action::Set { rule, .. } | Action::Bulk { rule, .. }) => rule.clone(),
            _ => None,
        };
        let why = decided.and_then(|one| one.why.clone());
        let value = if choice == Choice::Keep { one.now } else { one.found };
        values.entry((one.table, one.field, rule, why)).or_default().insert(one.row, value);
    }
    let state = &mut model.anomalies.conflicts;
    state.marks.clear();
    state.range = None;
    let mut effects = Vec::new();
    for ((table, field, rule, why), values) in values {
        effects.extend(decide(model, Wish::Set { table, field, rule, values }, why));
    }
    for of in reverted {
        effects.extend(decide(model, Wish::Action(Action::revert(&of)), None));
    }
    effects
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
    let mut title =
        vec![Span::raw("decisions in conflict"), Span::styled(format!(" · {}", text::number(total)), theme.text())];
    if selecting(model) {
        let marked = text::number(chosen(model).len() as u64);
        title.push(Span::styled(format!(" · {marked} marked"), theme.marked()));
    }
    let columns = [
        Column::name("row", 16, 30, 0),
        Column::text("field", 16, 30, 1),
        Column::text("decided about", 12, 40, 2),
        Column::text("mine", 17, 40, 0),
        Column::text("found now", 17, 40, 0),
        Column::text("why not applied", 16, 60, 3),
    ];
    let look = Look {
        title,
        columns: &columns,
        nothing: format!("✓ Every decision applies. {} goes back.", model.key("back")),
        one: "conflict",
        details: current(model).map(|one| details(model, one)).unwrap_or_default(),
    };
    let span = span(&model.anomalies.conflicts);
    list.draw(look, |at, one| row(model, &span, at, one), area, theme, buffer);
}

fn row(model: &Model, span: &Option<RangeInclusive<u64>>, at: u64, one: &Conflict) -> Row {
    let (theme, state) = (model.theme, &model.anomalies.conflicts);
    let settled = state.settled.contains(&id_of(one));
    let faint = |style| if settled { theme.dim() } else { style };
    Row {
        mark: match settled {
            true => ("✓", theme.good()),
            false if is_marked(state, span, one, at) => ("◆", theme.marked()),
            false => ("≠", theme.warning()),
        },
        cells: vec![
            (text::clean(&one.row).into_owned(), faint(theme.text())),
            (place(one), faint(theme.text())),
            (value(&one.was), theme.dim()),
            (value(&one.now), faint(theme.fresh())),
            match is_kept(one) {
                true => (value(&one.found), faint(theme.offending())),
                false => ("–".to_owned(), theme.dim()),
            },
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
        let decided = format!("decided {} → {}", value(&conflict.was), value(&conflict.now));
        lines.push(match is_kept(conflict) {
            true => format!("{decided}, but it is {} now", value(&conflict.found)),
            false => decided,
        });
    }
    match conflict.earlier.len() as u64 {
        0 => {}
        1 => lines.push("one decision before it does not fit either; either choice settles both".to_owned()),
        many => lines.push(format!("{many} decisions before it do not fit either; either choice settles all of them")),
    }
    lines.extend(choices(model, conflict));
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

/// What each choice does about a conflict.
fn choices(model: &Model, conflict: &Conflict) -> Vec<String> {
    let [keep, take, open] = ["keep mine", "take new", "conflicts/open the record"].map(|name| model.key(name));
    let (mine, found) = (value(&conflict.now), value(&conflict.found));
    let mut lines = Vec::new();
    if is_kept(conflict) {
        lines.push(format!("{keep}  keeps mine: decides {mine} again, about {found}"));
    }
    lines.push(match (is_reverted(model, conflict), is_kept(conflict)) {
        (true, true) if conflict.earlier.is_empty() => {
            format!("{take}  takes new: {found} stands, and the decision is taken back")
        }
        (true, true) => format!("{take}  takes new: {found} stands, and the decisions are taken back"),
        (true, false) => format!("{take}  gives the decision up, so that it waits for nothing any more"),
        (false, _) if is_of_merge(model, conflict) => {
            format!("{take}  takes new: {found} stands, and the rows stay one")
        }
        (false, _) => format!("{take}  takes new: {found} stands in this row; in the others the decision holds"),
    });
    if !conflict.row.is_empty() {
        lines.push(format!("{open}  looks at the row; until you choose, the decision changes nothing there"));
    }
    lines
}
