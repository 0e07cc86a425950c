//! What is known of the tables and kept from one decision to the next: what is usual in them, and that the rows with findings stand there. Neighbour: `findings`, which asks whether it still is.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::rules::Usual;
use crate::rules::usual::{Hinge, counts_again, lines_of};
use crate::sql::Path;
use crate::stages::kept;
use crate::stages::map::Change;
use crate::store::Store;

/// The name under which it is kept of which uses there is something.
const NAME: &str = "what is usual, and what is found";

/// The least number of lines of a tally that is not kept.
const MANY: u64 = 1000;

/// The share of a table's rows from which on a tally is not kept: it would take as much room as what it counts.
const SHARE: u64 = 10;

/// How many tallies a use can have.
const MOST: usize = 10;

/// The types of values that are what they were after having been written as text.
const PLAIN: [&str; 6] = ["VARCHAR", "BIGINT", "INTEGER", "BOOLEAN", "DATE", "DECIMAL"];

/// Of which uses of rules it is kept what is usual, in temporary tables that belong to the state of the last check.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Per table, by the words for a use.
    tables: IndexMap<String, IndexMap<String, Known>>,
    /// Whether the rows on which something is found stand in their temporary table.
    has_rows: bool,
    /// The uses whose verdicts are others than before, or may be, and whether it is known which verdicts these are.
    #[serde(skip)]
    otherwise: HashMap<String, bool>,
    /// Whether there is something new to be kept.
    #[serde(skip)]
    is_new: bool,
}

/// What is known of a use.
#[derive(Serialize, Deserialize)]
struct Known {
    /// The types of the values that are counted; `None` where there are too many of them to be kept, or of a type that cannot be.
    types: Option<Vec<String>>,
    /// What the verdicts hang on beside the values that there are, where it is a step.
    hinge: Option<String>,
    /// How many verdicts there are.
    verdicts: u64,
}

impl Kept {
    /// What was kept in a state.
    pub fn of(store: &Store, state: Option<&str>) -> Result<Kept> {
        Ok(kept::of(store, NAME, state)?.unwrap_or_default())
    }

    /// Whether the rows on which something is found stand in their temporary table; from now on they do.
    pub fn has_rows(&mut self) -> bool {
        self.is_new |= !self.has_rows;
        std::mem::replace(&mut self.has_rows, true)
    }

    /// Keeps it for the next decision, which finds the state `now`.
    pub fn keep(self, store: &Store, before: Option<&str>, now: Option<&str>) -> Result<()> {
        match (self.is_new, before, now) {
            (true, _, _) => kept::keep(store, NAME, now, &self),
            (false, Some(before), Some(now)) => kept::carry(store, NAME, before, now),
            _ => Ok(()),
        }
    }

    /// What is known of a use, and the number of its first tally, where what is usual stands in its tables.
    fn known(&self, usual: &Usual) -> Option<(usize, &[String])> {
        let (at, _, known) = self.tables.get(usual.table())?.get_full(usual.used())?;
        known.types.as_ref().map(|types| (at * MOST, types.as_slice()))
    }

    /// Whether what is usual stands in its tables.
    pub fn has(&self, usual: &Usual) -> bool {
        self.known(usual).is_some()
    }

    /// Whether it stands there, and is what it was.
    pub fn stands(&self, usual: &Usual) -> bool {
        self.has(usual) && !self.otherwise.contains_key(usual.used())
    }

    /// Whether it is known about which values there are other verdicts than before.
    pub fn tells(&self, usual: &Usual) -> bool {
        self.otherwise.get(usual.used()).is_some_and(|is_known| *is_known)
    }

    /// Whether no row is found by it, whatever its values are.
    pub fn finds_nothing(&self, usual: &Usual) -> bool {
        let known = self.tables.get(usual.table()).and_then(|known| known.get(usual.used()));
        usual.is_alone() && known.is_some_and(|known| known.verdicts == 0)
    }

    /// Brings up to date what is usual in a table of which rows have changed. What is not named here stands on nothing that has.
    pub fn follow(&mut self, store: &Store, table: &str, usuals: &[Usual]) -> Result<()> {
        let (old, new): (Vec<&Usual>, Vec<&Usual>) =
            usuals.iter().partition(|usual| self.tables.get(table).is_some_and(|of| of.contains_key(usual.used())));
        let (known, unknown): (Vec<&Usual>, Vec<&Usual>) = old.into_iter().partition(|usual| self.has(usual));
        self.otherwise.extend(unknown.iter().chain(&new).map(|usual| (usual.used().to_owned(), false)));
        if !known.is_empty() {
            self.bring_up(store, table, &known)?;
        }
        if !new.is_empty() {
            self.gather(store, table, &new)?;
        }
        Ok(())
    }

    /// Brings the tallies up to date, and the verdicts where they differ.
    fn bring_up(&mut self, store: &Store, table: &str, usuals: &[&Usual]) -> Result<()> {
        let (before, after) = (Change::before(table), Change::after(table));
        // Per use, whether lines came, went or have other figures, or have other numbers of rows.
        let mut moved: HashMap<usize, bool> = HashMap::new();
        let numbers = usuals.iter().filter_map(|usual| Some((self.known(usual)?.0, *usual)));
        if let Some(sql) = counts_again(table, numbers, &before, &after) {
            let touched: Vec<(String, i64)> = store.query(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            for (action, tally) in touched {
                let first = usize::try_from(tally).unwrap_or_default() / MOST * MOST;
                *moved.entry(first).or_default() |= action != "UPDATE";
            }
        }
        let mut hinges: Vec<String> = Vec::new();
        for usual in usuals {
            let Some((from, types)) = self.known(usual) else { continue };
            for sql in usual.figures_again(&before, &after) {
                if store.execute(&sql, [])? > 0 {
                    moved.insert(from, true);
                }
            }
            if moved.contains_key(&from) {
                hinges.extend(usual.hang(from, types));
            }
        }
        let hinges = self.hinges(store, &hinges)?;
        for usual in usuals {
            let Some((from, types)) = self.known(usual) else { continue };
            let Some(is_of_values) = moved.get(&from) else { continue };
            let hangs = match usual.hinge() {
                Hinge::Values => false,
                Hinge::Step(_) => hinges.contains(usual.used()),
                Hinge::Rows => true,
            };
            if !(*is_of_values || hangs) {
                continue;
            }
            let otherwise = usual.otherwise();
            store.fill(&otherwise, usual.differing(from, types))?;
            if store.count(&format!("SELECT count(*) FROM {otherwise}"))? == 0 {
                continue;
            }
            let verdicts = judge(store, usual, from, types)?;
            self.judged(usual, verdicts);
            self.otherwise.insert(usual.used().to_owned(), true);
        }
        Ok(())
    }

    /// Gathers what is usual for uses for which nobody has yet.
    fn gather(&mut self, store: &Store, table: &str, usuals: &[&Usual]) -> Result<()> {
        self.is_new = true;
        let rows = store.count(&format!("SELECT count(*) FROM {}", Path("candidate", table)))?;
        let most = MANY.max(rows / SHARE);
        let known = self.tables.entry(table.to_owned()).or_default();
        if known.is_empty() {
            let columns = "(tally INTEGER, \"value\" VARCHAR, rows BIGINT)";
            store.run(&format!("CREATE OR REPLACE TEMP TABLE {} {columns}", lines_of(table)))?;
        }
        // What they read is read once.
        let mut counts: Vec<String> = Vec::new();
        for usual in usuals {
            let types: Vec<String> = store.columns(&usual.types())?.into_iter().map(|(_, kind)| kind).collect();
            let is_plain =
                types.iter().all(|kind| PLAIN.iter().any(|plain| kind.starts_with(plain)) && !kind.ends_with(']'));
            let can_be_kept = is_plain && types.len() <= MOST && figure(store, usual, most)?;
            let types = can_be_kept.then_some(types);
            if types.is_some() {
                let lines = usual.counts(known.len() * MOST);
                counts.extend(lines.map(|(_, lines)| format!("(SELECT * FROM ({lines}) LIMIT {})", most + 1)));
            }
            known.insert(usual.used().to_owned(), Known { types, hinge: None, verdicts: 0 });
        }
        if !counts.is_empty() {
            store.run(&format!("INSERT INTO {} BY NAME\n{}", lines_of(table), counts.join("\nUNION ALL\n")))?;
        }
        let too_many = format!("SELECT tally FROM {} GROUP BY 1 HAVING count(*) > {most}", lines_of(table));
        for tally in store.query(&too_many, [], |row| row.get::<_, i64>(0))? {
            let at = usize::try_from(tally).unwrap_or_default() / MOST;
            store.run(&format!(
                "DELETE FROM {} WHERE tally BETWEEN {} AND {}",
                lines_of(table),
                at * MOST,
                at * MOST + MOST - 1
            ))?;
            if let Some((_, known)) = known.get_index_mut(at) {
                known.types = None;
            }
        }
        let mut hinges: Vec<String> = Vec::new();
        for usual in usuals {
            let Some((from, types)) = self.known(usual) else { continue };
            hinges.extend(usual.hang(from, types));
            let verdicts = judge(store, usual, from, types)?;
            self.judged(usual, verdicts);
        }
        self.hinges(store, &hinges)?;
        Ok(())
    }

    /// Writes down how many verdicts there are.
    fn judged(&mut self, usual: &Usual, verdicts: u64) {
        let known = self.tables.get_mut(usual.table()).and_then(|known| known.get_mut(usual.used()));
        if let Some(known) = known.filter(|known| known.verdicts != verdicts) {
            known.verdicts = verdicts;
            self.is_new = true;
        }
    }

    /// Asks what verdicts hang on, and says of which uses it is something else than before.
    fn hinges(&mut self, store: &Store, queries: &[String]) -> Result<HashSet<String>> {
        let mut others = HashSet::new();
        if queries.is_empty() {
            return Ok(others);
        }
        let now: Vec<(String, Option<String>)> =
            store.query(&queries.join("\nUNION ALL\n"), [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for (used, hinge) in now {
            let known = self.tables.values_mut().find_map(|known| known.get_mut(&used));
            if let Some(known) = known.filter(|known| known.hinge != hinge) {
                known.hinge = hinge;
                self.is_new = true;
                others.insert(used);
            }
        }
        Ok(others)
    }
}

/// Gathers the lines with figures; false where they are too many to be kept.
fn figure(store: &Store, usual: &Usual, most: u64) -> Result<bool> {
    for (tally, lines) in usual.figures() {
        store
            .run(&format!("CREATE OR REPLACE TEMP TABLE {tally} AS SELECT * FROM (\n{lines}\n) LIMIT {}", most + 1))?;
        if store.count(&format!("SELECT count(*) FROM {tally}"))? > most {
            store.run(&format!("DROP TABLE {tally}"))?;
            return Ok(false);
        }
    }
    Ok(true)
}

/// Keeps the verdicts by the tallies as they are, and says how many they are.
fn judge(store: &Store, usual: &Usual, from: usize, types: &[String]) -> Result<u64> {
    store.fill(&usual.verdicts(), usual.judge(from, types))?;
    store.count(&format!("SELECT count(*) FROM {}", usual.verdicts()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Schema;
    use crate::rules::{self, Reach, Scope};

    const SCHEMA: &str = r#"
        [tables.sales.fields]
        id = { type = "text", key = true }
        wine = { type = "text" }
        quantity = { type = "decimal" }
        unit = { type = "text" }
        bottles = { type = "decimal" }
        [[check]]
        rule = "outlier-quantity"
        table = "sales"
        field = "quantity"
        with = { group = "wine", factor = 3, rows = 4 }
        [[check]]
        rule = "unknown-unit"
        table = "sales"
        field = "unit"
        with = { quantity = "quantity", converted = "bottles" }
        [[check]]
        rule = "untidy-text"
        table = "sales"
        field = "unit""#;

    /// A small stream of choices.
    struct Dice(u64);

    impl Dice {
        fn pick<'t>(&mut self, all: &[&'t str]) -> &'t str {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            all[usize::try_from(self.0 >> 33).unwrap_or_default() % all.len()]
        }

        fn row(&mut self, id: u64) -> String {
            let wine = self.pick(&["'P'", "'Q'", "'R'", "NULL"]);
            let quantity = self.pick(&["1", "1", "2", "2", "3", "6.5", "7", "12", "-600", "0", "NULL"]);
            let unit =
                self.pick(&["'bouteille'", "'boutielle'", "'magnum'", "'MAGNUM'", "'carton  de 6'", "'KEG'", "NULL"]);
            let bottles = self.pick(&["1", "2", "NULL"]);
            format!("('{id}', '{id}', {wine}, {quantity}, {unit}, {bottles})")
        }
    }

    fn bench() -> Result<(Store, Vec<Usual>)> {
        let store = Store::in_memory(rules::FUNCTIONS)?;
        store.run(
            "CREATE TABLE candidate.sales (_key VARCHAR, id VARCHAR, wine VARCHAR, quantity DECIMAL(18,4), unit VARCHAR, bottles DECIMAL(18,4))",
        )?;
        let schema: Schema = toml::from_str(SCHEMA).expect("a schema");
        let mut usuals = Vec::new();
        for check in &schema.checks {
            let scope = Scope::of(&schema, check, chrono::NaiveDate::default());
            if let Reach::Usual(of) = rules::find(&check.rule)?.reach {
                usuals.push(of(&scope)?);
            }
        }
        Ok((store, usuals))
    }

    /// Everything that is kept: the lines that are counted, those with figures, and per use the verdicts.
    fn all(store: &Store, usuals: &[Usual]) -> Result<Vec<Vec<String>>> {
        let mut tables = vec![lines_of("sales")];
        tables.extend(usuals.iter().flat_map(|usual| usual.figures().map(|(table, _)| table)));
        tables.extend(usuals.iter().map(Usual::verdicts));
        tables
            .iter()
            .map(|table| {
                let page = store.texts(&format!("SELECT * FROM {table} ORDER BY ALL"))?;
                Ok(page.rows.into_iter().map(|row| format!("{row:?}")).collect())
            })
            .collect()
    }

    /// Lets some rows change, come and go.
    fn change(store: &Store, dice: &mut Dice, ids: std::ops::Range<u64>) -> Result<()> {
        let mut rows = vec![dice.row(0)];
        for id in ids.skip(1) {
            if dice.pick(&["y", "n", "n"]) == "y" {
                rows.push(dice.row(id));
            }
        }
        let goes = dice.pick(&["'1'", "'2'", "'none'"]);
        store.run(&format!(
            "CREATE OR REPLACE TEMP TABLE \"sales after\" AS SELECT * FROM candidate.sales LIMIT 0;
             INSERT INTO \"sales after\" SELECT * FROM (VALUES {}) AS rows(_key) WHERE _key <> {goes};
             CREATE OR REPLACE TEMP TABLE \"sales before\" AS SELECT rowid AS _at, * FROM candidate.sales
             WHERE _key = {goes} OR _key IN (SELECT _key FROM \"sales after\");
             DELETE FROM candidate.sales WHERE _key IN (SELECT _key FROM \"sales before\");
             INSERT INTO candidate.sales SELECT * FROM \"sales after\"",
            rows.join(", ")
        ))
    }

    #[test]
    fn what_is_brought_up_to_date_is_as_if_it_had_been_gathered_again() -> Result<()> {
        let mut stood = 0;
        for seed in 0..20 {
            let (store, usuals) = bench()?;
            let mut dice = Dice(seed);
            change(&store, &mut dice, 0..60)?;
            let mut kept = Kept::default();
            kept.follow(&store, "sales", &usuals)?;
            assert!(usuals.iter().all(|usual| kept.has(usual) && !kept.stands(usual)));
            for _ in 0..8 {
                let before = all(&store, &usuals)?;
                change(&store, &mut dice, 0..5)?;
                kept.otherwise.clear();
                kept.follow(&store, "sales", &usuals)?;
                let after = all(&store, &usuals)?;
                let verdicts = before.len() - usuals.len();
                for (at, usual) in usuals.iter().enumerate() {
                    let is_same = before[verdicts + at] == after[verdicts + at];
                    assert_eq!(kept.stands(usual), is_same, "{} after {seed}", usual.used());
                    assert_eq!(kept.finds_nothing(usual), usual.is_alone() && after[verdicts + at].is_empty());
                    stood += u32::from(is_same);
                }
            }
            let followed = all(&store, &usuals)?;
            Kept::default().follow(&store, "sales", &usuals)?;
            assert_eq!(followed, all(&store, &usuals)?, "{seed}");
        }
        assert!(stood > 100, "{stood}");
        Ok(())
    }

    #[test]
    fn what_has_nearly_as_many_values_as_rows_is_not_kept() -> Result<()> {
        let (store, usuals) = bench()?;
        store.run(
            "INSERT INTO candidate.sales SELECT n, n, 'P', n, 'bouteille', n FROM range(1, 3000) AS rows(n);
             CREATE TEMP TABLE \"sales before\" AS SELECT 0 AS _at, * FROM candidate.sales LIMIT 0;
             CREATE TEMP TABLE \"sales after\" AS SELECT * FROM candidate.sales LIMIT 0",
        )?;
        let mut kept = Kept::default();
        for _ in 0..2 {
            kept.otherwise.clear();
            kept.follow(&store, "sales", &usuals)?;
            assert_eq!(usuals.iter().map(|usual| kept.has(usual)).collect::<Vec<_>>(), [false, true, true]);
            assert!(!kept.stands(&usuals[0]));
        }
        let lines = store.count(&format!("SELECT count(*) FROM {}", lines_of("sales")))?;
        assert_eq!(lines, 2, "the one unit, as known and as text");
        assert!(kept.stands(&usuals[1]) && kept.stands(&usuals[2]));
        Ok(())
    }

    #[test]
    fn what_was_kept_in_another_state_is_not_known() -> Result<()> {
        let (store, usuals) = bench()?;
        store.run("CREATE TEMP TABLE \"sales before\" AS SELECT 0 AS _at, * FROM candidate.sales")?;
        let mut kept = Kept::default();
        kept.follow(&store, "sales", &usuals)?;
        kept.keep(&store, None, Some("one"))?;
        assert!(Kept::of(&store, Some("one"))?.has(&usuals[0]));
        let kept = Kept::of(&store, Some("one"))?;
        kept.keep(&store, Some("one"), Some("two"))?;
        assert!(Kept::of(&store, Some("two"))?.has(&usuals[0]));
        assert!(!Kept::of(&store, Some("one"))?.has(&usuals[0]));
        Ok(())
    }
}
