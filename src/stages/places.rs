//! Where the rows of large tables are found by their keys and references. Neighbours: `recheck`, which keeps this from one decision to the
//! next; `map` and `gate`, which look rows up.
//!
//! Keys are compressed, and to look for one among a million of them means to unpack them all. So the first decision writes down
//! short hashes of the keys and references of large tables, in temporary tables of the connection, each beside the record number of its
//! row. What is looked for is looked for there first, and only among the rows that may have it does the question itself decide. Lines
//! about rows that went or are otherwise now do no harm; those about rows that came or changed are added.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::map::Change;
use crate::error::Result;
use crate::model::{Schema, Table};
use crate::sql::{Ident, Path};
use crate::store::Store;

/// The least number of rows of a table for which it is worth it.
static MANY: AtomicU64 = AtomicU64::new(200_000);

/// Takes tables with so many rows for large ones. Whatever is taken for large, what is found is the same: tests say so of small tables.
pub fn worth_it_from(rows: u64) {
    MANY.store(rows, Ordering::Relaxed);
}

/// The most rows that share a reference, on average, for which it is worth it: who has many is sooner found among all.
const SHARED: u64 = 100;

/// The most rows that are named in a statement.
const MOST: usize = 300;

/// A condition that goes with another one for the same rows, and makes them sooner found; it may say nothing. It is written with its
/// `AND`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Near(Option<String>);

impl Near {
    /// The condition by itself.
    pub fn alone(self) -> Option<String> {
        self.0
    }
}

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|condition| write!(f, " AND {condition}"))
    }
}

/// The identity of a row, as a field that can be looked for.
pub const IDENTITY: &str = "_key";

/// The fields by which rows of large tables are found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Places {
    /// By table: its identity, its key where that is one field, and references.
    tables: IndexMap<String, Vec<String>>,
    /// What was found, by what was asked.
    #[serde(skip)]
    found: RefCell<HashMap<String, Vec<i64>>>,
}

impl Places {
    /// Writes it down.
    pub fn gather(store: &Store, schema: &Schema) -> Result<Places> {
        let built = store.tables("candidate")?;
        let is_built = |name: &String| built.iter().any(|one| one == name);
        let mut rows: IndexMap<&str, u64> = IndexMap::new();
        for name in schema.tables.keys().filter(|name| is_built(name)) {
            rows.insert(name, store.count(&format!("SELECT count(*) FROM {}", Path("candidate", name)))?);
        }
        let many = MANY.load(Ordering::Relaxed);
        let mut places = Places::default();
        for (name, table) in &schema.tables {
            let Some(count) = rows.get(name.as_str()).copied().filter(|count| *count >= many) else { continue };
            let fields = fields(table, |to| rows.get(to).is_some_and(|others| count / SHARED <= *others));
            store.run(&format!(
                "CREATE OR REPLACE TEMP TABLE {} AS SELECT {} FROM {} AS t",
                places_in(name),
                columns(&fields),
                Path("candidate", name)
            ))?;
            places.tables.insert(name.clone(), fields);
        }
        Ok(places)
    }

    /// What was found may be otherwise now.
    pub fn forget(&self) {
        self.found.borrow_mut().clear();
    }

    /// Adds the rows of a table that changed or came.
    pub fn add(&self, store: &Store, table: &str) -> Result<()> {
        let Some(fields) = self.tables.get(table) else { return Ok(()) };
        store.run(&format!(
            "INSERT INTO {} SELECT {} FROM {} AS t",
            places_in(table),
            columns(fields),
            Change::after(table)
        ))
    }

    /// A further condition for rows of which a field must be one of the values of a query, all as text: it is true of all these, and of few
    /// others. `alias` stands before the columns of the candidates. It says nothing where none helps.
    pub fn near(&self, store: &Store, table: &str, alias: &str, field: &str, values: &str) -> Result<Near> {
        if !self.tables.get(table).is_some_and(|fields| fields.iter().any(|one| one == field)) {
            return Ok(Near::default());
        }
        let sql = format!(
            "SELECT DISTINCT _row FROM {} WHERE {} IN (SELECT {} FROM ({values}) AS sought(value)) LIMIT {}",
            places_in(table),
            Ident(field),
            hashed("value"),
            MOST + 1
        );
        let known = self.found.borrow().get(&sql).cloned();
        let rows = match known {
            Some(rows) => rows,
            None => store.with_care(|| store.query(&sql, [], |row| row.get(0)))?,
        };
        let numbers: Vec<String> = rows.iter().map(i64::to_string).collect();
        self.found.borrow_mut().insert(sql, rows);
        // In this form the engine leaves out what it need not read: of one number as it stands, of several as a relation.
        Ok(Near(match numbers.as_slice() {
            [] => Some("false".to_owned()),
            [one] => Some(format!("{alias}_row = {one}")),
            some if some.len() <= MOST => Some(format!("{alias}_row IN (SELECT unnest([{}]))", some.join(", "))),
            _ => None,
        }))
    }
}

/// The field that is the key of a table; none where the key is made of several, which are not looked for.
pub fn key(table: &Table) -> &str {
    let mut keys = table.keys();
    keys.next().filter(|_| keys.next().is_none()).unwrap_or_default()
}

/// The fields by which rows are looked for; `is_spread` says of a table that few rows refer to the same row of it.
fn fields(table: &Table, is_spread: impl Fn(&str) -> bool) -> Vec<String> {
    let key = key(table);
    let fields = table
        .fields
        .iter()
        .filter(|(name, field)| *name == key || field.references.as_ref().is_some_and(|to| is_spread(&to.table)));
    std::iter::once(IDENTITY.to_owned()).chain(fields.map(|(name, _)| name.clone())).collect()
}

fn columns(fields: &[String]) -> String {
    let hashes = fields
        .iter()
        .map(|field| format!("{} AS {1}, ", hashed(&format!("t.{}::VARCHAR", Ident(field))), Ident(field)));
    hashes.collect::<String>() + "t._row AS _row"
}

/// The expression for the hash of a text.
fn hashed(text: &str) -> String {
    format!("(hash({text}) & 4294967295)::UINTEGER")
}

/// The temporary table with the hashes of a table's rows.
fn places_in(table: &str) -> String {
    format!("temp.{}", Ident(&format!("places in {table}")))
}
