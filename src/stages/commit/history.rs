//! The history: any two states compared, and one commit undone.

use super::diff::{Plan, Sides, need_keys, windows};
use super::{Request, digest, log, record, tables};
use crate::error::{Error, Result};
use crate::model::{Commit, Schema, TableDiff, TableTally};
use crate::sql::{Ident, Literal, Path};
use crate::stages::gate::key_text;
use crate::stages::kept;
use crate::stages::shapes::Shapes;
use crate::store::Store;

/// The difference between the states after two commits; 0 is the empty state before the first. Compared are the fields that the
/// schema has now.
///
/// # Errors
/// `Usage` where there is no such commit.
pub fn diff_between(
    store: &Store,
    schema: &Schema,
    from: i64,
    to: i64,
    offset: u64,
    limit: u64,
) -> Result<Vec<TableDiff>> {
    store.transaction(|store| {
        need_keys(schema)?;
        known(store, from, 0)?;
        let commit = known(store, to, 0)?;
        // What was held back is not among the rows that are compared; the commit that led here says how much it was.
        let held = |name: &str| {
            let tallies = commit.iter().flat_map(|commit| &commit.tables);
            tallies.filter(|tally| tally.table == name).map(|tally| tally.quarantined).sum()
        };
        let shapes = Shapes::read(store)?;
        let (then, now) = (tables::held_at(from), tables::held_at(to));
        let sides: Vec<Sides> = schema
            .tables
            .iter()
            .map(|(name, table)| {
                let versions = tables::versions(name, table, &shapes);
                Sides {
                    name,
                    table,
                    new: format!("SELECT * FROM ({versions}) WHERE {now} AND NOT {then}"),
                    old: format!("SELECT * FROM ({versions}) WHERE {then} AND NOT {now}"),
                }
            })
            .collect();
        let state = format!("{from}..{to}/{}", kept::commits(store, schema)?);
        windows(store, &sides, Some(&state), (offset, limit), || {
            let tally = |sides: &Sides| {
                sides.compare(store)?;
                let quarantined = held(sides.name);
                let mut tally = TableTally { table: sides.name.to_owned(), quarantined, ..TableTally::default() };
                let versions = tables::versions(sides.name, sides.table, &shapes);
                let before = store.count(&format!("SELECT count(*) FROM ({versions}) WHERE {then}"))?;
                sides.count(store, before, &mut tally)?;
                Ok(tally)
            };
            sides.iter().map(tally).collect()
        })
    })
}

/// Undoes what commit `id` did to the canonical tables, as a new commit: the rows that it added go, the rows that it changed or
/// removed come back as they were. What later commits did to other rows stays.
///
/// The candidates are not touched, so the next commit would do the same again: exclude or repair the rows that must not come back.
/// Undoing a reversal does the commit again. The gate is not asked, since every row comes from a commit that passed it.
///
/// # Errors
/// `Usage`, with nothing written, where there is no such commit; where a later commit has written one of the rows again, so that
/// it cannot be told which values are meant; or where a row that stays refers to a row that would go.
pub fn revert(store: &Store, schema: &Schema, request: &Request, id: i64) -> Result<Commit> {
    store.transaction(|store| {
        need_keys(schema)?;
        let undone = known(store, id, 1)?;
        tables::align(store, schema, &Shapes::read(store)?)?;
        let shapes = Shapes::read(store)?;
        refuse_conflicts(store, schema, &shapes, id)?;

        let last = log(store)?.into_iter().next();
        let number = last.as_ref().map_or(1, |last| last.id + 1);
        let mut tallies = Vec::new();
        for (name, table) in &schema.tables {
            let versions = tables::versions(name, table, &shapes);
            let sides = Sides {
                name,
                table,
                new: format!("SELECT * FROM ({versions}) WHERE _until = {id}"),
                old: format!("SELECT * FROM ({versions}) WHERE _since = {id}"),
            };
            sides.compare(store)?;
            // What is held back stays held back.
            let quarantined = last.iter().flat_map(|last| &last.tables).filter(|tally| tally.table == *name);
            let quarantined = quarantined.map(|tally| tally.quarantined).sum();
            let mut tally = TableTally { table: name.clone(), quarantined, ..TableTally::default() };
            let before = store.count(&format!("SELECT count(*) FROM {}", Path("canonical", name)))?;
            sides.count(store, before, &mut tally)?;
            let plan = Plan { sides, tally };
            plan.apply(store, number)?;
            tallies.push(plan.tally);
        }
        refuse_orphans(store, schema, &shapes, number)?;
        let message = match request.message.trim() {
            "" => format!("Revert commit {id}: {}", undone.map(|undone| undone.message).unwrap_or_default()),
            own => own.to_owned(),
        };
        let commit = Commit {
            id: number,
            at: request.at,
            who: request.who.to_owned(),
            message,
            reverts: Some(id),
            hash: digest::digest(store, schema)?,
            tables: tallies,
        };
        record(store, &commit)?;
        Ok(commit)
    })
}

/// The commit of that number, if it is one; `least` is 0 where the state before the first counts too.
fn known(store: &Store, id: i64, least: i64) -> Result<Option<Commit>> {
    let commits = log(store)?;
    let last = commits.first().map_or(0, |last| last.id);
    if id == 0 && least == 0 {
        return Ok(None);
    }
    match commits.into_iter().find(|commit| commit.id == id) {
        Some(commit) => Ok(Some(commit)),
        None => {
            let hint = match last {
                0 => "nothing has been committed yet".to_owned(),
                1 => "there is one commit, number 1".to_owned(),
                last => format!("the commits are 1 to {last}; `tastevin log` lists them"),
            };
            Err(Error::usage(format!("there is no commit {id}")).hint(hint))
        }
    }
}

/// Refuses to undo a commit of which a row was written again since.
fn refuse_conflicts(store: &Store, schema: &Schema, shapes: &Shapes, id: i64) -> Result<()> {
    let mut rows = Vec::new();
    for (name, table) in &schema.tables {
        let versions = tables::versions(name, table, shapes);
        let key = key_text(table, "v.");
        let same_key: Vec<String> = table.keys().map(|key| format!("w.{0} = v.{0}", Ident(key))).collect();
        rows.push(format!(
            "SELECT {table} AS t, {key} AS key, 'commit ' || v._until AS why FROM ({versions}) v WHERE v._since = {id} AND v._until IS NOT NULL\n\
             UNION ALL SELECT {table}, {key}, 'commit ' || v._since FROM ({versions}) v SEMI JOIN (\n  \
             SELECT * FROM ({versions}) WHERE _until = {id}\n) w ON {}\nWHERE v._until IS NULL AND v._since > {id}",
            same_key.join(" AND "),
            table = Literal(name)
        ));
    }
    refuse(store, &rows.join("\nUNION ALL "), &|count, examples| {
        Error::usage(format!("commit {id} cannot be undone, rows of it were written again since ({count}): {examples}"))
            .hint("undo the later commits first, newest first; or repair the rows and commit")
    })
}

/// Refuses a reversal after which a row would refer to a row that was there before and now is not.
fn refuse_orphans(store: &Store, schema: &Schema, shapes: &Shapes, id: i64) -> Result<()> {
    let mut rows = Vec::new();
    for (name, table) in &schema.tables {
        for (field, declared) in &table.fields {
            let Some(reference) = &declared.references else { continue };
            let Some(to) = schema.tables.get(&reference.table).filter(|to| to.fields.contains_key(&reference.field))
            else {
                continue;
            };
            let versions = tables::versions(&reference.table, to, shapes);
            let (field, referred) = (Ident(field), Ident(&reference.field));
            rows.push(format!(
                "SELECT {} AS t, {} AS key, t.{field}::VARCHAR AS why FROM ({}) t\n\
                 SEMI JOIN (SELECT {referred}, _until FROM ({versions})) v\n  \
                 ON t.{field}::VARCHAR = v.{referred}::VARCHAR AND (t._commit = {id} OR v._until = {id})\n\
                 ANTI JOIN {} u ON t.{field}::VARCHAR = u.{referred}::VARCHAR",
                Literal(name),
                key_text(table, "t."),
                tables::current(name, table, shapes),
                Path("canonical", &reference.table)
            ));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    refuse(store, &rows.join("\nUNION ALL "), &|count, examples| {
        Error::usage(format!("it cannot be undone, rows would refer to rows that are gone ({count}): {examples}"))
            .hint("undo the commits that wrote those rows first, newest first")
    })
}

/// Fails if the query has rows: table, key, and a word of explanation each.
fn refuse(store: &Store, rows: &str, error: &dyn Fn(u64, &str) -> Error) -> Result<()> {
    let found =
        store.page(&format!("SELECT t || ' ' || key || ' (' || why || ')' FROM (SELECT DISTINCT t, key, why FROM ({rows})) ORDER BY t, key, why"), 0, 5)?;
    if found.total == 0 {
        return Ok(());
    }
    let mut examples: Vec<String> = found.rows.into_iter().flatten().flatten().collect();
    if found.total > examples.len() as u64 {
        examples.push("…".to_owned());
    }
    Err(error(found.total, &examples.join(", ")))
}
