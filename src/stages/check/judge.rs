//! What the findings say in sum: per table how good it is, per rule how much it found. Neighbour: `figures`, which keeps it.

use super::{Inputs, Use};
use crate::error::Result;
use crate::model::{RuleTally, Schema, TableScore, Verdict};
use crate::sql::Path;
use crate::stages::findings::{severity, unsigned};
use crate::stages::{decide, stake};
use crate::store::Store;

/// What is known already of what a verdict says.
pub(in crate::stages) struct Known {
    /// The number of the check.
    pub check: i64,
    pub tables: Vec<TableScore>,
    pub unused_waivers: u64,
    pub drift: Vec<String>,
}

/// What the findings say in sum, without the gate.
pub(in crate::stages) fn judge(store: &Store, inputs: &Inputs, uses: &[Use], known: Known) -> Result<Verdict> {
    let Known { check, tables, unused_waivers, drift } = known;
    Ok(Verdict {
        check,
        rules: tallies(store, inputs.schema, uses, &tables)?,
        gate: Vec::new(),
        tables,
        conflicts: decide::count_conflicts(store)?,
        unused_waivers,
        drift,
        held: None,
    })
}

/// How good a table is that has so many rows, so many of them with an error and so many with nothing worse than a warning.
pub(in crate::stages) fn score(table: &str, rows: u64, blocking: u64, warning: u64) -> TableScore {
    let score = match rows {
        0 => 100.0,
        rows => 100.0 * rows.saturating_sub(blocking + warning) as f64 / rows as f64,
    };
    TableScore { table: table.to_owned(), rows, blocking, warning, score }
}

/// Per table that some source feeds, how good it is.
pub(super) fn scores(store: &Store, fed: &[&str]) -> Result<Vec<TableScore>> {
    let sql = "SELECT \"table\", count(*) FILTER (worst = 2), count(*) FILTER (worst = 1) FROM (\n  \
               SELECT \"table\", \"row\", max(CASE severity WHEN 'error' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END) AS worst\n  \
               FROM dq.anomalies WHERE status = 'open' GROUP BY 1, 2) GROUP BY 1";
    let found: Vec<(String, i64, i64)> = store.query(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if fed.is_empty() {
        return Ok(Vec::new());
    }
    let counts: Vec<String> =
        fed.iter().map(|table| format!("(SELECT count(*) FROM {})", Path("candidate", table))).collect();
    let counts: Vec<u64> = store.query(&format!("SELECT unnest([{}])", counts.join(", ")), [], |row| row.get(0))?;
    let of = |(table, rows): (&&str, u64)| {
        let bad = found.iter().find(|(name, ..)| name == table);
        let (blocking, warning) =
            bad.map_or((0, 0), |(_, blocking, warning)| (unsigned(*blocking), unsigned(*warning)));
        score(table, rows, blocking, warning)
    };
    Ok(fed.iter().zip(counts).map(of).collect())
}

/// Per rule, table and field how many findings, in the order in which the rules ran; those without findings too.
fn tallies(store: &Store, schema: &Schema, uses: &[Use], tables: &[TableScore]) -> Result<Vec<RuleTally>> {
    let rows_of = |name: &str| tables.iter().find(|table| table.table == name).map_or(0, |table| table.rows);
    let mut found = store.query(&stake::tallies(schema), [], |row| {
        let table: String = row.get(2)?;
        Ok(RuleTally {
            rule: row.get(0)?,
            severity: row.get(1).map(severity)?,
            rows: rows_of(&table),
            table,
            field: row.get(3)?,
            open: unsigned(row.get(4)?),
            waived: unsigned(row.get(5)?),
            stake: row.get(6)?,
        })
    })?;
    let name = |one: &RuleTally| (one.rule.clone(), one.severity.name(), one.table.clone(), one.field.clone());
    found.sort_by_cached_key(name);
    let same = |a: &RuleTally, b: &RuleTally| {
        (&a.rule, &a.table, &a.field, a.severity) == (&b.rule, &b.table, &b.field, b.severity)
    };
    let mut tallies: Vec<RuleTally> = Vec::new();
    for one in uses {
        let none = RuleTally {
            rule: one.rule.clone(),
            severity: one.severity,
            table: one.table.clone(),
            field: one.field.clone(),
            open: 0,
            waived: 0,
            rows: rows_of(&one.table),
            stake: None,
        };
        let tally = found.iter().find(|tally| same(tally, &none)).cloned().unwrap_or(none);
        if !tallies.iter().any(|other| same(other, &tally)) {
            tallies.push(tally);
        }
    }
    // A rule of the user's own may find things in other fields than it announced.
    for tally in found {
        if !tallies.iter().any(|other| same(other, &tally)) {
            tallies.push(tally);
        }
    }
    Ok(tallies)
}
