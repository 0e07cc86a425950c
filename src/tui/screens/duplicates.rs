//! Duplicates (4): rows that may be the same thing, side by side; which one stays, and what it takes over.

mod view;

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use ratatui::layout::{Constraint, Direction, Rect};

use super::{Region, Screen, decide, lines_seen};
use crate::model::{Action, DuplicateGroup, Duplicates, key_in};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect, Wish};
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Popup, Question};
use crate::tui::text;
use crate::tui::widgets::empty::{self, Stage};
use crate::tui::widgets::pane::{below, inner, split};

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

static KEYS: Layer = Layer {
    title: "duplicates",
    commands: &[
        Command {
            name: "merge",
            keys: &["m"],
            label: "merge",
            help: "Makes the rows one after a question: the one marked ★ stays with the values marked ●, what referred to the others refers to it.",
            run: ask_merge,
            ready: can_merge,
        },
        Command {
            name: "not a duplicate",
            keys: &["D"],
            label: "different",
            help: "Remembers after a question that these are different things; they are shown again only when another row joins them.",
            run: ask_apart,
            ready: can_keep_apart,
        },
        Command {
            name: "all fields",
            keys: &["a"],
            label: "all fields",
            help: "Shows the fields in which the rows do not differ too, or hides them.",
            run: toggle_fields,
            ready: has_rows,
        },
        Command {
            name: "search",
            keys: &["/"],
            label: "",
            help: "Goes to the next group that has a text in its table, its rule or what its rows share.",
            run: search,
            ready: has_groups,
        },
        Command {
            name: "next match",
            keys: &["n"],
            label: "",
            help: "Goes to the next match of the search.",
            run: |model| find(model, false),
            ready: searched,
        },
        Command {
            name: "previous match",
            keys: &["N"],
            label: "",
            help: "Goes to the match before.",
            run: |model| find(model, true),
            ready: searched,
        },
        Command {
            name: "next group",
            keys: &["] d"],
            label: "",
            help: "Goes to the next group.",
            run: |model| step(model, 1),
            ready: has_groups,
        },
        Command {
            name: "previous group",
            keys: &["[ d"],
            label: "",
            help: "Goes to the group before.",
            run: |model| step(model, -1),
            ready: has_groups,
        },
    ],
};

static GROUP_KEYS: Layer = Layer {
    title: "groups",
    commands: &[Command {
        name: "open group",
        keys: &["enter", "l", "right"],
        label: "open",
        help: "Goes to the rows of the group.",
        run: |model| {
            model.duplicates.focus = ROWS;
            Vec::new()
        },
        ready: has_rows,
    }],
};

static ROW_KEYS: Layer = Layer {
    title: "rows side by side",
    commands: &[
        Command {
            name: "take this value",
            keys: &["enter", "space"],
            label: "take value",
            help: "The row that stays takes this field's value from the row under the cursor.",
            run: take,
            ready: can_take,
        },
        Command {
            name: "let this row stay",
            keys: &["o"],
            label: "keep row",
            help: "Of these rows the one under the cursor stays, with its own values.",
            run: stay,
            ready: has_rows,
        },
        Command {
            name: "leave this row out",
            keys: &["X"],
            label: "exclude",
            help: "The row under the cursor is neither checked nor committed, and nothing is moved to another row; asks first.",
            run: ask_exclude,
            ready: can_decide,
        },
        Command {
            name: "row to the right",
            keys: &["l", "right"],
            label: "",
            help: "Goes to the next row.",
            run: |model| turn(model, true),
            ready: has_rows,
        },
        Command {
            name: "row to the left",
            keys: &["h", "left"],
            label: "",
            help: "Goes to the row before; from the first, to the groups.",
            run: |model| turn(model, false),
            ready: always,
        },
        Command {
            name: "copy value",
            keys: &["y"],
            label: "copy",
            help: "Copies the value under the cursor.",
            run: copy,
            ready: has_rows,
        },
    ],
};

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect, head| Region { pane, frame, body: below(inner(frame), head) };
    let [groups, rows] = if area.width >= 110 {
        split(
            area,
            Direction::Horizontal,
            [Constraint::Length(area.width.saturating_sub(104).clamp(46, 72)), Constraint::Fill(1)],
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

fn has_groups(model: &Model) -> Result<(), String> {
    match &model.duplicates.groups {
        Some(groups) if !groups.is_empty() => Ok(()),
        Some(_) if model.verdict.is_some() => Err("no rows look alike".to_owned()),
        _ => {
            empty::reached(model, Stage::Checked)?;
            Err("the groups are being read; a moment".to_owned())
        }
    }
}

fn has_rows(model: &Model) -> Result<(), String> {
    has_groups(model)?;
    model.duplicates.open.as_ref().map(|_| ()).ok_or_else(|| "the rows are being read; a moment".to_owned())
}

fn can_decide(model: &Model) -> Result<(), String> {
    model.writable()?;
    has_rows(model)?;
    let group = model.duplicates.open.as_ref().map(|open| name(&open.found.group));
    match group.is_some_and(|group| model.duplicates.decided.contains(&group)) {
        true => Err(format!("that is decided; {} takes it back", model.key("undo"))),
        false => Ok(()),
    }
}

fn can_merge(model: &Model) -> Result<(), String> {
    can_decide(model)?;
    match model.duplicates.open.as_ref().map_or(0, |open| open.found.rows.len()) {
        0 | 1 => Err("the other rows of the group are gone".to_owned()),
        _ => Ok(()),
    }
}

fn can_keep_apart(model: &Model) -> Result<(), String> {
    can_decide(model)?;
    match model.duplicates.open.as_ref().map(|open| &open.found.group) {
        Some(group) if group.rule == "duplicate-key" => {
            Err("two rows cannot be committed under one key: merge them, exclude one, or correct a key".to_owned())
        }
        Some(group) if group.open == 0 => {
            Err(format!("that is remembered already; {} or the waivers take it back", model.key("undo")))
        }
        _ => Ok(()),
    }
}

fn can_take(model: &Model) -> Result<(), String> {
    can_merge(model)?;
    let Some(open) = &model.duplicates.open else { return Ok(()) };
    let Some(at) = open.field(model.duplicates.all_fields) else {
        let all = model.key("all fields");
        return Err(format!("there is no field here; {all} shows those in which the rows do not differ"));
    };
    let field = &open.found.fields[at];
    match model.about.schema.field(&open.found.group.table, field) {
        Some(declared) if declared.key => {
            Err(format!("the key is that of the row that stays; {} chooses another", model.key("let this row stay")))
        }
        Some(declared) if declared.derive.is_some() => Err(format!("{field} is computed from the others")),
        _ => Ok(()),
    }
}

fn take(model: &mut Model) -> Vec<Effect> {
    let all = model.duplicates.all_fields;
    let Some(open) = &mut model.duplicates.open else { return Vec::new() };
    if let Some(at) = open.field(all) {
        let field = open.found.fields[at].clone();
        if open.column == open.survivor {
            open.picks.remove(&field);
        } else {
            open.picks.insert(field, open.column);
        }
    }
    Vec::new()
}

fn stay(model: &mut Model) -> Vec<Effect> {
    if let Some(open) = &mut model.duplicates.open {
        open.survivor = open.column;
        open.picks.clear();
    }
    Vec::new()
}

fn turn(model: &mut Model, right: bool) -> Vec<Effect> {
    let Some(open) = &mut model.duplicates.open else {
        model.duplicates.focus = GROUPS;
        return Vec::new();
    };
    match (right, open.column) {
        (true, at) => open.column = (at + 1).min(open.found.rows.len().saturating_sub(1)),
        (false, 0) => model.duplicates.focus = GROUPS,
        (false, at) => open.column = at - 1,
    }
    Vec::new()
}

fn step(model: &mut Model, by: i64) -> Vec<Effect> {
    if let Some(mut reel) = reel(model, GROUPS) {
        reel.step(by);
    }
    Vec::new()
}

/// Asks what to search for among the groups.
fn search(model: &mut Model) -> Vec<Effect> {
    let (next, previous) = (model.key("duplicates/next match"), model.key("duplicates/previous match"));
    model.popup = Some(Popup::Form(Form {
        title: "search groups".to_owned(),
        about: Vec::new(),
        fields: vec![FormField::new("text", format!("{next} and {previous} go from match to match"), "")],
        focus: 0,
        check: |_, _| None,
        submit: |model, texts| {
            model.duplicates.search = texts.into_iter().next().filter(|text| !text.is_empty());
            find(model, false)
        },
    }));
    Vec::new()
}

fn searched(model: &Model) -> Result<(), String> {
    has_groups(model)?;
    let different = model.key("not a duplicate");
    let none = || {
        let search = model.key("duplicates/search");
        format!("nothing was searched for yet: {search} searches; {different} says that the rows are different things")
    };
    model.duplicates.search.as_ref().map(drop).ok_or_else(none)
}

/// Goes to the next group that contains what was searched for, around the end.
fn find(model: &mut Model, backwards: bool) -> Vec<Effect> {
    let (Some(sought), Some(groups)) = (model.duplicates.search.clone(), &model.duplicates.groups) else {
        return Vec::new();
    };
    let (at, total) = (usize::try_from(model.duplicates.cursor.at).unwrap_or(0), groups.len());
    let text = sought.to_lowercase();
    let holds = |at: &usize| {
        let group = &groups[*at];
        [&group.table, &group.rule, &group.field, &group.value].iter().any(|part| part.to_lowercase().contains(&text))
    };
    let mut order: Vec<usize> = (at + 1..total).chain(0..at.min(total)).collect();
    if backwards {
        order.reverse();
    }
    match order.into_iter().find(holds) {
        Some(found) => {
            model.duplicates.focus = GROUPS;
            if let Some(mut reel) = reel(model, GROUPS) {
                reel.go(found as u64);
            }
        }
        None => model.say(Tone::Refused, format!("no other group contains \"{}\"", text::clean(&sought))),
    }
    Vec::new()
}

fn toggle_fields(model: &mut Model) -> Vec<Effect> {
    model.duplicates.all_fields = !model.duplicates.all_fields;
    if let Some(reel) = reel(model, ROWS) {
        reel.cursor.settle(reel.total, reel.height);
    }
    Vec::new()
}

/// Asks whether to decide that of the open group. A yes decides it of this group, whichever is open by then.
fn ask_settle(model: &mut Model, title: &str, about: Vec<String>, wish: Wish, said: String) -> Vec<Effect> {
    let Some(group) = model.duplicates.open.as_ref().map(|open| name(&open.found.group)) else { return Vec::new() };
    let yes = move |model: &mut Model| {
        let effects = decide(model, wish, None);
        model.say(Tone::Done, said);
        let is_open = model.duplicates.open.as_ref().is_some_and(|open| name(&open.found.group) == group);
        model.duplicates.decided.insert(group);
        if is_open {
            step(model, 1);
        }
        effects
    };
    model.popup = Some(Popup::Question(Question::new(title, about, yes)));
    Vec::new()
}

/// Says in one look what becomes what, how much of it differs and what moves, before it is done.
fn ask_merge(model: &mut Model) -> Vec<Effect> {
    let Some(open) = &model.duplicates.open else { return Vec::new() };
    let others = open.found.rows.iter().enumerate().filter(|(at, _)| *at != open.survivor);
    let moved: u64 = others.clone().map(|(_, row)| row.referred).sum();
    let into = plain(&open.found.rows[open.survivor].row);
    let goes: Vec<String> = others.map(|(_, row)| plain(&row.row)).filter(|row| *row != into).collect();
    let first = match goes.is_empty() {
        true => format!("{} with the key {into} become one.", text::count(open.found.rows.len() as u64, "row")),
        false if goes.len() == 1 => format!("{} becomes {into}.", goes.join(", ")),
        false => format!("{} become {into}.", goes.join(", ")),
    };
    let taken = open.picks.values().filter(|at| **at != open.survivor).count() as u64;
    let differ = text::count(choosable(model, open) as u64, "field");
    let mut about = vec![first, format!("{differ} differ; {} come from the others, marked ●.", text::number(taken))];
    if moved > 0 && !goes.is_empty() {
        let (rows, verb) = (text::count(moved, "row"), if moved == 1 { "moves" } else { "move" });
        about.push(format!("{rows} that refer to what goes {verb} along."));
    }
    about.push(format!("{} takes that back.", model.key("undo")));
    let key = |at: usize| open.found.rows[at].row.clone();
    let take: IndexMap<String, String> = open
        .found
        .fields
        .iter()
        .filter(|field| open.source_of(field) != open.survivor)
        .map(|field| (field.clone(), key(open.source_of(field))))
        .collect();
    let rows: Vec<String> = (0..open.found.rows.len()).filter(|at| *at != open.survivor).map(key).collect();
    let said = format!("{} become {into}", text::count(open.found.rows.len() as u64, "row"));
    let wish = Wish::Join { table: open.found.group.table.clone(), into: key(open.survivor), rows, take };
    ask_settle(model, "make them one", about, wish, said)
}

/// A row's name without what tells it from others of the same key.
fn plain(row: &str) -> String {
    let key = key_in(row);
    text::clean(if key.is_empty() { row } else { key }).into_owned()
}

/// How many fields differ whose value can be chosen: what is computed follows from the others.
fn choosable(model: &Model, open: &Open) -> usize {
    open.found.differing.iter().filter(|field| !is_computed(model, &open.found.group.table, field)).count()
}

/// Whether a field is computed from others, so that nobody chooses its value.
fn is_computed(model: &Model, table: &str, field: &str) -> bool {
    model.about.schema.field(table, field).is_some_and(|field| field.derive.is_some())
}

fn ask_apart(model: &mut Model) -> Vec<Effect> {
    let Some(open) = &model.duplicates.open else { return Vec::new() };
    let rows: Vec<String> = open.found.rows.iter().map(|row| plain(&row.row)).collect();
    let about = vec![
        format!("{} are different things that share {}.", rows.join(", "), text::clean(&open.found.group.value)),
        format!("{} of their fields differ.", text::number(open.found.differing.len() as u64)),
        format!("{} takes that back.", model.key("undo")),
    ];
    let rows = open.found.rows.iter().map(|row| row.row.clone()).collect();
    let wish = Wish::Apart { table: open.found.group.table.clone(), rows };
    let said = format!("remembered: they are different things; {} takes that back", model.key("undo"));
    ask_settle(model, "not a duplicate", about, wish, said)
}

/// Asks before a row is left out: what refers to it is not moved along, as a merge would do it.
fn ask_exclude(model: &mut Model) -> Vec<Effect> {
    let Some(open) = &model.duplicates.open else { return Vec::new() };
    let Some(row) = open.found.rows.get(open.column) else { return Vec::new() };
    let mut about = vec![format!("{} is neither checked nor committed.", plain(&row.row))];
    about.push(match row.referred {
        0 => "Nothing refers to it.".to_owned(),
        many => format!(
            "{} refer to this key and stay with it; {} moves them to the row that stays.",
            text::count(many, "row"),
            model.key("merge")
        ),
    });
    about.push(format!("{} takes that back.", model.key("undo")));
    let (table, row) = (open.found.group.table.clone(), row.row.clone());
    let said = format!("{} is left out", plain(&row));
    let wish = Wish::Action(Action::Exclude { table, rows: vec![row] });
    ask_settle(model, "leave this row out", about, wish, said)
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let all = model.duplicates.all_fields;
    let value = model.duplicates.open.as_ref().and_then(|open| {
        let row = open.found.rows.get(open.column)?;
        match open.field(all) {
            Some(at) => row.values.get(at)?.clone(),
            None => Some(row.row.clone()),
        }
    });
    super::copy(model, value.unwrap_or_default())
}
