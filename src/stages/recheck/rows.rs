//! Which rows have other open findings than before, and what follows for the scores of their tables and for the gate.

use indexmap::{IndexMap, IndexSet};

use crate::error::Result;
use crate::model::{FailOn, Severity, TableScore};
use crate::stages::check::score;
use crate::stages::findings::{severity, unsigned};
use crate::stages::gate;
use crate::stages::map::Change;
use crate::store::Store;

/// The temporary table with the findings before; `worst` is how bad one is that was open.
const BEFORE: &str = "\"findings before\"";

/// The temporary table with the rows on which something is or was found: `was` and `now` are how bad the worst open finding is,
/// NULL for none, and `place` is the row's record number.
pub(super) const ROWS: &str = "\"rows found\"";

/// The condition over these that a row got its first open finding, or lost its last one.
pub(super) const FLIPPED: &str = "(was IS NULL) <> (now IS NULL)";

/// How bad a finding is that is open, as a number that can be compared.
const WORST: &str =
    "CASE WHEN status = 'open' THEN CASE severity WHEN 'error' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END END";

/// How many rows of a table have another worst open finding than before.
pub(super) struct Moved {
    pub table: String,
    was: Option<Severity>,
    now: Option<Severity>,
    rows: u64,
}

impl Moved {
    /// Whether they got their first open finding, or lost their last one.
    pub fn is_flip(&self) -> bool {
        self.was.is_none() != self.now.is_none()
    }
}

/// Remembers what was found, before anything is looked at again.
pub(super) fn remember(store: &Store) -> Result<()> {
    store.fill(BEFORE, format!("SELECT \"table\", \"row\", _row AS place, {WORST} AS worst, stake FROM dq.anomalies"))
}

/// Writes the money beside findings that have none, as it stood beside others of the same row before.
pub(super) fn restore_stake(store: &Store) -> Result<()> {
    store.run(&format!(
        "UPDATE dq.anomalies AS a SET stake = b.stake FROM (SELECT \"table\", \"row\", max(stake) AS stake FROM {BEFORE} GROUP BY 1, 2) AS b\n\
         WHERE a.stake IS NULL AND a.\"table\" = b.\"table\" AND a.\"row\" = b.\"row\""
    ))
}

/// Says what has become of the rows since, in each table.
pub(super) fn moved(store: &Store) -> Result<Vec<Moved>> {
    store.fill(
        ROWS,
        format!(
            "SELECT \"table\", \"row\", max(place) AS place, max(was) AS was, max(now) AS now FROM (\n  \
         SELECT \"table\", \"row\", place, worst AS was, NULL AS now FROM {BEFORE}\n  UNION ALL\n  \
         SELECT \"table\", \"row\", _row, NULL, {WORST} FROM dq.anomalies\n\
         ) GROUP BY 1, 2"
        ),
    )?;
    let name = |column: &str| format!("CASE {column} WHEN 2 THEN 'error' WHEN 1 THEN 'warning' WHEN 0 THEN 'info' END");
    let sql = format!(
        "SELECT \"table\", {}, {}, count(*) FROM {ROWS} WHERE was IS DISTINCT FROM now GROUP BY ALL",
        name("was"),
        name("now")
    );
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
