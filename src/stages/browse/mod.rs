//! Browse: any table of any stage as rows that a grid can page through. Beside the data's way; changes nothing of it.
//!
//! - here: which tables there are, and filters and orders as SQL
//! - `views`: rows by their number, found at once however many there are
//! - `profile`: what a column holds

mod profile;
mod views;

use std::collections::HashSet;

pub use profile::Counted;
pub use views::{Held, NamedValues, Vet, Views};

use crate::error::{Error, Result, nearest};
use crate::model::{CellKind, ColumnInfo, RowFilter, RowsOf, SortKey, TableInfo, TableStage};
use crate::sql::{Ident, Literal, Path, bare, literals};
use crate::store::{Call, Function, Store};

/// What SQL can call beside the engine's own functions.
pub const FUNCTIONS: &[Function] = &[Function { name: "tv_shape", call: Call::One(profile::shape) }];

/// The place of a row in its table, beside the table's own columns.
const AT: &str = "tastevin row";

/// The schemas whose tables are shown.
const SCHEMAS: [&str; 5] = ["staging", "candidate", "quarantine", "canonical", "dq"];

/// Every table of every stage with its columns and rows, stage by stage. What staging keeps its rows in is not listed twice.
pub fn tables(store: &Store) -> Result<Vec<TableInfo>> {
    let schemas = SCHEMAS.map(|schema| Literal(schema).to_string()).join(", ");
    let columns: Vec<(String, String, String, String)> = store.query(
        &format!(
            "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()\n\
             WHERE database_name = current_database() AND schema_name IN ({schemas})\n\
             ORDER BY schema_name, table_name, column_index"
        ),
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let staged: Vec<(String, String, i64)> =
        store.query("SELECT source || '/' || entity, relation, rows FROM dq.staged", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let relations: HashSet<&str> = staged.iter().map(|(_, relation, _)| relation.as_str()).collect();
    let mut tables: Vec<TableInfo> = Vec::new();
    for (schema, name, column, sql_type) in columns {
        if schema == "dq" && (relations.contains(name.as_str()) || name.starts_with('_')) {
            continue;
        }
        let column = ColumnInfo::new(column, sql_type);
        match tables.last_mut().filter(|table| table.schema == schema && table.name == name) {
            Some(table) => table.columns.push(column),
            None => tables.push(TableInfo {
                stage: stage(&schema, &name),
                rows: 0,
                columns: vec![column],
                sql: format!("{}.{}", bare(&schema), bare(&name)),
                schema,
                name,
            }),
        }
    }
    // A view whose rows are gone would only say that it cannot be read.
    tables.retain(|table| table.schema != "staging" || staged.iter().any(|(name, ..)| *name == table.name));
    let counts: Vec<String> = tables
        .iter()
        .enumerate()
        .filter(|(_, table)| table.schema != "staging")
        .map(|(at, table)| format!("SELECT {at}, count(*) FROM {}", Path(&table.schema, &table.name)))
        .collect();
    if !counts.is_empty() {
        let counted: Vec<(i64, i64)> =
            store.query(&counts.join(" UNION ALL "), [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for (at, rows) in counted {
            if let Some(table) = usize::try_from(at).ok().and_then(|at| tables.get_mut(at)) {
                table.rows = u64::try_from(rows).unwrap_or(0);
            }
        }
    }
    for table in tables.iter_mut().filter(|table| table.schema == "staging") {
        let rows = staged.iter().find(|(name, ..)| *name == table.name).map_or(0, |(_, _, rows)| *rows);
        table.rows = u64::try_from(rows).unwrap_or(0);
    }
    tables.sort_by(|a, b| (a.stage, &a.name).cmp(&(b.stage, &b.name)));
    Ok(tables)
}

fn stage(schema: &str, name: &str) -> TableStage {
    match (schema, name) {
        ("staging", _) => TableStage::Staging,
        ("dq", "rejects") => TableStage::Rejects,
        ("candidate", _) => TableStage::Candidate,
        ("quarantine", _) => TableStage::Quarantine,
        ("canonical", _) => TableStage::Canonical,
        _ => TableStage::Workbench,
    }
}

/// The source and the entity of a staged table; `None` where it is no staged one.
pub fn staged(store: &Store, of: &RowsOf) -> Result<Option<(String, String)>> {
    let RowsOf::Table(schema, name) = of else { return Ok(None) };
    if schema != "staging" {
        return Ok(None);
    }
    let sql = "SELECT source, entity FROM dq.staged WHERE source || '/' || entity = ?";
    store.first(sql, [name], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The rows of a relation as a query: its columns, and [`AT`].
#[derive(Debug, Clone)]
pub(crate) struct Base {
    /// The query.
    sql: String,
    columns: Vec<ColumnInfo>,
}

impl Base {
    /// The rows of a table of the workspace, each with its place; those of staging with their record number.
    fn of_table(store: &Store, schema: &str, name: &str) -> Result<Base> {
        let at = Ident(AT);
        if schema == "staging" {
            let sql = "SELECT relation FROM dq.staged WHERE source || '/' || entity = ?";
            let relation: Option<String> = store.first(sql, [name], |row| row.get(0))?;
            let Some(relation) = relation else { return Err(gone(schema, name)) };
            return Base::with_places(store, format!("rowid AS {at}, rowid + 1 AS _row"), &Path("dq", &relation));
        }
        if !store.has_table(schema, name)? {
            return Err(gone(schema, name));
        }
        Base::with_places(store, format!("rowid AS {at}"), &Path(schema, name))
    }

    fn with_places(store: &Store, places: String, table: &dyn std::fmt::Display) -> Result<Base> {
        let sql = format!("SELECT {places}, * FROM {table}");
        let columns = store.columns(&sql)?;
        let own = columns.into_iter().filter(|(name, _)| name != AT);
        Ok(Base { columns: own.map(|(name, sql_type)| ColumnInfo::new(name, sql_type)).collect(), sql })
    }

    fn column(&self, name: &str) -> Result<&ColumnInfo> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| {
            let error = Error::usage(format!("there is no column \"{name}\" here"));
            match nearest(name, self.columns.iter().map(|column| column.name.as_str())) {
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            }
        })
    }

    /// ` WHERE …`, or nothing.
    fn condition(&self, filters: &[RowFilter]) -> Result<String> {
        let all: Vec<String> = filters.iter().map(|filter| self.predicate(filter)).collect::<Result<_>>()?;
        Ok(if all.is_empty() { String::new() } else { format!("\nWHERE {}", all.join("\n  AND ")) })
    }

    fn predicate(&self, filter: &RowFilter) -> Result<String> {
        Ok(match filter {
            RowFilter::Is(column, values) => {
                let value = text(self.column(column)?);
                let mut any = Vec::new();
                if values.iter().any(Option::is_some) {
                    any.push(format!("{value} IN ({})", literals(values.iter().flatten())));
                }
                if values.contains(&None) {
                    any.push(format!("{value} IS NULL"));
                }
                if any.is_empty() { "false".to_owned() } else { format!("({})", any.join(" OR ")) }
            }
            RowFilter::IsNot(column, value) => {
                let own = text(self.column(column)?);
                match value {
                    Some(value) => format!("{own} IS DISTINCT FROM ({})", Literal(value)),
                    None => format!("{own} IS NOT NULL"),
                }
            }
            RowFilter::Contains(Some(column), wanted) => contains(&text(self.column(column)?), wanted),
            RowFilter::Contains(None, wanted) => contains(&self.whole(), wanted),
            RowFilter::Shape(column, shape) => {
                format!("tv_shape({}) = {}", text(self.column(column)?), Literal(shape))
            }
            RowFilter::Within(column, from, to, last) => {
                let number = number(self.column(column)?);
                let end = if *last { "<=" } else { "<" };
                format!("({number} >= {} AND {number} {end} {})", figure(from)?, figure(to)?)
            }
            RowFilter::Expression(expression) => format!("(\n{expression}\n)"),
        })
    }

    /// All values of a row as one text.
    fn whole(&self) -> String {
        let values: Vec<String> = self.columns.iter().map(text).collect();
        format!("concat_ws(chr(10), {})", values.join(", "))
    }

    /// What to order by; the place of a row comes last, so that the order is always the same.
    fn order(&self, store: &Store, sort: &[SortKey], place: &str) -> Result<String> {
        let mut keys = Vec::new();
        for key in sort {
            let column = self.column(&key.column)?;
            let way = if key.descending { "DESC" } else { "ASC" };
            let own = Ident(&column.name);
            if column.kind == CellKind::Text && self.is_mostly_numbers(store, column)? {
                // Only what is no number is compared as text, which takes longer.
                let number = number(column);
                keys.push(format!("{number} {way} NULLS LAST"));
                keys.push(format!("CASE WHEN {number} IS NULL THEN {own} END {way} NULLS LAST"));
            } else {
                keys.push(format!("{own} {way} NULLS LAST"));
            }
        }
        keys.extend((!place.is_empty()).then(|| place.to_owned()));
        Ok(keys.join(", "))
    }

    /// Whether the texts of a column are numbers, as those of staging are, so that 9 should stand before 10.
    fn is_mostly_numbers(&self, store: &Store, column: &ColumnInfo) -> Result<bool> {
        let (value, as_number) = (Ident(&column.name), number(column));
        let sql = format!(
            "SELECT count(*), count({as_number}) FROM (SELECT {value} FROM ({}) WHERE {value} <> '' LIMIT 2048)",
            self.sql
        );
        let counts: Option<(i64, i64)> = store.first(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(counts.is_some_and(|(all, numbers)| numbers > 0 && numbers * 10 >= all * 9))
    }
}

fn gone(schema: &str, name: &str) -> Error {
    Error::usage(format!("there is no table {}.{}", bare(schema), bare(name)))
        .hint("it may have been there before the last load or check; the list shows what there is now")
}

/// A value as it is shown.
fn text(column: &ColumnInfo) -> String {
    match column.sql_type.as_str() {
        "VARCHAR" => Ident(&column.name).to_string(),
        _ => format!("{}::VARCHAR", Ident(&column.name)),
    }
}

/// A value as a number: days and times as seconds since 1970, texts as far as they can be read as one.
fn number(column: &ColumnInfo) -> String {
    let name = Ident(&column.name);
    match column.kind {
        CellKind::Number => format!("{name}::DOUBLE"),
        CellKind::Boolean => format!("{name}::INTEGER::DOUBLE"),
        CellKind::Date | CellKind::Timestamp => format!("epoch({name})::DOUBLE"),
        CellKind::List | CellKind::Text => as_number(&text(column)),
    }
}

/// A text as a number, with a comma or a point, and with spaces between thousands.
fn as_number(text: &str) -> String {
    let point = format!("replace({text}, ',', '.')");
    let together = format!("replace(replace(replace({point}, ' ', ''), chr(160), ''), chr(8239), '')");
    // Few numbers are written with spaces; taking them out of all would take most of the time.
    format!("coalesce(TRY_CAST({point} AS DOUBLE), TRY_CAST({together} AS DOUBLE))")
}

fn contains(value: &str, wanted: &str) -> String {
    format!("contains(lower({value}), lower({}))", Literal(wanted))
}

/// A number that was written down, as SQL.
fn figure(text: &str) -> Result<String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(format!("{}::DOUBLE", Literal(text))),
        _ => Err(Error::usage(format!("\"{text}\" is no number"))),
    }
}
