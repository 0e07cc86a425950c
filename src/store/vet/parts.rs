//! What stands in the tree of a text, and the lists that it is held against. Neighbour: `vet`, which takes texts apart.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::error::{Error, Kind, Result, nearest};
use crate::sql::bare;
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
    "generate_subscripts",
    "json_each",
    "json_tree",
    "pragma_table_info",
    "range",
    "repeat",
    "summary",
    "unnest",
];

/// The functions of a single row that reach beyond the workspace's tables or leave something behind.
const REACHING: &[&str] = &["getenv", "nextval", "setseed", "setval", "write_log"];

/// Names of what comes out differently the next time or elsewhere. A test holds the list against DuckDB's catalogue,
/// which does not know that `age` and the local times look at the clock. All that begins with `current_` is of them too.
const CHANGING: &[&str] = &[
    "age",
    "ago",
    "currval",
    "gen_random_uuid",
    "get_current_time",
    "get_current_timestamp",
    "getvariable",
    "in_search_path",
    "localtime",
    "localtimestamp",
    "now",
    "pg_conf_load_time",
    "pg_postmaster_start_time",
    "random",
    "session_user",
    "sleep_ms",
    "stats",
    "today",
    "transaction_timestamp",
    "txid_current",
    "user",
    "uuid",
    "uuidv4",
    "uuidv7",
    "vector_type",
];

/// The schemas in which DuckDB finds a table that is named without one.
const FOUND_BARE: &[&str] = &["main", "pg_catalog"];

/// The kinds of query nodes that read. DuckDB also has nodes that write, which can hide in a WITH.
const READING: &[&str] = &["SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"];

/// The schemas that DuckDB's own functions are in.
const OWN_SCHEMAS: &[&str] = &["main", "pg_catalog", "system"];

/// What to do about an expression that comes out differently every time.
pub const STEADY: &str = "the same exports give the same rows every time; as_of() is the day of the last load";

/// Whether a word names something that comes out differently the next time, or reaches beyond the workspace.
pub fn is_unsteady(word: &str) -> bool {
    let word = word.to_lowercase();
    CHANGING.contains(&word.as_str()) || REACHING.contains(&word.as_str()) || word.starts_with("current_")
}

/// What was found in the tree.
#[derive(Default)]
pub(super) struct Parts {
    nodes: HashSet<String>,
    table_functions: HashSet<String>,
    functions: BTreeSet<String>,
    /// The columns that are named, each as a path.
    pub columns: BTreeSet<Vec<String>>,
    tables: Vec<Vec<String>>,
    /// Names that the query gives to parts of itself.
    own: HashSet<String>,
    has_subquery: bool,
    has_window: bool,
    has_star: bool,
}

impl Parts {
    /// Looks through a tree.
    pub fn of(tree: &Value) -> Parts {
        let mut parts = Parts::default();
        parts.walk(tree);
        parts
    }

    fn walk(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                match value["type"].as_str() {
                    Some(node) if node.ends_with("_NODE") => drop(self.nodes.insert(node.to_owned())),
                    Some("TABLE_FUNCTION") => {
                        let name = value["function"]["function_name"].as_str().unwrap_or("an unnamed function");
                        self.table_functions.insert(name.to_lowercase());
                    }
                    Some("BASE_TABLE") => self.tables.push(path(value)),
                    _ => {}
                }
                match value["class"].as_str() {
                    Some("FUNCTION") => self.function(value),
                    Some("WINDOW") => {
                        self.function(value);
                        self.has_window = true;
                    }
                    Some("SUBQUERY") => self.has_subquery = true,
                    Some("STAR") => self.has_star = true,
                    Some("COLUMN_REF") => drop(self.columns.insert(texts(&value["column_names"]))),
                    Some("LAMBDA") => return self.lambda(value),
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

    fn function(&mut self, value: &Value) {
        self.functions.extend(value["function_name"].as_str().map(str::to_lowercase));
        // `name.trim()` is a function of the column `name`.
        if let [before @ .., _] = texts(&value["qualified_name"]["path"]).as_slice()
            && !before.is_empty()
            && !OWN_SCHEMAS.contains(&before[0].to_lowercase().as_str())
        {
            self.columns.insert(before.to_vec());
        }
    }

    /// What the parameters of `x -> …` name are no columns.
    fn lambda(&mut self, value: &Value) {
        let mut inside = Parts::of(&value["expr"]);
        let parameters = Parts::of(&value["lhs"]);
        let is_parameter = |name: &String| parameters.columns.iter().any(|path| path.first() == Some(name));
        inside.columns.retain(|path| !path.first().is_some_and(is_parameter));
        // `(x, y) -> …` is written as a row of both.
        inside.functions.extend(parameters.functions);
        let Parts { nodes, table_functions, functions, columns, tables, own, has_subquery, has_window, has_star } =
            inside;
        self.nodes.extend(nodes);
        self.table_functions.extend(table_functions);
        self.functions.extend(functions);
        self.columns.extend(columns);
        self.tables.extend(tables);
        self.own.extend(own);
        self.has_subquery |= has_subquery;
        self.has_window |= has_window;
        self.has_star |= has_star;
    }

    /// Refuses what writes, and what reads anything but the workspace's tables.
    pub fn only_read(&self, store: &Store) -> Result<()> {
        const WHAT: &str = "only the workspace's tables are read here; files come in through `tastevin load`";
        if let Some(node) = self.nodes.iter().find(|node| !READING.contains(&node.as_str())) {
            let what = node.trim_end_matches("_QUERY_NODE").trim_end_matches("_NODE").to_lowercase();
            return Err(Error::usage(format!("a query only reads, and there is {what} in it")));
        }
        let reaching = |name: &&String| !HARMLESS.contains(&name.as_str());
        let first = self.table_functions.iter().find(reaching);
        if let Some(name) = first.or_else(|| self.functions.iter().find(|name| REACHING.contains(&name.as_str()))) {
            return Err(Error::usage(format!("{name}() must not be called")).hint(WHAT));
        }
        self.check_tables(store)
    }

    /// Refuses what looks at more than its own row, or comes out differently the next time.
    pub fn only_own_row(&self, store: &Store) -> Result<()> {
        if self.has_subquery || !self.tables.is_empty() {
            return Err(Error::usage("an expression looks at its own row, and there is a query in it")
                .hint("product_key.name follows a reference; { from, on, sql } counts the rows of another table"));
        }
        if self.has_window {
            return Err(Error::usage("an expression looks at its own row, and there is OVER in it"));
        }
        if self.has_star {
            return Err(Error::usage("an expression names its columns; * is no name"));
        }
        if let Some(name) = self.functions.iter().find(|name| is_unsteady(name)) {
            return Err(Error::usage(format!("{name}() comes out differently the next time")).hint(STEADY));
        }
        self.check_functions(store)
    }

    /// A function that DuckDB does not have is better told here, with the one that was meant.
    fn check_functions(&self, store: &Store) -> Result<()> {
        if self.functions.is_empty() {
            return Ok(());
        }
        let is_known = |known: &HashSet<String>| self.functions.iter().all(|name| known.contains(name));
        if is_known(store.functions()?) {
            return Ok(());
        }
        // A macro may have been made since.
        let known = store.read_functions()?;
        match self.functions.iter().find(|name| !known.contains(*name)) {
            None => Ok(()),
            Some(name) => {
                let error = Error::usage(format!("there is no function {name}() for the values of a row"));
                Err(match nearest(name, known.iter().map(String::as_str)) {
                    Some(meant) => error.hint(format!("did you mean {meant}()?")),
                    None => error,
                })
            }
        }
    }

    /// A name that is no table might be taken for a file (`FROM 'x.csv'`, `FROM x.csv`), so every name must be one.
    fn check_tables(&self, store: &Store) -> Result<()> {
        if self.tables.is_empty() {
            return Ok(());
        }
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

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|part| part.as_str().map(str::to_owned)).collect()
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
    let ours: Vec<(String, String)> = known
        .iter()
        .filter(|(_, schema, _)| !["information_schema", "pg_catalog", "main"].contains(&schema.as_str()))
        .map(|(_, schema, table)| (format!("{schema}.{table}"), format!("{}.{}", bare(schema), bare(table))))
        .collect();
    let same = ours.iter().map(|(full, _)| full).find(|full| full.ends_with(&format!(".{}", name.to_lowercase())));
    let near = same.map(String::as_str).or_else(|| nearest(&name, ours.iter().map(|(full, _)| full.as_str())));
    match near.and_then(|near| ours.iter().find(|(full, _)| full == near)) {
        Some((_, written)) => error.hint(format!("did you mean {written}?")),
        None => error.hint("`tastevin query \"SHOW ALL TABLES\"` lists them; files cannot be read"),
    }
}
