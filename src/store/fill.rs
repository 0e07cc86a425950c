//! Temporary tables that work about a few rows fills again and again.
//!
//! A table that is made anew ends the plans of all statements that read temporary tables, and to read and plan a statement takes the
//! engine longer than to do what it says about a few rows. So a table that is there already with the same columns is emptied and filled.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Display;

use super::{Store, alters, digest, is_one};
use crate::error::Result;
use crate::sql::Ident;

/// From so many rows on that have gone from a table it is made anew: the engine keeps their place.
const MANY: u64 = 300_000;

/// The tables that a connection has filled, by name.
#[derive(Default)]
pub(super) struct Filled {
    tables: RefCell<HashMap<String, Table>>,
    stands_on: RefCell<String>,
}

/// What is known of one.
#[derive(Debug, Clone, Copy)]
struct Table {
    /// The digest of what decides which columns it has.
    columns: u64,
    /// How many rows have gone from it.
    gone: u64,
    /// Whether it surely has none.
    is_empty: bool,
}

impl Filled {
    /// Nothing is known of the tables any more.
    pub(super) fn forget_all(&self) {
        self.tables.borrow_mut().clear();
    }

    /// Rows are added to a table without a statement.
    pub(super) fn is_added_to(&self, table: &str) {
        for (_, known) in self
            .tables
            .borrow_mut()
            .iter_mut()
            .filter(|(name, _)| **name == table || **name == Ident(table).to_string())
        {
            known.is_empty = false;
        }
    }

    /// A statement may make, drop or add to tables by itself: of these nothing, or less, is known any more.
    pub(super) fn forget(&self, sql: &str) {
        let mut tables = self.tables.borrow_mut();
        // One that changes or takes away rows adds none.
        if !(is_one(sql) && ["SELECT", "DELETE", "UPDATE"].iter().any(|begin| sql.starts_with(begin))) {
            let into = sql.strip_prefix("INSERT INTO ").filter(|_| is_one(sql));
            let into = into.map(|into| into.strip_prefix("temp.").unwrap_or(into));
            for (name, table) in tables.iter_mut() {
                table.is_empty &= !into.map_or(sql.contains(name.as_str()), |into| into.starts_with(name.as_str()));
            }
        }
        if tables.is_empty() || !alters(sql) {
            return;
        }
        // What follows in one statement is what the table is made of.
        let made = if is_one(sql) { sql.split(" AS").next().unwrap_or(sql) } else { sql };
        tables.retain(|name, _| !made.contains(name.as_str()));
    }
}

impl Store {
    /// Fills a temporary table with what a query finds, and with nothing else. In work about a few rows it is only made
    /// where it is not there yet; see [`Store::filled_stand_on`].
    pub fn fill(&self, table: &str, query: impl Display) -> Result<()> {
        let query = query.to_string();
        self.fill_like(table, &query, &query)
    }

    /// The same with a query that may say other things each time: its columns are always the same ones where `columns` is the same.
    pub fn fill_like(&self, table: &str, columns: &str, query: impl Display) -> Result<()> {
        let name = table.strip_prefix("temp.").unwrap_or(table);
        let make = format!("CREATE OR REPLACE TEMP TABLE {name} AS {query}");
        if !self.few.is_few() {
            return self.run(&make);
        }
        let columns = digest(columns);
        // Where something fails on the way, nothing is known of the table.
        let known = self.filled.tables.borrow_mut().remove(name).filter(|known| known.columns == columns);
        let gone = match known {
            Some(known) if known.is_empty => Some(known.gone),
            Some(known) => Some(known.gone + self.execute(&format!("DELETE FROM temp.{name}"), [])?),
            None => None,
        };
        let is_empty = match gone {
            Some(gone) if gone < MANY => {
                self.run_counting(&format!("INSERT INTO temp.{name} BY NAME {query}"))? == Some(0)
            }
            _ => self.run(&make).map(|()| false)?,
        };
        let gone = gone.filter(|gone| *gone < MANY).unwrap_or(0);
        self.filled.tables.borrow_mut().insert(name.to_owned(), Table { columns, gone, is_empty });
        Ok(())
    }

    /// Drops a temporary table, or leaves it to be filled again.
    pub fn let_go(&self, table: &str) -> Result<()> {
        let name = table.strip_prefix("temp.").unwrap_or(table);
        if self.filled.tables.borrow().contains_key(name) {
            return Ok(());
        }
        self.run(&format!("DROP TABLE IF EXISTS temp.{name}"))
    }

    /// Runs a statement that makes something temporary of that name, unless the same one made it and it is still there.
    pub fn make_once(&self, name: &str, sql: &str) -> Result<()> {
        let columns = digest(sql);
        if self.filled.tables.borrow().get(name).is_some_and(|known| known.columns == columns) {
            return Ok(());
        }
        self.run(sql)?;
        self.filled.tables.borrow_mut().insert(name.to_owned(), Table { columns, gone: 0, is_empty: false });
        Ok(())
    }

    /// What the tables that are filled are made of: where that is something else than before, all of them are made anew.
    pub fn filled_stand_on(&self, basis: &str) {
        if self.filled.stands_on.borrow().as_str() != basis {
            self.filled.forget_all();
            basis.clone_into(&mut self.filled.stands_on.borrow_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn texts(store: &Store, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        Ok(store.texts(sql)?.rows)
    }

    fn row(values: &[&str]) -> Vec<Option<String>> {
        values.iter().map(|value| Some((*value).to_owned())).collect()
    }

    #[test]
    fn a_table_has_what_it_was_filled_with_last() -> Result<()> {
        let store = Store::in_memory(&[])?;
        for n in 1..5 {
            let few = |store: &Store| {
                store.plainly(|| {
                    store.fill_like("\"t t\"", "a, b", format!("SELECT {n} AS a, 'x' AS b"))?;
                    assert_eq!(texts(store, "FROM \"t t\"")?, [row(&[&n.to_string(), "x"])]);
                    // By name, in whichever order.
                    store.fill_like("temp.\"t t\"", "a, b", format!("SELECT 'y' AS b, {n} AS a"))?;
                    assert_eq!(texts(store, "SELECT a, b FROM \"t t\"")?, [row(&[&n.to_string(), "y"])]);
                    store.let_go("\"t t\"")
                })
            };
            store.transaction(few)?;
        }
        // Other columns.
        store.transaction(|store| store.plainly(|| store.fill_like("\"t t\"", "c", "SELECT 7 AS c")))?;
        assert_eq!(store.texts("FROM \"t t\"")?.columns, ["c"]);
        Ok(())
    }

    #[test]
    fn a_table_that_somebody_else_made_or_took_back_is_made_anew() -> Result<()> {
        let store = Store::in_memory(&[])?;
        let fill = |store: &Store| {
            store.plainly(|| {
                store.fill("t", "SELECT 1 AS a")?;
                store.make_once("one()", "CREATE OR REPLACE TEMP MACRO one() AS 1")
            })
        };
        let is_right = || {
            store.transaction(|store| fill(store))?;
            assert_eq!(texts(&store, "SELECT *, one() FROM t")?, [row(&["1", "1"])]);
            Ok::<(), Error>(())
        };
        for _ in 0..2 {
            let failed = store.transaction(|store| {
                fill(store)?;
                store.run("INSERT INTO nowhere VALUES (1)")
            });
            assert!(failed.is_err());
            is_right()?;
            is_right()?;
        }
        for sql in [
            "CREATE OR REPLACE TEMP TABLE t AS SELECT 'x' AS b, 2 AS c",
            "DROP TABLE t",
            "SELECT 1; DROP TABLE t",
            "CREATE OR REPLACE TEMP MACRO one() AS 2",
        ] {
            store.run(sql)?;
            is_right()?;
        }
        // What it is made of has other columns now, and the query says the same.
        let star = |store: &Store| store.plainly(|| store.fill("u", "SELECT * FROM main.v"));
        store.run("CREATE TABLE main.v AS SELECT 1 AS a")?;
        store.filled_stand_on("one");
        store.transaction(star)?;
        store.run("CREATE OR REPLACE TABLE main.v AS SELECT 2 AS b, 3 AS c")?;
        store.filled_stand_on("another");
        store.transaction(star)?;
        assert_eq!(store.texts("FROM u")?.columns, ["b", "c"]);
        Ok(())
    }

    #[test]
    fn a_table_that_was_filled_with_nothing_is_emptied_of_what_others_have_added() -> Result<()> {
        let store = Store::in_memory(&[])?;
        store.run("CREATE TABLE main.source AS SELECT 1 AS a")?;
        let fill = |n: i64| {
            store.plainly(|| store.fill_like("\"t t\"", "a", format!("SELECT {n}::INTEGER AS a WHERE {n} > 0")))
        };
        let add = "INSERT INTO \"t t\" SELECT a FROM main.source";
        let others: [&dyn Fn() -> Result<()>; 6] = [
            &|| Ok(()),
            &|| store.run(add),
            &|| store.execute(&add.replace("INTO ", "INTO temp."), []).map(drop),
            &|| store.run(&format!("SELECT 1; {add}")),
            &|| store.run("WITH s AS (FROM main.source) INSERT INTO \"t t\" FROM s"),
            &|| store.append("temp", "t t", [vec![super::super::Value::Int(1)]]),
        ];
        for (n, other) in others.iter().enumerate() {
            // Twice each, as a statement that comes again is another matter; first with nothing.
            for _ in 0..2 {
                for number in [0, 0, 7] {
                    fill(number)?;
                    let rows = store.count("SELECT count(*) FROM \"t t\"")?;
                    assert_eq!(rows, u64::from(number > 0), "{n}");
                    other()?;
                }
            }
        }
        Ok(())
    }

    #[test]
    fn a_table_from_which_many_rows_have_gone_is_made_anew() -> Result<()> {
        let store = Store::in_memory(&[])?;
        for _ in 0..4 {
            let few = |store: &Store| {
                store.plainly(|| store.fill("t", format!("SELECT i FROM range({MANY} // 2 + 1) AS r(i)")))
            };
            store.transaction(few)?;
            assert_eq!(store.count("SELECT count(*) FROM t")?, MANY / 2 + 1);
            assert!(store.count("SELECT max(rowid) FROM t")? <= 2 * MANY);
        }
        Ok(())
    }
}
