//! Which rows have other open findings than before, and what follows for the scores of their tables and for the gate.

use indexmap::{IndexMap, IndexSet};

use crate::error::Result;
use crate::model::{FailOn, Severity, TableScore};
use crate::stages::check::score;
use crate::stages::findings::{severity, unsigned};
use crate::stages::gate;
use crate::stages::map::Change;
use crate::store::Store;

/// The temporary table with the findings that were open before.
const BEFORE: &str = "\"findings before\"";

/// The temporary table with the rows whose worst open finding is another than it was: `was` and `now`, NULL for none.
const OTHERWISE: &str = "\"rows found otherwise\"";

/// Severities as numbers that can be compared.
const WORST: &str = "CASE severity WHEN 'error' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END";

/// How many rows of a table have another worst open finding than before.
pub(super) struct Moved {
    table: String,
    was: Option<Severity>,
    now: Option<Severity>,
    rows: u64,
}

/// Remembers what is open, before anything is looked at again.
pub(super) fn remember(store: &Store) -> Result<()> {
    store.run(&format!(
        "CREATE OR REPLACE TEMP TABLE {BEFORE} AS SELECT \"table\", \"row\", {WORST} AS worst FROM dq.anomalies WHERE status = 'open'"
    ))
}

/// Says what has become of the rows since, in each table.
pub(super) fn moved(store: &Store) -> Result<Vec<Moved>> {
    store.run(&format!(
        "CREATE OR REPLACE TEMP TABLE {OTHERWISE} AS\n\
         SELECT \"table\", \"row\", max(was) AS was, max(now) AS now FROM (\n  \
         SELECT \"table\", \"row\", worst AS was, NULL AS now FROM {BEFORE}\n  UNION ALL\n  \
         SELECT \"table\", \"row\", NULL, {WORST} FROM dq.anomalies WHERE status = 'open'\n\
         ) GROUP BY 1, 2 HAVING max(was) IS DISTINCT FROM max(now)"
    ))?;
    let name = |column: &str| format!("CASE {column} WHEN 2 THEN 'error' WHEN 1 THEN 'warning' WHEN 0 THEN 'info' END");
    let sql = format!("SELECT \"table\", {}, {}, count(*) FROM {OTHERWISE} GROUP BY ALL", name("was"), name("now"));
    store.query(&sql, [], |row| {
        let worst = |at: usize| row.get::<_, Option<String>>(at).map(|name| name.map(severity));
        Ok(Moved { table: row.get(0)?, was: worst(1)?, now: worst(2)?, rows: unsigned(row.get(3)?) })
    })
}

/// The tables in which other rows are blocked than before.
pub(super) fn blocked_otherwise(moved: &[Moved], fail_on: FailOn) -> IndexSet<String> {
    let blocks = |worst: Option<Severity>| worst.is_some_and(|worst| gate::severities(fail_on).contains(&worst));
    moved.iter().filter(|moved| blocks(moved.was) != blocks(moved.now)).map(|moved| moved.table.clone()).collect()
}

/// The scores of the tables, from those before.
pub(super) fn scores(before: &[TableScore], moved: &[Moved], changes: &IndexMap<String, Change>) -> Vec<TableScore> {
    let again = |before: &TableScore| {
        let own = moved.iter().filter(|moved| moved.table == before.table);
        let rows_at = |worst: Severity, side: fn(&Moved) -> Option<Severity>| -> u64 {
            own.clone().filter(|moved| side(moved) == Some(worst)).map(|moved| moved.rows).sum()
        };
        let count = |before: u64, worst: Severity| {
            (before + rows_at(worst, |moved| moved.now)).saturating_sub(rows_at(worst, |moved| moved.was))
        };
        let (came, went) = changes.get(&before.table).map_or((0, 0), |change| (change.came, change.went));
        let rows = (before.rows + came).saturating_sub(went);
        score(&before.table, rows, count(before.blocking, Severity::Error), count(before.warning, Severity::Warning))
    };
    before.iter().map(again).collect()
}
