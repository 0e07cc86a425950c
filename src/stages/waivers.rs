//! Waivers: which findings each accepts, and which accept none. Neighbours: `check`, which closes what they accept, and
//! `findings`, which is asked for what is left.

use chrono::{DateTime, NaiveDate, Utc};

use super::findings::unsigned;
use crate::error::Result;
use crate::model::Waiver;
use crate::store::Store;

/// The condition that a decision is a waiver that holds on a day.
fn holds(today: NaiveDate) -> String {
    format!("kind = 'waive' AND active AND (until IS NULL OR until >= DATE '{today}')")
}

/// The waivers that hold on a day.
fn live(today: NaiveDate) -> String {
    format!("SELECT DISTINCT id, rule, \"table\", \"row\", field, was FROM dq.decisions\nWHERE {}", holds(today))
}

/// What a waiver and a finding must share: the row and the field where the waiver names one, the value always.
pub(super) const SAME_ROW: &str = "w.rule = a.rule AND w.\"table\" = a.\"table\" AND w.\"row\" = a.\"row\" \
     AND w.was IS NOT DISTINCT FROM a.value AND (w.field IS NULL OR w.field = a.field)";
pub(super) const ANY_ROW: &str = "w.rule = a.rule AND w.\"table\" = a.\"table\" AND w.\"row\" IS NULL \
     AND w.was IS NOT DISTINCT FROM a.value AND (w.field IS NULL OR w.field = a.field)";

/// Closes the findings that the waivers of a day accept, and says how many of these waivers accept none.
pub(super) fn waive(store: &Store, today: NaiveDate) -> Result<u64> {
    if store.count(&format!("SELECT count(*) FROM dq.decisions WHERE {}", holds(today)))? == 0 {
        return Ok(0);
    }
    let waivers = live(today);
    // Two joins on equality instead of one with OR, which would compare every waiver with every finding.
    for same in [SAME_ROW, ANY_ROW] {
        store.run(&format!(
            "UPDATE dq.anomalies AS a SET status = 'waived' FROM ({waivers}) AS w WHERE a.status = 'open' AND {same}"
        ))?;
    }
    unused(store, &waivers)
}

/// Opens again what a waiver accepted that is no longer in force, among the decisions in a temporary table.
pub(super) fn unwaive(store: &Store, otherwise: &str) -> Result<()> {
    const ENDED: &str = "kind = 'waive' AND NOT active";
    if store.count(&format!("SELECT count(*) FROM {otherwise} WHERE {ENDED}"))? == 0 {
        return Ok(());
    }
    let waivers = format!("SELECT * FROM {otherwise} WHERE {ENDED}");
    for same in [SAME_ROW, ANY_ROW] {
        store.run(&format!("UPDATE dq.anomalies AS a SET status = 'open' FROM ({waivers}) AS w WHERE {same}"))?;
    }
    Ok(())
}

/// How many waivers accept no finding.
fn unused(store: &Store, waivers: &str) -> Result<u64> {
    store.count(&format!(
        "WITH w AS ({waivers})\n\
         SELECT count(DISTINCT id) FROM w WHERE id NOT IN (\n  \
         SELECT w.id FROM w JOIN dq.anomalies AS a ON {SAME_ROW}\n  UNION ALL\n  \
         SELECT w.id FROM w JOIN dq.anomalies AS a ON {ANY_ROW})"
    ))
}

/// How many findings of these severities (a list in SQL) the check of one day left to waivers that do not hold on another.
pub(super) fn expired(store: &Store, then: NaiveDate, now: NaiveDate, severities: &str) -> Result<u64> {
    if then == now {
        return Ok(0);
    }
    let covered = |waivers: &str| {
        let waived = format!(
            "(SELECT rowid AS place, * FROM dq.anomalies WHERE status = 'waived' AND severity IN ({severities}))"
        );
        [SAME_ROW, ANY_ROW]
            .map(|same| format!("SELECT a.place FROM ({waivers}) AS w JOIN {waived} AS a ON {same}"))
            .join(" UNION ")
    };
    store.count(&format!("SELECT count(*) FROM (({}) EXCEPT ({}))", covered(&live(then)), covered(&live(now))))
}

/// The waivers that nobody took back, the newest first, with what each covers among the findings of the last check.
pub fn all(store: &Store, today: NaiveDate) -> Result<Vec<Waiver>> {
    let sql = format!(
        "WITH w AS (SELECT * FROM dq.decisions WHERE kind = 'waive' AND active),\n\
         covered AS (\n  \
         SELECT w.id, a.rowid AS finding FROM w JOIN dq.anomalies AS a ON {SAME_ROW}\n  \
         UNION SELECT w.id, a.rowid FROM w JOIN dq.anomalies AS a ON {ANY_ROW}\n\
         ),\n\
         covers AS (SELECT id, count(*) AS n FROM covered GROUP BY id)\n\
         SELECT w.id, any_value(who), any_value(epoch_us(\"at\")), any_value(why), any_value(until)::VARCHAR, any_value(rule),\n  \
         any_value(\"table\"), any_value(field), count(\"row\"), min(\"row\"), coalesce(any_value(c.n), 0)\n\
         FROM w LEFT JOIN covers AS c ON c.id = w.id GROUP BY w.id ORDER BY w.id DESC"
    );
    store.query(&sql, [], |row| {
        let until: Option<String> = row.get(4)?;
        let until = until.and_then(|day| day.parse::<NaiveDate>().ok());
        let rows = unsigned(row.get(8)?);
        let first: Option<String> = row.get(9)?;
        Ok(Waiver {
            id: row.get(0)?,
            who: row.get(1)?,
            at: DateTime::<Utc>::from_timestamp_micros(row.get(2)?).unwrap_or_default(),
            why: row.get(3)?,
            until,
            expired: until.is_some_and(|day| day < today),
            rule: row.get(5)?,
            table: row.get(6)?,
            field: row.get(7)?,
            rows,
            row: first.filter(|_| rows == 1),
            covers: unsigned(row.get(10)?),
        })
    })
}
