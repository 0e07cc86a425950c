//! Committed rows that no source gives any more. Neighbour: `most`, which says how many may go.

use indexmap::IndexMap;

use super::Known;
use super::held::{Count, key_text};
use super::most::Most;
use crate::error::Result;
use crate::model::{self, Condition, ConditionKind, Schema, Table};
use crate::sql::{Ident, Path};
use crate::stages::map::Change;
use crate::stages::shapes::Shapes;
use crate::store::Store;

/// Per table in which something is committed or could be: how many rows are, and how many of them no source gives any more.
pub(super) fn gone(
    store: &Store,
    schema: &Schema,
    shapes: &Shapes,
    known: Option<&Known>,
) -> Result<IndexMap<String, (u64, u64)>> {
    let mut figures = IndexMap::new();
    for (name, table) in &schema.tables {
        let keys: Vec<&str> = table.keys().collect();
        if keys.is_empty() || !shapes.has("canonical", name, &keys) {
            continue;
        }
        let before = known.and_then(|known| Some((known.figures.gone.get(name)?, known)));
        let figure = match before {
            Some((figure, known)) if !known.moved.contains(name) => *figure,
            Some((&(rows, gone), known)) if known.since.changes.contains_key(name) => {
                (rows, gone.saturating_add_signed(more_gone(store, name, table)?))
            }
            Some((figure, _)) => *figure,
            None => {
                let same: Vec<String> =
                    keys.iter().map(|key| format!("k.{0}::VARCHAR = c.{0}::VARCHAR", Ident(key))).collect();
                let (canonical, candidate) = (Path("canonical", name), Path("candidate", name));
                let rows = store.count(&format!("SELECT count(*) FROM {canonical}"))?;
                let gone = store.count(&format!(
                    "SELECT count(*) FROM {canonical} k ANTI JOIN {candidate} c ON {}",
                    same.join(" AND ")
                ))?;
                (rows, gone)
            }
        };
        figures.insert(name.clone(), figure);
    }
    Ok(figures)
}

/// How many more committed rows no source gives any more than before the rows of a table changed.
fn more_gone(store: &Store, name: &str, table: &Table) -> Result<i64> {
    let key = key_text(table, "t.");
    let (canonical, candidate) = (Path("canonical", name), Path("candidate", name));
    let sql = format!(
        "WITH keys AS MATERIALIZED (SELECT DISTINCT key FROM ({values}) AS keys(key) WHERE key IS NOT NULL),\n\
         committed AS MATERIALIZED (SELECT {key} AS key FROM {canonical} AS t WHERE {key} IN (FROM keys)),\n\
         given AS MATERIALIZED (SELECT {key} AS key, t._key FROM {candidate} AS t WHERE {key} IN (FROM keys)),\n\
         given_before AS (SELECT {key} AS key FROM {before} AS t UNION ALL SELECT key FROM given WHERE _key NOT IN (SELECT _key FROM {after}))\n\
         SELECT count(*) FILTER (key NOT IN (SELECT key FROM given)) - count(*) FILTER (key NOT IN (SELECT key FROM given_before WHERE key IS NOT NULL))\n\
         FROM committed",
        values = Change::values(name, &key),
        before = Change::before(name),
        after = Change::after(name),
    );
    Ok(store.first(&sql, [], |row| row.get(0))?.unwrap_or(0))
}

/// Committed rows that no source gives any more. A table without any candidate would stay as it is while what is computed
/// from it changes, so it counts as wholly removed. Said only once something is committed.
pub(super) fn removed(gone: &IndexMap<String, (u64, u64)>, most: Most, written: &str) -> Option<Condition> {
    let over: Vec<String> = gone
        .iter()
        .filter(|(_, (rows, gone))| !most.allows(Count { rows: *rows, held: *gone, waiting: 0 }))
        .map(|(name, (rows, gone))| {
            format!("{name} {} of {} rows", model::thousands(*gone, ' '), model::thousands(*rows, ' '))
        })
        .collect();
    gone.values().any(|(rows, _)| *rows > 0).then(|| Condition {
        what: match most {
            Most::Percent(_) => format!("no table loses more than {} of its committed rows", written.trim()),
            Most::Rows(rows) => format!("no table loses more than {rows} committed rows"),
        },
        holds: over.is_empty(),
        detail: match over.is_empty() {
            true => "within the limit".to_owned(),
            false => format!("{}; if that is meant, raise max_removed in tastevin.toml", over.join(", ")),
        },
        kind: ConditionKind::MostRemoved,
    })
}
