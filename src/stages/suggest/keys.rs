//! Keys: which columns hold keys that are known already, from candidates, committed rows or another entity's key column.

use std::collections::HashMap;

use crate::error::Result;
use crate::model::{ColumnProfile, EntityProfile, Schema, ValueKind};
use crate::sql::{Ident, Literal, Path};
use crate::store::Store;

/// How many values of a column are looked up.
const SAMPLE: u64 = 2_000;

/// How many of a column's values are known keys.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// The share of the different values looked up that are keys, 0 to 1.
    pub share: f64,
    /// What stands before the value in the known keys, e.g. `isavigne-`; empty for nothing.
    pub prefix: String,
    /// Where the keys are known from, in words.
    pub of: String,
    /// Whether that is another staged column, which is to be read in the same way.
    pub staged: bool,
}

/// A column of another entity that is suggested for a key.
pub struct KeyColumn {
    /// The canonical table whose key it is.
    pub table: String,
    /// The source.
    pub source: String,
    /// The entity.
    pub entity: String,
    /// The column.
    pub column: String,
}

/// How sure it must be that the values of a column are those of another: the share of them that are.
const REFERS: f64 = 0.8;

/// Per column of an entity that tells its rows apart, in the same order as the entities: the column of another entity whose
/// values are nearly all found in it, in words. Such a column is a key whatever its values look like.
pub fn referred(store: &Store, entities: &[EntityProfile]) -> Result<Vec<HashMap<String, String>>> {
    // What counts the rows of one table counts those of any other: small numbers say nothing.
    let is_code = |column: &&ColumnProfile| matches!(column.kind, ValueKind::Code | ValueKind::PostalCode);
    let mut found = Vec::new();
    for entity in entities {
        let mut of_entity = HashMap::new();
        let tells_apart =
            |column: &&ColumnProfile| column.distinctness() >= 0.9 && column.fill() >= 0.9 && column.distinct > 3;
        for key in entity.columns.iter().filter(is_code).filter(tells_apart) {
            for other in entities.iter().filter(|other| other.entity != entity.entity && other.rows > 0) {
                // What refers repeats itself more than what it refers to; of two that do not, neither says which is which.
                let refers =
                    |column: &&ColumnProfile| column.distinct > 3 && column.distinctness() < key.distinctness();
                let looks = |column: &&ColumnProfile| column.kind == key.kind;
                for column in other.columns.iter().filter(looks).filter(refers) {
                    let step = (other.rows / SAMPLE).max(1);
                    let (key_name, name) = (Ident(&key.name), Ident(&column.name));
                    let sql = format!(
                        "SELECT count(*)::BIGINT, count(*) FILTER (v IN (SELECT upper(tv_trim({key_name})) FROM {}))::BIGINT FROM (\n  \
                         SELECT DISTINCT upper(tv_trim({name})) AS v FROM {} WHERE _row % {step} = 0 AND tv_trim({name}) <> '')",
                        staged(entity),
                        staged(other),
                    );
                    let counts = store.first(&sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
                    let (looked, hits) = counts.unwrap_or_default();
                    if looked > 0 && hits as f64 >= REFERS * looked as f64 {
                        let words = format!(
                            "{:.0} % of \"{}\" of {} are found in it",
                            hits as f64 * 100.0 / looked as f64,
                            column.name,
                            other.entity
                        );
                        of_entity.entry(key.name.clone()).or_insert(words);
                    }
                }
            }
        }
        found.push(of_entity);
    }
    Ok(found)
}

fn staged(entity: &EntityProfile) -> String {
    Path("staging", &format!("{}/{}", entity.source, entity.entity)).to_string()
}

/// Per canonical table with known keys and per column of the entity, how many of its values are such keys. `others` are
/// key columns that are staged but not mapped.
pub fn known(
    store: &Store,
    schema: &Schema,
    entity: &EntityProfile,
    others: &[KeyColumn],
) -> Result<HashMap<(String, String), Known>> {
    let mut found = HashMap::new();
    let columns: Vec<&str> = entity
        .columns
        .iter()
        .filter(|column| {
            matches!(
                column.kind,
                ValueKind::Code | ValueKind::Integer | ValueKind::Text | ValueKind::Name | ValueKind::Year
            )
        })
        .map(|column| column.name.as_str())
        .collect();
    if columns.is_empty() || entity.rows == 0 {
        return Ok(found);
    }
    let staged = staged(entity);
    let step = (entity.rows / SAMPLE).max(1);
    let samples: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = Ident(column);
            format!(
                "SELECT DISTINCT {} AS c, upper(tv_trim({name})) AS v FROM {staged} WHERE _row % {step} = 0 AND tv_trim({name}) <> ''",
                Literal(column)
            )
        })
        .collect();
    for (table_name, table) in &schema.tables {
        let keys: Vec<&str> = table.keys().collect();
        let [key] = keys.as_slice() else { continue };
        let mut places: Vec<(String, String, bool)> = Vec::new();
        for (room, words) in [("candidate", "candidates"), ("canonical", "committed rows")] {
            if store.has_table(room, table_name)? && has_column(store, room, table_name, key)? {
                let sql = format!("SELECT {}::VARCHAR AS k FROM {}", Ident(key), Path(room, table_name));
                if store.count(&format!("SELECT count(*) FROM (FROM ({sql}) LIMIT 1)"))? > 0 {
                    places.push((sql, format!("{words} of {table_name}"), false));
                }
            }
        }
        for other in others.iter().filter(|other| other.table == *table_name) {
            if other.source == entity.source && other.entity == entity.entity {
                continue;
            }
            let relation = Path("staging", &format!("{}/{}", other.source, other.entity)).to_string();
            let sql = format!("SELECT {} AS k FROM {relation}", Ident(&other.column));
            places.push((sql, format!("\"{}\" of {}", other.column, other.entity), true));
        }
        for (keys, of, is_staged) in places {
            // A key may have its source in front, which the export does not have.
            let sql = format!(
                "WITH samples AS MATERIALIZED ({}),
keys AS (SELECT DISTINCT tv_trim(k) AS k FROM ({keys}) WHERE k IS NOT NULL),
known AS (
  SELECT upper(k) AS v, '' AS prefix FROM keys
  UNION ALL SELECT upper(substr(k, strpos(k, '-') + 1)), left(k, strpos(k, '-')) FROM keys WHERE strpos(k, '-') > 1
),
hits AS (SELECT v, min(prefix) AS prefix FROM known WHERE v IN (SELECT v FROM samples) GROUP BY v)
SELECT c, count(*)::BIGINT, count(prefix)::BIGINT, coalesce(mode(prefix), '')
FROM samples LEFT JOIN hits USING (v) GROUP BY c",
                samples.join(" UNION ALL ")
            );
            let rows = store.query(&sql, [], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, String>(3)?))
            })?;
            for (column, looked, hits, prefix) in rows {
                let share = if looked == 0 { 0.0 } else { hits as f64 / looked as f64 };
                let place = found.entry((table_name.clone(), column)).or_insert_with(Known::default);
                if share > place.share || place.of.is_empty() {
                    *place = Known { share, prefix, of: of.clone(), staged: is_staged };
                }
            }
        }
    }
    Ok(found)
}

fn has_column(store: &Store, room: &str, table: &str, column: &str) -> Result<bool> {
    let columns = store.columns(&format!("SELECT * FROM {}", Path(room, table)))?;
    Ok(columns.iter().any(|(name, _)| name == column))
}
