//! Where the user is: a source, one of its entities, and a canonical table that it feeds or could feed.

use super::{draft, profile, proposal};
use crate::model::coverage;
use crate::tui::cursor::Cursor;
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::popups::{Item, Picker, Popup};
use crate::tui::screens::sources;
use crate::tui::text;
use crate::tui::widgets::empty::{self, Stage};

/// A source, an entity, and a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The source.
    pub source: String,
    /// The entity.
    pub entity: String,
    /// The canonical table; `None` where the entity feeds none.
    pub table: Option<String>,
}

/// Every place there is, source by source, in the order of the mappings.
pub(super) fn places(model: &Model) -> Vec<Place> {
    let mut places = Vec::new();
    for status in model.sources.sources.iter().flatten() {
        let name = &status.name;
        let mut feeds: Vec<(String, Vec<String>)> = status.entities.clone();
        let known = model.mapping.sources.get(name);
        if let Some(draft) = known.and_then(|known| model.mapping.drafts.get(&known.mapping)) {
            // The draft knows better than the file.
            feeds.iter_mut().for_each(|(_, tables)| tables.clear());
            for (table, feed) in &draft.mapping().tables {
                add(&mut feeds, &feed.entity, Some(table));
            }
            draft.mapping().entities.keys().for_each(|entity| add(&mut feeds, entity, None));
        }
        for entity in known.iter().flat_map(|known| &known.staged) {
            add(&mut feeds, entity, None);
        }
        for proposed in known.and_then(|known| known.proposal.as_ref()).iter().flat_map(|proposal| &proposal.entities) {
            proposed
                .tables
                .iter()
                .filter(|choice| choice.chosen)
                .for_each(|choice| add(&mut feeds, &proposed.entity, Some(&choice.table)));
        }
        // A table that was only just chosen is there before anything is mapped to it.
        if let Some(Place { source, entity, table: Some(table) }) = &model.mapping.place
            && source == name
        {
            add(&mut feeds, entity, Some(table));
        }
        if feeds.is_empty() {
            // A source of which nothing is known yet: being there is what asks for it.
            feeds.push((String::new(), Vec::new()));
        }
        for (entity, tables) in feeds {
            let place = |table| Place { source: name.clone(), entity: entity.clone(), table };
            if tables.is_empty() {
                places.push(place(None));
            }
            places.extend(tables.into_iter().map(|table| place(Some(table))));
        }
    }
    places
}

fn add(feeds: &mut Vec<(String, Vec<String>)>, entity: &str, table: Option<&str>) {
    let at = feeds.iter().position(|(known, _)| known == entity).unwrap_or_else(|| {
        feeds.push((entity.to_owned(), Vec::new()));
        feeds.len() - 1
    });
    if let Some(table) = table.filter(|table| !feeds[at].1.iter().any(|known| known == table)) {
        feeds[at].1.push(table.to_owned());
    }
}

/// Goes somewhere where there is something, if the place is none any more.
pub(super) fn settle(model: &mut Model) {
    let places = places(model);
    let here = model.mapping.place.clone();
    if here.as_ref().is_some_and(|here| places.contains(here)) {
        // An entity for which a table is proposed by now is shown with it.
        return;
    }
    let of_source = |place: &&Place| here.as_ref().is_some_and(|here| here.source == place.source);
    let of_entity = |place: &&Place| here.as_ref().is_some_and(|here| here.entity == place.entity);
    // The first time that is the source which is chosen on the screen with the sources.
    let chosen = sources::chosen(model).map(|status| status.name.as_str());
    let is_chosen = |place: &&Place| here.is_none() && chosen == Some(place.source.as_str());
    let place = places
        .iter()
        .find(|place| of_source(place) && of_entity(place))
        .or_else(|| places.iter().find(of_source))
        .or_else(|| places.iter().find(is_chosen))
        .or_else(|| places.first());
    go(model, place.cloned());
}

/// Goes to an entity of a source, with the table that it feeds, if it feeds one.
pub fn show(model: &mut Model, source: &str, entity: &str) {
    let is_here = |place: &Place| place.source == source && place.entity == entity;
    if !model.mapping.place.as_ref().is_some_and(is_here) {
        go(model, Some(Place { source: source.to_owned(), entity: entity.to_owned(), table: None }));
    }
}

fn go(model: &mut Model, place: Option<Place>) {
    let state = &mut model.mapping;
    state.place = place;
    (state.pairs, state.steps, state.evidence, state.preview) = Default::default();
    state.filter = None;
    state.focus = state.focus.min(super::FIELDS);
}

pub(super) fn any(model: &Model) -> Result<(), String> {
    if model.mapping.place.is_some() {
        return Ok(());
    }
    empty::reached(model, Stage::Source)?;
    Err("the workspace is still being read".to_owned())
}

pub(super) fn several(model: &Model) -> Result<(), String> {
    any(model)?;
    if places(model).len() > 1 { Ok(()) } else { Err("there is no other table".to_owned()) }
}

/// Goes to the next place, or the one before, round and round.
pub(super) fn next(model: &mut Model, forward: bool) -> Vec<Effect> {
    let places = places(model);
    let here = places.iter().position(|place| Some(place) == model.mapping.place.as_ref()).unwrap_or(0);
    let step = if forward { 1 } else { places.len().saturating_sub(1) };
    let there = places.get((here + step) % places.len().max(1)).cloned();
    go(model, there);
    Vec::new()
}

/// Chooses among all places.
pub(super) fn choose(model: &mut Model) -> Vec<Effect> {
    let places = places(model);
    let items = places.iter().map(|place| item(model, place)).collect();
    let here = places.iter().position(|place| Some(place) == model.mapping.place.as_ref()).unwrap_or(0);
    let mut picker = Picker::new("source, entity → table", items, move |model, at| {
        go(model, places.get(at).cloned());
        Vec::new()
    });
    picker.cursor = Cursor { at: here as u64, top: (here as u64).saturating_sub(6) };
    model.popup = Some(Popup::Picker(picker));
    Vec::new()
}

fn item(model: &Model, place: &Place) -> Item {
    if place.entity.is_empty() {
        return Item::new(format!("{} …", place.source), "", "choosing it shows what it has");
    }
    let known = model.mapping.sources.get(&place.source);
    let draft = known.and_then(|known| model.mapping.drafts.get(&known.mapping));
    let name = match &place.table {
        Some(table) => format!("{} → {table}", place.entity),
        None => place.entity.clone(),
    };
    let aside = match (&place.table, draft) {
        (None, _) => "feeds no table yet".to_owned(),
        (Some(table), Some(draft)) => {
            let coverage = coverage(&model.about.schema, draft.mapping());
            let own = coverage.into_iter().find(|coverage| coverage.table == *table).unwrap_or_default();
            let required = own.covered.len() + own.lacking.len();
            let fed = draft.mapping().tables.contains_key(table);
            match fed {
                true => {
                    format!("{} of {} fields, {} of {required} required", own.fed, own.fields, own.covered.len())
                }
                false => "proposed".to_owned(),
            }
        }
        (Some(_), None) => String::new(),
    };
    Item::new(name, "", format!("{} · {aside}", place.source))
}

/// Chooses a canonical table for the entity, those first that it fits best.
pub(super) fn choose_table(model: &mut Model) -> Vec<Effect> {
    let Some(place) = model.mapping.place.clone() else {
        return Vec::new();
    };
    let mut tables: Vec<(String, f64, String)> = Vec::new();
    for choice in proposal(model).iter().flat_map(|proposal| &proposal.tables) {
        tables.push((choice.table.clone(), choice.score, choice.words.clone()));
    }
    for table in model.about.schema.tables.keys() {
        if !tables.iter().any(|(known, ..)| known == table) {
            tables.push((table.clone(), 0.0, String::new()));
        }
    }
    let fed_by = |table: &str| draft(model).and_then(|draft| Some(draft.mapping().tables.get(table)?.entity.clone()));
    let rows = profile(model).map(|profile| profile.rows);
    let items = tables
        .iter()
        .map(|(table, score, words)| {
            let mut about =
                model.about.schema.tables.get(table).map(|table| table.description.clone()).unwrap_or_default();
            if !words.is_empty() {
                about.push_str(&format!("\n{words}"));
            }
            let aside = match fed_by(table) {
                Some(entity) if entity == place.entity => "fed by this entity".to_owned(),
                // One entity of a source feeds a table.
                Some(entity) => {
                    format!("fed by {entity}; {} there takes that away first", model.key("stop feeding the table"))
                }
                None if *score > 0.0 => format!("fits {score:.2}"),
                None => String::new(),
            };
            Item {
                faint: fed_by(table).is_some_and(|entity| entity != place.entity),
                details: about,
                ..Item::new(table.clone(), "", aside)
            }
        })
        .collect();
    let rows = rows.map(|rows| format!(" · {}", text::count(rows, "row"))).unwrap_or_default();
    let title = format!("the table that {} feeds{rows}", place.entity);
    model.popup = Some(Popup::Picker(Picker::new(title, items, move |model, at| {
        let Some((table, ..)) = tables.get(at) else {
            return Vec::new();
        };
        let other = draft(model)
            .and_then(|draft| draft.mapping().tables.get(table))
            .map(|feed| feed.entity.clone())
            .filter(|entity| *entity != place.entity);
        if let Some(other) = other {
            let said = format!(
                "{table} is fed by {other} already; {} there takes that away first",
                model.key("stop feeding the table")
            );
            model.say(crate::tui::notes::Tone::Refused, said);
            return Vec::new();
        }
        go(model, Some(Place { table: Some(table.clone()), ..place.clone() }));
        Vec::new()
    })));
    Vec::new()
}
