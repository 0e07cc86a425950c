//! What a query may do: read the workspace's tables, and nothing else. Neighbour: `reader`, which runs what passes here.
//!
//! DuckDB's own parser takes the statement apart (`json_serialize_sql`), and the tree is held against lists of what is
//! known to be harmless. What is not on a list is refused, so that a table function of a later DuckDB is too.

use std::collections::HashSet;

use serde_json::Value;

use crate::error::{Error, Kind, Result, nearest};
use crate::store::Store;

/// The table functions that read nothing but their arguments and the catalogue.
const HARMLESS: &[&str] = &[
    "duckdb_columns",
    "duckdb_constraints",
    "duckdb_functions",
    "duckdb_indexes",
    "duckdb_keywords",
    "duckdb_schemas",
    "duckdb_tables",
    "duckdb_types",
    "duckdb_views",
    "generate_series",
    "json_each",
    "json_tree",
    "pragma_table_info",
    "range",
    "repeat",
    "summary",
    "unnest",
];

/// The schemas in which DuckDB finds a table that is named without one.
const FOUND_BARE: &[&str] = &["main", "pg_catalog"];

/// The kinds of query nodes that read. DuckDB also has nodes that write, which can hide in a WITH.
const READING: &[&str] = &["SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"];

/// The statement without its semicolon, if it is one that only reads; or an error that says what is wrong with it.
pub(super) fn read_only(store: &Store, sql: &str) -> Result<String> {
    read_only_part(store, "", sql, "")
}

/// The whole statement around a part of it that a person wrote, if it only reads. The place of a slip is that in the part.
pub(super) fn read_only_part(store: &Store, before: &str, part: &str, after: &str) -> Result<String> {
    let sql = &format!("{before}{part}{after}");
    let tree: Option<String> =
        store.first("SELECT json_serialize_sql(?::VARCHAR)", [sql.as_str()], |row| row.get(0))?;
    let tree: Value = serde_json::from_str(tree.as_deref().unwrap_or_default())
        .map_err(|cause| Error::internal("the query cannot be taken apart").caused_by(cause))?;
    if tree["error"] == Value::Bool(true) {
        return Err(refused(part, &tree, before.len()));
    }
    match tree["statements"].as_array().map_or(0, Vec::len) {
        0 => return Err(Error::usage("there is no query")),
        1 => {}
        n => return Err(Error::usage(format!("{n} statements at once")).hint("ask one query at a time")),
    }
    let mut parts = Parts::default();
    parts.walk(&tree["statements"]);
    if let Some(node) = parts.nodes.iter().find(|node| !READING.contains(&node.as_str())) {
        let what = node.trim_end_matches("_QUERY_NODE").trim_end_matches("_NODE").to_lowercase();
        return Err(Error::usage(format!("a query only reads, and there is {what} in it")));
    }
    if let Some(name) = parts.functions.iter().find(|name| !HARMLESS.contains(&name.to_lowercase().as_str())) {
        return Err(Error::usage(format!("a query must not call {name}()"))
            .hint("it reads the workspace's tables only; files come in through `tastevin load`"));
    }
    parts.check_tables(store)?;
    Ok(one_line_of_its_own(sql))
}

/// The statement so that it can stand in parentheses: no semicolon, and a comment at its end that ends.
fn one_line_of_its_own(sql: &str) -> String {
    let mut sql = sql.trim_end();
    // A semicolon inside of a comment at the end is harmless; one behind the statement would end it too early.
    while let Some(rest) = sql.strip_suffix(';') {
        sql = rest.trim_end();
    }
    format!("{sql}\n")
}

fn refused(sql: &str, tree: &Value, skip: usize) -> Error {
    let why = tree["error_message"].as_str().unwrap_or("it cannot be read");
    if tree["error_type"] == "parser" {
        let position = tree["position"].as_str().and_then(|text| text.parse::<usize>().ok());
        let at = position.and_then(|at| at.checked_sub(skip)).unwrap_or_default();
        return Error::usage(format!("this is no SQL: {why}")).at_column(place_of(sql, at));
    }
    Error::usage("a query only reads: one SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE or SHOW")
        .hint("repairs go through `tastevin decide`, files come in through `tastevin load`")
}

/// A place in a text as a person counts.
pub(super) fn place_of(sql: &str, at: usize) -> String {
    let before = sql.get(..at.min(sql.len())).unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    format!("line {line}, character {}", 1 + before.chars().rev().take_while(|c| *c != '\n').count())
}

/// What was found in the tree.
#[derive(Default)]
struct Parts {
    nodes: HashSet<String>,
    functions: HashSet<String>,
    tables: Vec<Vec<String>>,
    /// Names that the query gives to parts of itself.
    own: HashSet<String>,
}

impl Parts {
    fn walk(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                match value["type"].as_str() {
                    Some(node) if node.ends_with("_NODE") => drop(self.nodes.insert(node.to_owned())),
                    Some("TABLE_FUNCTION") => {
                        let name = value["function"]["function_name"].as_str().unwrap_or("an unnamed function");
                        self.functions.insert(name.to_owned());
                    }
                    Some("BASE_TABLE") => self.tables.push(path(value)),
                    _ => {}
                }
                for part in value["cte_map"]["map"].as_array().into_iter().flatten() {
                    self.own.extend(part["key"].as_str().map(str::to_lowercase));
                }
                // A recursive part names itself outside of the map.
                if value["type"].as_str().is_some_and(|node| node.ends_with("CTE_NODE")) {
                    self.own.extend(value["cte_name"].as_str().map(str::to_lowercase));
                }
                fields.values().for_each(|field| self.walk(field));
            }
            _ => {}
        }
    }

    /// A name that is no table might be taken for a file (`FROM 'x.csv'`, `FROM x.csv`), so every name must be one.
    fn check_tables(&self, store: &Store) -> Result<()> {
        let known: Vec<(String, String, String)> = store.query(
            "SELECT lower(database_name), lower(schema_name), lower(table_name) FROM duckdb_tables()
             UNION ALL SELECT lower(database_name), lower(schema_name), lower(view_name) FROM duckdb_views()",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        for path in &self.tables {
            let lower: Vec<String> = path.iter().map(|part| part.to_lowercase()).collect();
            let is_known = match lower.as_slice() {
                [table] => {
                    // Within a query a name of its own is fine, unless DuckDB could take it for a file elsewhere in it.
                    let own = self.own.contains(table) && !table.contains(['.', '/', '\\', ':', '*', '?']);
                    own || known.iter().any(|(_, schema, name)| name == table && FOUND_BARE.contains(&schema.as_str()))
                }
                [schema, table] => {
                    known.iter().any(|(database, s, name)| name == table && (s == schema || database == schema))
                }
                [database, schema, table] => {
                    known.iter().any(|(d, s, name)| d == database && s == schema && name == table)
                }
                _ => false,
            };
            if !is_known {
                return Err(unknown(path, &known));
            }
        }
        Ok(())
    }
}

fn path(table: &Value) -> Vec<String> {
    ["catalog_name", "schema_name", "table_name"]
        .into_iter()
        .filter_map(|part| table[part].as_str())
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn unknown(path: &[String], known: &[(String, String, String)]) -> Error {
    let name = path.join(".");
    let error = Error::new(Kind::Usage, format!("there is no table \"{name}\""));
    let ours: Vec<String> = known
        .iter()
        .filter(|(_, schema, _)| !["information_schema", "pg_catalog", "main"].contains(&schema.as_str()))
        .map(|(_, schema, table)| format!("{schema}.{table}"))
        .collect();
    let same = ours.iter().find(|full| full.ends_with(&format!(".{}", name.to_lowercase())));
    match same.map(String::as_str).or_else(|| nearest(&name, ours.iter().map(String::as_str))) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("`tastevin query \"SHOW ALL TABLES\"` lists them; files cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let checked = read_only(&store, sql)?;
            store.texts(&checked)?;
        }
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
            let kind = read_only(&store, sql).map_err(|error| error.kind());
            assert_eq!(kind, Err(Kind::Usage), "{sql}");
        }
        assert_eq!(store.count("SELECT count(*) FROM candidate.customers")?, 0);
        Ok(())
    }

    #[test]
    fn a_slip_is_told_with_its_place_and_the_table_that_was_meant() -> Result<()> {
        let store = store()?;
        let error = read_only(&store, "SELECT *\nFORM x").err();
        let place = error.map(|error| error.place().to_string());
        assert_eq!(place.as_deref(), Some("[line 2, character 6]"));
        let hints = read_only(&store, "FROM customers").err().map(|error| error.hints().join(" "));
        assert_eq!(hints.as_deref(), Some("did you mean candidate.customers?"));
        Ok(())
    }
}
