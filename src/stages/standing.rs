//! How far the data has come, table by table, and what to do next. Neighbours: `report`, which says the same at length, and
//! `next`.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::next;
use super::report::{TREND, records, rejects};
use crate::error::Result;
use crate::model::{Load, Mapping, Schema, Standing, TableReport, TableScore, Verdict, WaterfallStep};
use crate::sql::{Literal, Path};
use crate::store::Store;

/// How far the data has come. `planned` says whether candidates can be built at all.
pub fn standing(
    store: &Store,
    schema: &Schema,
    mappings: &[(String, Mapping)],
    verdict: Option<&Verdict>,
    planned: &Result<()>,
) -> Result<Standing> {
    let waterfall = waterfall(store, schema, mappings, verdict)?;
    let rejects = rejects(store)?;
    let tables = verdict.map(|verdict| tables(store, verdict)).transpose()?.unwrap_or_default();
    let next = next::folded(next::all(&next::Seen { store, schema, mappings, verdict, planned, rejects: &rejects })?);
    Ok(Standing { tables, waterfall, next })
}

/// The scores of every table at the last checks, oldest first.
pub fn trends(store: &Store, checks: u32) -> Result<IndexMap<String, Vec<TableScore>>> {
    let mut trends: IndexMap<String, Vec<TableScore>> = IndexMap::new();
    let sql = format!(
        r#"SELECT "table", rows, blocking, warning, score FROM dq.scores
           WHERE "check" > (SELECT max("check") FROM dq.scores) - {checks} ORDER BY "check""#
    );
    let scores = store.query(&sql, [], |row| {
        let (table, rows, blocking, warning) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(TableScore { table, rows, blocking, warning, score: row.get(4)? })
    })?;
    for score in scores {
        trends.entry(score.table.clone()).or_default().push(score);
    }
    Ok(trends)
}

/// Per table its score, what was waived, and the scores of the last checks.
pub(super) fn tables(store: &Store, verdict: &Verdict) -> Result<Vec<TableReport>> {
    let mut trends: HashMap<String, Vec<f64>> = HashMap::new();
    let sql = format!(
        r#"SELECT "table", score FROM dq.scores WHERE "check" > {last} - {TREND} AND "check" <= {last} ORDER BY "check""#,
        last = verdict.check
    );
    for (table, score) in store.query(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))? {
        trends.entry(table).or_default().push(score);
    }
    let waived: HashMap<String, u64> = store
        .query(
            r#"SELECT "table", count(*) FROM (
                   SELECT "table", "row" FROM dq.anomalies WHERE severity <> 'info' GROUP BY ALL
                   HAVING bool_and(status = 'waived')
               ) GROUP BY ALL"#,
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .into_iter()
        .collect();
    Ok(verdict
        .tables
        .iter()
        .map(|score| TableReport {
            score: score.clone(),
            waived: waived.get(&score.table).copied().unwrap_or(0),
            trend: trends.remove(&score.table).unwrap_or_default(),
        })
        .collect())
}

/// Per table that a source feeds, the way from records in the files to rows in the canonical table: what a commit would do
/// now, as the last check knows it, and then what the last commit has done.
pub(super) fn waterfall(
    store: &Store,
    schema: &Schema,
    mappings: &[(String, Mapping)],
    verdict: Option<&Verdict>,
) -> Result<Vec<WaterfallStep>> {
    let is_committed = store.count("SELECT count(*) FROM dq.commits")? > 0;
    let staged: HashMap<(String, String), (i64, u64)> = store
        .query("SELECT source, entity, load, rows FROM dq.staged", [], |row| {
            Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?)))
        })?
        .into_iter()
        .collect();
    let loads: HashMap<i64, Load> =
        records::<Load>(store, "SELECT detail FROM dq.loads WHERE id IN (SELECT load FROM dq.staged)")?
            .into_iter()
            .map(|load| (load.id, load))
            .collect();
    let mut steps = Vec::new();
    for table in schema.tables.keys() {
        let (mut read, mut rejected, mut rows) = (0, 0, 0);
        let mut is_fed = false;
        for (source, mapping) in mappings {
            let Some(feed) = mapping.tables.get(table) else { continue };
            let Some((load, staged)) = staged.get(&(source.clone(), feed.entity.clone())) else { continue };
            is_fed = true;
            rows += staged;
            let entity = loads.get(load).and_then(|load| load.entities.iter().find(|one| one.entity == feed.entity));
            read += entity.map_or(*staged, |entity| entity.rows_in);
            rejected += entity.map_or(0, |entity| entity.rejected);
        }
        if !is_fed {
            continue;
        }
        let candidates = rows_of(store, "candidate", table)?;
        let excluded = left_out(store, table, "")?;
        let merged = left_out(store, table, "NOT ")?;
        let left_out = rows.saturating_sub(candidates + excluded + merged);
        let mut way = vec![
            ("rows in", read),
            ("rejected", rejected),
            ("staged", rows),
            ("left out by the mapping", left_out),
            ("excluded", excluded),
            ("merged", merged),
            ("candidates", candidates),
        ];
        if let Some(held) = verdict.and_then(|verdict| verdict.held.as_ref()?.get(table)) {
            way.extend([
                (WaterfallStep::TO_QUARANTINE, *held),
                (WaterfallStep::TO_COMMIT, candidates.saturating_sub(*held)),
            ]);
        }
        if is_committed {
            way.extend([
                (WaterfallStep::QUARANTINED, rows_of(store, "quarantine", table)?),
                (WaterfallStep::COMMITTED, rows_of(store, "canonical", table)?),
            ]);
        }
        for (step, rows) in way {
            steps.push(WaterfallStep { table: table.clone(), step: step.to_owned(), rows });
        }
    }
    Ok(steps)
}

fn rows_of(store: &Store, schema: &str, table: &str) -> Result<u64> {
    if !store.has_table(schema, table)? {
        return Ok(0);
    }
    store.count(&format!("SELECT count(*) FROM {}", Path(schema, table)))
}

/// How many rows decisions took out of a table: those that one excludes, or with `NOT ` those that are merged only.
fn left_out(store: &Store, table: &str, not: &str) -> Result<u64> {
    store.count(&format!(
        r#"SELECT count(*) FROM dq.left_out AS l WHERE "table" = {table} AND {not}EXISTS (
             FROM dq.decisions AS d WHERE d.active AND d.kind = 'exclude' AND d."table" = {table} AND d."row" = l._key)"#,
        table = Literal(table),
    ))
}
