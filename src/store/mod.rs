//! The only room that holds a DuckDB connection: opens, migrates, runs, pages and interrupts.

mod few;
mod fill;
mod functions;
mod hands;
mod migrations;
mod rows;
pub mod vet;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use duckdb::{Config, Connection};
use polars::prelude::DataFrame;

pub use duckdb::types::{TimeUnit, Value};
pub use duckdb::{Params, Row, params, params_from_iter};

use crate::error::{Error, Kind, Result};
use crate::model::{Canceller, Page};

use few::Few;
use fill::Filled;
pub use functions::{Call, Function};
use hands::Hands;

/// How a store is opened.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Refuse every write.
    pub read_only: bool,
    /// The most memory the engine may use, as DuckDB writes it (`"4GB"`); `None` for 80 % of the machine's.
    pub memory_limit: Option<String>,
    /// How many threads the engine may use; `None` for all.
    pub threads: Option<u32>,
    /// Where the engine may write what does not fit into memory; `None` for beside the database.
    pub temp_dir: Option<PathBuf>,
}

/// A DuckDB database with the schemas of the workbench in it.
pub struct Store {
    conn: Connection,
    in_transaction: Cell<bool>,
    /// The functions and macros that there were when somebody asked first; listing them takes some milliseconds.
    functions: OnceCell<HashSet<String>>,
    /// The digests of statements without an answer that have run; one that comes again is kept as it was read.
    seen: RefCell<HashSet<u64>>,
    /// Whether something was made, dropped or altered since the statements were kept.
    is_altered: Cell<bool>,
    few: Few,
    filled: Filled,
    /// After the connection, which needs them as long as it is there.
    hands: Hands,
}

/// How many statements a connection keeps as they were read. To read one takes the engine a millisecond for a thousand letters, and
/// one that is read to be kept is planned at once, and again when it runs. A decision is a hundred statements, and the next one is
/// mostly the same ones.
const KEPT: usize = 1024;

/// The engine's library keeps the last answer with its statement. A statement with a longer one than this is let go with it:
/// pages of tables and findings are each another statement, and would add up.
const MANY_ROWS: usize = 200;

/// The same in letters, where they are known.
const MANY_LETTERS: usize = 16_000;

/// A transaction that is taken back when it is dropped, unless it was committed: after an error and after a panic.
struct Transaction<'s>(&'s Store);

impl Transaction<'_> {
    fn commit(self) -> Result<()> {
        self.0.run("COMMIT")?;
        self.0.in_transaction.set(false);
        self.0.let_go_of_plans();
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.0.in_transaction.replace(false) {
            self.0.filled.forget_all();
            // The first error is the one to report; a failed statement may have ended the transaction already.
            let _ = self.0.conn.execute_batch("ROLLBACK");
            self.0.let_go_of_plans();
        }
    }
}

/// Stops whatever runs on a store, from any thread.
#[derive(Clone)]
pub struct Interrupter {
    handle: Arc<duckdb::InterruptHandle>,
    canceller: Canceller,
}

impl Interrupter {
    /// Stops the statement that is running and, through the canceller, the work around it; false where that comes too late.
    pub fn interrupt(&self) -> bool {
        let counts = self.canceller.cancel();
        if counts {
            self.handle.interrupt();
        }
        counts
    }

    /// The flag that the work around the statements looks at.
    pub fn canceller(&self) -> &Canceller {
        &self.canceller
    }
}

impl Store {
    /// Opens the database file, makes it if there is none, and brings its tables up to date.
    ///
    /// `functions` are what the transforms add to SQL; they live only in this process.
    pub fn open(path: &Path, settings: &Settings, functions: &[Function]) -> Result<Store> {
        let opened = Hands::open(Some(path), config(settings)?, threads(settings));
        Self::prepare(opened.map_err(|cause| opening(path, cause))?, settings, functions)
    }

    /// A database in memory, for tests and for trying out rules.
    pub fn in_memory(functions: &[Function]) -> Result<Store> {
        let settings = Settings::default();
        let opened = Hands::open(None, config(&settings)?, threads(&settings));
        Self::prepare(opened.map_err(failure)?, &settings, functions)
    }

    fn prepare((conn, hands): (Connection, Hands), settings: &Settings, functions: &[Function]) -> Result<Store> {
        let store = Store::on(conn, hands);
        if settings.read_only {
            migrations::require_newest(&store)?;
        } else {
            migrations::migrate(&store)?;
        }
        functions::register(&store.conn, functions)?;
        Ok(store)
    }

    /// A second connection to the same database, for reading while this one works.
    pub fn reader(&self) -> Result<Store> {
        Ok(Store::on(self.conn.try_clone().map_err(failure)?, self.hands.shared()))
    }

    fn on(conn: Connection, hands: Hands) -> Store {
        conn.set_prepared_statement_cache_capacity(KEPT);
        let (in_transaction, functions) = (Cell::new(false), OnceCell::new());
        Store {
            conn,
            in_transaction,
            functions,
            seen: RefCell::default(),
            is_altered: Cell::new(false),
            few: Few::default(),
            filled: Filled::default(),
            hands,
        }
    }

    /// What stops the work on this connection, wired to `canceller`.
    pub fn interrupter(&self, canceller: &Canceller) -> Interrupter {
        Interrupter { handle: self.conn.interrupt_handle(), canceller: canceller.clone() }
    }

    /// Runs statements that return nothing.
    pub fn run(&self, sql: &str) -> Result<()> {
        self.run_counting(sql).map(drop)
    }

    /// The same, and says how many rows they touched, where that is known.
    fn run_counting(&self, sql: &str) -> Result<Option<u64>> {
        if self.comes_again(sql) {
            return self.execute(sql, []).map(Some);
        }
        self.take_note(sql);
        let ran = self.conn(sql)?.execute_batch(sql).map_err(|cause| failed(sql, cause));
        self.let_go_of_plans();
        ran.map(|()| None)
    }

    /// Takes note of what a statement may do that is about to run.
    fn take_note(&self, sql: &str) {
        self.filled.forget(sql);
        if alters(sql) {
            self.is_altered.set(true);
        }
    }

    /// Lets go of the statements that are kept, once something is made, dropped or altered for good: the engine's plans of them do not
    /// serve any more, and it would make a new one each time they run, and not keep it.
    fn let_go_of_plans(&self) {
        if !self.in_transaction.get() && self.is_altered.replace(false) {
            self.conn.flush_prepared_statement_cache();
            self.few.forget_plans();
        }
    }

    /// Runs one statement and says how many rows it touched.
    pub fn execute<P: Params>(&self, sql: &str, params: P) -> Result<u64> {
        self.take_note(sql);
        let rows = {
            let mut statement = self.prepared(sql, sql)?;
            statement.execute(params).map_err(|cause| failed(sql, cause))?
        };
        self.let_go_of_plans();
        Ok(rows as u64)
    }

    /// Whether this is one statement that changes rows, and has run before. One that makes a table is kept only where it is planned
    /// anew each time: the engine's plan of it serves once, which a transaction that is taken back makes it forget.
    fn comes_again(&self, sql: &str) -> bool {
        const BEGIN: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];
        let makes = sql.starts_with("CREATE OR REPLACE TEMP TABLE");
        let is_planned_anew = !self.few.plans_plainly(sql) && sql.contains(" AS ") && sql.contains("FROM ");
        if !(makes && is_planned_anew || BEGIN.iter().any(|begin| sql.starts_with(begin))) || !is_one(sql) {
            return false;
        }
        let mut seen = self.seen.borrow_mut();
        if seen.len() > KEPT {
            seen.clear();
        }
        !seen.insert(digest(sql))
    }

    /// Runs one statement, tells a few times a second which share of it is done (0 to 1, as far as DuckDB can estimate
    /// it), and says how many rows it touched.
    pub fn execute_telling(&self, sql: &str, tell: &(dyn Fn(f64) + Sync)) -> Result<u64> {
        self.telling(tell, || self.execute(sql, []))
    }

    /// Runs statements that return nothing, and tells as [`Store::execute_telling`] does. A large statement on tables that this
    /// transaction has made is planned once; prepared first, it would be twice.
    pub fn run_telling(&self, sql: &str, tell: &(dyn Fn(f64) + Sync)) -> Result<()> {
        self.telling(tell, || self.run(sql))
    }

    fn telling<T>(&self, tell: &(dyn Fn(f64) + Sync), work: impl FnOnce() -> Result<T>) -> Result<T> {
        const PAUSE: Duration = Duration::from_millis(100);
        /// The engine reckons how far it is each time that it waits for a thread, which small statements would do for nothing.
        struct Tracked<'c>(&'c Connection);
        impl Drop for Tracked<'_> {
            fn drop(&mut self) {
                // In a transaction that has failed it may not listen; then it is slower, and right.
                let _ = self.0.set_query_progress_tracking(false);
            }
        }
        self.conn.set_query_progress_tracking(true).map_err(failure)?;
        let _tracked = Tracked(&self.conn);
        let progress = self.conn.progress_handle();
        let (running, over) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while over.recv_timeout(PAUSE) == Err(mpsc::RecvTimeoutError::Timeout) {
                    if let Some(percent) = progress.query_progress().percentage() {
                        tell((percent / 100.0).clamp(0.0, 1.0));
                    }
                }
            });
            let outcome = work();
            drop(running);
            outcome
        })
    }

    /// Every row of a query, through `map`.
    pub fn query<T, P: Params>(
        &self,
        sql: &str,
        params: P,
        mut map: impl FnMut(&Row<'_>) -> duckdb::Result<T>,
    ) -> Result<Vec<T>> {
        if sql.contains("RETURNING") {
            self.take_note(sql);
        }
        let mut statement = self.prepared(sql, sql)?;
        let rows = statement.query_map(params, |row| map(row)).map_err(|cause| failed(sql, cause))?;
        let rows = rows.collect::<duckdb::Result<Vec<T>>>().map_err(|cause| failed(sql, cause))?;
        if rows.len() > MANY_ROWS {
            self.discard(sql, statement);
        }
        Ok(rows)
    }

    /// The first row of a query, through `map`; `None` where it has no rows.
    pub fn first<T, P: Params>(
        &self,
        sql: &str,
        params: P,
        map: impl FnMut(&Row<'_>) -> duckdb::Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, params, map)?.into_iter().next())
    }

    /// The one number that a query such as `SELECT count(*) …` returns; 0 where it returns none.
    pub fn count(&self, sql: &str) -> Result<u64> {
        let number: Option<Option<i64>> = self.first(sql, [], |row| row.get(0))?;
        Ok(number.flatten().and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
    }

    /// Every row of a query with every value as text, in order; for what is shown whole.
    pub fn texts(&self, sql: &str) -> Result<Page> {
        rows::texts(self, sql)
    }

    /// A window of a query's rows with every value as text, and how many rows the query has in all.
    pub fn page(&self, sql: &str, offset: u64, limit: u64) -> Result<Page> {
        let mut page = self.texts(&format!("SELECT * FROM ({sql}) LIMIT {limit} OFFSET {offset}"))?;
        page.offset = offset;
        page.total = self.count(&format!("SELECT count(*) FROM ({sql})"))?;
        Ok(page)
    }

    /// Hands every row of a query to `visit`, one at a time and every value as text, without ever holding more than a
    /// chunk of them; says how many there were. `visit` must not use this store, which would end the query.
    pub fn each_text(&self, sql: &str, visit: &mut dyn FnMut(&[Option<&str>]) -> Result<()>) -> Result<u64> {
        rows::each_text(self.conn(sql)?, sql, visit)
    }

    /// Hands the rows of a query to `visit` as polars frames of some thousand rows each.
    pub fn each_frame(&self, sql: &str, visit: &mut dyn FnMut(DataFrame) -> Result<()>) -> Result<()> {
        rows::each_frame(self.conn(sql)?, sql, visit)
    }

    /// The rows of a query as one polars frame.
    pub fn frame(&self, sql: &str) -> Result<DataFrame> {
        rows::frame(self.conn(sql)?, sql)
    }

    /// The names and types of a query's columns, without running it.
    pub fn columns(&self, sql: &str) -> Result<Vec<(String, String)>> {
        self.query(&format!("DESCRIBE {sql}"), [], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// What the engine has against a query that it would not run; `None` if it would.
    pub fn refusal(&self, sql: &str) -> Result<Option<Refusal>> {
        if self.conn.prepare(sql).is_ok() {
            return Ok(None);
        }
        self.run("SET errors_as_json = true")?;
        let outcome = self.conn.prepare(sql).map(|_| ());
        self.run("SET errors_as_json = false")?;
        Ok(outcome.err().map(|cause| refusal(&cause.to_string())))
    }

    /// The names of the functions for the values of a row, as they were when this was asked first.
    fn functions(&self) -> Result<&HashSet<String>> {
        match self.functions.get() {
            Some(known) => Ok(known),
            None => {
                let known = self.read_functions()?;
                Ok(self.functions.get_or_init(|| known))
            }
        }
    }

    /// The names of the functions for the values of a row.
    fn read_functions(&self) -> Result<HashSet<String>> {
        const ALL: &str = "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro')";
        Ok(self.query(ALL, [], |row| row.get(0))?.into_iter().collect())
    }

    /// Whether a table or view exists.
    pub fn has_table(&self, schema: &str, table: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = ?";
        Ok(self.first(sql, [schema, table], |_| Ok(()))?.is_some())
    }

    /// The tables of a schema.
    pub fn tables(&self, schema: &str) -> Result<Vec<String>> {
        let sql = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ?";
        self.query(sql, [schema], |row| row.get(0))
    }

    /// Adds rows of values to a table of the schema, fast.
    pub fn append<'r>(&self, schema: &str, table: &str, rows: impl IntoIterator<Item = Vec<Value>> + 'r) -> Result<()> {
        let what = format!("{schema}.{table}");
        self.filled.is_added_to(table);
        let appender = match schema {
            // What is temporary is a database of its own.
            "temp" => self.conn.appender_to_catalog_and_db(table, "temp", "main"),
            _ => self.conn.appender_to_db(table, schema),
        };
        let mut appender = appender.map_err(|cause| failed(&what, cause))?;
        for row in rows {
            appender.append_row(duckdb::appender_params_from_iter(row)).map_err(|cause| failed(&what, cause))?;
        }
        appender.flush().map_err(|cause| failed(&what, cause))
    }

    /// Does `work` while the engine need not keep rows in the order in which they come where a statement does not say one: it
    /// then works on several parts of a statement at once. It must not begin within a transaction.
    pub fn in_any_order<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.run("SET SESSION preserve_insertion_order = false")?;
        let outcome = work();
        self.run("RESET SESSION preserve_insertion_order")?;
        outcome
    }

    /// Does `work` in one transaction: all of it or, on any error, nothing. Within `work`, a further transaction is a part
    /// of this one, and its error must be this one's too.
    pub fn transaction<T>(&self, work: impl FnOnce(&Store) -> Result<T>) -> Result<T> {
        if self.in_transaction.get() {
            return work(self);
        }
        self.run("BEGIN TRANSACTION")?;
        self.in_transaction.set(true);
        let transaction = Transaction(self);
        let value = work(self)?;
        transaction.commit()?;
        Ok(value)
    }
}

/// Whether a statement may make, drop or alter something.
fn alters(sql: &str) -> bool {
    ["CREATE ", "DROP ", "ALTER "].iter().any(|begin| sql.contains(begin))
}

/// What stands for a statement's text where many are remembered.
fn digest(sql: &str) -> u64 {
    let mut digest = DefaultHasher::new();
    sql.hash(&mut digest);
    digest.finish()
}

/// Whether a text is surely one statement: it has no semicolon but in what is quoted, and no comment, text with escapes (`E'…'`) or
/// text in dollars, in which a quote would mean something else.
fn is_one(sql: &str) -> bool {
    if ["--", "/*"].iter().any(|mark| sql.contains(mark)) {
        return false;
    }
    let mut within = None;
    let mut before = b' ';
    for byte in sql.bytes() {
        let last = std::mem::replace(&mut before, byte);
        match (within, byte) {
            (None, b';' | b'$') => return false,
            (None, b'\'') if last.eq_ignore_ascii_case(&b'e') => return false,
            (None, b'\'' | b'"') => within = Some(byte),
            (Some(quote), _) if quote == byte => within = None,
            _ => {}
        }
    }
    true
}

/// What the engine is told when a database is opened, as it calls it.
fn config(settings: &Settings) -> Result<Vec<(&'static str, String)>> {
    let is = |truth: bool| truth.to_string();
    let mut config = vec![
        ("duckdb_api", "rust".to_owned()),
        ("autoinstall_known_extensions", is(false)),
        ("autoload_known_extensions", is(false)),
        ("preserve_insertion_order", is(true)),
    ];
    if settings.read_only {
        config.push(("access_mode", "READ_ONLY".to_owned()));
    }
    if let Some(limit) = &settings.memory_limit {
        Config::default().max_memory(limit).map_err(|cause| {
            Error::config(format!("memory_limit = \"{limit}\" is no amount of memory"))
                .at_file("tastevin.toml")
                .at_column("workspace.memory_limit")
                .at_key(["workspace", "memory_limit"])
                .hint("write it like memory_limit = \"4GB\"")
                .caused_by(cause)
        })?;
        config.push(("max_memory", limit.clone()));
    }
    if let Some(dir) = &settings.temp_dir {
        config.push(("temp_directory", dir.to_string_lossy().into_owned()));
    }
    Ok(config)
}

/// How many threads do the engine's work.
fn threads(settings: &Settings) -> usize {
    match settings.threads {
        Some(threads) => threads.max(1) as usize,
        None => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

fn opening(path: &Path, cause: duckdb::Error) -> Error {
    let text = cause.to_string();
    if text.contains("Could not set lock") {
        return Error::new(Kind::Busy, "another process holds this workspace")
            .at_file(path)
            .hint("close it there first; several can look at the same time if all of them say --read-only")
            .caused_by(cause);
    }
    let error = Error::new(Kind::Io, "the workspace database cannot be opened").at_file(path).caused_by(cause);
    match text.contains("Permission denied") {
        true => error.hint("check that your user may read and write it, and the folder that it is in"),
        false => error,
    }
}

/// What the engine has against a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, one clause.
    pub what: String,
    /// The name that was probably meant.
    pub meant: Option<String>,
    /// At which byte of the query.
    pub at: Option<usize>,
}

/// An error that DuckDB wrote as JSON.
fn refusal(text: &str) -> Refusal {
    let told = text.find('{').and_then(|at| serde_json::from_str::<serde_json::Value>(&text[at..]).ok());
    let Some(told) = told else { return Refusal { what: text.to_owned(), meant: None, at: None } };
    let get = |name: &str| told[name].as_str();
    let what = match (get("error_subtype"), get("name"), get("type")) {
        (Some("COLUMN_NOT_FOUND"), Some(name), _) => format!("there is no column \"{name}\" here"),
        (Some("MISSING_ENTRY"), Some(name), Some(kind)) => {
            let kind = kind.to_lowercase();
            format!("there is no {} \"{name}\"", if kind.contains("function") { "function" } else { &kind })
        }
        // What follows the first sentence explains how the engine is made.
        _ => get("exception_message").unwrap_or(text).lines().next().unwrap_or(text).to_owned(),
    };
    let meant = get("candidates").and_then(|names| names.split(',').next()).map(|name| name.trim().to_owned());
    Refusal { what, meant: meant.filter(|name| !name.is_empty()), at: get("position").and_then(|at| at.parse().ok()) }
}

/// An error of DuckDB as ours, when there is no statement to show.
fn failure(cause: duckdb::Error) -> Error {
    failed("", cause)
}

/// An error of DuckDB as ours. What the user's data or disk causes is told apart from what we got wrong.
fn failed(sql: &str, cause: duckdb::Error) -> Error {
    let text = cause.to_string();
    let class = text.split_once(" Error:").map_or("", |(class, _)| class);
    // These quote values and names, in which anything may stand.
    let is_about_data = ["Binder", "Catalog", "Constraint", "Conversion", "Invalid Input", "Out of Range", "Parser"];
    if is_about_data.contains(&class) {
        return refused(sql, cause);
    }
    if text.contains("INTERRUPT") || text.contains("Interrupted") {
        return Error::interrupted();
    }
    if text.contains("No space left") || text.contains("disk") && text.contains("full") {
        return Error::new(Kind::Io, "the disk is full")
            .hint("free some space and run the same again; nothing was lost")
            .caused_by(cause);
    }
    if text.contains("Out of Memory") {
        return Error::new(Kind::Io, "the engine ran out of memory")
            .hint("raise memory_limit in tastevin.toml, or free disk space for its temporary files")
            .caused_by(cause);
    }
    refused(sql, cause)
}

fn refused(sql: &str, cause: duckdb::Error) -> Error {
    let error = Error::internal("the database refused a statement")
        .caused_by(cause)
        .hint("decisions and commits are as they were: try the same again")
        .hint(
            "if it comes back, tastevin is at fault: report these lines, and what the same says with TASTEVIN_DEBUG=1",
        );
    if sql.is_empty() { error } else { error.in_statement(sql) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_transaction_leaves_nothing_behind() -> Result<()> {
        let store = Store::in_memory(&[])?;
        store.run("CREATE TABLE t(a INTEGER)")?;
        let outcome: Result<()> = store.transaction(|store| {
            store.run("INSERT INTO t VALUES (1)")?;
            store.run("INSERT INTO nowhere VALUES (1)")
        });
        assert_eq!(outcome.map_err(|error| error.kind()), Err(Kind::Internal));
        assert_eq!(store.count("SELECT count(*) FROM t")?, 0);
        Ok(())
    }

    #[test]
    fn transactions_within_one_another_are_one() -> Result<()> {
        let store = Store::in_memory(&[])?;
        store.run("CREATE TABLE t(a INTEGER)")?;
        let insert = |store: &Store| store.run("INSERT INTO t VALUES (1)");
        let outcome: Result<()> = store.transaction(|store| {
            store.transaction(insert)?;
            store.run("INSERT INTO nowhere VALUES (1)")
        });
        assert!(outcome.is_err());
        assert_eq!(store.count("SELECT count(*) FROM t")?, 0);
        store.transaction(|store| store.transaction(insert))?;
        assert_eq!(store.reader()?.count("SELECT count(*) FROM t")?, 1);
        Ok(())
    }

    #[test]
    fn a_panic_within_a_transaction_takes_it_back() -> Result<()> {
        let store = Store::in_memory(&[])?;
        store.run("CREATE TABLE t(a INTEGER)")?;
        let panics = std::panic::AssertUnwindSafe(|| {
            store.transaction(|store| -> Result<()> {
                store.run("INSERT INTO t VALUES (1)")?;
                panic!("as a mistake of ours would")
            })
        });
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(store.count("SELECT count(*) FROM t")?, 0);
        store.transaction(|store| store.run("INSERT INTO t VALUES (2)"))?;
        assert_eq!(store.reader()?.count("SELECT sum(a) FROM t")?, 2);
        Ok(())
    }

    #[test]
    fn a_reader_knows_the_functions_too() -> Result<()> {
        let shout = Function { name: "shout", call: Call::One(|text| Some(text.to_uppercase())) };
        let store = Store::in_memory(&[shout])?;
        let reader = store.reader()?.reader()?;
        assert_eq!(reader.texts("SELECT shout('a') AS s")?.get(0, "s"), Some("A"));
        Ok(())
    }

    #[test]
    fn a_statement_that_comes_again_sees_what_is_there_then() -> Result<()> {
        let store = Store::in_memory(&[])?;
        for n in 1..=4_u64 {
            // Another table under the same name, with another column.
            store.run(&format!("CREATE OR REPLACE TABLE t AS SELECT i AS c{n}, 'a;b' AS s FROM range({n}) AS r(i)"))?;
            store.run("CREATE OR REPLACE TEMP TABLE u AS SELECT * FROM t WHERE s = 'a;b'")?;
            store.run("INSERT INTO u SELECT * FROM t; DELETE FROM u WHERE rowid = 0")?;
            assert_eq!(store.count("SELECT count(*) FROM u")?, 2 * n - 1);
            assert_eq!(store.texts("SELECT * FROM u")?.columns, [format!("c{n}"), "s".to_owned()]);
        }
        let failed = store.transaction(|store| {
            store.run("DELETE FROM u")?;
            store.run("INSERT INTO nowhere VALUES (1)")
        });
        assert!(failed.is_err());
        assert_eq!(store.count("SELECT count(*) FROM u")?, 7);
        Ok(())
    }

    #[test]
    fn what_is_done_plainly_ends_with_the_work_also_where_it_fails() -> Result<()> {
        let store = Store::in_memory(&[])?;
        let asked = Cell::new(0);
        // Another statement each time: what has its plan need not be planned.
        let is_optimised = || {
            asked.set(asked.get() + 1);
            let sql = format!("SELECT current_setting('enable_optimizer'), {}", asked.get());
            store.first(&sql, [], |row| row.get::<_, bool>(0))
        };
        store.run("CREATE TABLE t AS SELECT 1 AS a")?;
        store.plainly(|| {
            assert_eq!(is_optimised()?, Some(false));
            assert_eq!(store.with_care(is_optimised)?, Some(true));
            assert_eq!(is_optimised()?, Some(false));
            Ok::<(), Error>(())
        })?;
        store.run("CREATE SCHEMA IF NOT EXISTS candidate; CREATE TABLE candidate.large AS SELECT 1 AS a")?;
        let of_large = "SELECT current_setting('enable_optimizer') FROM candidate.large";
        store.of_few(|| {
            assert_eq!(is_optimised()?, Some(false));
            assert_eq!(store.first(of_large, [], |row| row.get::<_, bool>(0))?, Some(true));
            assert_eq!(store.plainly(is_optimised)?, Some(false));
            Ok::<(), Error>(())
        })?;
        assert_eq!(is_optimised()?, Some(true));
        let failed = store.transaction(|store| store.plainly(|| store.run("INSERT INTO t SELECT error('no')")));
        assert!(failed.is_err());
        assert_eq!(is_optimised()?, Some(true));
        // What makes a table makes it again after a transaction was taken back.
        let make = |store: &Store| {
            store.plainly(|| store.run("CREATE OR REPLACE TEMP TABLE made AS SELECT *, 'x' AS b FROM t WHERE a > 0"))
        };
        for _ in 0..3 {
            let failed = store.transaction(|store| {
                make(store)?;
                store.run("INSERT INTO nowhere VALUES (1)")
            });
            assert!(failed.is_err());
            make(&store)?;
            assert_eq!(store.texts("SELECT * FROM made")?.columns, ["a", "b"]);
        }
        // A statement that was planned before sees what is there now.
        for n in 2..5_u64 {
            store.plainly(|| store.run("INSERT INTO t VALUES (0)"))?;
            assert_eq!(store.plainly(|| store.count("SELECT count(*) FROM t"))?, n);
            store.run(&format!("CREATE OR REPLACE TABLE u AS SELECT {n} AS b, * FROM t"))?;
            assert_eq!(store.plainly(|| store.count("SELECT max(b) FROM u"))?, n);
        }
        Ok(())
    }

    #[test]
    fn a_semicolon_that_is_quoted_ends_no_statement() {
        for one in ["SELECT 'it''s; one'", "SELECT \"a;b\" FROM t", r"SELECT replace(a, '\', '\\') || ';'", "SELECT 1"]
        {
            assert!(is_one(one), "{one}");
        }
        for many in [
            "SELECT 1; SELECT 2",
            "SELECT 'a'; SELECT 'b'",
            "SELECT 1 -- ' one\n; SELECT 2",
            "SELECT $q$'$q$; SELECT 2",
            r"SELECT E'\''; SELECT 2; SELECT '",
        ] {
            assert!(!is_one(many), "{many}");
        }
    }

    #[test]
    fn a_page_is_a_window_that_knows_the_whole() -> Result<()> {
        let store = Store::in_memory(&[])?;
        let page = store.page("SELECT i, [i::VARCHAR, NULL] AS l FROM range(10) t(i) ORDER BY i", 4, 2)?;
        assert_eq!((page.total, page.offset, page.rows.len()), (10, 4, 2));
        assert_eq!(page.get(0, "i"), Some("4"));
        assert_eq!(page.get(1, "l"), Some("[5, NULL]"));
        Ok(())
    }

    #[test]
    fn an_interrupt_ends_a_running_statement_as_cancelled() -> Result<()> {
        let store = Store::in_memory(&[])?;
        let interrupter = store.interrupter(&Canceller::default());
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(100));
            interrupter.interrupt();
        });
        let outcome =
            store.count("SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range % 7 = b.range % 11");
        assert_eq!(outcome.map_err(|error| error.kind()), Err(Kind::Interrupted));
        stopper.join().map_err(|_| Error::internal("the stopper panicked"))?;
        assert_eq!(store.count("SELECT 1")?, 1, "the connection works on afterwards");
        Ok(())
    }
}
