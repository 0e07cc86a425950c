//! Rows that wait for a row that they refer to, which is held back and was never committed. Neighbour: `held`, which gathers why
//! rows are held back.

use std::collections::HashMap;

use super::Known;
use super::held::reasons;
use crate::error::Result;
use crate::model::{Reference, Schema};
use crate::sql::{Ident, Literal, Path, Pipeline};
use crate::stages::map::Change;
use crate::stages::places::{IDENTITY, Sought};
use crate::stages::shapes::Shapes;
use crate::store::Store;

/// Finds the rows that wait, table by table, those that are referred to first.
pub(super) struct Waiting<'w> {
    pub store: &'w Store,
    pub schema: &'w Schema,
    pub shapes: &'w Shapes,
    pub known: Option<&'w Known<'w>>,
    /// Whether tables refer to each other in a ring, so that a table has its turn again and again.
    pub is_cyclic: bool,
    /// Of the fields that are referred to and were looked at: what has become of the values that nobody gives.
    seen: HashMap<(String, String), Moved>,
}

/// How the values that are lost differ from those before.
#[derive(Debug, Clone, Copy, Default)]
struct Moved {
    came: u64,
    went: u64,
}

/// The temporary table with the values of a field that only rows have that are held back and were never committed: `value`.
fn lost(to: &Reference) -> String {
    format!("temp.{}", Ident(&format!("lost/{}/{}", to.table, to.field)))
}

/// Of the values that may be lost now and were not, or the other way round, those that were.
fn lost_before(to: &Reference) -> String {
    format!("temp.{}", Ident(&format!("lost before/{}/{}", to.table, to.field)))
}

/// The temporary table with the values that may be lost now and were not, or the other way round.
fn doubtful(to: &Reference) -> String {
    format!("temp.{}", Ident(&format!("doubtful/{}/{}", to.table, to.field)))
}

/// The temporary table with the rows of a table that were held back.
fn held_before(table: &str) -> String {
    format!("temp.{}", Ident(&format!("held before/{table}")))
}

/// Remembers which rows of a table were held back, where other tables refer to it.
pub(super) fn remember_held(store: &Store, schema: &Schema, table: &str) -> Result<()> {
    let mut references = schema.tables.values().flat_map(|table| table.fields.values()).flat_map(|f| &f.references);
    match references.any(|to| to.table == table) {
        true => store.fill(&held_before(table), format!("SELECT DISTINCT \"row\" FROM {}", reasons(table))),
        false => Ok(()),
    }
}

/// The temporary table with the rows that refer to such a value by a field of theirs: `row`, `value`.
fn waiting(table: &str, field: &str) -> String {
    format!("temp.{}", Ident(&format!("waiting/{table}/{field}")))
}

impl<'w> Waiting<'w> {
    pub fn new(
        store: &'w Store,
        schema: &'w Schema,
        shapes: &'w Shapes,
        known: Option<&'w Known<'w>>,
        is_cyclic: bool,
    ) -> Waiting<'w> {
        Waiting { store, schema, shapes, known, is_cyclic, seen: HashMap::new() }
    }

    /// Adds to the reasons of a table's rows what they wait for; says how many reasons were added. The tables that it refers to have
    /// theirs already.
    pub fn add(&mut self, name: &str) -> Result<u64> {
        let Some(table) = self.schema.tables.get(name) else { return Ok(0) };
        let mut added = 0;
        for (field, declared) in &table.fields {
            let Some(to) = &declared.references else { continue };
            if self.schema.field(&to.table, &to.field).is_none() {
                continue;
            }
            match self.known {
                Some(known) => self.find_again(known, name, field, to)?,
                None => self.find(name, field, to)?,
            }
            let mut sql = format!(
                "INSERT INTO {} SELECT \"row\", {} || value || {} AS reason, false AS is_own FROM {}",
                reasons(name),
                Literal(&format!("orphan-reference {field}: ")),
                Literal(&format!(" is quarantined in {}", to.table)),
                waiting(name, field),
            );
            if self.is_cyclic {
                sql += &format!(" EXCEPT SELECT \"row\", reason, is_own FROM {}", reasons(name));
            }
            added += self.store.execute(&sql, [])?;
        }
        Ok(added)
    }

    /// Looks at all rows of a table.
    fn find(&self, name: &str, field: &str, to: &Reference) -> Result<()> {
        let all = self.lost_sql(to, &Sought::among_all("true".to_owned()), "true");
        self.store.run(&format!("CREATE OR REPLACE TEMP TABLE {} AS {all}", lost(to)))?;
        let all = referring(&Path("candidate", name).to_string(), field, &lost(to));
        self.store.run(&format!("CREATE OR REPLACE TEMP TABLE {} AS {all}", waiting(name, field)))
    }

    /// Looks only at the rows that changed, and at those that refer to a value that is lost now and was not.
    fn find_again(&mut self, known: &Known, name: &str, field: &str, to: &Reference) -> Result<()> {
        let (store, waiting) = (self.store, waiting(name, field));
        let moved = self.moved(known, to)?;
        if moved.went > 0 {
            store.run(&format!("DELETE FROM {waiting} WHERE value NOT IN (FROM {})", lost(to)))?;
        }
        if known.since.changes.contains_key(name) {
            let (before, after) = (Change::before(name), Change::after(name));
            store.run(&format!(
                "DELETE FROM {waiting} WHERE \"row\" IN (SELECT _key FROM {before} UNION ALL SELECT _key FROM {after})"
            ))?;
            store.run(&format!("INSERT INTO {waiting} {}", referring(&after, field, &lost(to))))?;
        }
        if moved.came > 0 {
            let new = format!("({} EXCEPT FROM {})", lost_of(to, &doubtful(to)), lost_before(to));
            let near = known.since.places.near(store, name, "c.", field, &format!("SELECT value FROM {new}"))?;
            if let Some(rows) = near.with("true".to_owned()) {
                let referring = referring(&rows.rows(name), field, &new);
                store.run(&format!(
                    "INSERT INTO {waiting} {referring} WHERE {} EXCEPT FROM {waiting}",
                    rows.condition
                ))?;
            }
        }
        Ok(())
    }

    /// Finds the lost values of a field again, where others may be lost now, and says how they differ.
    fn moved(&mut self, known: &Known, to: &Reference) -> Result<Moved> {
        if !known.moved.contains(&to.table) {
            return Ok(Moved::default());
        }
        let field = (to.table.clone(), to.field.clone());
        if let Some(moved) = self.seen.get(&field) {
            return Ok(*moved);
        }
        let (store, now, before, doubtful) = (self.store, lost(to), lost_before(to), doubtful(to));
        let (held, were_held) = (reasons(&to.table), held_before(&to.table));
        // Whether a value is lost hangs on the rows that have it: on what they are, and on whether they are held back.
        let turned = format!(
            "(SELECT \"row\" FROM {held} EXCEPT FROM {were_held}) UNION (FROM {were_held} EXCEPT SELECT \"row\" FROM {held})"
        );
        let text = format!("u.{}::VARCHAR", Ident(&to.field));
        let rows =
            known.since.places.near(store, &to.table, "u.", IDENTITY, &turned)?.with(format!("_key IN ({turned})"));
        let mut parts = vec!["SELECT NULL::VARCHAR AS value".to_owned()];
        parts.extend(
            rows.map(|rows| {
                format!("SELECT {text} AS value FROM {} AS u WHERE {}", rows.rows(&to.table), rows.condition)
            }),
        );
        if known.since.changes.contains_key(&to.table) {
            parts.push(Change::values(&to.table, &format!("t.{}", Ident(&to.field))));
        }
        let values =
            format!("SELECT DISTINCT value FROM (\n{}\n) WHERE value IS NOT NULL", parts.join("\nUNION ALL\n"));
        store.fill_like(&doubtful, "value", values)?;
        store.fill(&before, lost_of(to, &doubtful))?;
        store.run(&format!("DELETE FROM {now} WHERE value IN (FROM {doubtful})"))?;
        let near =
            known.since.places.near(store, &to.table, "u.", &to.field, &format!("SELECT value FROM {doubtful}"))?;
        if let Some(rows) = near.with(format!("{text} IN (FROM {doubtful})")) {
            let committed = format!("k.{}::VARCHAR IN (FROM {doubtful})", Ident(&to.field));
            store.run(&format!("INSERT INTO {now} {}", self.lost_sql(to, &rows, &committed)))?;
        }
        let sql = format!(
            "SELECT count(*) FILTER (b.value IS NULL), count(*) FILTER (n.value IS NULL)\n\
             FROM ({}) AS n FULL JOIN {before} AS b ON n.value = b.value",
            lost_of(to, &doubtful)
        );
        let moved = self.store.first(&sql, [], |row| Ok(Moved { came: row.get(0)?, went: row.get(1)? }))?;
        Ok(*self.seen.entry(field).or_insert(moved.unwrap_or_default()))
    }

    /// The query for the values of a field that only rows have that are held back and were never committed.
    /// The rows `u` that can have it are among `rows`, and the committed ones meet the condition `committed` over `k`.
    fn lost_sql(&self, to: &Reference, rows: &Sought, committed: &str) -> Pipeline {
        let value = |alias: &str, name: &str| format!("{alias}{}::VARCHAR", Ident(name));
        let (candidate, held) = (Path("candidate", &to.table).to_string(), reasons(&to.table));
        let (few, condition) = (rows.rows(&to.table), &rows.condition);
        let mut pipeline = Pipeline::new();
        pipeline.step(
            "suspects",
            format!(
                "SELECT DISTINCT {0} AS value FROM {few} u SEMI JOIN {held} h ON u._key = h.\"row\"\n\
                 WHERE {0} IS NOT NULL AND {condition}",
                value("u.", &to.field)
            ),
        );
        let mut present = format!(
            "SELECT {0} AS value FROM {few} u SEMI JOIN suspects s ON {0} = s.value ANTI JOIN {held} h ON u._key = h.\"row\"\n\
             WHERE {condition}",
            value("u.", &to.field)
        );
        let keys: Vec<&str> = self.schema.tables.get(&to.table).into_iter().flat_map(|table| table.keys()).collect();
        if !keys.is_empty() && self.shapes.has("canonical", &to.table, &[&keys[..], &[&to.field]].concat()) {
            // A row that was committed before stays as it was while its successor is held back.
            let same = keys.iter().map(|key| format!("{} = {}", value("k.", key), value("u.", key)));
            present += &format!(
                " UNION ALL SELECT {} FROM {} k SEMI JOIN (SELECT * FROM {candidate} u SEMI JOIN {held} h ON u._key = h.\"row\") u ON {}\n\
                 WHERE {committed}",
                value("k.", &to.field),
                Path("canonical", &to.table),
                same.collect::<Vec<_>>().join(" AND ")
            );
        }
        pipeline.step("present", present);
        pipeline.step("lost", "SELECT value FROM suspects ANTI JOIN present USING (value)");
        pipeline
    }
}

/// The query for those of some values that are lost.
fn lost_of(to: &Reference, values: &str) -> String {
    format!("SELECT value FROM {} WHERE value IN (FROM {values})", lost(to))
}

/// The query for the rows of a relation whose field has one of some values.
fn referring(rows: &str, field: &str, values: &str) -> String {
    format!(
        "SELECT c._key AS \"row\", l.value FROM {rows} AS c JOIN {values} AS l ON c.{}::VARCHAR = l.value",
        Ident(field)
    )
}
