//! What the keys do: rows become one, are told apart or left out, each after a question. Neighbour: [`super::keys`] says which keys.

use indexmap::IndexMap;

use super::{GROUPS, ROWS, choosable, name, reel};
use crate::model::{Action, key_in};
use crate::tui::cursor::around;
use crate::tui::effects::{Effect, Wish};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, Popup, Question};
use crate::tui::screens::{self, decide};
use crate::tui::text;
use crate::tui::widgets::empty::{self, Stage};

pub(super) fn has_groups(model: &Model) -> Result<(), String> {
    match &model.duplicates.groups {
        Some(groups) if !groups.is_empty() => Ok(()),
        Some(_) if model.verdict.is_some() => Err("no rows look alike".to_owned()),
        _ => {
            empty::reached(model, Stage::Checked)?;
            Err("the groups are being read; a moment".to_owned())
        }
    }
}

pub(super) fn has_rows(model: &Model) -> Result<(), String> {
    has_groups(model)?;
    model.duplicates.open.as_ref().map(|_| ()).ok_or_else(|| "the rows are being read; a moment".to_owned())
}

pub(super) fn can_decide(model: &Model) -> Result<(), String> {
    model.writable()?;
    has_rows(model)?;
    let group = model.duplicates.open.as_ref().map(|open| name(&open.found.group));
    match group.is_some_and(|group| model.duplicates.decided.contains(&group)) {
        true => Err(format!("that is decided; {} takes it back", model.key("undo"))),
        false => Ok(()),
    }
}

pub(super) fn can_merge(model: &Model) -> Result<(), String> {
    can_decide(model)?;
    match model.duplicates.open.as_ref().map_or(0, |open| open.found.rows.len()) {
        0 | 1 => Err("the other rows of the group are gone".to_owned()),
        _ => Ok(()),
    }
}

pub(super) fn can_keep_apart(model: &Model) -> Result<(), String> {
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

pub(super) fn can_take(model: &Model) -> Result<(), String> {
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

pub(super) fn take(model: &mut Model) -> Vec<Effect> {
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

pub(super) fn stay(model: &mut Model) -> Vec<Effect> {
    if let Some(open) = &mut model.duplicates.open {
        open.survivor = open.column;
        open.picks.clear();
    }
    Vec::new()
}

pub(super) fn turn(model: &mut Model, right: bool) -> Vec<Effect> {
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

pub(super) fn step(model: &mut Model, by: i64) -> Vec<Effect> {
    if let Some(mut reel) = reel(model, GROUPS) {
        reel.step(by);
    }
    Vec::new()
}

/// Asks what to search for among the groups.
pub(super) fn search(model: &mut Model) -> Vec<Effect> {
    let (next, previous) = (model.key("duplicates/next match"), model.key("duplicates/previous match"));
    model.popup = Some(Popup::Form(Form::search("search groups", &next, &previous, |model, texts| {
        model.duplicates.search = texts.into_iter().next().filter(|text| !text.is_empty());
        find(model, false)
    })));
    Vec::new()
}

pub(super) fn searched(model: &Model) -> Result<(), String> {
    has_groups(model)?;
    let different = model.key("not a duplicate");
    let none = || {
        let search = model.key("duplicates/search");
        format!("nothing was searched for yet: {search} searches; {different} says that the rows are different things")
    };
    model.duplicates.search.as_ref().map(drop).ok_or_else(none)
}

/// Goes to the next group that contains what was searched for, around the end.
pub(super) fn find(model: &mut Model, backwards: bool) -> Vec<Effect> {
    let (Some(sought), Some(groups)) = (model.duplicates.search.clone(), &model.duplicates.groups) else {
        return Vec::new();
    };
    let text = sought.to_lowercase();
    let holds = |at: &usize| {
        let group = &groups[*at];
        [&group.table, &group.rule, &group.field, &group.value].iter().any(|part| part.to_lowercase().contains(&text))
    };
    match around(model.duplicates.cursor.at, groups.len(), backwards).into_iter().find(holds) {
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

pub(super) fn toggle_fields(model: &mut Model) -> Vec<Effect> {
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
pub(super) fn ask_merge(model: &mut Model) -> Vec<Effect> {
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
    let differ = match choosable(model, open) as u64 {
        1 => "1 field differs".to_owned(),
        many => format!("{many} fields differ"),
    };
    let second = match (choosable(model, open), taken) {
        (0, _) => "No field differs.".to_owned(),
        (_, 0) => format!("{differ}; the row that stays keeps its own values."),
        (_, 1) => format!("{differ}; 1 comes from the others, marked ●."),
        (_, some) => format!("{differ}; {} come from the others, marked ●.", text::number(some)),
    };
    let mut about = vec![first, second];
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

pub(super) fn ask_apart(model: &mut Model) -> Vec<Effect> {
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
pub(super) fn ask_exclude(model: &mut Model) -> Vec<Effect> {
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

pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    let all = model.duplicates.all_fields;
    let value = model.duplicates.open.as_ref().and_then(|open| {
        let row = open.found.rows.get(open.column)?;
        match open.field(all) {
            Some(at) => row.values.get(at)?.clone(),
            None => Some(row.row.clone()),
        }
    });
    screens::copy(model, value.unwrap_or_default())
}
