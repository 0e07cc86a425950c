//! What SQL that a person wrote may do: read the workspace's tables, and nothing else. Whoever runs a query, builds an
//! expression of a mapping into a statement or runs a rule of the user's own asks here first.
//!
//! DuckDB's own parser takes the text apart (`json_serialize_sql`), and the tree is held against lists of what is known to be
//! harmless. What is not on a list is refused, so that a table function of a later DuckDB is too.

mod parts;

use serde_json::Value;

use super::Store;
use crate::error::{Error, Kind, Result};
use parts::Parts;
pub use parts::{STEADY, is_unsteady};

/// What a `SELECT` of nothing but an expression consists of.
const BARE: &[&str] = &["type", "cte_map", "select_list", "from_table", "aggregate_handling"];

/// How far an expression may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// At its own row, or in an aggregate at the rows of its group, and it comes out the same every time.
    Row,
    /// At every table of the workspace, and at the clock.
    Workspace,
}

/// The statement without its semicolon, if it is one that only reads; or an error of usage that says what is wrong with it.
pub fn query(store: &Store, sql: &str) -> Result<String> {
    let tree = taken_apart(store, sql)?;
    if tree["error"] == Value::Bool(true) {
        if tree["error_type"] == "parser" {
            return Err(no_sql(&tree, sql, 0));
        }
        return Err(Error::usage("a query only reads: one SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE or SHOW")
            .hint("repairs go through `tastevin decide`, files come in through `tastevin load`"));
    }
    match tree["statements"].as_array().map_or(0, Vec::len) {
        0 => return Err(Error::usage("there is no query")),
        1 => {}
        n => return Err(Error::usage(format!("{n} statements at once")).hint("ask one query at a time")),
    }
    Parts::of(&tree["statements"]).only_read(store)?;
    Ok(format!("{}\n", without_end(store, sql)?))
}

/// The columns that an expression names, each as a path (`["product_key", "cost"]`), if it is one expression that only
/// reads; or an error of configuration that says what is wrong with it.
///
/// Which columns there are, the caller knows and must look at: DuckDB takes some names for functions (`current_date`, `user`).
pub fn expression(store: &Store, text: &str, sight: Sight) -> Result<Vec<Vec<String>>> {
    judged(store, text, sight).map_err(|error| if error.kind() == Kind::Usage { error.of(Kind::Config) } else { error })
}

fn judged(store: &Store, text: &str, sight: Sight) -> Result<Vec<Vec<String>>> {
    const BEFORE: &str = "SELECT ";
    let sql = format!("{BEFORE}{text}\n");
    let tree = taken_apart(store, &sql)?;
    if tree["error"] == Value::Bool(true) {
        return Err(no_sql(&tree, &sql, BEFORE.len()));
    }
    let more = || Error::usage(format!("`{text}` is more than one expression"));
    let node = match tree["statements"].as_array().map(Vec::as_slice) {
        Some([one]) if is_empty(&one["named_param_map"]) => &one["node"],
        Some([_]) => return Err(Error::usage(format!("`{text}` leaves a value open"))),
        _ => return Err(more()),
    };
    let is_bare = node.as_object().is_some_and(|node| node.keys().all(|key| BARE.contains(&key.as_str())));
    let list = node["select_list"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !is_bare
        || node["type"] != "SELECT_NODE"
        || node["from_table"]["type"] != "EMPTY"
        || node["aggregate_handling"] != "STANDARD_HANDLING"
        || !is_empty(&node["cte_map"]["map"])
    {
        return Err(more());
    }
    let [one] = list else { return Err(more()) };
    if !one["alias"].is_null() {
        return Err(more());
    }
    let parts = Parts::of(one);
    parts.only_read(store)?;
    if sight == Sight::Row {
        parts.only_own_row(store)?;
        // It will stand in parentheses, and a comment at its end would take the closing one in.
        let may_end_in_one = text.contains("--") || text.contains("/*");
        if may_end_in_one && taken_apart(store, &format!("{BEFORE}({text})"))?["error"] == Value::Bool(true) {
            return Err(
                Error::usage(format!("`{text}` ends in a comment")).hint("the file's own comments begin with #")
            );
        }
    }
    Ok(parts.columns.into_iter().collect())
}

/// The tree of a text, with what is absent left out of it.
fn taken_apart(store: &Store, sql: &str) -> Result<Value> {
    let tree: Option<String> = store.first(
        "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR), skip_null := true, skip_empty := true, skip_default := true) AS VARCHAR)",
        [sql],
        |row| row.get(0),
    )?;
    serde_json::from_str(tree.as_deref().unwrap_or_default())
        .map_err(|cause| Error::internal("the SQL cannot be taken apart").caused_by(cause))
}

/// How many statements a tree has; `None` where the parser does not take the text.
fn statements(tree: &Value) -> Option<usize> {
    (tree["error"] != Value::Bool(true)).then(|| tree["statements"].as_array().map_or(0, Vec::len))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// One statement without the semicolons at its end and what stands behind them, so that it can stand in parentheses.
fn without_end<'s>(store: &Store, sql: &'s str) -> Result<&'s str> {
    let whole = taken_apart(store, sql)?;
    for (at, _) in sql.match_indices(';') {
        // Of those in texts, names and comments either what stands before is another statement or what stands behind is more.
        let (before, behind) = (&sql[..at], &sql[at + 1..]);
        if taken_apart(store, before)? == whole && statements(&taken_apart(store, behind)?) == Some(0) {
            return Ok(before);
        }
    }
    Ok(sql)
}

/// The error for a text that the parser does not take, its first bytes not being the person's.
fn no_sql(tree: &Value, sql: &str, ours: usize) -> Error {
    let why = tree["error_message"].as_str().unwrap_or("it cannot be read");
    let position = tree["position"].as_str().and_then(|text| text.parse::<usize>().ok()).unwrap_or(ours);
    Error::usage(format!("this is no SQL: {why}")).at_column(place_of(&sql[ours..], position.saturating_sub(ours)))
}

/// A place in a text as a person counts.
pub fn place_of(sql: &str, at: usize) -> String {
    let before = sql.get(..at.min(sql.len())).unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    format!("line {line}, character {}", 1 + before.chars().rev().take_while(|c| *c != '\n').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Judged = Result<Vec<Vec<String>>, Kind>;

    fn kind_of(text: &str, sight: Sight) -> Result<Judged> {
        Ok(expression(&store()?, text, sight).map_err(|error| error.kind()))
    }

    #[test]
    fn an_expression_over_its_row_is_let_through_with_the_columns_that_it_names() -> Result<()> {
        for (text, names) in [
            ("1", &[][..]),
            ("upper(Name) || \"a b\"", &[&["Name"][..], &["a b"]]),
            ("product_key.cost * 2", &[&["product_key", "cost"]]),
            ("name.trim().upper()", &[&["name"]]),
            ("list_transform(tags, tag -> tag || name)", &[&["name"], &["tags"]]),
            ("[tag || name for tag in tags if tag <> '']", &[&["name"], &["tags"]]),
            ("sum(a) FILTER (WHERE b > 1)", &[&["a"], &["b"]]),
            ("count(DISTINCT date_sale)", &[&["date_sale"]]),
            ("CASE WHEN a IN (1, 2) THEN ';' ELSE '--' END", &[&["a"]]),
            ("TRY_CAST(a AS DATE) - INTERVAL 24 MONTH", &[&["a"]]),
            ("extract(year FROM a)", &[&["a"]]),
            ("\"read_csv\"", &[&["read_csv"]]),
            ("a /* why */ + b", &[&["a"], &["b"]]),
        ] {
            let names: Vec<Vec<String>> =
                names.iter().map(|path| path.iter().map(|part| (*part).to_owned()).collect()).collect();
            let found = kind_of(text, Sight::Row)?;
            assert_eq!(found, Ok(names), "{text}");
        }
        Ok(())
    }

    #[test]
    fn a_hostile_expression_is_refused_as_configuration_wherever_it_may_look() -> Result<()> {
        for text in [
            "",
            "  ",
            "-- nothing",
            "1; DROP TABLE candidate.customers",
            "1; SELECT 2",
            "1, 2",
            "1 AS x",
            "1 FROM candidate.customers",
            "1 WHERE true",
            "1 LIMIT 1",
            "1 UNION SELECT 2",
            "DISTINCT 1",
            "1) FROM candidate.customers; --",
            "1) + (2",
            "1 + (2",
            "'open",
            "1 /* open",
            "?",
            "$1",
            "$name",
            "getenv('HOME')",
            "main.getenv('HOME')",
            "'HOME'.getenv()",
            "upper(getenv('HOME'))",
            "list_transform(['HOME'], x -> getenv(x))",
            "nextval('s')",
            "setseed(0.5)",
            "write_log('x')",
            "(SELECT content FROM read_text('/etc/passwd'))",
            "(SELECT max(a) FROM '/etc/passwd')",
            "(FROM passwd.csv)",
            "EXISTS (FROM read_csv('/etc/passwd'))",
            "name IN (FROM glob('/etc/*'))",
            "list_transform([1], x -> (SELECT count(*) FROM glob('/*')))",
            "CASE WHEN true THEN (SELECT 1 FROM query('SELECT 1')) END",
            "(WITH x AS (DELETE FROM candidate.customers RETURNING 1) SELECT * FROM x)",
            "COPY candidate.customers TO '/tmp/x.csv'",
            "PRAGMA database_list",
        ] {
            for sight in [Sight::Row, Sight::Workspace] {
                let kind = kind_of(text, sight)?;
                assert_eq!(kind, Err(Kind::Config), "{text}");
            }
        }
        Ok(())
    }

    #[test]
    fn an_expression_over_its_row_sees_no_other_rows_and_comes_out_the_same_every_time() -> Result<()> {
        for text in [
            "(SELECT 1)",
            "(SELECT max(\"a b\") FROM candidate.customers)",
            "name IN (SELECT \"row\" FROM dq.decisions)",
            "(SELECT count(*) FROM dq.loads)",
            "EXISTS (SELECT 1)",
            "row_number() OVER ()",
            "sum(a) OVER (PARTITION BY b)",
            "*",
            "COLUMNS('a')",
            "now()",
            "today()",
            "random()",
            "uuid()",
            "age(date_sale)",
            "current_setting('memory_limit')",
            "getvariable('x')",
            "unnest([1, 2])",
            "read_csv('/etc/passwd')",
            "force_checkpoint()",
            "a -- why",
        ] {
            let kind = kind_of(text, Sight::Row)?;
            assert_eq!(kind, Err(Kind::Config), "{text}");
        }
        assert!(kind_of("name IN (SELECT customer_key FROM candidate.customers) -- ours", Sight::Workspace)?.is_ok());
        Ok(())
    }

    #[test]
    fn a_function_that_is_not_there_is_told_with_the_one_that_was_meant() -> Result<()> {
        let error = expression(&store()?, "uper(name)", Sight::Row).err();
        assert_eq!(error.map(|error| error.hints().join(" ")).as_deref(), Some("did you mean upper()?"));
        Ok(())
    }

    #[test]
    fn what_changes_from_one_time_to_the_next_is_known_by_name() -> Result<()> {
        // `error` changes nothing; it is volatile so that it is not called before its time.
        let names = store()?.query(
            "SELECT DISTINCT function_name FROM duckdb_functions()
             WHERE function_type = 'scalar' AND stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY') AND function_name <> 'error'",
            [],
            |row| row.get::<_, String>(0),
        )?;
        assert!(names.len() > 20, "{names:?}");
        let unknown = ["current_localtimestamp", "current_localtime", "age", "CURRENT_DATE", "user"].map(str::to_owned);
        assert!(names.iter().chain(&unknown).all(|name| is_unsteady(name)), "{names:?}");
        Ok(())
    }

    fn store() -> Result<Store> {
        let store = Store::in_memory(&[])?;
        store.run(
            "CREATE TABLE candidate.customers (customer_key VARCHAR, \"a b\" INTEGER); CREATE TABLE staging.\"x/clients.csv\" (a VARCHAR)",
        )?;
        Ok(store)
    }

    #[test]
    fn what_only_reads_is_let_through_and_runs() -> Result<()> {
        let store = store()?;
        for sql in [
            "SELECT 1",
            "select count(*) from candidate.customers;",
            "SELECT 1; -- that is; all",
            "SELECT ';' AS \";\" ; ; /* ; */ ;",
            "SELECT 'a;' -- b",
            "FROM candidate.customers",
            "-- how many\nSELECT count(*) FROM candidate.customers -- rows; of them",
            "/* a; b */ SELECT ';' ; ",
            "WITH c AS (SELECT 1 AS n) SELECT * FROM c JOIN c AS d USING (n)",
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r",
            "VALUES (1), (2)",
            "DESCRIBE candidate.customers",
            "SUMMARIZE candidate.customers",
            "SHOW TABLES",
            "SHOW ALL TABLES",
            "SELECT * FROM range(3), unnest([1, 2])",
            "SELECT * FROM staging.\"x/clients.csv\"",
            "SELECT * FROM duckdb_tables()",
            "SELECT * FROM information_schema.tables",
            "SELECT * FROM duckdb_views",
            "SELECT (SELECT max(\"a b\") FROM candidate.customers) UNION ALL SELECT 2",
        ] {
            let checked = query(&store, sql)?;
            store.texts(&checked)?;
        }
        Ok(())
    }

    #[test]
    fn a_semicolon_in_a_comment_ends_nothing() -> Result<()> {
        let store = store()?;
        let answer = |sql| store.texts(&query(&store, sql)?);
        let told = answer("SELECT 1 -- ; /*\n + 2 -- */;")?.rows;
        assert_eq!(told, answer("SELECT 3")?.rows);
        Ok(())
    }

    #[test]
    fn what_writes_or_reaches_outside_is_refused_as_usage() -> Result<()> {
        let store = store()?;
        for sql in [
            "",
            " ; ",
            "-- only a comment",
            "SELECT 1; SELECT 2",
            "SELECT 1; DROP TABLE candidate.customers",
            "SELECT 1) ; DROP TABLE candidate.customers; SELECT (1",
            "DELETE FROM candidate.customers",
            "UPDATE candidate.customers SET \"a b\" = 1",
            "INSERT INTO candidate.customers VALUES ('x', 1)",
            "WITH x AS (INSERT INTO candidate.customers VALUES ('x', 1) RETURNING *) SELECT * FROM x",
            "WITH x AS (DELETE FROM candidate.customers RETURNING *) SELECT * FROM x",
            "CREATE TABLE t AS SELECT 1",
            "DROP TABLE candidate.customers",
            "COPY candidate.customers TO '/tmp/x.csv'",
            "COPY (SELECT 1) TO '/tmp/x.csv'",
            "ATTACH '/tmp/x.db'",
            "DETACH x",
            "INSTALL httpfs",
            "LOAD httpfs",
            "PRAGMA database_list",
            "SET memory_limit = '1GB'",
            "CALL force_checkpoint()",
            "EXPORT DATABASE '/tmp/x'",
            "CHECKPOINT",
            "SELECT * FROM read_csv('/etc/passwd')",
            "SELECT * FROM read_text('/etc/passwd')",
            "SELECT (SELECT content FROM read_blob('/etc/passwd'))",
            "SELECT * FROM '/etc/passwd'",
            "FROM '/etc/passwd'",
            "SELECT * FROM passwd.csv",
            "SELECT * FROM \"x/clients.csv\"",
            "WITH \"/etc/passwd\" AS (SELECT 1) SELECT * FROM \"/etc/passwd\"",
            "SELECT * FROM glob('/etc/*')",
            "SELECT * FROM query('SELECT 1')",
            "SELECT * FROM query_table('candidate.customers')",
            "SELECT * FROM force_checkpoint()",
            "SELECT * FROM json_execute_serialized_sql('x')",
            "SUMMARIZE '/etc/passwd'",
            "DESCRIBE SELECT * FROM read_csv('/etc/passwd')",
            "SELECT * FROM nowhere",
            "SELEC 1",
        ] {
            let kind = query(&store, sql).map_err(|error| error.kind());
            assert_eq!(kind, Err(Kind::Usage), "{sql}");
        }
        assert_eq!(store.count("SELECT count(*) FROM candidate.customers")?, 0);
        Ok(())
    }

    #[test]
    fn a_slip_is_told_with_its_place_and_the_table_that_was_meant() -> Result<()> {
        let store = store()?;
        let error = query(&store, "SELECT *\nFORM x").err();
        let place = error.map(|error| error.place().to_string());
        assert_eq!(place.as_deref(), Some("[line 2, character 6]"));
        let hints = query(&store, "FROM customers").err().map(|error| error.hints().join(" "));
        assert_eq!(hints.as_deref(), Some("did you mean candidate.customers?"));
        let hints = query(&store, "FROM staging.x_clients").err().map(|error| error.hints().join(" "));
        assert_eq!(hints.as_deref(), Some("did you mean staging.\"x/clients.csv\"?"), "as it has to be written");
        Ok(())
    }
}
