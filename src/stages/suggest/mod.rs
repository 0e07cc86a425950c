//! Suggest: profiles of staged columns, and which canonical field each belongs to, with evidence.
//!
//! `profile` looks at the values, `names` at the words of headers and synonyms, `senses` at what they say yes to, `keys` finds known keys again, `learnt` is
//! what other mappings say, `fit` and `score` weigh one pair, `assign` pairs a whole table one to one, `patterns` joins
//! and splits columns, `steps` proposes transforms. Nothing here knows what the tables are about.

mod assign;
mod drift;
mod fit;
mod keys;
mod learnt;
mod names;
mod patterns;
mod profile;
mod score;
mod senses;
mod steps;

use std::collections::HashMap;

pub use drift::drift;
pub use profile::{profile, profile_columns, staged_load};
pub use steps::usual as usual_steps;

use crate::error::Result;
use crate::model::{
    Drift, EntityProfile, EntityProposal, FieldType, Mapping, Proposal, Schema, Step, Suggestion, Table, TableChoice,
    column_key,
};
use crate::store::Store;
use crate::transforms::text_columns;
use keys::{KeyColumn, Known};
use learnt::Learnt;
use score::{Ground, Matrix, Renamed};

/// The odds from which on an entity is suggested for a table.
const LEAST_TABLE: f64 = -2.2;

/// What suggestions are made from.
pub struct Request<'a> {
    /// The canonical schema.
    pub schema: &'a Schema,
    /// The source.
    pub source: &'a str,
    /// The name of its mapping, by file name without `.toml`.
    pub name: &'a str,
    /// The mapping as it is now, which may be without any table.
    pub mapping: &'a Mapping,
    /// All mappings of the workspace by name, to learn from.
    pub others: &'a [(String, Mapping)],
    /// The profiles of the source's staged entities.
    pub entities: &'a [EntityProfile],
    /// How the columns have changed with the last load.
    pub drift: &'a [Drift],
    /// The table that somebody asks about: suggestions are made for it too where nothing fits it of itself.
    pub asked: Option<&'a str>,
    /// What the mapping would have to say of each entity for its connector, if it says nothing.
    pub options: &'a dyn Fn(&str) -> Option<toml::Table>,
}

/// Known keys by canonical table and column.
type Keys = HashMap<(String, String), Known>;

/// For each column of each staged entity of a source, the best canonical field, and for each entity without a table, the
/// best table.
pub fn suggest(store: &Store, request: &Request) -> Result<Proposal> {
    let learnt = Learnt::from(request.others, request.name);
    let mut known: Vec<Keys> =
        request.entities.iter().map(|entity| keys::known(store, request.schema, entity, &[])).collect::<Result<_>>()?;
    let referred = keys::referred(store, request.entities)?;
    let choices = choose_tables(request, &learnt, &known, &referred);
    // Keys that other entities of the source bring along are known as soon as their columns are.
    let others = key_columns(request, &learnt, &known, &referred, &choices);
    if !others.is_empty() {
        for (entity, known) in request.entities.iter().zip(&mut known) {
            for (place, found) in keys::known(store, request.schema, entity, &others)? {
                let best = known.entry(place).or_default();
                // What lies beside it in the same exports is nearer than what was read of others before.
                if found.share >= best.share || best.of.is_empty() {
                    *best = found;
                }
            }
        }
    }
    let mut entities = Vec::new();
    for (((entity, known), referred), tables) in request.entities.iter().zip(&known).zip(&referred).zip(choices) {
        let mut suggestions = Vec::new();
        for choice in tables.iter().filter(|choice| choice.chosen) {
            suggestions.extend(suggestions_of(store, request, &learnt, known, referred, entity, &choice.table)?);
        }
        let is_used =
            |name: &str| suggestions.iter().any(|one: &Suggestion| one.columns.iter().any(|column| column == name));
        let left = entity.columns.iter().filter(|column| column.filled > 0 && !is_used(&column.name));
        let left = left.map(|column| column.name.clone()).collect();
        let options = if request.mapping.entities.contains_key(&entity.entity) {
            None
        } else {
            (request.options)(&entity.entity)
        };
        entities.push(EntityProposal {
            entity: entity.entity.clone(),
            rows: entity.rows,
            tables,
            suggestions,
            left,
            options,
        });
    }
    read_references_alike(request, &known, &mut entities);
    Ok(Proposal { source: request.source.to_owned(), mapping: request.name.to_owned(), entities })
}

/// Lets a reference be read by the same steps as the key that it refers to, where that key is in the same source.
fn read_references_alike(request: &Request, known: &[Keys], entities: &mut [EntityProposal]) {
    let key_steps: HashMap<(String, String), Vec<Step>> = entities
        .iter()
        .flat_map(|entity| &entity.suggestions)
        .filter(|one| one.columns.len() == 1)
        .map(|one| ((one.table.clone(), one.field.clone()), one.transforms.clone()))
        .collect();
    for (entity, known) in entities.iter_mut().zip(known) {
        for one in entity.suggestions.iter_mut().filter(|one| !one.mapped && one.columns.len() == 1) {
            let Some(to) = request.schema.field(&one.table, &one.field).and_then(|field| field.references.clone())
            else {
                continue;
            };
            let of = known.get(&(to.table.clone(), one.columns[0].clone()));
            if of.is_none_or(|of| of.staged || of.share < 0.05)
                && let Some(steps) = key_steps.get(&(to.table, to.field))
            {
                one.transforms.clone_from(steps);
            }
        }
    }
}

/// What feeding one field with columns of the request's first entity would come to, whether it is a good idea or not.
pub fn pair(
    store: &Store,
    request: &Request,
    columns: &[String],
    table_name: &str,
    field_name: &str,
) -> Result<Option<Suggestion>> {
    let (Some(entity), Some(table)) = (request.entities.first(), request.schema.tables.get(table_name)) else {
        return Ok(None);
    };
    let place = |name: &String| entity.columns.iter().position(|column| column_key(&column.name) == column_key(name));
    let at: Vec<usize> = columns.iter().filter_map(place).collect();
    let (Some((field, _, declared)), Some(first)) = (table.fields.get_full(field_name), at.first()) else {
        return Ok(None);
    };
    let learnt = Learnt::from(request.others, request.name);
    let known = keys::known(store, request.schema, entity, &[])?;
    let referred = HashMap::new();
    let ground = Ground { schema: request.schema, known: &known, learnt: &learnt, renamed: &[], referred: &referred };
    let matrix = Matrix::new(&ground, table_name, table, entity, &[]);
    let mut transforms = steps::steps(&steps::Pair {
        schema: request.schema,
        table: table_name,
        name: field_name,
        field: declared,
        column: &entity.columns[*first],
        prefix: matrix.cells[*first][field].prefix.as_deref(),
        contrary: matrix.cells[*first][field].contrary,
        mapping: request.name,
        learnt: &learnt,
    });
    if text_columns(&transforms, at.len()) > 1 {
        transforms.insert(0, patterns::concat(if declared.key { "-" } else { " " }));
    }
    let mut suggestion = suggestion(&matrix, *first, field, field_name, transforms);
    suggestion.columns = at.iter().map(|at| entity.columns[*at].name.clone()).collect();
    Ok(Some(suggestion))
}

/// Per entity, the tables with how well they fit. One that is mapped is chosen; the others choose among what is left, each
/// table once, so that all of them together fit best.
fn choose_tables(
    request: &Request,
    learnt: &Learnt,
    known: &[Keys],
    referred: &[HashMap<String, String>],
) -> Vec<Vec<TableChoice>> {
    let is_mapped = |table: &str| request.mapping.tables.get(table).filter(|feed| !feed.fields.is_empty());
    let mut all: Vec<Vec<TableChoice>> = Vec::new();
    let mut gains = Vec::new();
    for ((entity, known), referred) in request.entities.iter().zip(known).zip(referred) {
        let ground = Ground { schema: request.schema, known, learnt, renamed: &[], referred };
        let has_one =
            request.mapping.tables.values().any(|feed| feed.entity == entity.entity && !feed.fields.is_empty());
        let mut odds = Vec::new();
        let mut tables = Vec::new();
        for (name, table) in &request.schema.tables {
            let matrix = Matrix::new(&ground, name, table, entity, &[]);
            let (columns, required) = matrix.coverage();
            let likeness = names::table_likeness(&entity.entity, name, table);
            odds.push(9.0 * (0.65 * columns + 0.35 * required) + 3.0 * likeness - 4.6);
            let mapped = is_mapped(name).is_some_and(|feed| feed.entity == entity.entity);
            let words = format!(
                "{:.0} % of its columns and {:.0} % of what the table requires find each other{}",
                percent(columns),
                percent(required),
                if likeness >= 0.6 { ", and it is called so" } else { "" }
            );
            tables.push(TableChoice { table: name.clone(), score: 0.0, mapped, chosen: mapped, words });
        }
        let whole: f64 = 1.0 + odds.iter().map(|odds| odds.exp()).sum::<f64>();
        for (table, odds) in tables.iter_mut().zip(&odds) {
            table.score = odds.exp() / whole;
        }
        let free = request.schema.tables.keys().zip(&odds);
        let gain = |(name, odds): (&String, &f64)| {
            if has_one || is_mapped(name).is_some() { -1.0 } else { odds - LEAST_TABLE }
        };
        gains.push(free.map(gain).collect::<Vec<f64>>());
        all.push(tables);
    }
    for (tables, table) in all.iter_mut().zip(assign::assign(&gains)) {
        if let Some(chosen) = table.and_then(|table| tables.get_mut(table)) {
            chosen.chosen = true;
        }
    }
    if let Some(asked) = request.asked {
        choose_for(asked, &mut all);
    }
    for tables in &mut all {
        tables
            .sort_by(|a, b| (b.chosen, b.score).partial_cmp(&(a.chosen, a.score)).unwrap_or(std::cmp::Ordering::Equal));
    }
    all
}

/// A share as a percentage that is at least 0, and not -0 either.
fn percent(share: f64) -> f64 {
    share.clamp(0.0, 1.0) * 100.0 + 0.0
}

/// Chooses for a table that nothing was chosen for whatever fits it best of the entities that have no table.
fn choose_for(asked: &str, all: &mut [Vec<TableChoice>]) {
    if all.iter().flatten().any(|choice| choice.chosen && choice.table == asked) {
        return;
    }
    let free = all.iter_mut().filter(|tables| tables.iter().all(|choice| !choice.chosen));
    let of_it = free.flatten().filter(|choice| choice.table == asked);
    if let Some(best) = of_it.max_by(|a, b| a.score.total_cmp(&b.score)) {
        best.chosen = true;
    }
}

/// The columns that hold, or are suggested for, the keys of the chosen tables.
fn key_columns(
    request: &Request,
    learnt: &Learnt,
    known: &[Keys],
    referred: &[HashMap<String, String>],
    choices: &[Vec<TableChoice>],
) -> Vec<KeyColumn> {
    let mut found = Vec::new();
    for (((entity, known), referred), tables) in request.entities.iter().zip(known).zip(referred).zip(choices) {
        for choice in tables.iter().filter(|choice| choice.chosen) {
            let Some(table) = request.schema.tables.get(&choice.table) else { continue };
            let Some((at, key, _)) = table.keys().next().and_then(|key| table.fields.get_full(key)) else { continue };
            let ground = Ground { schema: request.schema, known, learnt, renamed: &[], referred };
            let fixed = fixed(request, entity, &choice.table);
            let matrix = Matrix::new(
                &ground,
                &choice.table,
                table,
                entity,
                &fixed.iter().map(|(c, f, _)| (*c, *f)).collect::<Vec<_>>(),
            );
            let mapped = request.mapping.tables.get(&choice.table).and_then(|feed| feed.fields.get(key));
            let several = mapped.is_some_and(|feed| feed.inputs().count() > 1);
            let paired = matrix.pairs.iter().position(|pair| *pair == Some(at));
            let mapped = fixed.iter().find(|(_, field, _)| *field == at).map(|(column, ..)| *column);
            if let Some(column) = mapped.or(paired).filter(|_| !several) {
                found.push(KeyColumn {
                    table: choice.table.clone(),
                    source: entity.source.clone(),
                    entity: entity.entity.clone(),
                    column: entity.columns[column].name.clone(),
                });
            }
        }
    }
    found
}

/// The pairs of a column and a field that the mapping has, with all columns of the field.
fn fixed(request: &Request, entity: &EntityProfile, table_name: &str) -> Vec<(usize, usize, Vec<usize>)> {
    let (Some(table), Some(feed)) = (request.schema.tables.get(table_name), request.mapping.tables.get(table_name))
    else {
        return Vec::new();
    };
    if feed.entity != entity.entity {
        return Vec::new();
    }
    let place = |name: &str| {
        let key = column_key(name);
        let exact = entity.columns.iter().position(|column| column.name == name);
        exact.or_else(|| entity.columns.iter().position(|column| column_key(&column.name) == key))
    };
    let mut found = Vec::new();
    for (name, feed) in &feed.fields {
        let Some(field) = table.fields.get_index_of(name) else { continue };
        let columns: Vec<usize> = feed.inputs().filter_map(place).collect();
        if let Some(first) = columns.first() {
            found.push((*first, field, columns));
        }
    }
    found
}

/// The columns that have a new name since the last load, with the fields that the old name feeds.
fn renamed(request: &Request, entity: &EntityProfile, table_name: &str, table: &Table) -> Vec<Renamed> {
    let of_entity = request.drift.iter().filter(|drift| drift.entity == entity.entity).flat_map(|drift| &drift.renamed);
    let mut found = Vec::new();
    for one in of_entity {
        for field in one.feeds.iter().filter_map(|feeds| feeds.strip_prefix(table_name)?.strip_prefix('.')) {
            if table.fields.contains_key(field) {
                let words = format!("was \"{}\" before: {}", one.from, one.words);
                found.push(Renamed { column: one.to.clone(), field: field.to_owned(), score: one.score, words });
            }
        }
    }
    found
}

/// The pairs of one entity and one table, those that are mapped included, in the order of the columns.
fn suggestions_of(
    store: &Store,
    request: &Request,
    learnt: &Learnt,
    known: &Keys,
    referred: &HashMap<String, String>,
    entity: &EntityProfile,
    table_name: &str,
) -> Result<Vec<Suggestion>> {
    let Some(table) = request.schema.tables.get(table_name) else { return Ok(Vec::new()) };
    let fixed = fixed(request, entity, table_name);
    let ground = Ground { schema: request.schema, known, learnt, renamed: &[], referred };
    let feed = request.mapping.tables.get(table_name).filter(|feed| feed.entity == entity.entity);
    let feed_of = |field: usize| table.fields.get_index(field).and_then(|(name, _)| feed?.fields.get(name));
    // A column that is used, even as one of several, is not suggested again, nor is a field that something feeds.
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (_, field, columns) in &fixed {
        // One that only says how another is read still may feed a field of its own.
        let steps = feed_of(*field).map(|feed| feed.transforms.as_slice()).unwrap_or_default();
        let texts = text_columns(steps, columns.len());
        taken.extend(columns.iter().take(texts).map(|column| (*column, *field)));
    }
    let renamed = renamed(request, entity, table_name, table);
    let ground = Ground { renamed: &renamed, ..ground };
    let matrix = Matrix::new(&ground, table_name, table, entity, &taken);
    let mut found: Vec<(usize, Suggestion)> = Vec::new();
    for (column, field, columns) in &fixed {
        let Some((name, _)) = table.fields.get_index(*field) else { continue };
        let transforms = feed.and_then(|feed| feed.fields.get(name)).map(|feed| feed.transforms.clone());
        let mut suggestion = suggestion(&matrix, *column, *field, name, transforms.unwrap_or_default());
        suggestion.columns = columns.iter().map(|column| entity.columns[*column].name.clone()).collect();
        suggestion.mapped = true;
        found.push((*column, suggestion));
    }
    // A field of which a column is gone is fed no more.
    let is_present = |name: &str| entity.columns.iter().any(|column| column_key(&column.name) == column_key(name));
    let is_fed =
        |field: &str| feed.and_then(|feed| feed.fields.get(field)).is_some_and(|feed| feed.inputs().all(is_present));
    let is_taken = |column: usize| taken.iter().any(|(other, _)| *other == column);
    for (column, field) in matrix.pairs.iter().enumerate().filter_map(|(column, field)| Some((column, (*field)?))) {
        let Some((name, declared)) = table.fields.get_index(field) else { continue };
        if is_taken(column) || is_fed(name) {
            continue;
        }
        // What was read from a column that is gone is read in the same way from the one in its place, unless that one says
        // the opposite.
        let turned =
            |was: &str| declared.kind == FieldType::Boolean && names::are_contrary(was, &entity.columns[column].name);
        let was = feed
            .and_then(|feed| feed.fields.get(name))
            .filter(|feed| feed.column.as_deref().is_some_and(|was| !turned(was)) && !feed.transforms.is_empty());
        if let Some(was) = was {
            found.push((column, suggestion(&matrix, column, field, name, was.transforms.clone())));
            continue;
        }
        let transforms = steps::steps(&steps::Pair {
            schema: request.schema,
            table: table_name,
            name,
            field: declared,
            column: &entity.columns[column],
            prefix: matrix.cells[column][field].prefix.as_deref(),
            contrary: matrix.cells[column][field].contrary,
            mapping: request.name,
            learnt,
        });
        found.push((column, suggestion(&matrix, column, field, name, transforms)));
    }
    patterns::split(&matrix, &is_fed, &mut found);
    patterns::join_texts(&matrix, &mut found);
    patterns::join_key(store, request, learnt, &matrix, &is_fed, &mut found)?;
    patterns::read_beside(&matrix, &mut found);
    // What the column feeds as well is no rival.
    let fed: Vec<(usize, String)> = found.iter().map(|(column, one)| (*column, one.field.clone())).collect();
    for (column, one) in &mut found {
        one.runner_up.take_if(|next| fed.iter().any(|(other, field)| other == column && *field == next.field));
    }
    found.sort_by_key(|(column, suggestion)| (*column, table.fields.get_index_of(&suggestion.field)));
    Ok(found.into_iter().map(|(_, suggestion)| suggestion).collect())
}

fn suggestion(matrix: &Matrix, column: usize, field: usize, name: &str, transforms: Vec<Step>) -> Suggestion {
    Suggestion {
        entity: matrix.entity.entity.clone(),
        columns: vec![matrix.entity.columns[column].name.clone()],
        table: matrix.table_name.to_owned(),
        field: name.to_owned(),
        score: matrix.sure(column, field),
        mapped: false,
        transforms,
        evidence: matrix.cells[column][field].evidence.clone(),
        runner_up: matrix.runner_up(column, field),
    }
}
