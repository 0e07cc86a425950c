//! What the keys do to a mapping beside [`super::join`] and [`super::accept`]: values for all rows, undo, what is seen of it.

use super::pairs::{self, Link, Pair};
use super::{Told, current, draft, edit, places, source, table};
use crate::model::{Edit, FieldMapping, MappingDraft};
use crate::tui::cursor::Cursor;
use crate::tui::effects::{Ask, Effect};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Popup, Question};
use crate::tui::widgets::empty;
use crate::tui::{screens, text};

/// Whether there is a draft that can be edited.
pub(super) fn can_edit(model: &Model) -> Result<(), String> {
    can_edit_or_look(model)?;
    match model.about.read_only {
        true => Err("the workspace is open for reading only".to_owned()),
        // What is written must be what was seen.
        false if model.mapping.saving > 0 => Err("the mapping is being saved; a moment".to_owned()),
        false => Ok(()),
    }
}

pub(super) fn can_edit_or_look(model: &Model) -> Result<(), String> {
    places::any(model)?;
    match source(model).and_then(|source| source.failure.as_ref()) {
        Some(_) => Err(format!("the mapping file cannot be read; {} reads it again", model.key("read the file again"))),
        None if draft(model).is_none() => Err("the mapping is still being read; a moment".to_owned()),
        None => Ok(()),
    }
}

pub(super) fn has_table(model: &Model) -> Result<(), String> {
    can_edit_or_look(model)?;
    table(model)
        .map(|_| ())
        .ok_or_else(|| format!("this entity feeds no table yet; {} chooses one", model.key("feed a table")))
}

pub(super) fn place(model: &Model) -> Option<(String, String)> {
    let place = model.mapping.place.as_ref()?;
    Some((place.entity.clone(), place.table.clone()?))
}

/// What feeds the field of a pair now.
pub(super) fn feed<'m>(model: &'m Model, pair: &Pair) -> Option<&'m FieldMapping> {
    draft(model)?.field(table(model)?.0, pair.field.as_deref()?)
}

pub(super) fn can_undo(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    match draft(model) {
        Some(draft) if draft.edits().next().is_some() => Ok(()),
        Some(draft) if draft.has_redo() => {
            Err(format!("every edit is taken back; {} makes the last one again", model.key("redo")))
        }
        _ => Err("this mapping was not edited yet".to_owned()),
    }
}

pub(super) fn can_redo(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    match draft(model) {
        Some(draft) if draft.has_redo() => Ok(()),
        _ => Err("there is nothing to redo".to_owned()),
    }
}

pub(super) fn undo(model: &mut Model, again: bool) -> Vec<Effect> {
    let before = current(model);
    let Some(name) = source(model).map(|source| source.mapping.clone()) else {
        return Vec::new();
    };
    let Some(draft) = model.mapping.drafts.get_mut(&name) else {
        return Vec::new();
    };
    let done = if again { draft.redo() } else { draft.undo() };
    let said = done.map(describe);
    match (said, again) {
        (Some(said), false) => model.say(Tone::Done, format!("undone: {said}")),
        (Some(said), true) => model.say(Tone::Done, format!("done again: {said}")),
        (None, _) => {}
    }
    super::follow(model, before);
    Vec::new()
}

/// What an edit does, in a few words.
fn describe(edit: &Edit) -> String {
    match edit {
        Edit::Entity { entity, .. } => format!("what is read of {entity}"),
        Edit::Map { field, columns, .. } => format!("{} → {field}", columns.join(" + ")),
        Edit::Unmap { field, .. } => format!("{field} fed by nothing"),
        Edit::Constant { field, value, .. } => format!("{field} = \"{value}\""),
        Edit::Transforms { field, .. } => format!("the transforms of {field}"),
        Edit::InsertTransform { field, step, .. } => format!("{} in {field}", step.name),
        Edit::ReplaceTransform { field, step, .. } => format!("{step} in {field}"),
        Edit::RemoveTransform { field, .. } => format!("a transform of {field} removed"),
        Edit::MoveTransform { field, .. } => format!("a transform of {field} moved"),
        Edit::Optional { field, optional: true, .. } => format!("{field} optional"),
        Edit::Optional { field, optional: false, .. } => format!("{field} not optional"),
        Edit::Rename { from, to, .. } => format!("{from} read as {to}"),
        Edit::RemoveTable { table } => format!("{table} fed by nothing"),
        Edit::Many(edits) => match edits.as_slice() {
            [one] => describe(one),
            [Edit::Entity { .. }, one] => describe(one),
            many => format!("{} edits", many.len()),
        },
    }
}

pub(super) fn can_remove_table(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    let fed = place(model).and_then(|(_, table)| draft(model)?.mapping().tables.get(&table).map(|_| ()));
    fed.ok_or_else(|| "this source does not feed the table".to_owned())
}

pub(super) fn remove_table(model: &mut Model) -> Vec<Effect> {
    if let Some((_, table)) = place(model) {
        let undo = model.key("undo");
        let said = format!("nothing feeds {table} from this source any more; {undo} takes that back");
        edit(model, Edit::RemoveTable { table }, said);
    }
    Vec::new()
}

pub(super) fn can_set_constant(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    match current(model) {
        Some(Pair { field: Some(_), .. }) => Ok(()),
        _ => Err("no field stands here".to_owned()),
    }
}

/// Asks for the value that the field has in every row.
pub(super) fn constant(model: &mut Model) -> Vec<Effect> {
    let Some(pair) = current(model) else {
        return Vec::new();
    };
    let field = pair.field.clone().unwrap_or_default();
    let now = feed(model, &pair).and_then(|feed| {
        let step = feed.transforms.first().filter(|step| step.name == "constant")?;
        step.arguments.as_ref()?.as_str().map(str::to_owned)
    });
    let declared = table(model).and_then(|(_, table)| table.fields.get(&field));
    let what = match declared {
        Some(declared) if !declared.values.is_empty() => format!("one of {}", declared.values.join(", ")),
        Some(declared) => screens::anomalies::shape(declared.kind).to_owned(),
        None => String::new(),
    };
    let what = format!("{what}; the same in every row, in place of what a column says");
    model.popup = Some(Popup::Form(Form {
        title: format!("{field} in every row"),
        about: Vec::new(),
        fields: vec![FormField::new("value", what, now.unwrap_or_default())],
        focus: 0,
        check: |model, form| {
            if form.text(0).is_empty() {
                return Some(format!("a value is needed; {} unmaps", model.key("unmap")));
            }
            let field = current(model)?.field?;
            screens::anomalies::objection(table(model)?.1.fields.get(&field)?, form.text(0))
        },
        submit: |model, texts| {
            let value = texts.into_iter().next().unwrap_or_default();
            if let (Some(pair), Some((entity, table))) = (current(model), place(model)) {
                let field = pair.field.unwrap_or_default();
                let said = format!("{field} = \"{}\"", text::clean(&value));
                edit(model, Edit::Constant { table, entity, field, value }, said);
            }
            Vec::new()
        },
    }));
    Vec::new()
}

pub(super) fn can_set_optional(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    match current(model) {
        Some(pair) if feed(model, &pair).is_some_and(|feed| feed.inputs().next().is_some()) => Ok(()),
        _ => Err("no column feeds this field".to_owned()),
    }
}

pub(super) fn optional(model: &mut Model) -> Vec<Effect> {
    let (Some(pair), Some((_, table))) = (current(model), place(model)) else {
        return Vec::new();
    };
    let optional = !feed(model, &pair).is_some_and(|feed| feed.optional);
    let field = pair.field.unwrap_or_default();
    let said = match optional {
        true => format!("{field} stays empty where an export lacks its column"),
        false => format!("an export without the column of {field} cannot be checked"),
    };
    edit(model, Edit::Optional { table, field, optional }, said);
    Vec::new()
}

pub(super) fn show_sql(model: &mut Model) -> Vec<Effect> {
    let (Some(place), Some(draft)) = (model.mapping.place.clone(), draft(model)) else {
        return Vec::new();
    };
    let draft = Box::new(MappingDraft::new(draft.name(), draft.mapping().clone(), None));
    vec![model.ask(Ask::MapSql { source: place.source, draft, table: place.table.unwrap_or_default() })]
}

pub(super) fn take_sql(model: &mut Model, outcome: &Result<(String, String), Told>) {
    let (title, lines) = match outcome {
        Ok((table, sql)) => (format!("the statement that builds {table}"), sql.lines().map(str::to_owned).collect()),
        Err(told) => {
            let lines = std::iter::once(format!("✗ {}", told.what));
            ("no statement".to_owned(), lines.chain(told.hints.iter().map(|hint| format!("→ {hint}"))).collect())
        }
    };
    model.popup = Some(Popup::Text { title, lines, cursor: Cursor::default(), waits: None });
}

pub(super) fn has_drift(model: &Model) -> Result<(), String> {
    can_edit_or_look(model)?;
    pairs::drift(model).map(|_| ()).ok_or_else(|| "the columns are those of the load before".to_owned())
}

pub(super) fn show_drift(model: &mut Model) -> Vec<Effect> {
    let Some(drift) = pairs::drift(model) else {
        return Vec::new();
    };
    let mut lines: Vec<String> = Vec::new();
    for sentence in drift.sentences() {
        lines.push(format!("≠ {sentence}"));
    }
    lines.push(String::new());
    let [accept, unmap, optional, map] = ["accept suggestion", "unmap", "optional", "map"].map(|name| model.key(name));
    lines.push(format!(
        "Nothing was remapped by that. On a column that is gone, {accept} reads it by its new name, {unmap} unmaps it and \
         {optional} lets it be absent; on a new column, {map} maps it."
    ));
    let title = format!("how the columns of {} have changed", drift.entity);
    model.popup = Some(Popup::Text { title, lines, cursor: Cursor::default(), waits: None });
    Vec::new()
}

/// Goes to the next column that holds data and feeds nothing.
pub(super) fn next_unmapped(model: &mut Model, forward: bool) -> Vec<Effect> {
    let pairs = pairs::pairs(model);
    let at = usize::try_from(model.mapping.pairs.at).unwrap_or(0);
    let open = |pair: &Pair| pair.link != Link::Mapped && pair.column(model).is_some_and(|column| column.filled > 0);
    let places: Vec<usize> = pairs.iter().enumerate().filter(|(_, pair)| open(pair)).map(|(at, _)| at).collect();
    let next = match forward {
        true => places.iter().find(|place| **place > at).or(places.first()),
        false => places.iter().rev().find(|place| **place < at).or(places.last()),
    };
    match next.copied() {
        Some(next) => {
            model.mapping.focus = super::COLUMNS;
            if let Some(mut reel) = super::reel(model, super::COLUMNS) {
                reel.go(next as u64);
            }
        }
        None => model.say(Tone::News, "every column that holds data feeds a field"),
    }
    Vec::new()
}

pub(super) fn filter(model: &mut Model) -> Vec<Effect> {
    let now = model.mapping.filter.clone().unwrap_or_default();
    model.popup = Some(Popup::Form(Form {
        title: "filter columns and fields".to_owned(),
        about: Vec::new(),
        fields: vec![FormField::new("/", "in their names; empty for all", now)],
        focus: 0,
        check: |_, _| None,
        submit: |model, texts| {
            model.mapping.filter = texts.into_iter().next().filter(|text| !text.trim().is_empty());
            model.mapping.pairs = Cursor::default();
            Vec::new()
        },
    }));
    Vec::new()
}

/// A mapping is on the disk: what is checked from now on is checked by it.
pub(super) fn after_saving(model: &mut Model, name: &str) -> Vec<Effect> {
    model.epoch += 1;
    let loaded = model.sources.sources.iter().flatten().any(|source| source.standing.is_some());
    if loaded {
        model.say(Tone::Done, format!("mappings/{name}.toml saved; checking with it"));
        return screens::check(model);
    }
    let hint = empty::to_load(model);
    model.say_with_hint(Tone::Done, format!("mappings/{name}.toml saved"), hint);
    Vec::new()
}

/// Reads the file again, after a question where edits would be lost.
pub(super) fn reload(model: &mut Model) -> Vec<Effect> {
    let Some(draft) = draft(model).filter(|draft| draft.is_changed()) else {
        return read_again(model);
    };
    let about = vec![format!("The edits of {} that are not saved are dropped.", draft.name())];
    let title = "read the mapping file again".to_owned();
    model.popup = Some(Popup::Question(Question::new(title, about, read_again)));
    Vec::new()
}

fn read_again(model: &mut Model) -> Vec<Effect> {
    if let Some(name) = source(model).map(|source| source.mapping.clone()) {
        model.mapping.drafts.shift_remove(&name);
    }
    let Some(place) = model.mapping.place.clone() else {
        return Vec::new();
    };
    vec![model.ask(Ask::MappingDraft { source: place.source })]
}
