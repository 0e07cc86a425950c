//! The canonical tables and their histories: made, and brought to the schema when it changes.

use indexmap::IndexMap;

use super::list;
use crate::error::{Error, Result};
use crate::model::{Schema, Table};
use crate::sql::{Ident, Path};
use crate::stages::shapes::Shapes;
use crate::store::Store;

/// The name of the table in `dq` with the earlier versions of a table's rows: its fields, `_since` and `_until`, the commits that
/// wrote and that ended the version.
pub(super) fn history(table: &str) -> String {
    format!("history_{table}")
}

/// Makes the canonical tables and their histories have the fields of the schema; says whether that changed a canonical table.
pub(super) fn align(store: &Store, schema: &Schema, shapes: &Shapes) -> Result<bool> {
    refuse_loss(store, schema, shapes)?;
    let mut is_altered = false;
    for (name, table) in &schema.tables {
        let history = history(name);
        is_altered |= shapes.of("canonical", name).is_none_or(|columns| !is_aligned(table, columns));
        match shapes.of("canonical", name) {
            None => create(store, "canonical", name, table, &["_commit"])?,
            Some(columns) if is_aligned(table, columns) => {}
            Some(columns) => store.run(&format!(
                "CREATE OR REPLACE TABLE {canonical} AS SELECT {}, _commit FROM {canonical}",
                fields(table, Some(columns)),
                canonical = Path("canonical", name)
            ))?,
        }
        match shapes.of("dq", &history) {
            None => create(store, "dq", &history, table, &["_since", "_until"])?,
            Some(columns) if has_fields(table, columns) => {}
            Some(columns) => {
                // A field that is no longer declared keeps its column here, for those who look.
                let others: Vec<&String> =
                    columns.keys().filter(|column| !table.fields.contains_key(*column)).collect();
                store.run(&format!(
                    "CREATE OR REPLACE TABLE {history} AS SELECT {}, {} FROM {history}",
                    fields(table, Some(columns)),
                    list(others, ""),
                    history = Path("dq", &history)
                ))?;
            }
        }
    }
    Ok(is_altered)
}

fn create(store: &Store, schema: &str, name: &str, table: &Table, own: &[&str]) -> Result<()> {
    let mut columns: Vec<String> =
        table.fields.iter().map(|(field, declared)| format!("{} {}", Ident(field), declared.kind.sql())).collect();
    columns.extend(own.iter().map(|column| format!("{column} BIGINT NOT NULL")));
    store.run(&format!("CREATE TABLE {} ({})", Path(schema, name), columns.join(", ")))
}

/// Whether a canonical table has the schema's fields with their types, in order, and nothing else.
fn is_aligned(table: &Table, columns: &IndexMap<String, String>) -> bool {
    columns.len() == table.fields.len() + 1
        && table
            .fields
            .iter()
            .zip(columns)
            .all(|((field, declared), (column, kind))| field == column && declared.kind.sql() == kind)
}

fn has_fields(table: &Table, columns: &IndexMap<String, String>) -> bool {
    table.fields.iter().all(|(field, declared)| columns.get(field).is_some_and(|kind| kind == declared.kind.sql()))
}

/// Refuses a change of type that would lose a committed value.
pub(super) fn refuse_loss(store: &Store, schema: &Schema, shapes: &Shapes) -> Result<()> {
    for (name, table) in &schema.tables {
        for (relation, columns) in relations(name, shapes) {
            for (field, declared) in &table.fields {
                let Some(was) = columns.get(field).filter(|kind| *kind != declared.kind.sql()) else { continue };
                let column = Ident(field);
                let there = format!("TRY_CAST({column} AS {})", declared.kind.sql());
                let sql = format!(
                    "SELECT min({column}::VARCHAR) FROM {relation} WHERE TRY_CAST({there} AS {was}) IS DISTINCT FROM {column}"
                );
                let lost: Option<Option<String>> = store.first(&sql, [], |row| row.get(0))?;
                if let Some(value) = lost.flatten() {
                    return Err(Error::config(format!(
                        "the field was committed as {was}, and as {} values would be lost, such as \"{value}\"",
                        declared.kind.name()
                    ))
                    .at_file("mappings/canonical.toml")
                    .at_column(format!("{name}.{field}"))
                    .hint("keep the type, or give the field with the new type another name"));
                }
            }
        }
    }
    Ok(())
}

/// The relations that hold committed rows of a table, with their columns.
fn relations<'s>(name: &str, shapes: &'s Shapes) -> Vec<(String, &'s IndexMap<String, String>)> {
    let history = history(name);
    [("canonical", name), ("dq", history.as_str())]
        .into_iter()
        .filter_map(|(schema, table)| Some((Path(schema, table).to_string(), shapes.of(schema, table)?)))
        .collect()
}

/// The schema's fields out of a relation that may have been made for an earlier schema; `None` for one that does not exist.
fn fields(table: &Table, columns: Option<&IndexMap<String, String>>) -> String {
    let fields = table.fields.iter().map(|(field, declared)| {
        let kind = declared.kind.sql();
        match columns.and_then(|columns| columns.get(field)) {
            Some(have) if have == kind => Ident(field).to_string(),
            Some(_) => format!("TRY_CAST({0} AS {kind}) AS {0}", Ident(field)),
            None => format!("NULL::{kind} AS {}", Ident(field)),
        }
    });
    fields.collect::<Vec<_>>().join(", ")
}

/// The canonical rows as the schema is now: `_at`, the fields, `_commit`.
pub(super) fn current(name: &str, table: &Table, shapes: &Shapes) -> String {
    match shapes.of("canonical", name) {
        Some(columns) => {
            format!("SELECT rowid AS _at, {}, _commit FROM {}", fields(table, Some(columns)), Path("canonical", name))
        }
        None => format!("SELECT NULL::BIGINT AS _at, {}, NULL::BIGINT AS _commit WHERE false", fields(table, None)),
    }
}

/// All versions of all rows that were ever committed: `_at`, the fields, `_since`, `_until`; the latter NULL for a version that holds.
pub(super) fn versions(name: &str, table: &Table, shapes: &Shapes) -> String {
    let current = current(name, table, shapes);
    let names = list(table.fields.keys(), "");
    let mut versions = format!("SELECT _at, {names}, _commit AS _since, NULL::BIGINT AS _until FROM ({current})");
    let history = history(name);
    if let Some(columns) = shapes.of("dq", &history) {
        versions += &format!(
            " UNION ALL SELECT -1 - rowid, {}, _since, _until FROM {}",
            fields(table, Some(columns)),
            Path("dq", &history)
        );
    }
    versions
}

/// A condition on a version: it held after commit `id`.
pub(super) fn held_at(id: i64) -> String {
    format!("(_since <= {id} AND (_until IS NULL OR _until > {id}))")
}
