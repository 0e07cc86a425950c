//! What the keys do to a mapping: map and unmap, follow suggestions, undo, save.

use super::pairs::{self, Left, Link, Pair};
use super::{Told, current, draft, edit, places, proposal, source, suggestion, table};
use crate::model::{Edit, Field, FieldMapping, MappingDraft, Step, column_key};
use crate::tui::cursor::Cursor;
use crate::tui::effects::{Ask, Effect};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Item, Picker, Popup, Question};
use crate::tui::widgets::empty;
use crate::tui::{screens, text};
use crate::workbench;

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

fn place(model: &Model) -> Option<(String, String)> {
    let place = model.mapping.place.as_ref()?;
    Some((place.entity.clone(), place.table.clone()?))
}

/// What feeds the field of a pair now.
fn feed<'m>(model: &'m Model, pair: &Pair) -> Option<&'m FieldMapping> {
    draft(model)?.field(table(model)?.0, pair.field.as_deref()?)
}

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
            let fed: Vec<&str> = draft(model)?.field(&name, field).into_iter().flat_map(FieldMapping::inputs).collect();
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
        Some((now, _)) => format!("\"{column}\" feeds {now}: the other field of {name} that it goes to"),
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
    let both = format!("{} and {column}", now.join(", "));
    let items = vec![
        explained("in its place", format!("{column} alone"), format!("{} no longer feeds {field}.", now.join(", "))),
        explained(
            "joined",
            "concat",
            format!("{both}, one after the other with a space between; {} changes that.", model.key("transforms")),
        ),
        explained("the first that has a value", "coalesce", format!("{both}: the first of them that is not empty.")),
    ];
    let (column, field) = (column.to_owned(), field.to_owned());
    let title = format!("{field} is fed by {}: how does {column} come in?", now.join(", "));
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

pub(super) fn can_accept(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    match current(model) {
        Some(pair) if matches!(pair.link, Link::Suggested(_)) || pairs::new_name(model, &pair).is_some() => Ok(()),
        Some(Pair { link: Link::Mapped, .. }) => Err("this is mapped already".to_owned()),
        _ => Err(format!("nothing is suggested here; {} maps by hand", model.key("map"))),
    }
}

/// Follows the suggestion under the cursor and goes on to the next one.
pub(super) fn accept(model: &mut Model) -> Vec<Effect> {
    let (Some(pair), Some((entity, _))) = (current(model), place(model)) else {
        return Vec::new();
    };
    if let Some(renamed) = pairs::new_name(model, &pair) {
        let (from, to) = (renamed.from.clone(), renamed.to.clone());
        let said = format!("{from} is read as {to}");
        edit(model, Edit::Rename { entity, from, to }, said);
        return Vec::new();
    }
    let Some(one) = suggestion(model, &pair).cloned() else {
        return Vec::new();
    };
    let options = proposal(model).and_then(|proposal| proposal.options.clone());
    let mut edits: Vec<Edit> = options.map(|options| Edit::Entity { entity, options }).into_iter().collect();
    edits.push(one.edit());
    edit(model, Edit::Many(edits), format!("{} → {}", one.columns.join(" + "), one.field));
    next_suggested(model);
    Vec::new()
}

fn next_suggested(model: &mut Model) {
    let at = usize::try_from(model.mapping.pairs.at).unwrap_or(0);
    let pairs = pairs::pairs(model);
    let next = pairs.iter().enumerate().skip(at).find(|(_, pair)| matches!(pair.link, Link::Suggested(_)));
    if let Some(at) = next.map(|(at, _)| at as u64)
        && let Some(mut reel) = super::reel(model, super::COLUMNS)
    {
        reel.go(at);
    }
}

/// The suggestions for this table, and the new names, that score enough.
fn accepted(model: &Model) -> (Vec<usize>, Vec<(String, String)>) {
    let least = least(model);
    let open = pairs::open_suggestions(model);
    let taken = match doubt(model) {
        Some(_) => Vec::new(),
        None => open.iter().filter(|(_, one)| one.score >= least).map(|(at, _)| *at).collect(),
    };
    let renamed = pairs::drift(model).map(|drift| drift.renamed.as_slice()).unwrap_or_default();
    let lacking: Vec<String> = pairs::pairs(model)
        .into_iter()
        .filter_map(|pair| match pair.left {
            Left::Lacking(name) => Some(column_key(&name)),
            _ => None,
        })
        .collect();
    let read = |one: &&crate::model::RenamedColumn| one.score >= least && lacking.contains(&column_key(&one.from));
    (taken, renamed.iter().filter(read).map(|one| (one.from.clone(), one.to.clone())).collect())
}

/// Why nothing of this table is accepted unseen, if the table itself is rather not the right one for the entity.
fn doubt(model: &Model) -> Option<String> {
    let (entity, table) = place(model)?;
    let is_fed = draft(model)?.mapping().tables.get(&table).is_some_and(|feed| !feed.fields.is_empty());
    let choice = proposal(model)?.tables.iter().find(|choice| choice.table == table)?;
    let is_doubtful = proposal(model)?.is_doubtful(&table);
    (is_doubtful && !is_fed).then(|| format!("whether {entity} is {table} is not sure ({:.2})", choice.score))
}

/// From which score on suggestions are accepted together, 0 to 1.
pub(super) fn least(model: &Model) -> f64 {
    f64::from(model.mapping.least) / 100.0
}

/// How many suggestions `A` would accept now.
pub(super) fn would_accept(model: &Model) -> usize {
    let (taken, renamed) = accepted(model);
    taken.len() + renamed.len()
}

pub(super) fn can_accept_all(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    match (would_accept(model), pairs::open_suggestions(model).len()) {
        (0, 0) => Err("nothing is suggested for this table".to_owned()),
        (0, some) if doubt(model).is_some() => Err(format!(
            "{}: {}; {} accepts one after the other",
            text::count(some as u64, "suggestion"),
            doubt(model).unwrap_or_default(),
            model.key("accept suggestion")
        )),
        (0, some) => Err(format!(
            "{} below {:.2}; - lowers the score that is asked for",
            text::count(some as u64, "suggestion"),
            least(model)
        )),
        _ => Ok(()),
    }
}

pub(super) fn accept_all(model: &mut Model) -> Vec<Effect> {
    let Some((entity, _)) = place(model) else {
        return Vec::new();
    };
    let (taken, renamed) = accepted(model);
    let mut edits = Vec::new();
    if let Some(proposal) = proposal(model).filter(|_| !taken.is_empty()) {
        edits.extend(proposal.options.clone().map(|options| Edit::Entity { entity: entity.clone(), options }));
        edits.extend(taken.iter().filter_map(|at| proposal.suggestions.get(*at)).map(|one| one.edit()));
    }
    let names = renamed.len() as u64;
    let below = pairs::open_suggestions(model).len() - taken.len();
    edits.extend(renamed.into_iter().map(|(from, to)| Edit::Rename { entity: entity.clone(), from, to }));
    let mut said = vec![text::count(taken.len() as u64, "suggestion")];
    said.extend((names > 0).then(|| text::count(names, "new name")));
    let left = match below {
        0 => String::new(),
        below => format!("; {} below {:.2} left", text::count(below as u64, "suggestion"), least(model)),
    };
    let said = format!("accepted {}{left}; {} takes that back", said.join(" and "), model.key("undo"));
    edit(model, Edit::Many(edits), said);
    Vec::new()
}

pub(super) fn threshold(model: &mut Model, by: i8) -> Vec<Effect> {
    let least = &mut model.mapping.least;
    *least = least.saturating_add_signed(by).clamp(5, 100);
    let said =
        format!("A accepts {} from {:.2} on", text::count(would_accept(model) as u64, "suggestion"), least_of(model));
    model.say(Tone::News, said);
    Vec::new()
}

fn least_of(model: &Model) -> f64 {
    least(model)
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
    lines.push(
        "Nothing was remapped by that. On a column that is gone, a reads it by its new name, x unmaps it and o \
                lets it be absent; on a new column, Enter maps it."
            .to_owned(),
    );
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
