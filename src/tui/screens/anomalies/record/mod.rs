//! A row whole: every field from the file to the commit, everything that was found in it, and the rows that its keys lead
//! to and from. Enter on one of those goes on to it, Esc comes back. Neighbour: `view`, which draws it.

mod view;

use ratatui::layout::{Constraint, Direction, Rect};
use ratatui::text::Line;

use super::{Page, act, facets, findings, is_open, keys, open, story};
use crate::model::{Anomaly, Neighbour, Neighbours, RowStory, Severity, Status};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::screens::{Region, copy};
use crate::tui::text;
use crate::tui::widgets::pane::{inner, split};
use crate::tui::window::Window;

/// The fields.
const FIELDS: usize = 0;
/// What was found in the row.
const FOUND: usize = 1;
/// The rows at the other ends of its keys.
const NEAR: usize = 2;

/// A row: its table and its identity.
type Name = (String, String);

/// Where the user is.
#[derive(Default)]
pub struct State {
    /// The rows that were gone through, the one that is seen last.
    trail: Vec<Name>,
    focus: usize,
    fields: Cursor,
    found: Cursor,
    near: Cursor,
    story: Option<Box<RowStory>>,
    findings: Vec<Anomaly>,
    /// Whether what was asked for has come.
    known: bool,
    neighbours: Option<Neighbours>,
    window: Window<Neighbour>,
    asked: Option<(u64, Name)>,
    near_asked: Option<((u64, Name), u64)>,
    /// Whether the row of the next findings that come is to be shown.
    follows: bool,
}

/// The page.
pub static PAGE: Page = Page {
    panes: 3,
    focus: |model| &mut model.anomalies.record.focus,
    regions,
    reel,
    needs,
    answer,
    back: |model| {
        let state = &mut model.anomalies.record;
        if state.trail.len() > 1 {
            state.trail.pop();
            return true;
        }
        false
    },
    layers: |model| match model.anomalies.record.focus {
        NEAR => vec![&keys::RECORD_NEAR, &keys::RECORD],
        FOUND => vec![&keys::RECORD_FOUND, &keys::RECORD],
        _ => vec![&keys::RECORD_FIELDS, &keys::RECORD],
    },
    view: view::view,
};

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let state = &model.anomalies.record;
    let region = |pane, frame: Rect| Region { pane, frame, body: inner(frame) };
    if area.height < 14 {
        return vec![region(state.focus, area)];
    }
    let found = (state.findings.len() as u16).saturating_add(2).clamp(3, (area.height / 3).max(3));
    let [fields, found, near] = if area.width < 110 {
        let parts = [Constraint::Fill(3), Constraint::Length(found.min(6)), Constraint::Fill(2)];
        split(area, Direction::Vertical, parts)
    } else {
        let [left, right] = split(area, Direction::Horizontal, [Constraint::Fill(11), Constraint::Fill(9)]);
        let [found, near] = split(right, Direction::Vertical, [Constraint::Length(found), Constraint::Fill(1)]);
        [left, found, near]
    };
    vec![region(FIELDS, fields), region(FOUND, found), region(NEAR, near)]
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let height = super::lines_seen(model, &PAGE, pane);
    let (fields, near) = (lines(model).len() as u64, near_total(model));
    let state = &mut model.anomalies.record;
    Some(match pane {
        FIELDS => Reel { cursor: &mut state.fields, total: fields, height },
        FOUND => Reel { cursor: &mut state.found, total: state.findings.len() as u64, height },
        _ => Reel { cursor: &mut state.near, total: near, height },
    })
}

fn needs(model: &mut Model) -> Vec<Effect> {
    let Some(name) = model.anomalies.record.trail.last().cloned() else { return Vec::new() };
    let mut effects = Vec::new();
    let height = super::lines_seen(model, &PAGE, NEAR);
    let (key, (table, row)) = ((model.epoch, name.clone()), name);
    let state = &mut model.anomalies.record;
    if state.asked.as_ref() != Some(&key) {
        if state.asked.as_ref().is_none_or(|(_, asked)| *asked != key.1) {
            (state.story, state.findings, state.known, state.neighbours) = (None, Vec::new(), false, None);
            (state.fields, state.found, state.near) = (Cursor::default(), Cursor::default(), Cursor::default());
        }
        state.asked = Some(key.clone());
        let (table, row) = (table.clone(), row.clone());
        effects.push(model.ask(Ask::Record { table, row }));
    }
    let state = &mut model.anomalies.record;
    // The relations have a line of their own each, among the rows.
    let heads = state.neighbours.as_ref().map_or(0, |all| all.relations.len() as u64);
    let mut cursor = Cursor { at: 0, top: state.near.top.saturating_sub(heads) };
    let same = |a: &(u64, Name), b: &(u64, Name)| a.1 == b.1;
    let wanted = super::fetch(&mut state.near_asked, &key, &mut state.window, &mut cursor, height + heads, same);
    if let Some((offset, limit)) = wanted {
        effects.push(model.ask(Ask::Neighbours { table, row, offset, limit }));
    }
    effects
}

fn answer(model: &mut Model, answer: &Answer) {
    match answer {
        Answer::Record { story, findings } => {
            let first = !model.anomalies.record.known;
            let state = &mut model.anomalies.record;
            (state.story, state.known) = (story.clone(), true);
            state.findings.clone_from(findings);
            if first {
                go_to_what_is_wrong(model);
            }
        }
        Answer::Neighbours(found) => {
            let state = &mut model.anomalies.record;
            let found = found.as_deref().cloned().unwrap_or_default();
            let total = Some(found.total());
            state.window = Window { offset: found.offset, rows: found.rows.clone(), total };
            state.neighbours = Some(Neighbours { rows: Vec::new(), ..found });
        }
        _ => {}
    }
}

/// Puts the cursors on the finding that the list is at, where it is one of this row.
fn go_to_what_is_wrong(model: &mut Model) {
    let listed = findings::current(model).map(super::id_of);
    let state = &model.anomalies.record;
    let at = state.findings.iter().position(|one| Some(super::id_of(one)) == listed).unwrap_or(0);
    let field = state.findings.get(at).map(|one| one.field.clone());
    if let Some(mut reel) = reel(model, FOUND) {
        reel.go(at as u64);
    }
    go_to_field(model, field.as_deref().unwrap_or_default());
}

/// Puts the cursor on a field.
fn go_to_field(model: &mut Model, field: &str) {
    let lines = lines(model);
    let first = lines.iter().position(|(of, _)| of.is_some()).unwrap_or(0);
    let at = lines.iter().position(|(of, _)| of.as_deref() == Some(field)).unwrap_or(first);
    if let Some(mut reel) = reel(model, FIELDS) {
        // The lines above are worth seeing where there is room for them.
        reel.go(0);
        reel.go(at as u64);
    }
}

/// The lines of the fields' pane: where the row was read, then a line per field.
fn lines(model: &Model) -> Vec<(Option<String>, Line<'static>)> {
    let theme = model.theme;
    let Some(story) = &model.anomalies.record.story else { return Vec::new() };
    let width = regions(model, model.body()).first().map_or(80, |region| usize::from(region.body.width));
    let wrong: Vec<&str> = model
        .anomalies
        .record
        .findings
        .iter()
        .filter(|one| one.status == Status::Open)
        .map(|one| one.field.as_str())
        .collect();
    let cell = story.fields.iter().find(|cell| wrong.contains(&cell.field.as_str()));
    let mut lines: Vec<(Option<String>, Line)> =
        story::origin(story, cell, theme, width).into_iter().map(|line| (None, line)).collect();
    let (head, fields) = story::cells(story, &wrong, theme, width);
    lines.push((None, head));
    lines.extend(fields.into_iter().map(|(field, line)| (Some(field), line)));
    lines
}

/// One line of the neighbours' pane.
enum Near<'a> {
    /// A relation, by its number.
    Head(usize),
    /// A row at its end, if it is at hand.
    Row(Option<&'a Neighbour>),
}

fn near_total(model: &Model) -> u64 {
    let neighbours = model.anomalies.record.neighbours.as_ref();
    neighbours.map_or(0, |all| all.relations.len() as u64 + all.total())
}

fn near_line(model: &Model, at: u64) -> Option<Near<'_>> {
    let state = &model.anomalies.record;
    let (mut left, mut before) = (at, 0);
    for (number, relation) in state.neighbours.as_ref()?.relations.iter().enumerate() {
        if left == 0 {
            return Some(Near::Head(number));
        }
        if left <= relation.rows {
            return Some(Near::Row(state.window.get(before + left - 1)));
        }
        left -= relation.rows + 1;
        before += relation.rows;
    }
    None
}

/// The story of the row that is seen.
pub fn story(model: &Model) -> Option<&RowStory> {
    model.anomalies.record.story.as_deref()
}

/// The field that the cursor is on.
fn field(model: &Model) -> Option<String> {
    let at = usize::try_from(model.anomalies.record.fields.at).ok()?;
    lines(model).into_iter().nth(at)?.0
}

/// What a command acts on: the finding under the cursor, or the field with or without one.
pub fn target(model: &Model) -> Option<Anomaly> {
    let state = &model.anomalies.record;
    match state.focus {
        FOUND => usize::try_from(state.found.at).ok().and_then(|at| state.findings.get(at)).cloned(),
        FIELDS => {
            let (field, story) = (field(model)?, state.story.as_ref()?);
            Some(finding_in(story, &state.findings, &field))
        }
        _ => None,
    }
}

/// The finding that is open in a field of a row. Where nothing was found in it, it can still be given another value.
pub fn finding_in(story: &RowStory, findings: &[Anomaly], field: &str) -> Anomaly {
    let of = |one: &&Anomaly| one.field == field && one.status == Status::Open;
    let value = story.fields.iter().find(|cell| cell.field == field).and_then(|cell| cell.value.clone());
    findings.iter().find(of).cloned().unwrap_or(Anomaly {
        rule: String::new(),
        severity: Severity::Info,
        table: story.table.clone(),
        row: story.row.clone(),
        field: field.to_owned(),
        value,
        message: String::new(),
        suggestion: None,
        source: story.source.clone(),
        entity: story.entity.clone(),
        file: story.file.clone(),
        line: story.line,
        status: Status::Open,
        stake: None,
    })
}

/// Whether there is a finding under the cursor, and not a field alone.
pub fn can_waive(model: &Model) -> Result<(), String> {
    act::can_waive(model)?;
    match target(model) {
        Some(target) if target.rule.is_empty() => Err("nothing is open in this field that could be waived".to_owned()),
        _ => Ok(()),
    }
}

/// Shows the row of the finding under the cursor.
pub fn show_current(model: &mut Model) -> Vec<Effect> {
    if findings::has_missed(model) {
        let open = model.key("open the record");
        model.say(
            Tone::Refused,
            format!("the search found nothing, so nothing is opened; {open} again opens this finding"),
        );
        return Vec::new();
    }
    if let Some(anomaly) = findings::current(model) {
        let name = (anomaly.table.clone(), anomaly.row.clone());
        show(model, name);
    }
    Vec::new()
}

/// Goes back to what is listed, and counts it by its facets.
pub fn show_facets(model: &mut Model) -> Vec<Effect> {
    model.anomalies.pages.clear();
    if model.anomalies.facets.shown { Vec::new() } else { facets::switch(model) }
}

/// Shows a row.
pub fn show(model: &mut Model, name: Name) {
    let state = &mut model.anomalies.record;
    (state.trail, state.focus, state.asked) = (vec![name], FIELDS, None);
    open(model, &PAGE);
}

/// The list has gone to another finding: the record that is open shows its row, now or once it is at hand.
pub fn go_along(model: &mut Model) {
    if !is_open(model, &PAGE) {
        return;
    }
    model.anomalies.record.follows = true;
    let at_hand = model.anomalies.held.as_ref() == Some(&super::chips::wanted(model));
    if at_hand && findings::current(model).is_some() && !tree_moved(model) {
        follow(model);
    }
}

/// Whether the tree is on another line than the findings that are at hand.
fn tree_moved(model: &Model) -> bool {
    model.anomalies.asked.as_ref().is_none_or(|(_, filter, _)| *filter != super::chips::wanted(model))
}

/// Shows the row of the finding that the list is at, if that was asked for.
pub fn follow(model: &mut Model) {
    let Some(name) = findings::current(model).map(|anomaly| (anomaly.table.clone(), anomaly.row.clone())) else {
        return;
    };
    if !std::mem::take(&mut model.anomalies.record.follows) {
        return;
    }
    let state = &mut model.anomalies.record;
    let same = state.trail.as_slice() == std::slice::from_ref(&name);
    state.trail = vec![name];
    if same && state.known {
        go_to_what_is_wrong(model);
    }
}

/// Goes on to the row that the field under the cursor refers to.
pub fn follow_field(model: &mut Model) -> Vec<Effect> {
    let state = &model.anomalies.record;
    let Some(field) = field(model) else {
        model.say(Tone::Refused, "this line is where the row was read; the fields are below");
        return Vec::new();
    };
    let relations = state.neighbours.iter().flat_map(|all| &all.relations);
    let mut before = 0;
    for relation in relations {
        if relation.outward && relation.field == field {
            let row = state.window.get(before).filter(|_| relation.rows > 0);
            match row.map(|row| (relation.table.clone(), row.row.clone())) {
                Some(name) => model.anomalies.record.trail.push(name),
                None => model.say(Tone::Refused, format!("there is no such row in {}", relation.table)),
            }
            return Vec::new();
        }
        before += relation.rows;
    }
    let edit = model.key("edit");
    model.say(Tone::Refused, format!("this field leads to no other row; {edit} edits it"));
    Vec::new()
}

/// Goes to the field that the finding is about.
pub fn go_to_found(model: &mut Model) -> Vec<Effect> {
    if let Some(found) = target(model) {
        model.anomalies.record.focus = FIELDS;
        go_to_field(model, &found.field);
    } else {
        model.say(Tone::Refused, "nothing was found in this row");
    }
    Vec::new()
}

/// Goes on to the neighbour under the cursor.
pub fn go_on(model: &mut Model) -> Vec<Effect> {
    let name = match near_line(model, model.anomalies.record.near.at) {
        Some(Near::Row(Some(row))) => {
            let relations = model.anomalies.record.neighbours.as_ref().map(|all| &all.relations);
            let table = relations.and_then(|all| all.get(row.relation)).map(|relation| relation.table.clone());
            table.map(|table| (table, row.row.clone()))
        }
        _ => None,
    };
    match name {
        Some(name) => {
            model.anomalies.record.trail.push(name);
            model.anomalies.record.focus = FIELDS;
        }
        None => model.say(Tone::Refused, "choose one of the rows below"),
    }
    Vec::new()
}

/// Copies the line that the cursor is on: the record as it stands in the file, or the field's value.
pub fn copy_line(model: &mut Model) -> Vec<Effect> {
    let value = match (field(model), story(model)) {
        (Some(field), Some(story)) => {
            story.fields.iter().find(|cell| cell.field == field).and_then(|cell| cell.value.clone())
        }
        (None, Some(story)) => story.raw.clone(),
        _ => None,
    };
    copy(model, value.unwrap_or_default())
}

/// Where one is on the way: `customers C1 ‹ sales_lines V3`.
fn trail(model: &Model) -> String {
    let names = model.anomalies.record.trail.iter().rev();
    names.map(|(table, row)| format!("{} {}", text::clean(table), text::clean(row))).collect::<Vec<_>>().join(" ‹ ")
}
