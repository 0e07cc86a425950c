//! Which rows have other open findings than before, and what follows for the scores of their tables and for the gate.

use indexmap::{IndexMap, IndexSet};

use crate::error::Result;
use crate::model::{FailOn, Severity, TableScore};
use crate::stages::check::score;
use crate::stages::findings::{severity, unsigned};
use crate::stages::gate;
use crate::stages::map::Change;
use crate::store::Store;

/// The temporary table with the rows on which something is or was found: `was` and `now` are how bad the worst open finding is,
/// NULL for none, `place` is the row's record number, or 0 where a rule of the user's own names a row that is not there, `stake` the
/// money beside its findings, and `is_gone` says that nothing is found there any more. It stays from one decision to the next.
pub(super) const ROWS: &str = "\"rows found\"";

/// The temporary table with the rows of which it has to say something else.
const OTHERWISE: &str = "\"rows found otherwise\"";

/// The condition over these that a row got its first open finding, or lost its last one.
pub(super) const FLIPPED: &str = "(was IS NULL) <> (now IS NULL)";

/// How bad a finding is that is open, as a number that can be compared.
const WORST: &str =
    "CASE WHEN status = 'open' THEN CASE severity WHEN 'error' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END END";

/// From so many pairs of rows on it is worth looking for a good way to bring together what is known of them.
const PAIRED: u64 = 3_000_000;

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

/// Remembers what was found, before anything is looked at again; `is_known` where that stands there from the decision before.
pub(super) fn remember(store: &Store, is_known: bool) -> Result<()> {
    if is_known {
        store.run(&format!("DELETE FROM temp.{ROWS} WHERE is_gone"))?;
        return store.run(&format!("UPDATE temp.{ROWS} SET was = now WHERE was IS DISTINCT FROM now"));
    }
    let found = format!(
        "SELECT \"table\", \"row\", max(_row) AS place, max({WORST}) AS was, max({WORST}) AS now, max(stake) AS stake, false AS is_gone\n\
         FROM dq.anomalies GROUP BY 1, 2"
    );
    store.fill(ROWS, found)
}

/// Writes the money beside findings that have none, as it stood beside others of the same row before: `bare` is a relation with their
/// `table`, `row` and `place`. False where it stood beside none, and nothing was written.
pub(super) fn restore_stake(store: &Store, bare: &str) -> Result<bool> {
    let same = "a.\"table\" = r.\"table\" AND a.\"row\" = r.\"row\"";
    // By their numbers first.
    let stood = format!(
        "SELECT 1 FROM {ROWS} AS r SEMI JOIN {bare} AS a ON a.place = r.place AND {same} WHERE r.stake IS NOT NULL LIMIT 1"
    );
    if store.first(&stood, [], |_| Ok(()))?.is_none() {
        return Ok(false);
    }
    store.run(&format!(
        "UPDATE dq.anomalies AS a SET stake = r.stake FROM {ROWS} AS r\n\
         WHERE a.stake IS NULL AND r.stake IS NOT NULL AND {same}"
    ))?;
    Ok(true)
}

/// The query for columns of the rows with a finding that another query names by `table` and `row`.
pub(super) fn named(columns: &str, names: &str) -> String {
    format!(
        "SELECT {columns} FROM {ROWS}\n\
         SEMI JOIN (\n{names}\n) AS named(\"table\", \"row\") USING (\"table\", \"row\") WHERE NOT is_gone"
    )
}

/// Remembers the money that hangs on some rows, as many as `number`, for which it was added up again: `sums` is the query for `_at`, where
/// such a row stands, and `stake`.
pub(super) fn remember_stake(store: &Store, sums: &str, number: u64) -> Result<()> {
    paired(
        store,
        number,
        &format!("UPDATE temp.{ROWS} AS r SET stake = s.stake FROM (\n{sums}\n) AS s WHERE r.rowid = s._at"),
    )
}

/// Brings rows up to date with what is known of so many of them.
fn paired(store: &Store, number: u64, update: &str) -> Result<()> {
    // As it is written it compares every row with every other.
    match number * store.count(&format!("SELECT count(*) FROM {ROWS}"))? {
        ..PAIRED => store.run(update),
        _ => store.with_care(|| store.run(update)),
    }
}

/// Says what has become of the rows since, in each table: of those of a relation (`table`, `row`, `_row`), or of all.
pub(super) fn moved(store: &Store, among: Option<&str>) -> Result<Vec<Moved>> {
    let same = "n.\"table\" = r.\"table\" AND n.\"row\" = r.\"row\"";
    // By their numbers first: to compare names takes longer.
    let these = |columns: &str, from: &str, number: &str| match among {
        Some(among) => format!(
            "(SELECT \"table\", \"row\", {columns} FROM {from} AS f SEMI JOIN {among} AS l ON l._row = f.{number}) AS f\n\
             SEMI JOIN {among} AS l ON l.\"table\" = f.\"table\" AND l.\"row\" = f.\"row\""
        ),
        None => format!("(SELECT \"table\", \"row\", {columns} FROM {from})"),
    };
    store.fill_like(
        OTHERWISE,
        "_at, table, row, place, worst, is_gone",
        format!(
            "SELECT r._at, coalesce(n.\"table\", r.\"table\") AS \"table\", coalesce(n.\"row\", r.\"row\") AS \"row\",\n  \
             coalesce(n.place, r.place) AS place, n.worst,\n  \
             n.\"row\" IS NULL AS is_gone\n\
             FROM (SELECT \"table\", \"row\", max(_row) AS place, max({WORST}) AS worst FROM {} GROUP BY 1, 2) AS n\n\
             FULL JOIN (SELECT * FROM {}) AS r ON {same}\n\
             WHERE n.worst IS DISTINCT FROM r.now OR n.place IS DISTINCT FROM r.place",
            these("_row, status, severity", "dq.anomalies", "_row"),
            these("rowid AS _at, now, place", ROWS, "place")
        ),
    )?;
    let number = store.count(&format!("SELECT count(*) FROM {OTHERWISE}"))?;
    if number == 0 {
        return Ok(Vec::new());
    }
    // What hung on a row hangs on none of its name that is not there, and the other way round.
    let update = format!(
        "UPDATE temp.{ROWS} AS r SET now = n.worst, place = n.place, is_gone = n.is_gone, \
         stake = CASE WHEN r.place = n.place THEN r.stake END\n\
         FROM {OTHERWISE} AS n WHERE r.rowid = n._at"
    );
    paired(store, number, &update)?;
    store.run(&format!(
        "INSERT INTO {ROWS} SELECT \"table\", \"row\", place, NULL, worst, NULL, false FROM {OTHERWISE} WHERE _at IS NULL"
    ))?;
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
        let rows = changes.get(&before.table).map_or(before.rows, |change| change.rows(before.rows));
        score(&before.table, rows, count(before.blocking, Severity::Error), count(before.warning, Severity::Warning))
    };
    before.iter().map(again).collect()
}
