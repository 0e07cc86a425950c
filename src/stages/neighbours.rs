//! Neighbours: the rows that a candidate refers to through its keys, and those that refer to it.

use crate::error::Result;
use crate::model::{Neighbour, Neighbours, Relation, Schema};
use crate::sql::{Ident, Literal, Path};
use crate::store::Store;

/// All relations of a row, and a window of the rows behind them; none where there is no such row.
pub fn neighbours(
    store: &Store,
    schema: &Schema,
    table: &str,
    row: &str,
    offset: u64,
    limit: u64,
) -> Result<Option<Neighbours>> {
    let Some(own) = schema.tables.get(table) else { return Ok(None) };
    if !store.has_table("candidate", table)? {
        return Ok(None);
    }
    let fields: Vec<String> = own
        .fields
        .iter()
        .map(|(name, field)| format!("{} AS {}", field.kind.as_text(&Ident(name).to_string()), Ident(name)))
        .collect();
    let values = store.texts(&format!(
        "SELECT {} FROM {} WHERE _key = {}",
        fields.join(", "),
        Path("candidate", table),
        Literal(row)
    ))?;
    if values.rows.is_empty() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for (field, declared) in &own.fields {
        if let Some(reference) = &declared.references {
            let key = values.get(0, field).map(str::to_owned);
            found.push((Way { table: &reference.table, field: &reference.field }, field, true, key));
        }
    }
    for (name, other) in &schema.tables {
        for (field, declared) in &other.fields {
            if let Some(reference) = declared.references.as_ref().filter(|reference| reference.table == table) {
                let key = values.get(0, &reference.field).map(str::to_owned);
                found.push((Way { table: name, field }, field, false, key));
            }
        }
    }
    let mut all = Neighbours { offset, ..Neighbours::default() };
    let mut skip = offset;
    for (way, field, outward, key) in found {
        let condition = key.as_deref().map(|key| way.leads_to(schema, key));
        let rows = match &condition {
            Some(condition) if store.has_table("candidate", way.table)? => {
                store.count(&format!("SELECT count(*) FROM {} WHERE {condition}", Path("candidate", way.table)))?
            }
            _ => 0,
        };
        let left = limit.saturating_sub(all.rows.len() as u64);
        if let Some(condition) = condition.filter(|_| skip < rows && left > 0) {
            all.rows.extend(way.rows(store, schema, &condition, all.relations.len(), skip, left)?);
        }
        skip = skip.saturating_sub(rows);
        all.relations.push(Relation { table: way.table.to_owned(), field: field.clone(), outward, rows, key });
    }
    Ok(Some(all))
}

/// Between the values of a row on their way out of the database: the unit separator, which stands in no cell that
/// could be read.
const BETWEEN: char = '\u{1f}';

/// Where neighbours are found: a table, and its field that holds the key.
struct Way<'a> {
    table: &'a str,
    field: &'a str,
}

impl Way<'_> {
    /// The condition that the field, as text, is a key.
    fn leads_to(&self, schema: &Schema, key: &str) -> String {
        let kind = schema.field(self.table, self.field).map(|field| field.kind).unwrap_or_default();
        format!("{} = {}", kind.as_text(&Ident(self.field).to_string()), Literal(key))
    }

    /// A window of the rows that meet the condition, in the order of their identities.
    fn rows(
        &self,
        store: &Store,
        schema: &Schema,
        condition: &str,
        relation: usize,
        offset: u64,
        limit: u64,
    ) -> Result<Vec<Neighbour>> {
        let fields = schema.tables.get(self.table).into_iter().flat_map(|table| &table.fields);
        let told: Vec<String> = fields
            .filter(|(name, field)| *name != self.field && !field.key)
            .map(|(name, field)| field.kind.as_text(&Ident(name).to_string()))
            .collect();
        let said =
            if told.is_empty() { "''".to_owned() } else { format!("array_to_string([{}], chr(31))", told.join(", ")) };
        let sql = format!(
            "WITH few AS (SELECT _key, {said} AS said FROM {} WHERE {condition} ORDER BY _key LIMIT {limit} OFFSET {offset})\n\
             SELECT few._key, any_value(few.said), count(a.rule) FROM few LEFT JOIN dq.anomalies AS a\n  \
             ON a.\"table\" = {} AND a.\"row\" = few._key AND a.status = 'open'\n\
             GROUP BY few._key ORDER BY few._key",
            Path("candidate", self.table),
            Literal(self.table)
        );
        store.query(&sql, [], |row| {
            let said: Option<String> = row.get(1)?;
            let values = said.unwrap_or_default().split(BETWEEN).map(str::to_owned).collect();
            Ok(Neighbour { relation, row: row.get(0)?, values, open: row.get::<_, i64>(2)?.unsigned_abs() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "[tables.people.fields]\nkey = { type = \"text\", key = true }\nname = { type = \"text\" }\n\
                          [tables.sales.fields]\nid = { type = \"text\", key = true }\nwhat = { type = \"text\" }\n\
                          who = { type = \"text\", references = \"people.key\" }";

    #[test]
    fn a_row_knows_whom_it_refers_to_and_who_refers_to_it_window_by_window() -> Result<()> {
        let store = Store::in_memory(&[])?;
        store.run(
            "CREATE TABLE candidate.people AS SELECT 'P1' AS _key, 'P1' AS key, 'Anne' AS name;
             CREATE TABLE candidate.sales AS SELECT 'S' || i AS _key, 'S' || i AS id, 'wine ' || i AS what,
               CASE i WHEN 4 THEN 'P9' ELSE 'P1' END AS who FROM range(1, 5) AS t(i)",
        )?;
        let schema: Schema =
            toml::from_str(SCHEMA).map_err(|cause| crate::error::Error::internal("the schema").caused_by(cause))?;
        let Some(person) = neighbours(&store, &schema, "people", "P1", 1, 1)? else { panic!("there is a P1") };
        assert_eq!((person.total(), person.rows.len()), (3, 1));
        assert_eq!(
            (person.rows[0].row.as_str(), person.rows[0].values.as_slice()),
            ("S2", ["wine 2".to_owned()].as_slice())
        );
        let Some(sale) = neighbours(&store, &schema, "sales", "S1", 0, 10)? else { panic!("there is an S1") };
        assert_eq!((sale.rows[0].row.as_str(), sale.relations[0].outward), ("P1", true));
        let Some(lost) = neighbours(&store, &schema, "sales", "S4", 0, 10)? else { panic!("there is an S4") };
        assert_eq!((lost.relations[0].rows, lost.relations[0].key.as_deref()), (0, Some("P9")));
        assert_eq!(neighbours(&store, &schema, "sales", "nobody", 0, 10)?, None);
        Ok(())
    }
}
