//! Anomalies (3): what is wrong, by rule; the findings; and the story of the row that one of them is about.
//!
//! Neighbours: `tree` lists the rules, `act` decides, `view` draws.

mod act;
mod tree;
mod view;

use std::collections::HashMap;

use indexmap::IndexMap;
use ratatui::layout::{Constraint, Direction, Rect};

use super::{Region, Screen, lines_seen};
use crate::model::{Anomaly, AnomalyFilter, Conflict, RowStory, Status};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect};
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Popup};
use crate::tui::text;
use crate::tui::widgets::pane::{below, inner, split};
use crate::tui::window::Window;

pub use act::{decided, settle_decided};
use tree::{Scope, TreeLine};

/// The rules.
const TREE: usize = 0;
/// The findings of the chosen rule.
const LIST: usize = 1;
/// The story of the row of the chosen finding.
const STORY: usize = 2;

/// What a finding is told apart by: rule, table, row, field.
pub type FindingId = (String, String, String, String);

/// What tells this finding from all others.
pub fn id_of(anomaly: &Anomaly) -> FindingId {
    (anomaly.rule.clone(), anomaly.table.clone(), anomaly.row.clone(), anomaly.field.clone())
}

/// What the screen shows.
#[derive(Default)]
pub struct State {
    focus: usize,
    tree: tree::State,
    /// Which findings are listed.
    scope: Scope,
    status: Option<Status>,
    text: Option<String>,
    list: Cursor,
    window: Window<Anomaly>,
    /// What was asked for last: under which epoch, which filter, from where.
    asked: Option<(u64, AnomalyFilter, u64)>,
    /// The filter whose findings the window holds.
    held: Option<AnomalyFilter>,
    story: Option<Box<RowStory>>,
    story_asked: Option<(u64, String, String)>,
    story_cursor: Cursor,
    marks: IndexMap<FindingId, Anomaly>,
    /// Where a range began.
    range: Option<u64>,
    search: Option<String>,
    /// What was decided since the last check.
    decided: HashMap<FindingId, act::Mark>,
    /// Whether the next findings that come know of those decisions.
    settled: bool,
    /// What the form or question that is open acts on.
    targets: Vec<Anomaly>,
    /// What follows a yes to the question that is open.
    agreed: Option<act::OnTargets>,
    /// What is to be done with the findings that were asked for.
    collecting: Option<act::Purpose>,
    /// The findings that decisions on their way to the disk are about.
    tickets: HashMap<u64, Vec<FindingId>>,
}

/// The screen.
pub static SCREEN: Screen = Screen {
    number: "3",
    title: "Anomalies",
    panes: |_| 3,
    focus: |model| &mut model.anomalies.focus,
    regions,
    reel,
    needs,
    answer,
    back,
    layers: |model| match model.anomalies.focus {
        TREE => vec![&TREE_KEYS, &KEYS],
        _ => vec![&LIST_KEYS, &KEYS],
    },
    all_layers: &[&TREE_KEYS, &LIST_KEYS, &KEYS],
    view: view::view,
};

static TREE_KEYS: Layer = Layer {
    title: "rules",
    commands: &[
        Command {
            name: "open findings",
            keys: &["enter", "l", "right"],
            label: "open",
            help: "Goes to the findings of this rule.",
            run: |m| focus(m, LIST),
            ready: has_findings,
        },
        Command {
            name: "fold",
            keys: &["space", "h", "left"],
            label: "fold",
            help: "Folds or unfolds a severity.",
            run: tree::fold,
            ready: has_findings,
        },
    ],
};

static LIST_KEYS: Layer = Layer {
    title: "findings",
    commands: &[
        Command {
            name: "edit",
            keys: &["e"],
            label: "edit",
            help: "Puts another value in place of the one that was found.",
            run: act::edit,
            ready: act::can_edit,
        },
        Command {
            name: "accept suggestion",
            keys: &["s"],
            label: "accept",
            help: "Puts the suggested value in place of the one that was found.",
            run: act::accept,
            ready: act::can_accept,
        },
        Command {
            name: "waive",
            keys: &["w"],
            label: "waive",
            help: "Accepts the finding as it is, with a reason.",
            run: act::waive,
            ready: act::can_decide,
        },
        Command {
            name: "exclude row",
            keys: &["x"],
            label: "exclude",
            help: "Leaves the row out of the commit. u takes that back.",
            run: act::exclude,
            ready: act::can_decide,
        },
        Command {
            name: "mark",
            keys: &["space"],
            label: "mark",
            help: "Marks the finding, so that e, s, w and x act on all that are marked.",
            run: act::mark,
            ready: has_finding,
        },
        Command {
            name: "mark a range",
            keys: &["v"],
            label: "",
            help: "Begins a range at the cursor; move, then e, s, w or x act on all of it.",
            run: act::range,
            ready: has_finding,
        },
        Command {
            name: "story of the row",
            keys: &["enter", "l", "right"],
            label: "",
            help: "Goes to the story of the row.",
            run: |m| focus(m, STORY),
            ready: has_finding,
        },
        Command {
            name: "leave pane",
            keys: &["h", "left"],
            label: "",
            help: "Goes back to the pane before.",
            run: leave_pane,
            ready: always,
        },
        Command {
            name: "copy cell",
            keys: &["y"],
            label: "",
            help: "Copies the value to the clipboard.",
            run: act::copy_cell,
            ready: has_finding,
        },
        Command {
            name: "copy row",
            keys: &["Y"],
            label: "",
            help: "Copies rule, row, field, value and message to the clipboard.",
            run: act::copy_row,
            ready: has_finding,
        },
    ],
};

static KEYS: Layer = Layer {
    title: "anomalies",
    commands: &[
        Command {
            name: "accept all suggestions",
            keys: &["S"],
            label: "accept all",
            help: "Accepts every suggestion of this rule and table, after showing what will change.",
            run: act::accept_all,
            ready: act::can_accept_all,
        },
        Command {
            name: "conflicts",
            keys: &["C"],
            label: "",
            help: "Lists the decisions that were not applied because the data has moved on.",
            run: conflicts,
            ready: has_conflicts,
        },
        Command {
            name: "next anomaly",
            keys: &["] a"],
            label: "next",
            help: "Goes to the next finding; after the last, to the next rule.",
            run: |m| next(m, true),
            ready: has_findings,
        },
        Command {
            name: "previous anomaly",
            keys: &["[ a"],
            label: "",
            help: "Goes to the finding before; at the first, to the rule before.",
            run: |m| next(m, false),
            ready: has_findings,
        },
        Command {
            name: "filter",
            keys: &["&"],
            label: "filter",
            help: "Lists only findings whose row, value or message contains a text. Esc removes it.",
            run: filter,
            ready: always,
        },
        Command {
            name: "open or waived",
            keys: &["o"],
            label: "",
            help: "Lists open findings, waived ones, or both.",
            run: next_status,
            ready: always,
        },
        Command {
            name: "search",
            keys: &["/"],
            label: "",
            help: "Goes to the next finding, or rule, that contains a text.",
            run: search,
            ready: always,
        },
        Command {
            name: "next match",
            keys: &["n"],
            label: "",
            help: "Goes to the next match of the search.",
            run: |m| find(m, false),
            ready: searched,
        },
        Command {
            name: "previous match",
            keys: &["N"],
            label: "",
            help: "Goes to the match before.",
            run: |m| find(m, true),
            ready: searched,
        },
    ],
};

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect| Region { pane, frame, body: below(inner(frame), u16::from(pane == LIST)) };
    if area.height < 14 {
        return vec![region(model.anomalies.focus, area)];
    }
    let [tree, list, story] = if area.width < 100 {
        let tree = (tree::lines(model).len() as u16 + 2).clamp(4, (area.height / 3).max(4));
        let story = area.height * 2 / 5;
        let parts = [Constraint::Length(tree), Constraint::Fill(1), Constraint::Length(story)];
        split(area, Direction::Vertical, parts)
    } else {
        let tree = Constraint::Length((area.width / 3).clamp(46, 54));
        let [tree, right] = split(area, Direction::Horizontal, [tree, Constraint::Fill(1)]);
        let story = Constraint::Length(area.height * 11 / 20);
        let [list, story] = split(right, Direction::Vertical, [Constraint::Fill(1), story]);
        [tree, list, story]
    };
    vec![region(TREE, tree), region(LIST, list), region(STORY, story)]
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let height = lines_seen(model, regions, pane);
    match pane {
        TREE => {
            let total = tree::lines(model).len() as u64;
            Some(Reel { cursor: &mut model.anomalies.tree.cursor, total, height })
        }
        LIST => {
            let total = model.anomalies.window.len();
            Some(Reel { cursor: &mut model.anomalies.list, total, height })
        }
        _ => {
            let total = view::story_length(model);
            Some(Reel { cursor: &mut model.anomalies.story_cursor, total, height })
        }
    }
}

/// The finding that the cursor is on.
fn current(model: &Model) -> Option<&Anomaly> {
    model.anomalies.window.get(model.anomalies.list.at)
}

/// Which findings are to be listed.
fn wanted(model: &Model) -> AnomalyFilter {
    let state = &model.anomalies;
    AnomalyFilter { status: state.status, texts: state.text.iter().cloned().collect(), ..state.scope.filter() }
}

fn needs(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    tree::follow(model);
    let height = lines_seen(model, regions, LIST);
    let (epoch, filter) = (model.epoch, wanted(model));
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
        Answer::Verdict { .. } => tree::refresh(model),
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
        Answer::Find(None) => {
            let text = model.anomalies.search.clone().unwrap_or_default();
            model.say(Tone::Refused, format!("no other finding contains \"{}\"", text::clean(&text)));
        }
        Answer::Conflicts(conflicts) => show_conflicts(model, conflicts),
        Answer::Collect(rows) => act::collected(model, rows.clone()),
        _ => {}
    }
}

/// A window of findings has come. Rows may have gone since the last one: the cursor stays on its finding, or on the
/// next that is left.
fn take_findings(model: &mut Model, offset: u64, total: u64, rows: &[Anomaly]) {
    let height = lines_seen(model, regions, LIST);
    let state = &mut model.anomalies;
    if std::mem::take(&mut state.settled) {
        state.decided.clear();
    }
    let first = usize::try_from(state.list.at.saturating_sub(state.window.offset)).unwrap_or(0);
    let before: Vec<FindingId> = match state.held {
        Some(_) => state.window.rows.iter().skip(first).take(200).map(id_of).collect(),
        None => Vec::new(),
    };
    state.held = state.asked.as_ref().map(|(_, filter, _)| filter.clone());
    state.window = Window { offset, rows: rows.to_vec(), total: Some(total) };
    let places: HashMap<FindingId, u64> = (offset..).zip(rows).map(|(at, row)| (id_of(row), at)).collect();
    let at = before.iter().find_map(|id| places.get(id)).copied().unwrap_or(state.list.at);
    state.list.go(at, total, height);
}

fn back(model: &mut Model) -> bool {
    let state = &mut model.anomalies;
    if state.range.take().is_some() {
        return true;
    }
    if !state.marks.is_empty() {
        state.marks.clear();
        return true;
    }
    if state.focus == STORY {
        state.focus = LIST;
        return true;
    }
    if state.text.take().is_some() || state.status.take().is_some() {
        return true;
    }
    std::mem::replace(&mut state.focus, TREE) != TREE
}

fn focus(model: &mut Model, pane: usize) -> Vec<Effect> {
    model.anomalies.focus = pane;
    Vec::new()
}

fn leave_pane(model: &mut Model) -> Vec<Effect> {
    let pane = model.anomalies.focus.saturating_sub(1);
    focus(model, pane)
}

fn has_findings(model: &Model) -> Result<(), String> {
    match &model.verdict {
        None => Err("nothing was checked yet: r checks, 1 and then l loads and checks".to_owned()),
        Some(_) if tree::lines(model).is_empty() => Err("nothing was found: every rule is quiet".to_owned()),
        Some(_) => Ok(()),
    }
}

fn has_finding(model: &Model) -> Result<(), String> {
    has_findings(model)?;
    current(model).map(|_| ()).ok_or_else(|| "there is no finding under the cursor".to_owned())
}

/// Whether one of the listed findings comes with a suggestion, as far as they are at hand.
fn has_suggestions(model: &Model) -> Result<(), String> {
    let window = &model.anomalies.window;
    let all_at_hand = window.total == Some(window.rows.len() as u64);
    match all_at_hand && window.rows.iter().all(|anomaly| anomaly.suggestion.is_none()) {
        true => Err("no finding of this rule comes with a suggestion; e edits one".to_owned()),
        false => Ok(()),
    }
}

fn next(model: &mut Model, forward: bool) -> Vec<Effect> {
    let total = model.anomalies.window.len();
    let at = model.anomalies.list.at;
    if model.anomalies.focus == TREE {
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
    } else if !tree::next_rule(model, forward) {
        model.say(Tone::Refused, if forward { "this is the last anomaly" } else { "this is the first anomaly" });
    }
    Vec::new()
}

fn filter(model: &mut Model) -> Vec<Effect> {
    let text = model.anomalies.text.clone().unwrap_or_default();
    model.popup = Some(Popup::Form(Form {
        title: "filter findings".to_owned(),
        about: Vec::new(),
        fields: vec![FormField::new("&", "in row, value or message; empty for all", text)],
        focus: 0,
        check: |_, _| None,
        submit: |model, texts| {
            model.anomalies.text = texts.into_iter().next().filter(|text| !text.is_empty());
            Vec::new()
        },
    }));
    Vec::new()
}

fn next_status(model: &mut Model) -> Vec<Effect> {
    model.anomalies.status = match model.anomalies.status {
        None => Some(Status::Open),
        Some(Status::Open) => Some(Status::Waived),
        Some(Status::Waived) => None,
    };
    Vec::new()
}

fn search(model: &mut Model) -> Vec<Effect> {
    model.popup = Some(Popup::Form(Form {
        title: if model.anomalies.focus == TREE { "search rules" } else { "search findings" }.to_owned(),
        about: Vec::new(),
        fields: vec![FormField::new("/", "n and N go from match to match", "")],
        focus: 0,
        check: |_, _| None,
        submit: |model, texts| {
            model.anomalies.search = texts.into_iter().next().filter(|text| !text.is_empty());
            if model.anomalies.search.is_some() { find(model, false) } else { Vec::new() }
        },
    }));
    Vec::new()
}

fn searched(model: &Model) -> Result<(), String> {
    model.anomalies.search.as_ref().map(|_| ()).ok_or_else(|| "nothing was searched for yet; / searches".to_owned())
}

fn find(model: &mut Model, backwards: bool) -> Vec<Effect> {
    let Some(text) = model.anomalies.search.clone() else {
        return Vec::new();
    };
    if model.anomalies.focus == TREE {
        if !tree::find(model, &text, backwards) {
            model.say(Tone::Refused, format!("no other rule contains \"{}\"", text::clean(&text)));
        }
        return Vec::new();
    }
    let filter = wanted(model);
    let from = model.anomalies.list.at;
    vec![model.ask(Ask::Find { filter, text, from, backwards })]
}

fn has_conflicts(model: &Model) -> Result<(), String> {
    if model.conflicts == 0 { Err("every decision applies: there are no conflicts".to_owned()) } else { Ok(()) }
}

fn conflicts(model: &mut Model) -> Vec<Effect> {
    vec![model.ask(Ask::Conflicts)]
}

/// The decisions that were not applied, each with what it wanted and what it found.
fn show_conflicts(model: &mut Model, conflicts: &[Conflict]) {
    let show = |value: &Option<String>| {
        value.as_deref().map_or("no value".to_owned(), |value| format!("\"{}\"", text::exact(value)))
    };
    let mut lines = Vec::new();
    for one in conflicts {
        let field = if one.field.is_empty() { String::new() } else { format!(".{}", one.field) };
        lines.push(format!("≠ {}{field} of {}  ({})", one.table, one.row, one.reason));
        lines.push(format!("    {} → {}, but it is {} now", show(&one.was), show(&one.now), show(&one.found)));
    }
    lines.push(String::new());
    lines.push("Decide these rows anew where it still matters; u takes your last decisions back.".to_owned());
    model.popup = Some(Popup::Text { title: "decisions in conflict".to_owned(), lines, cursor: Cursor::default() });
}

/// Opens the screen on the worst findings of a table.
pub fn show_table(model: &mut Model, table: &str) {
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
