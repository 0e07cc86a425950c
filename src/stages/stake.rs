//! The money at stake: what of the rows that the schema calls money hangs on a row with a finding, through the references
//! of the tables. A customer's sales hang on the customer, a product's on the product, a sale on itself.

use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::model::{FieldType, Schema};
use crate::sql::{Ident, Literal, Path};
use crate::stages::map::Change;
use crate::store::Store;

/// A step from a row to the row that it refers to.
#[derive(Clone)]
struct Step {
    field: String,
    table: String,
    key: String,
}

/// Refuses a schema in which it is not clear what the money is.
pub fn validate(schema: &Schema) -> Result<()> {
    let mut tables = schema.tables.iter().filter_map(|(name, table)| Some((name, table, table.stake.as_ref()?)));
    let Some((name, table, stake)) = tables.next() else { return Ok(()) };
    let wrong = |what: String| Err(Error::config(what).at_file("mappings/canonical.toml").at_column("stake"));
    if let Some((other, ..)) = tables.next() {
        return wrong(format!("both {name} and {other} say that their rows are money; only one table can"));
    }
    match table.fields.get(&stake.field).map(|field| field.kind) {
        Some(FieldType::Integer | FieldType::Decimal) => Ok(()),
        Some(kind) => wrong(format!("{name}.{} is {}, and only numbers can be summed up", stake.field, kind.name())),
        None => wrong(format!("the table \"{name}\" has no field \"{}\"", stake.field)),
    }
}

/// Per table on whose rows money can hang, the ways by which the rows with the money lead there; an empty way is the table
/// with the money itself.
fn ways(schema: &Schema) -> IndexMap<String, Vec<Vec<Step>>> {
    let mut ways: IndexMap<String, Vec<Vec<Step>>> = IndexMap::new();
    let Some((first, _)) = schema.stake() else { return ways };
    let mut open: Vec<(String, Vec<Step>)> = vec![(first.to_owned(), Vec::new())];
    while let Some((at, way)) = open.pop() {
        for (field, declared) in schema.tables.get(&at).into_iter().flat_map(|table| &table.fields) {
            let Some(to) = &declared.references else { continue };
            let was_there = to.table == first || way.iter().any(|step| step.table == to.table);
            if schema.field(&to.table, &to.field).is_some() && !was_there {
                let step = Step { field: field.clone(), table: to.table.clone(), key: to.field.clone() };
                open.push((to.table.clone(), way.iter().cloned().chain([step]).collect()));
            }
        }
        ways.entry(at).or_default().push(way);
    }
    ways
}

/// The joins from the row with the money, which is called `s`, along a way, and what the row at its end is called.
fn joined(way: &[Step]) -> (String, String) {
    let mut joins = String::new();
    let mut alias = "s".to_owned();
    for (n, Step { field, table, key }) in way.iter().enumerate() {
        joins += &format!(
            "\nJOIN {} AS t{n} ON t{n}.{}::VARCHAR = {alias}.{}::VARCHAR",
            Path("candidate", table),
            Ident(key),
            Ident(field)
        );
        alias = format!("t{n}");
    }
    (joins, alias)
}

/// Writes the money that hangs on the row beside every finding of the rows that `rows` gives a query for, per table.
pub fn fill(store: &Store, schema: &Schema, rows: impl Fn(&str) -> Option<String>) -> Result<()> {
    let Some((money, stake)) = schema.stake() else { return Ok(()) };
    let built = store.tables("candidate")?;
    let is_built = |table: &str| built.iter().any(|name| name == table);
    for (table, ways) in ways(schema) {
        let Some(found) = rows(&table).filter(|_| is_built(&table) && is_built(money)) else { continue };
        // In a table of their own the engine knows how many they are, and begins with them where they are few.
        store.run(&format!("CREATE OR REPLACE TEMP TABLE {FOUND} AS {found}"))?;
        if store.count(&format!("SELECT count(*) FROM {FOUND}"))? == 0 {
            continue;
        }
        let amount = format!("s.{}", Ident(&stake.field));
        let mut lines = Vec::new();
        for way in &ways {
            let (joins, alias) = joined(way);
            lines.push(format!(
                "SELECT {alias}._key AS \"row\", s._key AS line, {amount} AS amount FROM {} AS s{joins}\n\
                 SEMI JOIN {FOUND} AS found ON found.\"row\" = {alias}._key",
                Path("candidate", money)
            ));
        }
        // By one direct reference every line comes once; by others the same line can come twice.
        let distinct = if ways.len() == 1 && ways.iter().all(|way| way.len() <= 1) { "" } else { "DISTINCT " };
        store.run(&format!(
            "UPDATE dq.anomalies AS a SET stake = sums.stake FROM (\n\
             WITH lines AS ({})\n\
             SELECT \"row\", coalesce(sum(amount), 0)::DECIMAL(38,4) AS stake\n\
             FROM {FOUND} LEFT JOIN (SELECT {distinct}* FROM lines) AS l USING (\"row\") GROUP BY 1\n\
             ) AS sums WHERE a.\"table\" = {} AND a.\"row\" = sums.\"row\"",
            lines.join("\nUNION ALL\n"),
            Literal(&table)
        ))?;
    }
    Ok(())
}

/// The temporary table with the rows beside whose findings the money is written.
const FOUND: &str = "\"rows with money at stake\"";

/// Writes the money anew beside the findings that are new and those of rows on which other money hangs than before.
pub fn fill_again(store: &Store, schema: &Schema, changes: &IndexMap<String, Change>) -> Result<()> {
    let Some((money, stake)) = schema.stake() else { return Ok(()) };
    let ways = ways(schema);
    let new: Vec<String> =
        store.query("SELECT DISTINCT \"table\" FROM dq.anomalies WHERE stake IS NULL", [], |row| row.get(0))?;
    fill(store, schema, |table| {
        let mut rows = Vec::new();
        if new.iter().any(|name| name == table) {
            rows.push(format!(
                "SELECT \"row\" FROM dq.anomalies WHERE \"table\" = {} AND stake IS NULL",
                Literal(table)
            ));
        }
        if changes.contains_key(table) {
            rows.push(format!("SELECT _key FROM {}", Change::after(table)));
        }
        for way in ways.get(table).into_iter().flatten() {
            let last = way.last();
            let is_other = |table: &str, field: &str| changes.get(table).is_some_and(|change| change.is_of(field));
            let is_far = way.len() > 1 && way.iter().any(|step| changes.contains_key(&step.table));
            let begins = way.first().is_some_and(|step| is_other(money, &step.field)) || is_other(money, &stake.field);
            match last {
                Some(_) if is_far || way.len() > 1 && begins => return found(table),
                // Those to which the changed rows refer, or did.
                Some(Step { field, table, key }) if begins => rows.push(format!(
                    "SELECT _key FROM {} WHERE {}::VARCHAR IN ({})",
                    Path("candidate", table),
                    Ident(key),
                    Change::values(money, &Ident(field).to_string())
                )),
                _ => {}
            }
        }
        if rows.is_empty() {
            return None;
        }
        let rows = rows.join("\nUNION\n");
        Some(format!("SELECT DISTINCT \"row\" FROM ({rows}) AS rows(\"row\") WHERE \"row\" IN ({})", found(table)?))
    })
}

/// The rows of a table that have a finding.
pub fn found(table: &str) -> Option<String> {
    Some(format!("SELECT DISTINCT \"row\" FROM dq.anomalies WHERE \"table\" = {}", Literal(table)))
}

/// The query for how many findings there are per rule, severity, table and field: `open`, `waived`, and `stake`, the money that
/// hangs on the rows with an open one. Rows that share their key share what hangs on it, which counts once; one whose key was
/// set since has other money. A row that is money itself, or that has no key, shares nothing.
pub fn tallies(schema: &Schema) -> String {
    let money = Literal(schema.stake().map_or("", |(money, _)| money));
    let shared =
        |what: &str| format!("CASE WHEN \"table\" <> {money} AND position('#' IN \"row\") > 1 THEN {what} END");
    format!(
        r#"SELECT rule, severity, "table", field, sum(open)::BIGINT AS open, sum(waived)::BIGINT AS waived,
  CAST(sum(CASE WHEN key IS NULL THEN own WHEN open > 0 THEN shared END) AS DOUBLE) AS stake
FROM (
  SELECT rule, severity, "table", field, {} AS key, {} AS shared, count(*) FILTER (status = 'open') AS open,
    count(*) FILTER (status <> 'open') AS waived, sum(stake) FILTER (status = 'open') AS own
  FROM dq.anomalies GROUP BY ALL
) GROUP BY rule, severity, "table", field"#,
        shared("regexp_replace(\"row\", '#[0-9a-f]{12}\\.[0-9]+$', '')"),
        shared("stake"),
    )
}

/// The temporary table with every row of money that hangs on a finding: `at` is the finding's place, `line` the money's.
const HANGING: &str = "\"money that hangs on findings\"";

/// Finds what hangs on which finding, for [`per`] to be asked by; false where no money can hang on any row.
pub fn hang(store: &Store, schema: &Schema) -> Result<bool> {
    let Some((money, stake)) = schema.stake() else { return Ok(false) };
    if !store.has_table("candidate", money)? {
        return Ok(false);
    }
    let mut parts = Vec::new();
    for (table, ways) in ways(schema) {
        for way in ways {
            let (joins, alias) = joined(&way);
            parts.push(format!(
                "SELECT f.at, s.rowid AS line, s.{} AS amount FROM {} AS s{joins}\n\
                 JOIN (SELECT rowid AS at, \"row\" AS _key FROM dq.anomalies WHERE \"table\" = {}) AS f ON f._key = {alias}._key",
                Ident(&stake.field),
                Path("candidate", money),
                Literal(&table)
            ));
        }
    }
    store.run(&format!("CREATE OR REPLACE TEMP TABLE {HANGING} AS {}", parts.join("\nUNION ALL\n")))?;
    Ok(true)
}

/// The query for the money that hangs on the rows with a finding that meets the condition over `dq.anomalies`, with the
/// columns `value` and `stake` for every value of an expression over that table; of each value every amount counts once, by
/// however many rows and ways it hangs on them. It stands on what [`hang`] has found.
pub fn per(value: &str, condition: &str) -> String {
    format!(
        "SELECT value, CAST(coalesce(sum(amount), 0) AS DOUBLE) AS stake FROM (\n  \
         SELECT DISTINCT f.value, h.line, h.amount FROM {HANGING} AS h\n  \
         JOIN (SELECT {value} AS value, rowid AS at FROM dq.anomalies WHERE {condition}) AS f ON f.at = h.at)\n\
         GROUP BY value"
    )
}

/// The money that hangs on the rows with a finding that meets the condition over `dq.anomalies`; every amount counts once,
/// by however many ways it hangs on them. `None` where no money can hang on any row.
pub fn total(store: &Store, schema: &Schema, condition: &str) -> Result<Option<f64>> {
    let Some((money, stake)) = schema.stake() else { return Ok(None) };
    if !store.has_table("candidate", money)? {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for (table, ways) in ways(schema) {
        let is_found = format!(
            "_key IN (SELECT \"row\" FROM dq.anomalies WHERE \"table\" = {} AND ({condition}))",
            Literal(&table)
        );
        for way in ways {
            // From the end of the way back to the row with the money.
            parts.push(way.iter().rev().fold(is_found.clone(), |condition, step| {
                format!(
                    "{}::VARCHAR IN (SELECT {}::VARCHAR FROM {} WHERE {condition})",
                    Ident(&step.field),
                    Ident(&step.key),
                    Path("candidate", &step.table)
                )
            }));
        }
    }
    // Each way by itself: joined by OR, every row would be held against all of them.
    let parts = parts.iter().map(|part| {
        format!("SELECT rowid, {} AS amount FROM {} WHERE {part}", Ident(&stake.field), Path("candidate", money))
    });
    let parts: Vec<String> = parts.collect();
    let sql = format!("SELECT CAST(coalesce(sum(amount), 0) AS DOUBLE) FROM ({})", parts.join("\nUNION\n"));
    store.first(&sql, [], |row| row.get(0))
}
