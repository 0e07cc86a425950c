//! Doubts: what the rules would find in a value before anything is built with it. Neighbour: `uses`, which asks them about
//! all that is there.

use chrono::NaiveDate;

use crate::error::Result;
use crate::rules::{self, Only, Query, Reach, Scope};
use crate::sql::{Ident, Literal, Path};
use crate::stages::map::{self, Plan};
use crate::store::Store;

/// The temporary table with the rows as they would be.
const ROWS: &str = "rows with other values";

/// What the rules on a field that judge a row by itself would say of rows that get these values there, each message once.
pub fn doubts(
    store: &Store,
    plan: &Plan,
    today: NaiveDate,
    (table, field): (&str, &str),
    values: &[(&str, &str)],
) -> Result<Vec<String>> {
    let schema = plan.schema();
    let Some(kind) = schema.field(table, field).map(|field| field.kind) else { return Ok(Vec::new()) };
    let built = store.tables("candidate")?;
    if values.is_empty() || !built.iter().any(|name| name == table) {
        return Ok(Vec::new());
    }
    let pairs: Vec<String> = values.iter().map(|(row, now)| format!("({}, {})", Literal(row), Literal(now))).collect();
    store.run(&format!(
        "CREATE OR REPLACE TEMP TABLE {} AS SELECT c.* REPLACE ({} AS {}, 0 AS _unread)\n\
         FROM {} AS c JOIN (VALUES {}) AS v(is_row, now) ON c._key = v.is_row",
        Ident(ROWS),
        map::read_value("v.now", kind)?,
        Ident(field),
        Path("candidate", table),
        pairs.join(", ")
    ))?;
    let fed: Vec<&str> =
        schema.tables.keys().map(String::as_str).filter(|name| built.iter().any(|b| b == name)).collect();
    let rows = Ident(ROWS).to_string();
    let only = Some(Only { rows: &rows, texts: ROWS, unread: 0 });
    let mut queries = Vec::new();
    for check in
        rules::checks(schema)?.iter().filter(|check| (check.table.as_str(), check.field.as_str()) == (table, field))
    {
        let rule = rules::find(&check.rule)?;
        let origins = plan.origins().get(table).map(Vec::as_slice).unwrap_or_default();
        let scope = Scope { origins, fed: &fed, only, ..Scope::of(schema, check, today) };
        if let (Reach::Row | Reach::Found(_), Some(Query { sql, .. })) = (rule.reach, (rule.find)(&scope)?) {
            // The staged texts are what the value takes the place of.
            if sql.contains(&rules::texts_of(ROWS, "")) {
                continue;
            }
            queries.push(format!("SELECT message FROM ({sql}) WHERE field = {}", Literal(field)));
        }
    }
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    store.query(&format!("SELECT DISTINCT message FROM ({}) ORDER BY 1", queries.join("\nUNION ALL\n")), [], |row| {
        row.get(0)
    })
}
