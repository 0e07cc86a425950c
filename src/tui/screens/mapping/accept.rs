//! Suggestions are followed, one by one or all that score enough. Neighbour: [`super::join`], which maps by hand.

use super::act::{can_edit, place};
use super::pairs::{self, Left, Link, Pair};
use super::{current, draft, edit, proposal, suggestion};
use crate::model::{Edit, column_key};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::text;

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

/// How many suggestions would be accepted together now.
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
            "{} below {:.2}; {} lowers the score that is asked for",
            text::count(some as u64, "suggestion"),
            least(model),
            model.key("lower score")
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
    model.mapping.least = model.mapping.least.saturating_add_signed(by).clamp(5, 100);
    let (accept, many) = (model.key("accept all suggestions"), would_accept(model) as u64);
    let said = format!("{accept} accepts {} from {:.2} on", text::count(many, "suggestion"), least(model));
    model.say(Tone::News, said);
    Vec::new()
}
