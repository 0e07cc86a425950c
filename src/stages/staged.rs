//! Staged rows, a few of many. Neighbours: `load`, which stages them; `map` and `recheck`, which look at those that decisions touch.
//!
//! To read a row of a large table takes long beside what is done with it, and decisions come back to the same rows: to the one that was
//! just decided about, to what is undone. What is staged never changes, so what was read of it stays at hand in a temporary table.

use crate::error::{Error, Result};
use crate::sql::{Ident, Path};
use crate::store::{Store, params};

/// More rows than this are read for once and do not stay at hand.
const FEW: usize = 100;

/// With so many rows at hand one begins anew: to look through them is to be quick.
const MOST: u64 = 1000;

/// Fills a temporary table with the staged rows of an entity whose numbers a query names: `_row` and the texts.
pub fn fill(store: &Store, table: &str, (source, entity): (&str, &str), numbers: &str) -> Result<()> {
    let relation: Option<String> = store.first(
        "SELECT relation FROM dq.staged WHERE source = ? AND entity = ?",
        params![source, entity],
        |row| row.get(0),
    )?;
    let relation = relation.ok_or_else(|| Error::internal(format!("{entity} of {source} is not staged")))?;
    let from = match store.is_of_few() && are_brought(store, &relation, numbers)? {
        true => format!("SELECT * FROM {} WHERE _row IN ({numbers})", at_hand(&relation)),
        false => among_all(&relation, numbers),
    };
    store.fill_like(table, &relation, from)
}

/// The query for some of all rows.
fn among_all(relation: &str, numbers: &str) -> String {
    // The engine jumps to a row by its place, and would look at all of them for a number that is computed.
    format!(
        "SELECT rowid + 1 AS _row, * FROM {} WHERE rowid IN (SELECT n - 1 FROM ({numbers}) AS numbers(n))",
        Path("dq", relation)
    )
}

/// The temporary table with the rows that are at hand.
fn at_hand(relation: &str) -> String {
    Ident(&format!("at hand of {relation}")).to_string()
}

/// Brings the rows to where they are at hand; false where they are too many.
fn are_brought(store: &Store, relation: &str, numbers: &str) -> Result<bool> {
    let rows = at_hand(relation);
    let none = among_all(relation, "SELECT NULL::BIGINT WHERE false");
    store.make_once(&rows, &format!("CREATE OR REPLACE TEMP TABLE {rows} AS {none}"))?;
    let missing = format!(
        "SELECT DISTINCT n, (SELECT count(*) FROM {rows}) FROM ({numbers}) AS numbers(n) WHERE n IS NOT NULL AND n NOT IN (SELECT _row FROM {rows}) LIMIT {}",
        FEW + 1
    );
    let missing: Vec<(i64, u64)> = store.query(&missing, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if missing.len() > FEW {
        return Ok(false);
    }
    if missing.first().is_some_and(|(_, there)| *there >= MOST) {
        store.run(&format!("DELETE FROM {rows}"))?;
        return are_brought(store, relation, numbers);
    }
    if !missing.is_empty() {
        let missing: Vec<String> = missing.iter().map(|(number, _)| number.to_string()).collect();
        let missing = among_all(relation, &format!("SELECT unnest([{}])", missing.join(", ")));
        store.run(&format!("INSERT INTO {rows} BY NAME {missing}"))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_from_what_is_at_hand_and_from_all_as_they_are_staged() -> Result<()> {
        let store = Store::in_memory(&[])?;
        store.run(
            "CREATE TABLE dq.stage_1_0 AS SELECT 'a' || (i + 1) AS text FROM range(5000) AS t(i);\n\
             INSERT INTO dq.staged (source, entity, load, relation, rows) VALUES ('shop', 'sales', 1, 'stage_1_0', 5000)",
        )?;
        let asked = |numbers: &str| -> Result<Vec<(i64, String)>> {
            store.transaction(|store| store.of_few(|| fill(store, "sought", ("shop", "sales"), numbers)))?;
            store.query("SELECT _row, text FROM sought ORDER BY _row", [], |row| Ok((row.get(0)?, row.get(1)?)))
        };
        let row = |number: i64| (number, format!("a{number}"));
        assert_eq!(asked("SELECT unnest([7, 5000])")?, [row(7), row(5000)]);
        assert_eq!(asked("SELECT unnest([6, 7, 7, 5001])")?, [row(6), row(7)]);
        assert_eq!(asked("SELECT 7 WHERE false")?, []);
        let at_hand = || store.count(&format!("SELECT count(*) FROM {}", at_hand("stage_1_0")));
        assert_eq!(at_hand()?, 3);
        assert_eq!(asked("SELECT unnest(range(1, 300))")?.len(), 299);
        assert_eq!(at_hand()?, 3, "so many do not stay");
        // What a transaction brought that was taken back is brought again.
        let failed = store.transaction(|store| {
            store.of_few(|| fill(store, "sought", ("shop", "sales"), "SELECT 8"))?;
            store.run("INSERT INTO nowhere VALUES (1)")
        });
        assert!(failed.is_err());
        assert_eq!(asked("SELECT unnest([8, 7])")?, [row(7), row(8)]);
        for first in 0..15 {
            let numbers = format!("SELECT unnest(range({}, {}))", first * 90 + 1, first * 90 + 91);
            assert_eq!(asked(&numbers)?.len(), 90);
        }
        assert!(at_hand()? < MOST + FEW as u64);
        assert_eq!(asked("SELECT unnest([7, 1000])")?, [row(7), row(1000)]);
        // Work that is not about a few rows reads all of them.
        fill(&store, "sought", ("shop", "sales"), "SELECT 9")?;
        assert_eq!(store.count("SELECT count(*) FROM sought WHERE text = 'a9'")?, 1);
        Ok(())
    }
}
