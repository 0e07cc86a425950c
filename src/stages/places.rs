//! Where the rows of large tables are found by their keys and references. Neighbours: `recheck`, which keeps this from one decision to the
//! next; `map` and `gate`, which look rows up.
//!
//! Keys are compressed, and to look for one among all of them means to unpack them all. So the first decision gathers short hashes of
//! the keys and references of large tables in memory, each with the record number of its row. What is looked for is looked for there
//! first, and only among the rows that may have it does the question itself decide. Lines about rows that went or are otherwise now do
//! no harm; those about rows that came or changed are added.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use indexmap::IndexMap;

use super::map::Change;
use crate::error::{Error, Result};
use crate::model::{Schema, Table};
use crate::sql::{Ident, Path};
use crate::store::Store;

/// The least number of rows of a table for which it is worth it.
static MANY: AtomicU64 = AtomicU64::new(50_000);

/// Takes tables with so many rows for large ones. Whatever is taken for large, what is found is the same: tests say so of small tables.
pub fn worth_it_from(rows: u64) {
    MANY.store(rows, Ordering::Relaxed);
}

/// The most rows that share a reference, on average, for which it is worth it: who has many is sooner found among all.
const SHARED: u64 = 100;

/// The most rows that are named in a statement, and the most values that are looked for.
const MOST: usize = 300;

/// From so many lines on, those that were added are put in order with the others.
const ADDED: usize = 4096;

/// What is known of where rows are that a condition asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Near {
    /// Nothing.
    #[default]
    Anywhere,
    /// A condition that goes with the other one for the same rows, and makes them sooner found.
    Among(String),
    /// There are none.
    Nowhere,
}

impl Near {
    /// The condition together with what is known; `None` where no row can meet it.
    pub fn with(self, condition: String) -> Option<String> {
        match self {
            Near::Anywhere => Some(condition),
            Near::Among(near) => Some(format!("{condition} AND {near}")),
            Near::Nowhere => None,
        }
    }

    /// The condition by itself; `None` where nothing is known.
    pub fn alone(self) -> Option<String> {
        match self {
            Near::Anywhere => None,
            Near::Among(near) => Some(near),
            Near::Nowhere => Some("false".to_owned()),
        }
    }
}

/// The identity of a row, as a field that can be looked for.
pub const IDENTITY: &str = "_key";

/// The rows of large tables, by fields.
#[derive(Debug, Default)]
pub struct Places {
    /// By table: its identity, its key where that is one field, and references.
    tables: IndexMap<String, IndexMap<String, RefCell<Lines>>>,
    /// What was found, by what was asked.
    found: RefCell<HashMap<String, Near>>,
}

/// Per row, the hash of a value in the upper half and the row's record number in the lower one.
#[derive(Debug, Default)]
struct Lines {
    in_order: Vec<u64>,
    added: Vec<u64>,
}

/// The half of a line with the record number.
const NUMBER: u64 = u32::MAX as u64;

impl Lines {
    fn sort(&mut self) {
        self.in_order.append(&mut self.added);
        self.in_order.sort_unstable();
    }

    /// The record numbers that stand with a hash.
    fn rows(&self, hash: u64) -> impl Iterator<Item = u64> {
        let first = self.in_order.partition_point(|line| *line < hash);
        let in_order = self.in_order[first..].iter().take_while(move |line| **line & !NUMBER == hash);
        let added = self.added.iter().filter(move |line| **line & !NUMBER == hash);
        in_order.chain(added).map(|line| line & NUMBER)
    }
}

impl Places {
    /// Gathers where the rows of all large tables are.
    pub fn gather(store: &Store, schema: &Schema) -> Result<Places> {
        let built = store.tables("candidate")?;
        let is_built = |name: &String| built.iter().any(|one| one == name);
        let mut rows: IndexMap<&str, (u64, u64)> = IndexMap::new();
        for name in schema.tables.keys().filter(|name| is_built(name)) {
            let sql = format!("SELECT count(*), coalesce(max(_row), 0)::BIGINT FROM {}", Path("candidate", name));
            let counted = store.first(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.insert(name, counted.unwrap_or_default());
        }
        let many = MANY.load(Ordering::Relaxed);
        let mut places = Places::default();
        for (name, table) in &schema.tables {
            let is_large = |(count, last): &(u64, u64)| *count >= many && *last <= NUMBER;
            let Some((count, _)) = rows.get(name.as_str()).copied().filter(is_large) else { continue };
            let fields = fields(table, |to| rows.get(to).is_some_and(|(others, _)| count / SHARED <= *others));
            places.tables.insert(name.clone(), fields.into_iter().map(|field| (field, RefCell::default())).collect());
            places.read(store, name, &Path("candidate", name))?;
            let lines = places.tables.get_mut(name).into_iter().flat_map(IndexMap::values_mut);
            std::thread::scope(|scope| lines.for_each(|lines| drop(scope.spawn(|| lines.get_mut().sort()))));
        }
        Ok(places)
    }

    /// What was found may be otherwise now.
    pub fn forget(&self) {
        self.found.borrow_mut().clear();
    }

    /// Adds the rows of a table that changed or came.
    pub fn add(&self, store: &Store, table: &str) -> Result<()> {
        self.read(store, table, &Change::after(table))
    }

    /// Adds the rows of a relation.
    fn read(&self, store: &Store, table: &str, rows: &dyn fmt::Display) -> Result<()> {
        let Some(fields) = self.tables.get(table) else { return Ok(()) };
        let lines: Vec<String> = fields
            .keys()
            .zip(0..)
            .map(|(field, n)| format!("{} | t._row::UBIGINT AS l{n}", hashed(&format!("t.{}::VARCHAR", Ident(field)))))
            .collect();
        let broken = |cause| Error::internal("hashes did not arrive as numbers").caused_by(cause);
        store.each_frame(&format!("SELECT {} FROM {rows} AS t", lines.join(", ")), &mut |frame| {
            for (lines, column) in fields.values().zip(frame.get_columns()) {
                lines.borrow_mut().added.extend(column.u64().map_err(broken)?.into_no_null_iter());
            }
            Ok(())
        })?;
        let many = fields.values().filter(|lines| lines.borrow().added.len() > ADDED);
        many.for_each(|lines| lines.borrow_mut().sort());
        Ok(())
    }

    /// What is known of the rows of which a field must be one of the values of a query, all as text. `alias` stands before the columns of
    /// the candidates.
    pub fn near(&self, store: &Store, table: &str, alias: &str, field: &str, values: &str) -> Result<Near> {
        let Some(lines) = self.tables.get(table).and_then(|fields| fields.get(field)) else {
            return Ok(Near::Anywhere);
        };
        let asked = format!("{table} {alias} {field} {values}");
        if let Some(near) = self.found.borrow().get(&asked) {
            return Ok(near.clone());
        }
        let sql = format!(
            "SELECT DISTINCT {} FROM ({values}) AS sought(value) WHERE value IS NOT NULL LIMIT {}",
            hashed("value"),
            MOST + 1
        );
        let sought: Vec<u64> = store.query(&sql, [], |row| row.get(0))?;
        let mut rows: Vec<u64> = Vec::new();
        if sought.len() <= MOST {
            let lines = lines.borrow();
            rows.extend(sought.iter().flat_map(|hash| lines.rows(*hash)).take(MOST * MOST));
            rows.sort_unstable();
            rows.dedup();
        }
        let numbers: Vec<String> = rows.iter().take(MOST + 1).map(u64::to_string).collect();
        // In this form the engine leaves out what it need not read: of one number as it stands, of several as a relation.
        let near = match numbers.as_slice() {
            _ if sought.len() > MOST => Near::Anywhere,
            [] => Near::Nowhere,
            [one] => Near::Among(format!("{alias}_row = {one}")),
            some if some.len() <= MOST => Near::Among(format!("{alias}_row IN (SELECT unnest([{}]))", some.join(", "))),
            _ => Near::Anywhere,
        };
        self.found.borrow_mut().insert(asked, near.clone());
        Ok(near)
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

/// The expression for the hash of a text, as it stands in a line.
fn hashed(text: &str) -> String {
    format!("(hash({text}) & {}::UBIGINT)", !NUMBER)
}
