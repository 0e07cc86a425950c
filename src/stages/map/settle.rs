//! Settles what is computed from rows that a commit leaves out: a total must not count a sale that is held back. Neighbours:
//! `derive`, which computes; `commit`, which says what it leaves out and takes what comes of it.

use indexmap::IndexMap;

use super::again::Change;
use super::derive::{self, Around, Rows, Stop};
use super::feed::Feed;
use super::{Plan, mapped};
use crate::error::Result;
use crate::sql::{Ident, Path, Pipeline};
use crate::stages::places::Places;
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
            let Some(seen) = self.seen_change(store, name, table, &changes, &Places::default())? else { continue };
            let instead: Vec<String> = changes.keys().cloned().collect();
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
                seen.rows.iter().map(|sought| sought.condition.as_str()).collect::<Vec<_>>().join(" OR "),
                self.anew(name, self.feeds(name), &looking, &seen.fields, &instead, Rows::Some)?,
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

    /// The query that computes some derived fields of candidates anew, but where a source or a decision gave them; looking at
    /// the tables `instead` as they are to come. It keeps all columns of `rows`.
    pub(super) fn anew(
        &self,
        name: &str,
        feeds: &[Feed],
        rows: &str,
        fields: &[String],
        instead: &[String],
        which: Rows,
    ) -> Result<Pipeline> {
        let table = self.table(name)?;
        let given = given(feeds, fields);
        let mut pipeline = match given.is_empty() {
            true => Pipeline::new(),
            false => mapped(
                table,
                feeds,
                |field| given.iter().any(|name| name.as_str() == field),
                Some(&format!("_row IN (SELECT _row FROM {rows})")),
            ),
        };
        let bits = fields.iter().filter_map(|field| Some((field, 1_i64 << table.fields.get_index_of(field)?)));
        let values = bits.clone().map(|(field, mask)| {
            let own = Ident(field);
            let given = match given.contains(&field) {
                true => format!(" OR g._unread & {mask} <> 0 OR g.{own} IS NOT NULL"),
                false => String::new(),
            };
            format!("CASE WHEN r._decided & {mask} <> 0{given} THEN r.{own} END AS {own}")
        });
        let mut values: Vec<String> = values.collect();
        // What could not be computed from the rows that there are may be from those that come.
        let mask = bits.fold(0, |mask, (_, bit)| mask | bit);
        let read = if given.is_empty() { "0" } else { "coalesce(g._unread, 0)" };
        values.push(format!("((r._unread & ~{mask}) | ({read} & ~r._decided & {mask})) AS _unread"));
        let join = match given.is_empty() {
            true => "",
            false => "\nLEFT JOIN mapped AS g ON g._row = r._row AND g._source = r._source AND g._entity = r._entity",
        };
        pipeline.step("bare", format!("SELECT r.* REPLACE (\n  {}\n) FROM {rows} AS r{join}", values.join(",\n  ")));
        let around = Around { schema: &self.schema, early: &[], instead, rows: which, only: Some(fields) };
        derive::derive(&mut pipeline, &around, name)?;
        Ok(pipeline)
    }
}

/// Those of some derived fields that a source can give all the same.
pub(super) fn given<'f>(feeds: &[Feed], fields: &'f [String]) -> Vec<&'f String> {
    fields.iter().filter(|field| feeds.iter().any(|feed| feed.gives(field))).collect()
}
