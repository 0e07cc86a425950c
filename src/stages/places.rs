//! Where the rows of large tables are found by their keys and references. Neighbours: `recheck`, which keeps this from one decision to the
//! next; `map` and `gate`, which look rows up.
//!
//! Keys are compressed, and to look for one among all of them means to unpack them all. So what rows of a large table are looked for by
//! is gathered in memory the first time: short hashes of the values, each with the record number of its row. From then on a value is
//! looked for there first, and only among the rows that may have it does the question itself decide. Lines about rows that went or are
//! otherwise now do no harm; those about rows that came or changed are added.
//!
//! One decision asks for the same few rows again and again: by their identity, by their key, by what refers to them. So they are read
//! once, into a temporary table beside the candidates, where they are at hand until the decision is done.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use indexmap::IndexMap;

use super::map::Change;
use crate::error::{Error, Result};
use crate::sql::{Ident, Path};
use crate::store::Store;

/// The least number of rows of a table for which it is worth it.
static MANY: AtomicU64 = AtomicU64::new(50_000);

/// Takes tables with so many rows for large ones. Whatever is taken for large, what is found is the same: tests say so of small tables.
pub fn worth_it_from(rows: u64) {
    MANY.store(rows, Ordering::Relaxed);
}

/// The most rows of a table that is as quickly read as looked up.
const SMALL: u64 = 10_000;

/// The tables of candidates that are so small that none of their rows has to be looked for, as they are written in a statement.
pub fn small(store: &Store) -> Result<Vec<String>> {
    let few = SMALL.min(MANY.load(Ordering::Relaxed));
    let sql = format!(
        "SELECT table_name FROM duckdb_tables()\n\
         WHERE database_name = current_database() AND schema_name = 'candidate' AND estimated_size < {few}"
    );
    let names: Vec<String> = store.query(&sql, [], |row| row.get(0))?;
    Ok(names.iter().map(|name| Path("candidate", name).to_string()).collect())
}

/// The most rows that share a reference, on average, for which it is worth it: who has many is sooner found among all.
const SHARED: usize = 100;

/// The most rows that are named in a statement, and the most values that are looked for.
const MOST: usize = 300;

/// From so many lines on, those that were added are put in order with the others.
const ADDED: usize = 4096;

/// The most rows that are fetched at once to be at hand: all columns are read of them, and of those that stand beside them.
const FETCHED: usize = 60;

/// What is known of where rows are that are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Near {
    /// Nothing.
    #[default]
    Anywhere,
    /// Among the candidates that meet a condition.
    Among(String),
    /// Among the rows at hand.
    AtHand,
    /// There are none.
    Nowhere,
}

impl Near {
    /// The rows that meet a condition; `None` where no row can.
    pub fn with(self, condition: String) -> Option<Sought> {
        match self {
            Near::Anywhere => Some(Sought::among_all(condition)),
            Near::Among(near) => Some(Sought::among_all(format!("{condition} AND {near}"))),
            Near::AtHand => Some(Sought { condition, is_at_hand: true }),
            Near::Nowhere => None,
        }
    }
}

/// Rows of a table that are looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sought {
    /// The condition that they meet.
    pub condition: String,
    is_at_hand: bool,
}

impl Sought {
    /// Those of all candidates that meet a condition.
    pub fn among_all(condition: String) -> Sought {
        Sought { condition, is_at_hand: false }
    }

    /// The relation that they stand in.
    pub fn rows(&self, table: &str) -> String {
        if self.is_at_hand { at_hand(table) } else { Path("candidate", table).to_string() }
    }

    /// Its column with their places among the candidates.
    pub fn place(&self) -> &'static str {
        if self.is_at_hand { "_at" } else { "rowid" }
    }
}

/// The temporary table with the candidates of a table that are at hand: `_at`, their places, and all columns.
fn at_hand(table: &str) -> String {
    Ident(&format!("{table} at hand")).to_string()
}

/// The identity of a row, as a field that can be looked for.
pub const IDENTITY: &str = "_key";

/// What was gathered of where rows are, for all connections.
#[derive(Debug, Clone, Default)]
pub struct Whereabouts(Arc<Mutex<HashMap<String, Option<By>>>>);

impl Whereabouts {
    /// By table, what its rows were looked for by so far; none of a table that is not large.
    fn tables(&self) -> MutexGuard<'_, HashMap<String, Option<By>>> {
        // Lines that were not all added are missed by nobody but who would rather look among all.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The condition that a candidate may have one of some identities: who looks for them finds them there, or else among all. `None`
    /// where that is not known, or not without waiting for it.
    pub fn hint(&self, store: &Store, table: &str, identities: &[String]) -> Result<Option<String>> {
        if identities.is_empty() || identities.len() > MOST {
            return Ok(None);
        }
        let tables = match self.0.try_lock() {
            Ok(tables) => tables,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        let by = tables.get(table).and_then(Option::as_ref);
        let Some(Some(lines)) = by.and_then(|by| by.get(&as_text(IDENTITY))) else { return Ok(None) };
        let found = lines.with(&hashes_of(store, identities.iter().map(String::as_str))?);
        Ok(found.filter(|numbers| !numbers.is_empty()).map(|numbers| among("", &numbers)))
    }
}

/// Where rows of large tables are found.
#[derive(Debug, Default)]
pub struct Places {
    gathers: bool,
    whereabouts: Whereabouts,
    /// What was found, by what was asked.
    found: RefCell<HashMap<String, Near>>,
    /// By table, the numbers of the records of which all candidates are at hand.
    at_hand: RefCell<HashMap<String, HashSet<u64>>>,
}

/// By the expression whose values are looked for, the lines; none where many rows share a value.
type By = IndexMap<String, Option<Lines>>;

/// Per row, the hash of a value in the upper half and the row's record number in the lower one.
#[derive(Debug, Default)]
struct Lines {
    in_order: Vec<u64>,
    added: Vec<u64>,
}

/// The half of a line with the record number.
const NUMBER: u64 = u32::MAX as u64;

impl Lines {
    /// Those of all candidates of a table.
    fn of(store: &Store, table: &str, by: &str) -> Result<Lines> {
        let sql = format!("SELECT {} FROM {} AS t WHERE {by} IS NOT NULL", line(by), Path("candidate", table));
        let broken = |cause| Error::internal("hashes did not arrive as numbers").caused_by(cause);
        // By their first bits, which are as good as random, so that several threads can sort them.
        let mut parts: [Vec<u64>; 4] = Default::default();
        store.each_frame(&sql, &mut |frame| {
            let lines = frame.get_columns().first().map(|lines| lines.u64()).transpose().map_err(broken)?;
            for line in lines.into_iter().flat_map(|lines| lines.into_no_null_iter()) {
                parts[(line >> 62) as usize].push(line);
            }
            Ok(())
        })?;
        std::thread::scope(|scope| {
            for part in &mut parts {
                scope.spawn(|| part.sort_unstable());
            }
        });
        Ok(Lines { in_order: parts.concat(), added: Vec::new() })
    }

    fn add(&mut self, line: u64) {
        self.added.push(line);
        if self.added.len() > ADDED {
            self.in_order.append(&mut self.added);
            self.in_order.sort_unstable();
            // A row that changes again and again in something else has the same line each time.
            self.in_order.dedup();
        }
    }

    /// The record numbers that stand with a hash.
    fn rows(&self, hash: u64) -> impl Iterator<Item = u64> {
        let first = self.in_order.partition_point(|line| *line < hash);
        let in_order = self.in_order[first..].iter().take_while(move |line| **line & !NUMBER == hash);
        let added = self.added.iter().filter(move |line| **line & !NUMBER == hash);
        in_order.chain(added).map(|line| line & NUMBER)
    }

    /// The record numbers that stand with some hashes; `None` where they are many.
    fn with(&self, hashes: &[u64]) -> Option<Vec<u64>> {
        let mut numbers: Vec<u64> = hashes.iter().flat_map(|hash| self.rows(*hash)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        (hashes.len() <= MOST && numbers.len() <= MOST).then_some(numbers)
    }

    /// Whether few rows have the same value, on average.
    fn are_spread(&self) -> bool {
        let different = self.in_order.chunk_by(|one, next| one & !NUMBER == next & !NUMBER).count();
        self.in_order.len() <= SHARED * different
    }
}

impl Places {
    /// Of which nothing was gathered yet.
    pub fn new(whereabouts: &Whereabouts) -> Places {
        whereabouts.tables().clear();
        Places { gathers: true, whereabouts: whereabouts.clone(), ..Places::default() }
    }

    /// What was found may be otherwise now.
    pub fn forget(&self) {
        self.found.borrow_mut().clear();
    }

    /// Lets go of the rows at hand: after the transaction, others may be at their places.
    pub fn let_go(&self) {
        self.forget();
        self.at_hand.borrow_mut().clear();
    }

    /// Takes note of what has become of the candidates of a table.
    pub fn follow(&self, store: &Store, table: &str, change: &Change) -> Result<()> {
        self.forget();
        self.bring_up_to_date(store, table, change)?;
        if change.came > 0 || !change.columns().is_empty() { self.add(store, table) } else { Ok(()) }
    }

    /// Brings the rows at hand to where the candidates are.
    fn bring_up_to_date(&self, store: &Store, table: &str, change: &Change) -> Result<()> {
        let mut at_hand_of = self.at_hand.borrow_mut();
        let Some(numbers) = at_hand_of.get_mut(table).filter(|numbers| !numbers.is_empty()) else { return Ok(()) };
        let (rows, before, after) = (at_hand(table), Change::before(table), Change::after(table));
        let only = |these: &str, those: &str| format!("FROM {these} AS t ANTI JOIN {those} AS o ON o._key = t._key");
        if change.went > 0 {
            store.run(&format!("DELETE FROM {rows} WHERE _key IN (SELECT _key {})", only(&before, &after)))?;
        }
        if change.came > 0 {
            let came = format!("SELECT _row {}", only(&after, &before));
            store.run(&format!("DELETE FROM {rows} WHERE _row IN ({came})"))?;
            for number in store.query(&format!("SELECT _row::UBIGINT FROM ({came})"), [], |row| row.get::<_, u64>(0))? {
                numbers.remove(&number);
            }
        }
        let columns = change.columns();
        if columns.is_empty() {
            return Ok(());
        }
        let values: Vec<String> = columns.iter().map(|column| format!("{column} = a.{column}")).collect();
        store.run(&format!("UPDATE {rows} AS t SET {} FROM {after} AS a WHERE a._key = t._key", values.join(", ")))
    }

    /// Adds the rows of a table that changed or came.
    fn add(&self, store: &Store, table: &str) -> Result<()> {
        let mut tables = self.whereabouts.tables();
        let Some(Some(by)) = tables.get_mut(table) else { return Ok(()) };
        let kept = by.iter_mut().filter_map(|(by, lines)| Some((by, lines.as_mut()?)));
        let (by, mut kept): (Vec<&String>, Vec<&mut Lines>) = kept.unzip();
        if kept.is_empty() {
            return Ok(());
        }
        let lines: Vec<String> =
            by.iter().map(|by| format!("CASE WHEN {by} IS NOT NULL THEN {} END", line(by))).collect();
        let sql = format!("SELECT {} FROM {} AS t", lines.join(", "), Change::after(table));
        let rows = store.query(&sql, [], |row| (0..lines.len()).map(|at| row.get(at)).collect())?;
        for row in rows as Vec<Vec<Option<u64>>> {
            kept.iter_mut().zip(row).for_each(|(lines, line)| line.into_iter().for_each(|line| lines.add(line)));
        }
        Ok(())
    }

    /// What is known of the rows of which a field must be one of the values of a query, all as text. `alias` stands before the columns of
    /// the candidates.
    pub fn near(&self, store: &Store, table: &str, alias: &str, field: &str, values: &str) -> Result<Near> {
        self.near_like(store, table, alias, &as_text(field), values)
    }

    /// The same of an expression over the candidates `t`.
    pub fn near_like(&self, store: &Store, table: &str, alias: &str, by: &str, values: &str) -> Result<Near> {
        let asked = format!("{table} {alias} {by} {values}");
        if let Some(near) = self.found.borrow().get(&asked) {
            return Ok(near.clone());
        }
        let near = self.near_hashes(store, table, alias, by, &|| hashes_among(store, values))?;
        self.found.borrow_mut().insert(asked, near.clone());
        Ok(near)
    }

    /// What is known of the rows of which a field must be one of some values, as text; it is asked anew each time.
    pub fn near_these<'v>(
        &self,
        store: &Store,
        table: &str,
        field: &str,
        values: impl Iterator<Item = &'v str> + Clone,
    ) -> Result<Near> {
        self.near_hashes(store, table, "", &as_text(field), &|| hashes_of(store, values.clone()))
    }

    /// The relation with the candidates of which the text of a field, as `like` makes it, is one of the values of a query. It may have others
    /// too.
    pub fn rows_like(
        &self,
        store: &Store,
        table: &str,
        field: &str,
        like: fn(&str) -> String,
        values: &str,
    ) -> Result<String> {
        let all = Path("candidate", table);
        Ok(match self.near_like(store, table, "", &like(&as_text(field)), values)? {
            Near::Anywhere => all.to_string(),
            Near::Among(near) => format!("(SELECT * FROM {all} WHERE {near})"),
            Near::AtHand => at_hand(table),
            Near::Nowhere => {
                // Whatever is at hand has none of them.
                let mut at_hand_of = self.at_hand.borrow_mut();
                if at_hand_of.entry(table.to_owned()).or_default().is_empty() {
                    let none = format!("SELECT NULL::BIGINT AS _at, * FROM {all} WHERE false");
                    store.of_few(|| store.fill_like(&at_hand(table), table, none))?;
                }
                at_hand(table)
            }
        })
    }

    fn near_hashes(
        &self,
        store: &Store,
        table: &str,
        alias: &str,
        by: &str,
        hashes: &dyn Fn() -> Result<Vec<u64>>,
    ) -> Result<Near> {
        Ok(match self.numbers(store, table, by, hashes)?.as_deref() {
            None => Near::Anywhere,
            Some([]) => Near::Nowhere,
            Some(numbers) if self.fetch(store, table, numbers)? => Near::AtHand,
            Some(numbers) => Near::Among(among(alias, numbers)),
        })
    }

    /// Makes sure that the candidates with these record numbers are at hand; false where they are too many.
    fn fetch(&self, store: &Store, table: &str, numbers: &[u64]) -> Result<bool> {
        let mut at_hand_of = self.at_hand.borrow_mut();
        let known = at_hand_of.entry(table.to_owned()).or_default();
        let missing: Vec<u64> = numbers.iter().filter(|number| !known.contains(number)).copied().collect();
        if missing.is_empty() || missing.len() > FETCHED {
            return Ok(missing.is_empty());
        }
        let rows = format!("SELECT rowid AS _at, * FROM {} WHERE {}", Path("candidate", table), among("", &missing));
        // Whatever the work is about: this reads a large table.
        store.of_few(|| match known.is_empty() {
            true => store.fill_like(&at_hand(table), table, rows),
            false => store.run(&format!("INSERT INTO {} BY NAME {rows}", at_hand(table))),
        })?;
        known.extend(missing);
        Ok(true)
    }

    /// The query for the candidates of a table at some places, which a query gives: `_at` and all columns. A row that a decision has changed
    /// may be at another place than it was, as the engine writes a list anew: its place is not to be asked for any more.
    pub fn at(&self, store: &Store, table: &str, places: &str) -> Result<String> {
        if self.at_hand.borrow().get(table).is_some_and(|numbers| !numbers.is_empty()) {
            let rows = at_hand(table);
            let is_other = format!(
                "SELECT 1 FROM ({places}) AS sought(place) WHERE place NOT IN (SELECT _at FROM {rows}) LIMIT 1"
            );
            if store.first(&is_other, [], |_| Ok(()))?.is_none() {
                return Ok(format!("SELECT * FROM {rows} WHERE _at IN ({places})"));
            }
        }
        Ok(format!("SELECT rowid AS _at, * FROM {} WHERE rowid IN ({places})", Path("candidate", table)))
    }

    /// The numbers of the records that may have a value with one of the hashes; `None` where they are many, or nothing is known.
    fn numbers(
        &self,
        store: &Store,
        table: &str,
        by: &str,
        hashes: &dyn Fn() -> Result<Vec<u64>>,
    ) -> Result<Option<Vec<u64>>> {
        if !self.gathers {
            return Ok(None);
        }
        let mut tables = self.whereabouts.tables();
        if !tables.contains_key(table) {
            tables.insert(table.to_owned(), is_large(store, table)?.then(By::default));
        }
        let Some(Some(known)) = tables.get_mut(table) else { return Ok(None) };
        if !known.contains_key(by) {
            let lines = Lines::of(store, table, by)?;
            let are_spread = lines.are_spread();
            known.insert(by.to_owned(), are_spread.then_some(lines));
        }
        let Some(Some(lines)) = known.get(by) else { return Ok(None) };
        Ok(lines.with(&hashes()?))
    }
}

/// The hashes of the values of a query; of many, as many as show that.
fn hashes_among(store: &Store, values: &str) -> Result<Vec<u64>> {
    let sql = format!(
        "SELECT DISTINCT {} FROM ({values}) AS sought(value) WHERE value IS NOT NULL LIMIT {}",
        hashed("value"),
        MOST + 1
    );
    store.query(&sql, [], |row| row.get(0))
}

/// The hashes of some values. It is the same statement whatever they are, so that it is planned once.
fn hashes_of<'v>(store: &Store, values: impl Iterator<Item = &'v str> + Clone) -> Result<Vec<u64>> {
    // It begins with a letter that does not come again in it: no part of it and of a value beside it is taken for it.
    let mut apart = "\u{1e}\u{1f}".to_owned();
    while values.clone().any(|value| value.contains(&apart)) {
        apart.push('\u{1f}');
    }
    let sql = format!(
        "SELECT DISTINCT {} FROM (SELECT unnest(string_split(?, ?))) AS sought(value) LIMIT {}",
        hashed("value"),
        MOST + 1
    );
    let values: Vec<&str> = values.collect();
    store.plainly(|| store.query(&sql, [values.join(&apart), apart], |row| row.get(0)))
}

/// Whether looking for rows of a table among all of them takes long, and their numbers fit into lines.
fn is_large(store: &Store, table: &str) -> Result<bool> {
    let sql = format!("SELECT count(*), coalesce(max(_row), 0)::UBIGINT FROM {}", Path("candidate", table));
    let (rows, last): (u64, u64) = store.first(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default();
    Ok(rows >= MANY.load(Ordering::Relaxed) && last <= NUMBER)
}

/// The condition that a row has one of some record numbers. In this form the engine leaves out what it need not read: of one number as it
/// stands, of several as a relation.
fn among(alias: &str, numbers: &[u64]) -> String {
    match numbers {
        [one] => format!("{alias}_row = {one}"),
        several => {
            let several: Vec<String> = several.iter().map(u64::to_string).collect();
            format!("{alias}_row IN (SELECT unnest([{}]))", several.join(", "))
        }
    }
}

/// The expression for the line of a row `t` with the value of an expression.
fn line(by: &str) -> String {
    format!("{} | t._row::UBIGINT", hashed(by))
}

/// The expression for a field of a candidate `t`, as it is looked for.
fn as_text(field: &str) -> String {
    format!("t.{}::VARCHAR", Ident(field))
}

/// The expression for the hash of a text, as it stands in a line.
fn hashed(text: &str) -> String {
    format!("(hash({text}) & {}::UBIGINT)", !NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_a_large_table_is_found_by_what_it_has_and_by_what_it_got() -> Result<()> {
        let store = Store::in_memory(&[])?;
        store.run(
            "CREATE TABLE candidate.sales AS SELECT 'k' || i AS _key, 'c' || (i // 2) AS customer, 'p' || (i % 7) AS product, i AS _row \
             FROM range(60000) AS t(i);\n\
             CREATE TABLE candidate.products AS SELECT 'p' || i AS _key, i AS _row FROM range(7) AS t(i)",
        )?;
        let whereabouts = Whereabouts::default();
        let places = Places::new(&whereabouts);
        let near = |table: &str, field: &str, values: &str| {
            places.forget();
            places.near(&store, table, "t.", field, values)
        };
        let rows = |near: Near, condition: &str| -> Result<Vec<i64>> {
            let Some(sought) = near.with(condition.to_owned()) else { return Ok(Vec::new()) };
            let (place, rows) = (sought.place(), sought.rows("sales"));
            let sql = format!("SELECT {place} FROM {rows} AS t WHERE {} ORDER BY 1", sought.condition);
            store.query(&sql, [], |row| row.get(0))
        };
        assert_eq!(near("sales", "customer", "SELECT unnest(['c5', NULL])")?, Near::AtHand);
        assert_eq!(rows(Near::AtHand, "true")?, [10, 11]);
        assert_eq!(near("sales", IDENTITY, "SELECT 'k7'")?, Near::AtHand);
        assert_eq!(rows(Near::AtHand, "true")?, [7, 10, 11]);
        assert_eq!(near("sales", "customer", "SELECT 'nobody'")?, Near::Nowhere);
        // Row 10 went, row 9 changed, and one came with the number of row 11.
        store.run(
            "CREATE TEMP TABLE \"sales before\" AS SELECT rowid AS _at, * FROM candidate.sales WHERE _row IN (9, 10);\n\
             CREATE TEMP TABLE \"sales after\" AS SELECT * REPLACE ('c5' AS customer) FROM candidate.sales WHERE _row = 9 \
             UNION ALL SELECT 'k#', 'c5', NULL, 11;\n\
             DELETE FROM candidate.sales WHERE _row = 10; UPDATE candidate.sales SET customer = 'c5' WHERE _row = 9;\n\
             INSERT INTO candidate.sales VALUES ('k#', 'c5', NULL, 11)",
        )?;
        let change = Change { fields: vec!["customer".to_owned()], came: 1, went: 1, ..Change::default() };
        places.follow(&store, "sales", &change)?;
        assert_eq!(rows(Near::AtHand, "true")?, [7]);
        assert_eq!(rows(near("sales", "customer", "SELECT 'c5'")?, "customer = 'c5'")?, [9, 11, 60_000]);
        // What stands at some places is what was at hand, or else the candidates.
        let at = |places_of: &str| {
            store.count(&format!("SELECT count(*) FROM ({})", places.at(&store, "sales", places_of)?))
        };
        assert_eq!((at("SELECT 9 UNION SELECT NULL")?, at("SELECT unnest([9, 500])")?), (1, 2));
        // So many are not fetched.
        let many = near("sales", IDENTITY, "SELECT _key FROM candidate.sales WHERE _row BETWEEN 100 AND 199")?;
        assert!(matches!(many, Near::Among(_)), "{many:?}");
        assert_eq!(rows(many, "true")?.len(), 100);
        places.let_go();
        assert_eq!(rows(near("sales", IDENTITY, "SELECT 'k7'")?, "true")?, [7]);
        // Who compares rows with those that are like them is given a relation that has them all.
        let upper = |text: &str| format!("upper({text})");
        let like = |like: fn(&str) -> String, values: &str| -> Result<(u64, u64)> {
            let rows = places.rows_like(&store, "sales", "customer", like, values)?;
            let alike = format!("SELECT count(*) FROM {rows} WHERE {} IN ({values})", like("customer"));
            Ok((store.count(&format!("SELECT count(*) FROM {rows}"))?, store.count(&alike)?))
        };
        places.let_go();
        assert_eq!(like(str::to_owned, "SELECT 'nobody'")?, (0, 0));
        assert_eq!(like(upper, "SELECT 'C6'")?, (2, 2));
        assert_eq!(like(upper, "SELECT 'NOBODY'")?, (2, 0));
        assert_eq!(like(str::to_owned, "SELECT 'c5'")?, (5, 3), "those that changed and came with them");
        assert_eq!(like(str::to_owned, "SELECT 'c' || i FROM range(100, 200) AS t(i)")?, (200, 200));
        assert_eq!(like(upper, "SELECT upper(customer) FROM candidate.sales")?, (60_000, 60_000));
        // Where it would not help nothing is known: of values that many rows share, of many values, of a small table.
        assert_eq!(near("sales", "product", "SELECT 'p1'")?, Near::Anywhere);
        assert_eq!(near("sales", IDENTITY, "SELECT _key FROM candidate.sales")?, Near::Anywhere);
        assert_eq!(near("products", IDENTITY, "SELECT 'p1'")?, Near::Anywhere);
        assert_eq!(Places::default().near(&store, "sales", "", IDENTITY, "SELECT 'k7'")?, Near::Anywhere);
        Ok(())
    }

    #[test]
    fn a_value_has_the_same_hash_however_it_is_told() -> Result<()> {
        let store = Store::in_memory(&[])?;
        let values = ["Colmar", "", "O'Neill \u{1f}\u{1f}", "\u{1f}", "\u{1e}", "\u{1e}\u{1f}\u{1e}", "é, 日本"];
        let queries = values.map(|value| format!("SELECT {}", crate::sql::Literal(value)));
        let mut told = hashes_of(&store, values.into_iter())?;
        let mut asked = hashes_among(&store, &queries.join(" UNION ALL "))?;
        told.sort_unstable();
        asked.sort_unstable();
        assert_eq!(told, asked);
        assert_eq!(told.len(), values.len());
        Ok(())
    }

    #[test]
    fn what_was_added_is_put_in_order_and_still_found() {
        let mut lines = Lines::default();
        for n in 0..2 * ADDED as u64 {
            lines.add((n % 100) << 32 | n);
        }
        assert!(lines.added.len() <= ADDED && lines.in_order.is_sorted());
        assert_eq!(lines.rows(7 << 32).count(), 2 * ADDED / 100 + 1);
        assert!(lines.are_spread());
        (0..4 * ADDED).for_each(|_| lines.add(7 << 32 | 7));
        assert!(lines.added.len() <= ADDED && lines.in_order.len() <= 2 * ADDED);
    }
}
