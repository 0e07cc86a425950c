//! Duplicates: the findings about twins, gathered into groups of rows that can be looked at side by side.
//!
//! A group is what the findings of one rule on one field have in common: the key, the address. What is to become of it
//! is a decision like others: a merge, or a waiver that says that they are different things.

use super::findings::severity;
use crate::error::Result;
use crate::model::{DuplicateGroup, DuplicateRow, Duplicates, Schema};
use crate::rules;
use crate::sql::{Ident, Literal, Path, literals};
use crate::store::Store;

/// Per finding about twins what its group has in common. The same record twice is told by the digest in its identity.
const ANCHORS: &str = r#"lower(coalesce(value, regexp_replace("row", '\.[0-9]+$', ''))) AS anchor, coalesce(value, regexp_replace("row", '(#[0-9a-f]{12})?\.[0-9]+$', '')) AS shared"#;

/// The findings about twins, with their anchors. Where a table has a key, the same record twice is the same key twice.
fn twins(schema: &Schema) -> String {
    let keyed = schema.tables.iter().filter(|(_, table)| table.keys().next().is_some());
    let keyed = literals(keyed.map(|(name, _)| name));
    format!(
        r#"SELECT *, {ANCHORS} FROM dq.anomalies
WHERE rule IN ({}) AND NOT (rule = 'duplicate-row' AND "table" IN ({keyed}))"#,
        literals(rules::TWINS)
    )
}

/// Every group, those that need a decision first, and of these the one with most money at stake.
pub fn groups(store: &Store, schema: &Schema) -> Result<Vec<DuplicateGroup>> {
    // What hangs on a key that rows share hangs there once.
    let keys = r#"count(DISTINCT regexp_replace("row", '#[0-9a-f]{12}\.[0-9]+$', ''))"#;
    let stake = format!("CASE WHEN {keys} > 1 THEN sum(stake) ELSE max(stake) END");
    let sql = format!(
        r#"SELECT rule, "table", field, anchor, min(shared), count(DISTINCT "row"), count(*) FILTER (status = 'open'), ({stake})::DOUBLE, min(severity)
FROM ({}) GROUP BY rule, "table", field, anchor
HAVING count(DISTINCT "row") > 1 OR rule = 'duplicate-row'
-- What one rule tells another need not tell again about the very same rows.
QUALIFY row_number() OVER (PARTITION BY "table", list(DISTINCT "row" ORDER BY "row") ORDER BY list_position([{}], rule), field) = 1
ORDER BY count(*) FILTER (status = 'open') = 0, {stake} DESC NULLS LAST, "table", rule, anchor"#,
        twins(schema),
        rules::TWINS.map(|rule| Literal(rule).to_string()).join(", ")
    );
    store.query(&sql, [], |row| {
        Ok(DuplicateGroup {
            rule: row.get(0)?,
            table: row.get(1)?,
            field: row.get(2)?,
            anchor: row.get(3)?,
            value: row.get(4)?,
            rows: row.get::<_, i64>(5)?.unsigned_abs(),
            open: row.get::<_, i64>(6)?.unsigned_abs(),
            stake: row.get(7)?,
            severity: severity(row.get(8)?),
        })
    })
}

/// The rows of a group side by side; none where the group is no longer there.
pub fn rows(store: &Store, schema: &Schema, group: &DuplicateGroup) -> Result<Option<Duplicates>> {
    let Some(table) = schema.tables.get(&group.table) else { return Ok(None) };
    if !store.has_table("candidate", &group.table)? {
        return Ok(None);
    }
    let fields: Vec<String> = table.fields.keys().cloned().collect();
    let values: Vec<String> =
        table.fields.iter().map(|(name, field)| field.kind.as_text(&format!("c.{}", Ident(name)))).collect();
    // The first of the same records is no finding, but it belongs to them.
    let members = format!(
        r#"SELECT "row" FROM ({}) WHERE rule = {} AND "table" = {} AND field = {} AND anchor = {}"#,
        twins(schema),
        Literal(&group.rule),
        Literal(&group.table),
        Literal(&group.field),
        Literal(&group.anchor)
    );
    let of_group = if group.rule == "duplicate-row" {
        format!(
            r"regexp_replace(c._key, '\.[0-9]+$', '') IN (SELECT regexp_replace(m.row, '\.[0-9]+$', '') FROM ({members}) AS m)"
        )
    } else {
        format!("c._key IN ({members})")
    };
    let referred = referred(store, schema, &group.table)?;
    let sql = format!(
        r#"SELECT c._key, c._source || ' ' || c._entity, c._row::VARCHAR, ({referred})::VARCHAR,
  (SELECT count(*) FROM dq.anomalies AS a WHERE a."table" = {} AND a."row" = c._key AND a.status = 'open')::VARCHAR, {}
FROM {} AS c WHERE {of_group} ORDER BY c._key"#,
        Literal(&group.table),
        values.join(", "),
        Path("candidate", &group.table)
    );
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
    let rows: Vec<DuplicateRow> = store
        .texts(&sql)?
        .rows
        .into_iter()
        .map(|mut cells| {
            let values = cells.split_off(5);
            let [row, from, record, referred, open] = &cells[..] else {
                return DuplicateRow {
                    row: String::new(),
                    from: String::new(),
                    record: 0,
                    values,
                    referred: 0,
                    open: 0,
                };
            };
            DuplicateRow {
                row: row.clone().unwrap_or_default(),
                from: from.clone().unwrap_or_default(),
                record: number(record),
                values,
                referred: number(referred).unsigned_abs(),
                open: number(open).unsigned_abs(),
            }
        })
        .collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let differing = fields
        .iter()
        .enumerate()
        .filter(|(at, _)| rows.windows(2).any(|pair| pair[0].values.get(*at) != pair[1].values.get(*at)))
        .map(|(_, field)| field.clone())
        .collect();
    Ok(Some(Duplicates { group: DuplicateGroup { rows: rows.len() as u64, ..group.clone() }, fields, differing, rows }))
}

/// The expression that counts the rows of other tables that refer to the row `c`.
fn referred(store: &Store, schema: &Schema, table: &str) -> Result<String> {
    let mut counts = vec!["0".to_owned()];
    for (name, other) in &schema.tables {
        for (field, declared) in &other.fields {
            let Some(reference) = declared.references.as_ref().filter(|reference| reference.table == table) else {
                continue;
            };
            if store.has_table("candidate", name)? {
                counts.push(format!(
                    "(SELECT count(*) FROM {} AS r WHERE r.{} = c.{})",
                    Path("candidate", name),
                    Ident(field),
                    Ident(&reference.field)
                ));
            }
        }
    }
    Ok(counts.join(" + "))
}
