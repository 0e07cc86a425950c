//! Rows of a view by their number: at the end of ten million as quickly as at the top.
//!
//! A table in its own order is read by the places of its rows, which the engine finds without passing over those before.
//! Of a view that is filtered or sorted the places are written down once, in a temporary table of this connection.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::{AT, Base, contains, text};
use crate::error::{Error, Result};
use crate::model::{LONGEST_CELL, RowFilter, RowsOf, TableView, ViewPage};
use crate::sql::{Ident, Path, bare};
use crate::store::Store;

/// How many views stay prepared, and how many results of queries.
const KEPT: usize = 4;

/// Proves what a person wrote before it runs.
pub trait Vet {
    /// The query without its semicolon, if it only reads.
    fn query(&self, sql: &str) -> Result<String>;
    /// Refuses an expression over the rows of a query that could do more than compute.
    fn expression(&self, from: &str, expression: &str) -> Result<()>;
}

/// The views that this connection has prepared. A version tells the states of the data apart: what was prepared under
/// another one is not used again.
#[derive(Default)]
pub struct Views {
    held: RefCell<Vec<Arc<Held>>>,
    results: RefCell<Vec<QueryResult>>,
    made: Cell<u64>,
}

/// The columns of a row with their values.
pub type NamedValues = Vec<(String, Option<String>)>;

/// A view whose rows can be read by their number.
#[derive(Debug)]
pub struct Held {
    view: TableView,
    version: u64,
    base: Base,
    /// The temporary table with the places of the rows in order; `None` where the places are the numbers.
    places: Option<String>,
    total: u64,
    all: u64,
}

/// The rows of a query, kept in a temporary table.
struct QueryResult {
    sql: String,
    version: u64,
    table: String,
}

impl Views {
    /// The view, prepared now or before. `tell` is told on the way which share is done.
    pub fn open(
        &self,
        store: &Store,
        view: &TableView,
        version: u64,
        vet: &dyn Vet,
        tell: &(dyn Fn(f64) + Sync),
    ) -> Result<Arc<Held>> {
        let known = self.held.borrow().iter().position(|held| held.view == *view && held.version == version);
        if let Some(at) = known {
            let mut held = self.held.borrow_mut();
            let found = held.remove(at);
            held.push(Arc::clone(&found));
            return Ok(found);
        }
        let base = self.base(store, &view.of, version, vet, tell)?;
        let all = store.count(&format!("SELECT count(*) FROM ({})", base.sql))?;
        for filter in &view.filters {
            if let RowFilter::Expression(expression) = filter {
                vet.expression(&base.sql, expression)?;
            }
        }
        let at = Ident(AT);
        let plain = view.filters.is_empty() && view.sort.is_empty();
        let last = if plain { store.count(&format!("SELECT max({at}) + 1 FROM ({})", base.sql))? } else { 0 };
        // Rows that were deleted leave gaps, and then a place is no number.
        let (places, total) = if plain && last == all {
            (None, all)
        } else {
            let table = self.fresh("places");
            let order =
                if view.sort.is_empty() { at.to_string() } else { base.order(store, &view.sort, &at.to_string())? };
            let select = format!("SELECT {at} FROM ({}){}\nORDER BY {order}", base.sql, base.condition(&view.filters)?);
            store.execute_telling(&format!("CREATE OR REPLACE TEMP TABLE {} AS\n{select}", Ident(&table)), tell)?;
            let total = store.count(&format!("SELECT count(*) FROM {}", temporary(&table)))?;
            (Some(table), total)
        };
        let held = Arc::new(Held { view: view.clone(), version, base, places, total, all });
        self.held.borrow_mut().push(Arc::clone(&held));
        while self.held.borrow().len() > KEPT {
            self.let_go(store, 0)?;
        }
        Ok(held)
    }

    /// The rows behind a view. Those of a query are found once.
    pub(super) fn base(
        &self,
        store: &Store,
        of: &RowsOf,
        version: u64,
        vet: &dyn Vet,
        tell: &(dyn Fn(f64) + Sync),
    ) -> Result<Base> {
        let sql = match of {
            RowsOf::Table(schema, name) => return Base::of_table(store, schema, name),
            RowsOf::Query(sql) => sql,
        };
        let places = format!("rowid AS {}", Ident(AT));
        if let Some(found) = self.results.borrow().iter().find(|known| known.sql == *sql && known.version == version) {
            return Base::with_places(store, places, &temporary(&found.table));
        }
        let vetted = vet.query(sql)?;
        let table = self.fresh("result");
        store.execute_telling(
            &format!("CREATE OR REPLACE TEMP TABLE {} AS SELECT * FROM (\n{vetted}\n)", Ident(&table)),
            tell,
        )?;
        let result = QueryResult { sql: sql.clone(), version, table };
        let base = Base::with_places(store, places, &temporary(&result.table))?;
        self.results.borrow_mut().push(result);
        while self.results.borrow().len() > KEPT {
            let oldest = self.results.borrow_mut().remove(0);
            let of = RowsOf::Query(oldest.sql);
            while let Some(at) = self.position(&of, oldest.version) {
                self.let_go(store, at)?;
            }
            store.run(&format!("DROP TABLE IF EXISTS {}", temporary(&oldest.table)))?;
        }
        Ok(base)
    }

    fn position(&self, of: &RowsOf, version: u64) -> Option<usize> {
        self.held.borrow().iter().position(|held| held.view.of == *of && held.version == version)
    }

    fn let_go(&self, store: &Store, at: usize) -> Result<()> {
        let oldest = self.held.borrow_mut().remove(at);
        match &oldest.places {
            Some(table) => store.run(&format!("DROP TABLE IF EXISTS {}", temporary(table))),
            None => Ok(()),
        }
    }

    pub(super) fn fresh(&self, what: &str) -> String {
        self.made.set(self.made.get() + 1);
        format!("{what} {}", self.made.get())
    }
}

/// A temporary table of this connection as it is written in SQL.
pub(super) fn temporary(table: &str) -> String {
    format!("temp.{}", Path("main", table))
}

impl Held {
    /// How many rows it has.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// A window of its rows.
    pub fn page(&self, store: &Store, offset: u64, limit: u64) -> Result<ViewPage> {
        let cut = LONGEST_CELL + 1;
        let values: Vec<String> =
            self.base.columns.iter().map(|column| format!("left({}, {cut})", text(column))).collect();
        let page = store.texts(&self.rows(&values, offset, limit))?;
        Ok(ViewPage { columns: self.base.columns.clone(), offset, rows: page.rows, total: self.total, all: self.all })
    }

    /// One of its rows, whole, with the names of its columns.
    pub fn row(&self, store: &Store, at: u64) -> Result<Option<NamedValues>> {
        let values: Vec<String> = self.base.columns.iter().map(text).collect();
        let page = store.texts(&self.rows(&values, at, 1))?;
        let names = self.base.columns.iter().map(|column| column.name.clone());
        Ok(page.rows.into_iter().next().map(|row| names.zip(row).collect()))
    }

    /// Hands rows of some columns to `visit`, whole and in order.
    pub fn each(
        &self,
        store: &Store,
        columns: &[String],
        (offset, limit): (u64, u64),
        visit: &mut dyn FnMut(&[Option<&str>]) -> Result<()>,
    ) -> Result<u64> {
        let values = columns.iter().map(|name| Ok(text(self.base.column(name)?))).collect::<Result<Vec<_>>>()?;
        store.each_text(&self.rows(&values, offset, limit), visit)
    }

    /// A query for some values of a window of rows, in order.
    fn rows(&self, values: &[String], offset: u64, limit: u64) -> String {
        let last = offset.saturating_add(limit.max(1)) - 1;
        let named: Vec<String> = values.iter().enumerate().map(|(at, value)| format!("{value} AS c{at}")).collect();
        let (values, at, base) = (named.join(", "), Ident(AT), &self.base.sql);
        match &self.places {
            None => format!("SELECT {values} FROM ({base}) WHERE {at} BETWEEN {offset} AND {last} ORDER BY {at}"),
            Some(places) => format!(
                "SELECT {values} FROM ({base}) r\nJOIN (SELECT {at} AS \"tastevin place\", rowid AS \"tastevin number\" FROM {} \
                 WHERE rowid BETWEEN {offset} AND {last}) p ON r.{at} = p.\"tastevin place\"\nORDER BY p.\"tastevin number\"",
                temporary(places)
            ),
        }
    }

    /// The number of the next row after `from` (or before it) that contains a text in a column, or in any; after the last
    /// row the search goes on at the first. The row `from` itself is looked at last.
    pub fn find(
        &self,
        store: &Store,
        column: Option<&str>,
        wanted: &str,
        from: u64,
        backwards: bool,
        go_on: &dyn Fn(f64) -> Result<()>,
    ) -> Result<Option<u64>> {
        /// How many rows are searched first; what is near is found at once.
        const FIRST: u64 = 100_000;
        let value = match column {
            Some(name) => text(self.base.column(name)?),
            None => self.base.whole(),
        };
        let matches = contains(&value, wanted);
        // Stretches of rows, each half open, in the order in which they are searched.
        let stretches = match backwards {
            false => [(from + 1, self.total), (0, (from + 1).min(self.total))],
            true => [(0, from.min(self.total)), (from, self.total)],
        };
        let mut searched = 0;
        for (begin, end) in stretches {
            let (mut low, mut high, mut size) = (begin, end, FIRST);
            while low < high {
                let (a, b) =
                    if backwards { (high.saturating_sub(size).max(low), high) } else { (low, high.min(low + size)) };
                if let Some(found) = self.first_match(store, &matches, a, b, backwards)? {
                    return Ok(Some(found));
                }
                searched += b - a;
                go_on(searched as f64 / self.total.max(1) as f64)?;
                (low, high) = if backwards { (low, a) } else { (b, high) };
                size *= 4;
            }
        }
        Ok(None)
    }

    /// The first row, or the last, that matches between two numbers, the second not included.
    fn first_match(&self, store: &Store, matches: &str, a: u64, b: u64, last: bool) -> Result<Option<u64>> {
        let (at, base, last_row) = (Ident(AT), &self.base.sql, b - 1);
        let which = if last { "max" } else { "min" };
        let sql = match &self.places {
            None => format!("SELECT {which}({at}) FROM ({base}) WHERE {at} BETWEEN {a} AND {last_row} AND {matches}"),
            Some(places) => format!(
                "SELECT {which}(p.\"tastevin number\") FROM ({base}) r\n\
                 JOIN (SELECT {at} AS \"tastevin place\", rowid AS \"tastevin number\" FROM {} WHERE rowid BETWEEN {a} AND {last_row}) p\n\
                 ON r.{at} = p.\"tastevin place\" WHERE {matches}",
                temporary(places)
            ),
        };
        let found: Option<Option<i64>> = store.first(&sql, [], |row| row.get(0))?;
        Ok(found.flatten().and_then(|at| u64::try_from(at).ok()))
    }

    /// The query for all its rows with some of its columns, for a file.
    pub fn query(&self, store: &Store, columns: &[String]) -> Result<String> {
        self.select(store, columns, &format!("({})", self.base.sql), &Ident(AT).to_string())
    }

    /// The same as anybody can ask it who only has the names of the workspace's tables.
    pub fn plain_query(&self, store: &Store, columns: &[String]) -> Result<String> {
        match &self.view.of {
            RowsOf::Table(schema, name) => {
                let place = if schema == "staging" { "_row" } else { "rowid" };
                self.select(store, columns, &format!("{}.{}", bare(schema), bare(name)), place)
            }
            RowsOf::Query(sql) => self.select(store, columns, &format!("({}\n)", sql.trim().trim_end_matches(';')), ""),
        }
    }

    fn select(&self, store: &Store, columns: &[String], from: &str, place: &str) -> Result<String> {
        if columns.is_empty() {
            return Err(Error::usage("no column is shown, so there is nothing to write"));
        }
        let names: Vec<String> =
            columns.iter().map(|name| Ok(bare(&self.base.column(name)?.name))).collect::<Result<_>>()?;
        let order = match self.view.sort.is_empty() {
            true => String::new(),
            false => format!("\nORDER BY {}", self.base.order(store, &self.view.sort, place)?),
        };
        let condition = self.base.condition(&self.view.filters)?;
        Ok(format!("SELECT {} FROM {from}{condition}{order}", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SortKey;

    /// Lets everything pass.
    struct Trusting;

    impl Vet for Trusting {
        fn query(&self, sql: &str) -> Result<String> {
            Ok(sql.to_owned())
        }

        fn expression(&self, _: &str, _: &str) -> Result<()> {
            Ok(())
        }
    }

    fn store() -> Result<Store> {
        let store = Store::in_memory(super::super::FUNCTIONS)?;
        store.run(
            "CREATE TABLE candidate.t AS SELECT i, 'C' || lpad(i::VARCHAR, 4, '0') AS k, (i % 7)::VARCHAR AS g, \
             CASE WHEN i % 10 = 0 THEN NULL WHEN i % 10 = 1 THEN '' ELSE 'Aa-' || i END AS v FROM range(1000) r(i)",
        )?;
        Ok(store)
    }

    fn view(filters: Vec<RowFilter>, sort: &[(&str, bool)]) -> TableView {
        let sort =
            sort.iter().map(|(column, descending)| SortKey { column: (*column).to_owned(), descending: *descending });
        TableView { of: RowsOf::table("candidate", "t"), filters, sort: sort.collect() }
    }

    fn keys(store: &Store, view: &TableView, offset: u64, limit: u64) -> Result<Vec<String>> {
        let held = Views::default().open(store, view, 1, &Trusting, &|_| ())?;
        let page = held.page(store, offset, limit)?;
        Ok(page.rows.into_iter().filter_map(|row| row.into_iter().nth(1).flatten()).collect())
    }

    #[test]
    fn every_window_of_every_view_is_that_of_the_plain_query() -> Result<()> {
        let store = store()?;
        let is = |column: &str, value: Option<&str>| RowFilter::Is(column.to_owned(), vec![value.map(str::to_owned)]);
        let cases = [
            (view(vec![], &[]), "SELECT k FROM candidate.t ORDER BY i"),
            (view(vec![is("g", Some("3"))], &[]), "SELECT k FROM candidate.t WHERE g = '3' ORDER BY i"),
            (view(vec![is("v", None)], &[("i", true)]), "SELECT k FROM candidate.t WHERE v IS NULL ORDER BY i DESC"),
            (view(vec![is("v", Some(""))], &[]), "SELECT k FROM candidate.t WHERE v = '' ORDER BY i"),
            (
                view(vec![RowFilter::IsNot("v".to_owned(), Some("".to_owned()))], &[("g", false), ("k", true)]),
                "SELECT k FROM candidate.t WHERE v IS DISTINCT FROM '' ORDER BY g, k DESC",
            ),
            (
                view(vec![RowFilter::Contains(None, "aA-99".to_owned())], &[]),
                "SELECT k FROM candidate.t WHERE v LIKE 'Aa-99%' ORDER BY i",
            ),
            (
                view(vec![RowFilter::Shape("v".to_owned(), "Aa-99".to_owned())], &[]),
                "SELECT k FROM candidate.t WHERE length(v) = 5 ORDER BY i",
            ),
            (
                view(vec![RowFilter::Within("g".to_owned(), "2".to_owned(), "5".to_owned(), false)], &[]),
                "SELECT k FROM candidate.t WHERE g::INTEGER BETWEEN 2 AND 4 ORDER BY i",
            ),
            (
                view(vec![RowFilter::Expression("i > 990 -- the last".to_owned())], &[]),
                "SELECT k FROM candidate.t WHERE i > 990 ORDER BY i",
            ),
        ];
        for (view, plain) in cases {
            let all: Vec<String> = store.query(plain, [], |row| row.get(0))?;
            assert!(!all.is_empty(), "{plain}");
            assert_eq!(keys(&store, &view, 0, 2000)?, all, "{plain}");
            let (offset, limit) = (all.len() / 3, 7);
            let window: Vec<String> = all.iter().skip(offset).take(limit).cloned().collect();
            assert_eq!(keys(&store, &view, offset as u64, limit as u64)?, window, "{plain}");
        }
        Ok(())
    }

    #[test]
    fn numbers_that_are_text_are_sorted_as_numbers_and_what_is_absent_comes_last() -> Result<()> {
        let store = Store::in_memory(&[])?;
        store.run(
            "CREATE TABLE candidate.t AS SELECT * FROM (VALUES (1, '10,5'), (2, '9'), (3, NULL), (4, '1 000')) t(i, k)",
        )?;
        assert_eq!(keys(&store, &view(vec![], &[("k", false)]), 0, 9)?, ["9", "10,5", "1 000"]);
        assert_eq!(keys(&store, &view(vec![], &[("k", true)]), 0, 9)?, ["1 000", "10,5", "9"]);
        Ok(())
    }

    #[test]
    fn rows_that_were_deleted_leave_no_gaps_in_the_numbers() -> Result<()> {
        let store = store()?;
        store.run("DELETE FROM candidate.t WHERE i BETWEEN 100 AND 899")?;
        assert_eq!(keys(&store, &view(vec![], &[]), 99, 2)?, ["C0099", "C0900"]);
        Ok(())
    }

    #[test]
    fn a_search_goes_on_at_the_other_end_and_finds_the_row_itself_last() -> Result<()> {
        let store = store()?;
        let views = Views::default();
        for view in [view(vec![], &[]), view(vec![RowFilter::IsNot("g".to_owned(), None)], &[("i", false)])] {
            let held = views.open(&store, &view, 1, &Trusting, &|_| ())?;
            let find = |text: &str, from, backwards| held.find(&store, None, text, from, backwards, &|_| Ok(()));
            assert_eq!(find("c05", 0, false)?, Some(500));
            assert_eq!(find("c05", 599, false)?, Some(500));
            assert_eq!(find("C0599", 599, false)?, Some(599));
            assert_eq!(find("c05", 500, true)?, Some(599));
            assert_eq!(find("nowhere", 3, true)?, None);
            assert_eq!(held.find(&store, Some("g"), "c05", 0, false, &|_| Ok(()))?, None);
        }
        Ok(())
    }

    #[test]
    fn old_views_are_let_go_and_a_query_is_run_once() -> Result<()> {
        let store = store()?;
        let views = Views::default();
        let query = RowsOf::Query("SELECT k, random() AS r FROM candidate.t".to_owned());
        let open = |view: &TableView, version| views.open(&store, view, version, &Trusting, &|_| ());
        let plain = TableView::all(query.clone());
        let first = open(&plain, 1)?.page(&store, 5, 1)?.rows;
        let sorted = TableView { sort: vec![SortKey { column: "k".to_owned(), descending: false }], ..plain.clone() };
        assert_eq!(open(&sorted, 1)?.page(&store, 5, 1)?.rows, first, "the query has not run again");
        for version in 2..20 {
            open(&TableView { of: RowsOf::Query(format!("SELECT {version} AS k")), ..sorted.clone() }, version)?;
        }
        let left = store.count("SELECT count(*) FROM duckdb_tables() WHERE temporary")?;
        assert!(left <= 2 * KEPT as u64, "{left} temporary tables are left");
        Ok(())
    }
}
