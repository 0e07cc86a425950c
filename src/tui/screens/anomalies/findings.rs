//! What the screen shows first: rules or facets at the left, the findings, the story of the row that one is about.

use std::collections::HashMap;

use ratatui::layout::{Constraint, Direction, Rect};

use super::chips::{self, Chip};
use super::tree::TreeLine;
use super::{FindingId, Page, act, facets, id_of, is_open, keys, record, story, tree, view, waivers};
use crate::model::{Anomaly, AnomalyFilter, AnomalyOrder, RowStory, Severity, Status};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, Popup};
use crate::tui::screens::Region;
use crate::tui::text;
use crate::tui::widgets::empty::{self, Stage};
use crate::tui::widgets::pane::{below, inner, split};
use crate::tui::window::Window;

/// The rules, or the facets.
pub const TREE: usize = 0;
/// The findings.
pub const LIST: usize = 1;
/// The story of the row of the chosen finding.
pub const STORY: usize = 2;

/// The page.
pub static PAGE: Page = Page {
    panes: 3,
    focus: |model| &mut model.anomalies.focus,
    regions,
    reel,
    needs,
    answer,
    back,
    layers: |model| match model.anomalies.focus {
        TREE if model.anomalies.facets.shown => vec![&keys::FACETS, &keys::KEYS],
        TREE => vec![&keys::TREE, &keys::KEYS],
        _ => vec![&keys::LIST, &keys::KEYS],
    },
    view: view::view,
};

/// Where the panes are.
pub fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect| Region { pane, frame, body: below(inner(frame), u16::from(pane == LIST)) };
    if area.height < 14 {
        return vec![region(model.anomalies.focus, area)];
    }
    let lines = if model.anomalies.facets.shown { facets::total(model) } else { tree::lines(model).len() as u64 };
    let [tree, list, story] = if area.width < 100 {
        let lines = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2);
        let tree = lines.clamp(4, (area.height / 3).max(4));
        let story = area.height * 2 / 5;
        let parts = [Constraint::Length(tree), Constraint::Fill(1), Constraint::Length(story)];
        split(area, Direction::Vertical, parts)
    } else {
        // Facets are short. Rules name their field, and get what the findings do not need.
        let tree = match model.anomalies.facets.shown {
            true => (area.width / 3).clamp(46, 54),
            false => area.width.saturating_sub(96).clamp(46, 64),
        };
        let tree = Constraint::Length(tree);
        let [tree, right] = split(area, Direction::Horizontal, [tree, Constraint::Fill(1)]);
        let story = Constraint::Length(area.height * 11 / 20);
        let [list, story] = split(right, Direction::Vertical, [Constraint::Fill(1), story]);
        [tree, list, story]
    };
    vec![region(TREE, tree), region(LIST, list), region(STORY, story)]
}

/// The list in a pane.
pub fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let height = super::lines_seen(model, &PAGE, pane);
    match pane {
        TREE if model.anomalies.facets.shown => {
            let total = facets::total(model);
            Some(Reel { cursor: &mut model.anomalies.facets.cursor, total, height })
        }
        TREE => {
            let total = tree::lines(model).len() as u64;
            Some(Reel { cursor: &mut model.anomalies.tree.cursor, total, height })
        }
        LIST => {
            let total = model.anomalies.window.len();
            Some(Reel { cursor: &mut model.anomalies.list, total, height })
        }
        _ => {
            let total = story::length(model);
            Some(Reel { cursor: &mut model.anomalies.story_cursor, total, height })
        }
    }
}

/// The finding that the cursor is on.
pub fn current(model: &Model) -> Option<&Anomaly> {
    model.anomalies.window.get(model.anomalies.list.at)
}

fn needs(model: &mut Model) -> Vec<Effect> {
    tree::follow(model);
    let mut effects = facets::needs(model);
    let height = super::lines_seen(model, &PAGE, LIST);
    let (epoch, filter) = (model.epoch, chips::wanted(model));
    let state = &mut model.anomalies;
    let asked_for_other = state.asked.as_ref().is_none_or(|(_, asked, _)| *asked != filter);
    if asked_for_other {
        (state.window, state.held, state.list) = (Window::default(), None, Cursor::default());
        (state.range, state.story, state.story_asked) = (None, None, None);
    }
    let seen = state.list.top..state.list.top + height;
    let (offset, limit) = Window::<()>::around(&seen);
    let fresh = !asked_for_other && state.asked.as_ref().is_some_and(|(at, ..)| *at == epoch);
    let on_its_way = fresh && state.asked.as_ref().is_some_and(|(_, _, at)| *at == offset);
    let at_hand = fresh && state.held.is_some() && state.window.holds(&seen);
    if model.verdict.is_some() && !on_its_way && !at_hand {
        state.asked = Some((epoch, filter.clone(), offset));
        effects.push(model.ask(Ask::Findings { filter, offset, limit }));
    }
    let key = (epoch, AnomalyFilter { order: AnomalyOrder::Worst, ..chips::wanted(model) });
    let state = &mut model.anomalies;
    if state.held.is_some() && state.stake_asked.as_ref() != Some(&key) {
        if state.stake_asked.as_ref().is_none_or(|(_, asked)| *asked != key.1) {
            state.stake = None;
        }
        state.stake_asked = Some(key.clone());
        effects.push(model.ask(Ask::AtStake { filter: key.1 }));
    }
    // Under a page the story is not seen, and the page asks for its own.
    if !is_open(model, &PAGE) {
        return effects;
    }
    if let Some((table, row)) = current(model).map(|anomaly| (anomaly.table.clone(), anomaly.row.clone())) {
        let key = (epoch, table, row);
        if model.anomalies.story_asked.as_ref() != Some(&key) {
            let (_, table, row) = key.clone();
            model.anomalies.story_asked = Some(key);
            effects.push(model.ask(Ask::Story { table, row }));
        }
    }
    effects
}

fn answer(model: &mut Model, answer: &Answer) {
    match answer {
        Answer::Verdict { .. } => tree::settle(model),
        Answer::AtStake(stake) => model.anomalies.stake = *stake,
        Answer::Facets(counts) => facets::take(model, counts),
        Answer::Values { offset, total, rows } => facets::take_values(model, *offset, *total, rows),
        Answer::Findings { offset, total, rows } => take_findings(model, *offset, *total, rows),
        Answer::Story(story) => {
            let name =
                |story: &Option<Box<RowStory>>| story.as_ref().map(|story| (story.table.clone(), story.row.clone()));
            if name(&model.anomalies.story) != name(story) {
                model.anomalies.story_cursor = Cursor::default();
            }
            model.anomalies.story.clone_from(story);
        }
        Answer::Find(Some(at)) => {
            if let Some(mut reel) = reel(model, LIST) {
                reel.go(*at);
            }
        }
        Answer::Find(None) => missed(model),
        Answer::Collect(rows) => act::collected(model, rows.clone()),
        _ => {}
    }
}

/// A window of findings has come. Rows may have gone since the last one: the cursor stays on its finding, or on the
/// next that is left.
fn take_findings(model: &mut Model, offset: u64, total: u64, rows: &[Anomaly]) {
    let height = super::lines_seen(model, &PAGE, LIST);
    let state = &mut model.anomalies;
    let mut still = None;
    if std::mem::take(&mut state.settled) {
        let repaired = state.decided.iter().filter(|(_, mark)| matches!(&mark.what, act::What::Repaired(Some(_))));
        let repaired: Vec<FindingId> = repaired.map(|(id, _)| id.clone()).collect();
        let of = |row: &&Anomaly| {
            let same = |id: &&FindingId| (&id.1, &id.2, &id.3) == (&row.table, &row.row, &row.field);
            row.status == Status::Open && repaired.iter().any(|id| same(&id))
        };
        let left = rows.iter().filter(of).count();
        still = rows.iter().find(of).map(|first| (left, first.clone()));
        state.decided.clear();
        state.decided_all.clear();
    }
    let places: HashMap<FindingId, u64> = (offset..).zip(rows).map(|(at, row)| (id_of(row), at)).collect();
    let (held, window) = (state.held.is_some(), &state.window);
    let now = |at: u64| {
        let first = usize::try_from(at.checked_sub(window.offset)?).ok()?;
        let after = window.rows.iter().skip(first).take(200).filter(|_| held);
        after.map(id_of).find_map(|id| places.get(&id).copied())
    };
    let at = now(state.list.at).unwrap_or(state.list.at);
    // A range begins at its finding too. Where that is out of sight, only the same list has it in the same place.
    let range = state.range.and_then(|begin| now(begin).or(Some(begin).filter(|_| window.total == Some(total))));
    state.range = range;
    state.held = state.asked.as_ref().map(|(_, filter, _)| filter.clone());
    state.window = Window { offset, rows: rows.to_vec(), total: Some(total) };
    state.list.go(at, total, height);
    record::follow(model);
    // A value that is no better than the one before must not pass for a repair.
    if let Some((left, first)) = still {
        let row = text::clean(&first.row).into_owned();
        let more =
            if left > 1 { format!(", and {} more like that", text::number(left as u64 - 1)) } else { String::new() };
        model.say(Tone::Refused, format!("{row} is still not right: {}{more}", text::clean(&first.message)));
    }
}

fn back(model: &mut Model) -> bool {
    let state = &mut model.anomalies;
    if state.range.take().is_some() {
        return true;
    }
    if !state.marks.is_empty() || state.all_marked {
        state.marks.clear();
        state.all_marked = false;
        return true;
    }
    if state.focus == STORY {
        state.focus = LIST;
        return true;
    }
    let of_waiver = matches!(model.anomalies.chips.last(), Some(Chip::Waiver(..)));
    if chips::pop(model) {
        // What a waiver covers was listed from among the waivers.
        if of_waiver && model.anomalies.chips.is_empty() {
            facets::leave(model);
            waivers::show(model);
        }
        return true;
    }
    if model.anomalies.facets.shown {
        facets::leave(model);
        return true;
    }
    std::mem::replace(&mut model.anomalies.focus, TREE) != TREE
}

/// Gives the keys to a pane.
pub fn focus(model: &mut Model, pane: usize) -> Vec<Effect> {
    model.anomalies.focus = pane;
    Vec::new()
}

/// Gives the keys to the pane before.
pub fn leave_pane(model: &mut Model) -> Vec<Effect> {
    let pane = model.anomalies.focus.saturating_sub(1);
    focus(model, pane)
}

/// Whether anything was found at all.
pub fn has_findings(model: &Model) -> Result<(), String> {
    empty::reached(model, Stage::Checked)?;
    match &model.verdict {
        Some(verdict) if verdict.rules.iter().all(|rule| rule.open + rule.waived == 0) => {
            Err("nothing was found: every rule is quiet".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether there is a finding to act on.
pub fn has_finding(model: &Model) -> Result<(), String> {
    has_findings(model)?;
    act::target(model).map(|_| ()).ok_or_else(|| "there is no finding under the cursor".to_owned())
}

/// Whether one of the listed findings comes with a suggestion, as far as they are at hand.
pub fn has_suggestions(model: &Model) -> Result<(), String> {
    let window = &model.anomalies.window;
    let all_at_hand = window.total == Some(window.rows.len() as u64);
    match all_at_hand && window.rows.iter().all(|anomaly| anomaly.suggestion.is_none()) {
        true => Err(format!("none of these findings comes with a suggestion; {} edits one", model.key("edit"))),
        false => Ok(()),
    }
}

/// Goes to the next finding or the one before; the record that is open goes along.
pub fn next(model: &mut Model, forward: bool) -> Vec<Effect> {
    let total = model.anomalies.window.len();
    let at = model.anomalies.list.at;
    if is_open(model, &PAGE) && model.anomalies.focus == TREE {
        model.anomalies.focus = LIST;
        if total > 0 {
            return Vec::new();
        }
    }
    let inside = if forward { at + 1 < total } else { at > 0 };
    if inside {
        if let Some(mut reel) = reel(model, LIST) {
            reel.step(if forward { 1 } else { -1 });
        }
    } else if model.anomalies.facets.shown || !tree::next_rule(model, forward) {
        model.say(Tone::Refused, if forward { "this is the last anomaly" } else { "this is the first anomaly" });
        return Vec::new();
    }
    record::go_along(model);
    Vec::new()
}

/// Asks what to search for.
pub fn search(model: &mut Model) -> Vec<Effect> {
    let rules = searches_rules(model);
    let (next, previous) = (model.key("anomalies/next match"), model.key("anomalies/previous match"));
    let title = if rules { "search rules" } else { "search findings" };
    let form = Form::search(title, &next, &previous, |model, texts| {
        model.anomalies.search = texts.into_iter().next().filter(|text| !text.is_empty());
        if model.anomalies.search.is_some() { find(model, false) } else { Vec::new() }
    });
    model.popup = Some(Popup::Form(Form {
        about: vec![
            if rules {
                "In the names of rules and tables; once findings have the keys, in all that is listed of them."
            } else {
                "In all that is listed of the findings of this list, then in the names of the rules."
            }
            .to_owned(),
        ],
        ..form
    }));
    Vec::new()
}

/// No finding that is listed has the text. Where a rule has it in its name, the keys go to that rule; otherwise the next
/// key that opens opens nothing, as it was meant for what was not found.
fn missed(model: &mut Model) {
    let sought = model.anomalies.search.clone().unwrap_or_default();
    let text = text::clean(&sought).into_owned();
    if !model.anomalies.facets.shown && tree::find(model, &sought, false) {
        model.anomalies.focus = TREE;
        model.say(Tone::News, format!("no finding listed here contains \"{text}\"; this rule does"));
        return;
    }
    let sought = sought.to_lowercase();
    let here = current(model).is_some_and(|one| {
        let parts =
            [&one.rule, &one.row, &one.field, &one.message].into_iter().chain(&one.value).chain(&one.suggestion);
        parts.into_iter().any(|part| part.to_lowercase().contains(&sought))
    });
    model.anomalies.missed = (!here).then_some(model.anomalies.list.at);
    model.say(Tone::Refused, format!("no other finding listed here contains \"{text}\""));
}

/// Whether what was searched for last was not found, and the cursor is still where it was then; asked once.
pub fn has_missed(model: &mut Model) -> bool {
    model.anomalies.missed.take() == Some(model.anomalies.list.at)
}

fn searches_rules(model: &Model) -> bool {
    model.anomalies.focus == TREE && !model.anomalies.facets.shown
}

/// Whether something was searched for.
pub fn searched(model: &Model) -> Result<(), String> {
    let search = || format!("nothing was searched for yet; {} searches", model.key("anomalies/search"));
    model.anomalies.search.as_ref().map(drop).ok_or_else(search)
}

/// Goes to the next match or the one before.
pub fn find(model: &mut Model, backwards: bool) -> Vec<Effect> {
    let Some(text) = model.anomalies.search.clone() else {
        return Vec::new();
    };
    if searches_rules(model) {
        if !tree::find(model, &text, backwards) {
            model.say(Tone::Refused, format!("no other rule contains \"{}\"", text::clean(&text)));
        }
        return Vec::new();
    }
    model.anomalies.focus = LIST;
    model.anomalies.missed = None;
    let filter = chips::wanted(model);
    let from = model.anomalies.list.at;
    vec![model.ask(Ask::Find { filter, text, from, backwards })]
}

/// Shows the findings that a chip lets through, whatever was seen before.
pub fn show_chip(model: &mut Model, chip: Chip) {
    model.anomalies.pages.clear();
    facets::show(model);
    model.anomalies.chips.clear();
    chips::add(model, chip);
    model.anomalies.focus = LIST;
}

/// Opens the screen on the worst findings of a table.
pub fn show_table(model: &mut Model, table: &str) {
    model.anomalies.pages.clear();
    if model.anomalies.facets.shown {
        facets::leave(model);
    }
    model.anomalies.chips.clear();
    let at = tree::lines(model)
        .iter()
        .position(|line| matches!(line, TreeLine::Rule(rule) if rule.table == table && rule.open > 0));
    match at {
        Some(at) => {
            tree::go(model, at);
            model.anomalies.focus = LIST;
        }
        None => model.say(Tone::News, format!("nothing is open in {table}")),
    }
}

/// A severity as the name of its findings.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "errors",
        Severity::Warning => "warnings",
        Severity::Info => "notes",
    }
}
