//! What is kept of a check: its verdict, and its figures beside those of earlier checks. Neighbour: `judge`, which says them.

use chrono::{DateTime, Utc};

use crate::error::{Error, Result};
use crate::model::{RuleTally, TableScore, Verdict};
use crate::stages::basis::Basis;
use crate::stages::decide;
use crate::store::{Store, TimeUnit, Value, params};

/// The verdict of the last check.
pub fn verdict(store: &Store) -> Result<Option<Verdict>> {
    let detail: Option<String> = store.first("SELECT detail FROM dq.verdict", [], |row| row.get(0))?;
    detail
        .map(|detail| {
            serde_json::from_str(&detail)
                .map_err(|cause| Error::internal("the verdict of the last check cannot be read").caused_by(cause))
        })
        .transpose()
}

/// Keeps the figures beside those of earlier checks, in the place of what the same check has found before.
pub(in crate::stages) fn keep_figures(store: &Store, verdict: &Verdict, at: DateTime<Utc>) -> Result<()> {
    let at = Value::Timestamp(TimeUnit::Microsecond, at.timestamp_micros());
    let (check, text) = (Value::BigInt(verdict.check), |text: &str| Value::Text(text.to_owned()));
    let number = |number: u64| Value::BigInt(i64::try_from(number).unwrap_or(i64::MAX));
    let metrics = verdict.rules.iter().map(|tally| {
        let RuleTally { rule, severity, table, field, open, waived, rows, .. } = tally;
        let texts = [rule, severity.name(), table, field].map(text);
        [check.clone(), at.clone()].into_iter().chain(texts).chain([open, waived, rows].map(|n| number(*n))).collect()
    });
    let scores = verdict.tables.iter().map(|score| {
        let TableScore { table, rows, blocking, warning, score } = score;
        let numbers = [rows, blocking, warning].map(|n| number(*n));
        let head = [check.clone(), at.clone(), text(table)];
        head.into_iter().chain(numbers).chain([Value::Double(*score)]).collect()
    });
    // The same statements each time, which are planned once.
    for figures in ["metrics", "scores"] {
        store.execute(&format!("DELETE FROM dq.{figures} WHERE \"check\" = ?"), params![verdict.check])?;
    }
    store.append("dq", "metrics", metrics)?;
    store.append("dq", "scores", scores)
}

/// Keeps the verdict in the place of the one before, with what it stands on: the basis and the decisions in force. Where it follows
/// the one before, `otherwise` is a relation with the decisions that are in force and were not then, or the other way round.
pub(in crate::stages) fn keep(store: &Store, verdict: &Verdict, basis: &Basis, otherwise: Option<&str>) -> Result<()> {
    let known = [to_json(verdict)?, basis.to_json()?];
    let now = otherwise
        .map_or_else(|| decide::FINGERPRINT.to_owned(), |otherwise| decide::fingerprint_after("decisions", otherwise));
    let sql = format!(
        "UPDATE dq.verdict SET \"check\" = ?::BIGINT, detail = ?::VARCHAR, basis = ?::VARCHAR, decisions = ({now})"
    );
    if store.execute(&sql, params![verdict.check, known[0], known[1]])? == 0 {
        let sql = format!(
            "INSERT INTO dq.verdict (\"check\", detail, basis, decisions) VALUES (?::BIGINT, ?::VARCHAR, ?::VARCHAR, ({}))",
            decide::FINGERPRINT
        );
        store.execute(&sql, params![verdict.check, known[0], known[1]])?;
    }
    let (gone, come) = match otherwise {
        Some(otherwise) => {
            let ids = |are: &str| format!("SELECT DISTINCT id FROM {otherwise} WHERE {are}");
            (format!("DELETE FROM dq.checked WHERE id IN ({})", ids("NOT active")), ids("active"))
        }
        None => (
            "DELETE FROM dq.checked".to_owned(),
            "SELECT DISTINCT id FROM dq.decisions WHERE active AND kind <> 'revert'".to_owned(),
        ),
    };
    store.run(&gone)?;
    store.run(&format!("INSERT INTO dq.checked {come}"))
}

/// Keeps what the gate has answered since the verdict was kept, beside the rest of it.
pub(in crate::stages) fn keep_answer(store: &Store, verdict: &Verdict) -> Result<()> {
    store.execute("UPDATE dq.verdict SET detail = ?::VARCHAR", params![to_json(verdict)?]).map(drop)
}

fn to_json(verdict: &Verdict) -> Result<String> {
    serde_json::to_string(verdict).map_err(|cause| Error::internal("the verdict cannot be kept").caused_by(cause))
}
