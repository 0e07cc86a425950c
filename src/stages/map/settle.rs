//! Settles what is computed from rows that a commit leaves out: a total must not count a sale that is held back. Neighbours:
//! `derive`, which computes; `commit`, which says what it leaves out and takes what comes of it.

use indexmap::IndexMap;

use super::again::Change;
use super::derive::{self, Around, Stop};
use super::{Plan, mapped};
use crate::error::Result;
use crate::model::Table;
use crate::sql::{Ident, Path, Pipeline};
use crate::store::Store;

/// What a commit makes of a table otherwise than its candidates say.
pub struct Otherwise {
    /// A query for the candidates that do not come, with all their columns.
    pub without: String,
    /// A query for the rows that stay from earlier commits in their place: `_key` and the fields.
    pub with: String,
}

/// The temporary table with the candidates of a table that come otherwise than they are: `_at`, their place among the
/// candidates, and all columns.
pub fn settled(table: &str) -> String {
    Ident(&format!("settled {table}")).to_string()
}

/// The temporary view with all rows of a table as a commit makes them.
pub(super) fn coming(table: &str) -> String {
    Ident(&format!("{table} to come")).to_string()
}

impl Plan {
    /// Computes the derived fields of the candidates anew that look at a row which does not come, or comes otherwise, and
    /// says in which tables that gave other values; these are in [`settled`] then. Writes temporary tables only.
    pub fn settle(&self, store: &Store, otherwise: &IndexMap<String, Otherwise>) -> Result<Vec<String>> {
        let mut changes = IndexMap::new();
        for (name, Otherwise { without, with }) in otherwise {
            let (before, after) = (Change::before(name), Change::after(name));
            store.run(&format!(
                "CREATE OR REPLACE TEMP TABLE {before} AS {without};\n\
                 CREATE OR REPLACE TEMP TABLE {after} AS SELECT * FROM {before} LIMIT 0;\nINSERT INTO {after} BY NAME {with}"
            ))?;
            self.look_past(store, name, &mut changes)?;
        }
        let mut found = Vec::new();
        if changes.is_empty() {
            return Ok(found);
        }
        store.run(&super::as_of(store)?)?;
        for stop in &self.stops {
            let Stop::Whole(name) = stop else { continue };
            let table = self.table(name)?;
            let seen = self.seen_change(table, &changes);
            if seen.is_empty() {
                continue;
            }
            let (candidate, settled) = (Path("candidate", name), settled(name));
            let (before, after) = (Change::before(name), Change::after(name));
            if !changes.contains_key(name) {
                store.run(&format!(
                    "CREATE OR REPLACE TEMP TABLE {before} AS SELECT * FROM {candidate} LIMIT 0;\n\
                     CREATE OR REPLACE TEMP TABLE {after} AS FROM {before}"
                ))?;
            }
            let looking = Ident(&format!("looking {name}")).to_string();
            store.run(&format!(
                "CREATE OR REPLACE TEMP TABLE {looking} AS SELECT rowid AS _at, * FROM {candidate}\n\
                 WHERE ({}) AND _key NOT IN (SELECT _key FROM {before});\n\
                 CREATE OR REPLACE TEMP TABLE {settled} AS {};\n\
                 DELETE FROM {settled} AS s USING {looking} AS l WHERE s._at = l._at AND {}",
                seen.join(" OR "),
                self.anew(name, table, &looking, &changes)?,
                table
                    .fields
                    .keys()
                    .map(|f| format!("s.{0} IS NOT DISTINCT FROM l.{0}", Ident(f)))
                    .collect::<Vec<_>>()
                    .join(" AND ")
            ))?;
            if store.count(&format!("SELECT count(*) FROM {settled}"))? == 0 {
                continue;
            }
            store.run(&format!(
                "INSERT INTO {before} SELECT * EXCLUDE (_at) FROM {looking} WHERE _at IN (SELECT _at FROM {settled});\n\
                 INSERT INTO {after} BY NAME SELECT * EXCLUDE (_at) FROM {settled};\nDROP TABLE {looking}"
            ))?;
            self.look_past(store, name, &mut changes)?;
            found.push(name.clone());
        }
        Ok(found)
    }

    /// Makes derived fields look at a table as it comes from now on, if it comes otherwise.
    fn look_past(&self, store: &Store, name: &str, changes: &mut IndexMap<String, Change>) -> Result<()> {
        let (before, after) = (Change::before(name), Change::after(name));
        let went = store.count(&format!("SELECT count(*) FROM {before}"))?;
        let came = store.count(&format!("SELECT count(*) FROM {after}"))?;
        if went + came > 0 {
            store.run(&format!(
                "CREATE OR REPLACE TEMP VIEW {} AS SELECT * FROM {} WHERE _key NOT IN (SELECT _key FROM {before}) UNION ALL BY NAME FROM {after}",
                coming(name),
                Path("candidate", name)
            ))?;
            changes.insert(name.to_owned(), Change { came, went, ..Change::default() });
        }
        Ok(())
    }

    /// The query that computes the derived fields of candidates anew, but for those that a source or a decision gave.
    fn anew(&self, name: &str, table: &Table, rows: &str, changes: &IndexMap<String, Change>) -> Result<Pipeline> {
        let is_derived = |field: &str| table.fields.get(field).is_some_and(|field| field.derive.is_some());
        let feeds = self.feeds(name);
        let given: Vec<&str> = table
            .fields
            .keys()
            .map(String::as_str)
            .filter(|field| is_derived(field) && feeds.iter().any(|feed| feed.gives(field)))
            .collect();
        let mut pipeline = match given.is_empty() {
            true => Pipeline::new(),
            false => mapped(
                table,
                feeds,
                |field| given.contains(&field),
                Some(&format!("_row IN (SELECT _row FROM {rows})")),
            ),
        };
        let values =
            table.fields.iter().enumerate().filter(|(_, (field, _))| is_derived(field)).map(|(bit, (field, _))| {
                let (field_name, mask) = (Ident(field), 1_i64 << bit);
                let given = if given.contains(&field.as_str()) {
                    format!(" OR g._unread & {mask} <> 0 OR g.{field_name} IS NOT NULL")
                } else {
                    String::new()
                };
                format!("CASE WHEN r._decided & {mask} <> 0{given} THEN r.{field_name} END AS {field_name}")
            });
        let mut values: Vec<String> = values.collect();
        // What could not be computed from the rows that there are may be from those that come.
        let mask = table.fields.values().zip(0..).filter(|(field, _)| field.derive.is_some());
        let mask = mask.fold(0_i64, |mask, (_, bit)| mask | 1 << bit);
        let read = if given.is_empty() { "0" } else { "coalesce(g._unread, 0)" };
        values.push(format!("((r._unread & ~{mask}) | ({read} & ~r._decided & {mask})) AS _unread"));
        let join = match given.is_empty() {
            true => "",
            false => "\nLEFT JOIN mapped AS g ON g._row = r._row AND g._source = r._source AND g._entity = r._entity",
        };
        pipeline.step("bare", format!("SELECT r.* REPLACE (\n  {}\n) FROM {rows} AS r{join}", values.join(",\n  ")));
        let instead: Vec<String> = changes.keys().cloned().collect();
        let around = Around { schema: &self.schema, early: &[], instead: &instead, rows: derive::Rows::Some };
        derive::derive(&mut pipeline, &around, name)?;
        Ok(pipeline)
    }
}
