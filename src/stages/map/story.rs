//! The story of one row: raw line → staged text → mapped value → repaired value → committed value, field by field.

use super::feed::Feed;
use super::replaced;
use crate::error::Result;
use crate::model::{CellStory, Mapping, RowStory, Schema, Step};
use crate::sql::{Ident, Literal, Path};
use crate::store::Store;

pub(super) fn story(
    store: &Store,
    schema: &Schema,
    mappings: &[(String, Mapping)],
    table_name: &str,
    feeds: &[Feed],
    row: &str,
) -> Result<Option<RowStory>> {
    let Some(table) = schema.tables.get(table_name) else { return Ok(None) };
    let candidate = Path("candidate", table_name);
    let values: Vec<String> = table
        .fields
        .iter()
        .map(|(name, field)| format!("{} AS {}", field.kind.as_text(&Ident(name).to_string()), Ident(name)))
        .collect();
    let values = values.join(", ");
    let now = store.texts(&format!(
        "SELECT _source, _entity, _row, _unread, _decided, {values} FROM {candidate} WHERE _key = {}",
        Literal(row)
    ))?;
    if now.rows.is_empty() {
        return Ok(None);
    }
    let own = |name: &str| now.get(0, name).unwrap_or_default().to_owned();
    let (source, entity, record) = (own("_source"), own("_entity"), own("_row").parse().unwrap_or(0));
    let feed = feeds.iter().find(|feed| feed.origin.source == source && feed.origin.entity == entity);

    let mut story =
        RowStory { table: table_name.to_owned(), row: row.to_owned(), source, entity, record, ..RowStory::default() };
    let mapped = match feed {
        Some(feed) => {
            let staged = store
                .texts(&format!("SELECT * FROM {} WHERE _row = {record}", Path("staging", &feed.origin.relation)))?;
            story.staged = feed
                .origin
                .all_columns
                .iter()
                .map(|column| (column.clone(), staged.get(0, column).map(str::to_owned)))
                .collect();
            let pipeline = feed.pipeline(table, |_| true, Some(&format!("_row = {record}")));
            store.texts(&format!("SELECT _unread, {values} FROM ({pipeline})"))?
        }
        None => crate::model::Page::default(),
    };
    let unread: i64 = mapped.get(0, "_unread").and_then(|mask| mask.parse().ok()).unwrap_or(0);
    let decided: i64 = now.get(0, "_decided").and_then(|mask| mask.parse().ok()).unwrap_or(0);
    let committed = if store.has_table("canonical", table_name)? {
        committed(store, schema, table_name, &now)?
    } else {
        crate::model::Page::default()
    };
    let written =
        mappings.iter().find(|(name, _)| *name == story.source).and_then(|(_, mapping)| mapping.tables.get(table_name));
    for (bit, name) in table.fields.keys().enumerate() {
        let columns = feed.and_then(|feed| feed.origin.columns.iter().find(|(field, _)| field == name));
        let staged = columns.map(|(_, columns)| {
            story.staged.iter().filter(|(column, _)| columns.contains(column)).cloned().collect::<Vec<_>>()
        });
        story.fields.push(CellStory {
            field: name.clone(),
            staged: staged.unwrap_or_default(),
            transforms: written
                .and_then(|table| table.fields.get(name))
                .map(|field| field.transforms.iter().map(Step::to_string).collect())
                .unwrap_or_default(),
            mapped: mapped.get(0, name).map(str::to_owned),
            unreadable: unread & (1_i64 << bit) != 0,
            value: now.get(0, name).map(str::to_owned),
            decision: match decided & (1_i64 << bit) {
                0 => None,
                _ => decision(store, schema, table_name, name, row, (mapped.get(0, name), now.get(0, name)))?,
            },
            committed: committed.get(0, name).map(str::to_owned),
        });
    }
    Ok(Some(story))
}

/// The decision that made of a value, as the source gives it, what the candidate has: the one that turned a reference, or
/// set the cell, or replaced the value wherever it occurs.
fn decision(
    store: &Store,
    schema: &Schema,
    table: &str,
    field: &str,
    row: &str,
    (given, value): (Option<&str>, Option<&str>),
) -> Result<Option<String>> {
    // Of those on the cell that apply, the last stands.
    let set: Option<(String, Option<String>)> = store.first(
        r#"SELECT id, now FROM dq.decisions AS d WHERE active AND kind IN ('set', 'bulk') AND "table" = ? AND "row" = ? AND field = ?
           AND NOT EXISTS (FROM dq.conflicts AS c WHERE c.decision = d.id AND c."table" = d."table" AND c."row" = d."row" AND c.field = d.field)
           ORDER BY seq DESC LIMIT 1"#,
        [table, row, field],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let made = match (set, given) {
        (Some(set), _) => Some(set),
        (None, Some(given)) => {
            replaced::last_replacing(store, schema, table, field, given)?.map(|one| (one.id, Some(one.now)))
        }
        (None, None) => None,
    };
    let before = made.as_ref().map_or(given, |(_, now)| now.as_deref()).map(str::trim);
    if let Some(to) = schema.field(table, field).and_then(|field| field.references.as_ref()) {
        let pointed = replaced::repointed_to(store, &to.table, &to.field)?;
        let turned = before.and_then(|before| pointed.0.get(before)).filter(|(now, _)| Some(now.as_str()) == value);
        if let Some((_, id)) = turned {
            return Ok(Some(id.clone()));
        }
    }
    Ok(made.map(|(id, _)| id))
}

/// The canonical row with the candidate's key, with those of the schema's fields that it already has.
fn committed(store: &Store, schema: &Schema, table_name: &str, now: &crate::model::Page) -> Result<crate::model::Page> {
    let Some(table) = schema.tables.get(table_name) else { return Ok(crate::model::Page::default()) };
    let canonical = Path("canonical", table_name);
    let columns = store.columns(&format!("SELECT * FROM {canonical}"))?;
    let values: Vec<String> = table
        .fields
        .iter()
        .filter(|(name, _)| columns.iter().any(|(column, _)| column == *name))
        .map(|(name, field)| format!("{} AS {}", field.kind.as_text(&Ident(name).to_string()), Ident(name)))
        .collect();
    let keys: Vec<String> = table
        .keys()
        .map(|key| match now.get(0, key) {
            Some(value) => format!("{} = {}", table.fields[key].kind.as_text(&Ident(key).to_string()), Literal(value)),
            None => "false".to_owned(),
        })
        .collect();
    if values.is_empty() || keys.is_empty() {
        return Ok(crate::model::Page::default());
    }
    store.texts(&format!("SELECT {} FROM {canonical} WHERE {}", values.join(", "), keys.join(" AND ")))
}
