//! Columns and fields are brought together and taken apart by hand. Neighbour: [`super::accept`], which follows what is suggested.

use super::act::{can_edit, feed, place};
use super::pairs::{self, Left, Link, Pair};
use super::{current, draft, edit, places, proposal, table};
use crate::model::{Edit, Field, FieldMapping, Step, column_key};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Item, Picker, Popup};
use crate::tui::text;
use crate::workbench;

pub(super) fn can_map(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    // On an entity without a table the way to one is what Enter can do.
    if table(model).is_none() {
        return Ok(());
    }
    let Some(pair) = current(model) else {
        return Err("there is nothing here to map".to_owned());
    };
    match (model.mapping.focus, &pair.left, &pair.field) {
        (super::COLUMNS, Left::Nothing, _) => {
            Err(format!("no column stands here; in the right list {} chooses one", model.key("map")))
        }
        (super::COLUMNS, Left::Lacking(name), _) => Err(format!("the export has no column \"{name}\"")),
        (super::COLUMNS, ..) => Ok(()),
        (_, _, None) => Err(format!("no field stands here; in the left list {} chooses one", model.key("map"))),
        _ => Ok(()),
    }
}

/// Chooses the other half of a pair.
pub(super) fn map(model: &mut Model) -> Vec<Effect> {
    if table(model).is_none() {
        return places::choose_table(model);
    }
    match current(model) {
        Some(pair) if model.mapping.focus == super::COLUMNS => choose_field(model, &pair),
        Some(pair) => choose_column(model, &pair),
        None => Vec::new(),
    }
}

/// What a field is, in a word or two: its type, and what it is good for.
pub(super) fn nature(declared: &Field) -> String {
    let mut parts = vec![declared.kind.name().to_owned()];
    parts.extend(declared.key.then(|| "key".to_owned()));
    parts.extend((declared.required && !declared.key).then(|| "required".to_owned()));
    parts.join(", ")
}

fn choose_field(model: &mut Model, pair: &Pair) -> Vec<Effect> {
    let (Some(column), Some((name, declared))) = (pair.column_name(model), table(model)) else {
        return Vec::new();
    };
    let (name, fields) = (name.to_owned(), declared.fields.clone());
    let mut order: Vec<(String, f64)> =
        fields.keys().map(|field| (field.clone(), score(model, &column, field))).collect();
    order.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let items = order
        .iter()
        .filter_map(|(field, score)| {
            let declared = fields.get(field)?;
            let fed = draft(model)?.field(&name, field).into_iter().flat_map(FieldMapping::inputs);
            let fed: Vec<&str> = fed.map(|column| pairs::as_exported(model, column)).collect();
            let mut aside = nature(declared);
            if *score >= WORTH_TELLING {
                aside.push_str(&format!(" · suggested {score:.2}"));
            }
            if !fed.is_empty() {
                aside.push_str(&format!(" · fed by {}", fed.join(", ")));
            }
            Some(Item { details: about(declared), ..Item::new(field.clone(), "", aside) })
        })
        .collect();
    let fed = (pair.link == Link::Mapped).then(|| Some((pair.field.clone()?, taken_away(model, pair)?))).flatten();
    let title = match &fed {
        Some((now, _)) => format!("\"{column}\" feeds {now}: another field of {name}"),
        None => format!("the field of {name} that \"{column}\" goes to"),
    };
    model.popup = Some(Popup::Picker(Picker::new(title, items, move |model, at| match order.get(at) {
        Some((field, _)) => match fed.as_ref().filter(|(now, _)| now != field) {
            Some((now, leaving)) => redirect(model, &column, now, field, leaving),
            None => join(model, &column, field, None),
        },
        None => Vec::new(),
    })));
    Vec::new()
}

/// A choice whose sentence is seen whole below the list.
fn explained(name: &str, aside: impl Into<String>, about: String) -> Item {
    Item { details: about.clone(), ..Item::new(name, aside, about) }
}

/// Asks whether a column that feeds a field already goes to another one in its place, or to both.
fn redirect(model: &mut Model, column: &str, now: &str, field: &str, leaving: &(Edit, String)) -> Vec<Effect> {
    let leaving = leaving.clone();
    let items = vec![
        explained("instead", "", format!("{field}, and {}.", leaving.1)),
        explained("as well", "", format!("{column} feeds {now} and {field}.")),
    ];
    let (column, field) = (column.to_owned(), field.to_owned());
    let title = format!("\"{column}\" feeds {now} already: how does {field} come in?");
    let chosen = move |model: &mut Model, at: usize| join(model, &column, &field, (at == 0).then(|| leaving.clone()));
    model.popup = Some(Popup::Picker(Picker::new(title, items, chosen).of_few()));
    Vec::new()
}

/// What is known of a field beside its name.
fn about(declared: &Field) -> String {
    let mut lines = vec![declared.description.clone()];
    if !declared.synonyms.is_empty() {
        lines.push(format!("also called {}", declared.synonyms.join(", ")));
    }
    if !declared.values.is_empty() {
        lines.push(format!("one of {}", declared.values.join(", ")));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

fn choose_column(model: &mut Model, pair: &Pair) -> Vec<Effect> {
    let (Some(field), Some(profile)) = (pair.field.clone(), super::profile(model)) else {
        let why = super::unprofiled(model).unwrap_or_else(|| "no field stands here".to_owned());
        model.say(Tone::Refused, why);
        return Vec::new();
    };
    let mut order: Vec<(usize, f64)> =
        profile.columns.iter().enumerate().map(|(at, column)| (at, score(model, &column.name, &field))).collect();
    order.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let columns: Vec<String> = order.iter().map(|(at, _)| profile.columns[*at].name.clone()).collect();
    let items = order
        .iter()
        .map(|(at, score)| {
            let column = &profile.columns[*at];
            let mut aside = format!("{:.0} % filled", (column.fill() * 100.0).floor());
            if *score >= WORTH_TELLING {
                aside.push_str(&format!(" · suggested {score:.2}"));
            }
            Item { details: samples(column), ..Item::new(column.name.clone(), column.kind.name(), aside) }
        })
        .collect();
    let title = format!("the column that {field} comes from");
    model.popup = Some(Popup::Picker(Picker::new(title, items, move |model, at| match columns.get(at) {
        Some(column) => join(model, column, &field, None),
        None => Vec::new(),
    })));
    Vec::new()
}

/// The first and the most frequent values of a column.
fn samples(column: &crate::model::ColumnProfile) -> String {
    let first: Vec<String> = column.first.iter().map(|value| text::exact(value)).collect();
    let frequent: Vec<String> = column
        .frequent
        .iter()
        .map(|(value, rows)| format!("{} ({})", text::exact(value), text::number(*rows)))
        .collect();
    format!("first: {}\nmost frequent: {}", first.join(" · "), frequent.join(" · "))
}

/// A score below this would be told as 0.00.
const WORTH_TELLING: f64 = 0.005;

/// How sure a column is suggested for a field; 0 where it is not.
fn score(model: &Model, column: &str, field: &str) -> f64 {
    let Some((table, _)) = table(model) else { return 0.0 };
    let all = proposal(model).map(|proposal| proposal.suggestions.as_slice()).unwrap_or_default();
    let of_column =
        |one: &&crate::model::Suggestion| one.table == table && one.columns.iter().any(|name| name == column);
    let best = all.iter().filter(of_column).find_map(|one| match one.field == field {
        true => Some(one.score),
        false => one.runner_up.as_ref().filter(|next| next.field == field).map(|next| next.score),
    });
    best.unwrap_or(0.0)
}

/// Feeds a field with a column; where it is fed already, after asking how the two go together. What the column leaves for
/// it is part of the same edit.
fn join(model: &mut Model, column: &str, field: &str, leaving: Option<(Edit, String)>) -> Vec<Effect> {
    let whole = move |edit: Edit, said: String| match &leaving {
        Some((first, gone)) => (Edit::Many(vec![first.clone(), edit]), format!("{said}; {gone}")),
        None => (edit, said),
    };
    let Some((entity, table)) = place(model) else {
        return Vec::new();
    };
    let now: Vec<String> = draft(model)
        .and_then(|draft| draft.field(&table, field))
        .map(|feed| feed.inputs().map(str::to_owned).collect())
        .unwrap_or_default();
    if now.iter().any(|known| column_key(known) == column_key(column)) {
        model.say(Tone::News, format!("{column} feeds {field} already"));
        return Vec::new();
    }
    if now.is_empty() {
        let (map, said) = whole(mapped(model, &entity, &table, column, field), format!("{column} → {field}"));
        edit(model, map, said);
        return Vec::new();
    }
    let names: Vec<&str> = now.iter().map(|column| pairs::as_exported(model, column)).collect();
    let both = format!("{} and {column}", names.join(", "));
    let items = vec![
        explained("in its place", "", format!("{} no longer feeds {field}.", names.join(", "))),
        explained(
            "joined",
            "concat",
            format!("{both}, one after the other with a space between; {} changes that.", model.key("transforms")),
        ),
        explained("the first that has a value", "coalesce", format!("{both}: the first of them that is not empty.")),
    ];
    let (column, field) = (column.to_owned(), field.to_owned());
    let title = format!("{field} is fed by {}: how does {column} come in?", names.join(", "));
    let chosen = move |model: &mut Model, at: usize| {
        let first = match at {
            0 => {
                let (map, said) = whole(mapped(model, &entity, &table, &column, &field), format!("{column} → {field}"));
                edit(model, map, said);
                return Vec::new();
            }
            1 => "concat",
            _ => "coalesce",
        };
        let Some(feed) = draft(model).and_then(|draft| draft.field(&table, &field)) else {
            return Vec::new();
        };
        let columns: Vec<String> = feed.inputs().map(str::to_owned).chain([column.clone()]).collect();
        let mut steps = feed.transforms.clone();
        // What already puts several columns together goes on doing so.
        if !steps.first().is_some_and(takes_several) {
            steps.insert(0, Step::bare(first));
        } else if let Some(step) = steps.first_mut().filter(|step| step.name != first) {
            *step = Step::bare(first);
        }
        let said = format!("{} → {field}", columns.join(" + "));
        let map = Edit::Map {
            table: table.clone(),
            entity: entity.clone(),
            field: field.clone(),
            columns,
            transforms: Some(steps),
        };
        let (map, said) = whole(map, said);
        edit(model, map, said);
        Vec::new()
    };
    model.popup = Some(Popup::Picker(Picker::new(title, items, chosen).of_few()));
    Vec::new()
}

fn takes_several(step: &Step) -> bool {
    workbench::transform(&step.name).is_ok_and(|transform| transform.inputs == workbench::Inputs::Many)
}

/// Whether a step takes a second column that says how the first is to be read.
fn reads_beside(step: &Step) -> bool {
    workbench::transform(&step.name).is_ok_and(|transform| matches!(transform.inputs, workbench::Inputs::Beside(_)))
}

/// The edit that feeds a field with one column: with the transforms that were suggested for the pair, or with those that
/// fit what the field is.
fn mapped(model: &Model, entity: &str, table: &str, column: &str, field: &str) -> Edit {
    let suggested = proposal(model).and_then(|proposal| {
        let alone = |one: &crate::model::Suggestion| {
            one.columns.first().is_some_and(|first| first == column)
                && (one.columns.len() == 1 || one.transforms.iter().any(reads_beside))
        };
        let fits = |one: &&crate::model::Suggestion| one.table == table && one.field == field && alone(one);
        proposal.suggestions.iter().find(fits)
    });
    let profile = super::profile(model).and_then(|profile| profile.column(column));
    let steps = suggested.map(|one| one.transforms.clone()).unwrap_or_else(|| {
        let name = draft(model).map(|draft| draft.name()).unwrap_or_default();
        let mappings = (name, model.about.mappings.as_slice());
        let profile = profile.cloned().unwrap_or_default();
        workbench::usual_transforms(&model.about.schema, mappings, table, field, &profile)
    });
    Edit::Map {
        table: table.to_owned(),
        entity: entity.to_owned(),
        field: field.to_owned(),
        columns: suggested.map_or_else(|| vec![column.to_owned()], |one| one.columns.clone()),
        transforms: Some(steps),
    }
}

pub(super) fn can_unmap(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    match current(model) {
        Some(pair) if pair.link == Link::Mapped => Ok(()),
        _ => Err("nothing is mapped here".to_owned()),
    }
}

/// Takes the column of the pair away from its field, and the field's part of the mapping where it was the last one.
pub(super) fn unmap(model: &mut Model) -> Vec<Effect> {
    if let Some((change, said)) = current(model).and_then(|pair| taken_away(model, &pair)) {
        edit(model, change, said);
    }
    Vec::new()
}

/// The edit that takes the column of a pair away from its field, and what that means.
fn taken_away(model: &Model, pair: &Pair) -> Option<(Edit, String)> {
    let (entity, table) = place(model)?;
    let (field, feed) = (pair.field.clone()?, feed(model, pair)?);
    let gone = pair.column_name(model).map(|name| column_key(&name));
    let mut left: Vec<String> = feed.inputs().map(str::to_owned).collect();
    left.retain(|name| Some(column_key(name)) != gone);
    let name = pair.column_name(model);
    Some(match name {
        Some(name) if !left.is_empty() => {
            let mut steps = feed.transforms.clone();
            // One column alone has nothing to be joined with.
            if left.len() == 1 && steps.first().is_some_and(takes_several) {
                steps.remove(0);
            }
            let said = format!("{name} no longer feeds {field}");
            (Edit::Map { table, entity, field, columns: left, transforms: Some(steps) }, said)
        }
        _ => {
            let said = format!("nothing feeds {field} any more");
            (Edit::Unmap { table, field }, said)
        }
    })
}
