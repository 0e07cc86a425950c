//! The story of one row: raw line → staged text → mapped value → repaired value → committed value, field by field.

use super::feed::Feed;
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
        "SELECT _source, _entity, _row, _unread, {values} FROM {candidate} WHERE _key = {}",
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
    let decisions: Vec<(String, String)> = store.query(
        r#"SELECT field, max_by(id, seq) FROM dq.decisions WHERE active AND kind IN ('set', 'bulk') AND "table" = ? AND "row" = ?
           GROUP BY field"#,
        [table_name, row],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
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
            decision: decisions.iter().find(|(field, _)| field == name).map(|(_, id)| id.clone()),
            committed: committed.get(0, name).map(str::to_owned),
        });
    }
    Ok(Some(story))
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
