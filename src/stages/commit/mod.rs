//! Commit: the gate, the difference, and the one transaction that makes the candidates canonical.
//!
//! **What a commit writes.** `canonical.<table>` has the schema's fields in the schema's order and `_commit`, the number of the
//! commit that last wrote the row. A row is known by its business key. The candidates are the whole truth of the sources:
//! what is new is added, what differs is changed, what is no longer there is removed. Three things stay as they were committed
//! last, and count as unchanged:
//!
//! - a row whose candidate is held back by the gate keeps its last good values until the candidate is good again;
//! - a table of which nothing came is left alone, because an export that did not arrive says nothing about its rows;
//! - a row that is gone from the candidates stays while a row that is kept for one of these reasons refers to it.
//!
//! A table that is no longer declared stays as it is; a field that is no longer declared goes with the next commit.
//! A field of another type is converted if no committed value is lost by it, and refused otherwise.
//!
//! What is computed from rows that are held back, such as a customer's totals, is computed anew without them: the canonical
//! tables agree with each other, and the next commit brings what was missing.
//!
//! **What is held back** is in `quarantine.<table>`: the candidate with all its columns, `_reasons`, and `_commit`.
//!
//! **Nothing to commit.** If no row differs and as many rows are held back as before, no commit is made and the last one is
//! returned, so that a nightly `sync` over unchanged exports succeeds without filling the log.
//!
//! **History.** When a row is changed or removed, its earlier version goes to `dq.history_<table>` with the commits from which and
//! until which it held. Any two states can be compared from that, and a first commit pays nothing for it.

mod diff;
mod digest;
mod history;
mod tables;

use chrono::{DateTime, Utc};

use diff::Sides;

use super::basis::Basis;
use super::check;
use super::gate::{self, Held, Subject};
use super::kept;
use super::shapes::Shapes;
use crate::error::{Error, Kind, Result};
use crate::model::{Canceller, Commit, Condition, Gate, Mapping, Progress, Schema, TableDiff, TableTally, Unit};
use crate::sql::{Ident, Literal, Path};
use crate::store::Store;

pub use history::{diff_between, revert};

/// What a commit needs to know beside the store and what the gate is asked about.
pub struct Request<'a> {
    /// The sources with their mappings, from which the candidates were built.
    pub sources: &'a [(String, Mapping)],
    /// Who commits.
    pub who: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// The message.
    pub message: &'a str,
}

/// Makes the candidates canonical in one transaction over all tables; rows that the gate blocks go to quarantine.
///
/// Where there is nothing to commit, the last commit is returned as it is.
///
/// # Errors
/// `Gate` with the conditions that do not hold as hints; `Config` where a field cannot get the type that the schema gives it.
/// Nothing is written then.
pub fn commit(
    store: &Store,
    subject: &Subject,
    request: &Request,
    progress: &dyn Fn(Progress),
    canceller: &Canceller,
) -> Result<Commit> {
    let schema = subject.schema;
    let mut steps = Steps { progress, canceller, done: 0, total: 3 + 2 * schema.tables.len() as u64 };
    store.transaction(|store| {
        steps.next("gate")?;
        let (held, conditions) = gate::hold(store, subject)?;
        let held = opened(held, conditions)?;
        steps.next("tables")?;
        let is_altered = tables::align(store, schema, &Shapes::read(store)?)?;
        let shapes = Shapes::read(store)?;
        let last = log(store)?.into_iter().next();
        let id = last.as_ref().map_or(1, |last| last.id + 1);

        // What stays in one table depends on the others: all differences are known before anything is written.
        let plans = diff::plan(store, schema, &shapes, (subject.gate, &held), request.sources, &mut |table| {
            steps.next(&format!("compare {table}"))
        })?;
        let tallies: Vec<TableTally> = plans.iter().map(|plan| plan.tally.clone()).collect();
        if let Some(last) = last.filter(|last| !is_altered && is_same(&tallies, last)) {
            for name in schema.tables.keys() {
                quarantine(store, name, last.id)?;
            }
            canceller.settle()?;
            return Ok(last);
        }
        for plan in &plans {
            steps.next(&format!("write {}", plan.tally.table))?;
            plan.apply(store, id)?;
            quarantine(store, &plan.tally.table, id)?;
        }
        steps.next("digest")?;
        let commit = Commit {
            id,
            at: request.at,
            who: request.who.to_owned(),
            message: request.message.to_owned(),
            reverts: None,
            hash: digest::digest(store, schema)?,
            tables: tallies,
        };
        record(store, &commit)?;
        tell_verdict(store, subject, held, id)?;
        canceller.settle()?;
        Ok(commit)
    })
}

/// The difference between the canonical tables and what a commit would make of them; per table a window of the rows that differ,
/// sorted by added, changed, removed and then by key.
pub fn diff(
    store: &Store,
    schema: &Schema,
    sources: &[(String, Mapping)],
    gate: &Gate,
    offset: u64,
    limit: u64,
) -> Result<Vec<TableDiff>> {
    // The transaction makes all tables be seen at one moment; only temporary tables are written.
    store.transaction(|store| {
        let shapes = Shapes::read(store)?;
        let sides: Vec<Sides> =
            schema.tables.iter().map(|(name, table)| Sides::of_candidates(name, table, &shapes)).collect();
        let state = kept::state(store, schema, gate)?;
        diff::windows(store, &sides, state.as_deref(), (offset, limit), || {
            let held = gate::held(store, schema, gate)?.or_else(|condition| opened(None, vec![condition]))?;
            diff::need_keys(schema)?;
            tables::refuse_loss(store, schema, &shapes)?;
            let plans = diff::plan(store, schema, &shapes, (gate, &held), sources, &mut |_| Ok(()))?;
            Ok(plans.into_iter().map(|plan| plan.tally).collect())
        })
    })
}

/// The commits, newest first.
pub fn log(store: &Store) -> Result<Vec<Commit>> {
    let details: Vec<String> = store.query("SELECT detail FROM dq.commits ORDER BY id DESC", [], |row| row.get(0))?;
    details
        .iter()
        .map(|detail| {
            serde_json::from_str(detail)
                .map_err(|cause| Error::internal("the commit log holds an entry that cannot be read").caused_by(cause))
        })
        .collect()
}

/// Brings what the verdict of the last check says of the gate to what it says after the commit, so that nobody has to look at all
/// rows again for it.
fn tell_verdict(store: &Store, subject: &Subject, held: Held, id: i64) -> Result<()> {
    let (Ok(now), Some(then)) = (subject.basis, Basis::of_last_check(store)?) else { return Ok(()) };
    let Some(mut verdict) = check::verdict(store)? else { return Ok(()) };
    let basis = then.after_commit(now, id);
    gate::after_commit(store, &Subject { basis: Ok(&basis), ..*subject }, held)?.tell(&mut verdict);
    check::keep(store, &verdict, &basis, None)
}

/// The held rows, if every condition holds.
fn opened(held: Option<Held>, conditions: Vec<Condition>) -> Result<Held> {
    let failing: Vec<&Condition> = conditions.iter().filter(|condition| !condition.holds).collect();
    match held {
        Some(held) if failing.is_empty() => Ok(held),
        _ => {
            let what = match failing.as_slice() {
                [one] => format!("the gate is closed: it does not hold that {}", one.what),
                many => format!("the gate is closed: {} conditions do not hold", many.len()),
            };
            Err(failing.into_iter().fold(Error::new(Kind::Gate, what), |error, condition| {
                error.hint(format!("{}: {}", condition.what, condition.detail))
            }))
        }
    }
}

fn is_same(tallies: &[TableTally], last: &Commit) -> bool {
    tallies.iter().all(|tally| {
        let before = last.tables.iter().find(|before| before.table == tally.table);
        tally.added + tally.changed + tally.removed == 0
            && before.is_some_and(|before| before.quarantined == tally.quarantined)
    })
}

/// Writes the rows of a table that are held back, each with all its reasons.
fn quarantine(store: &Store, table: &str, id: i64) -> Result<()> {
    store.run(&format!(
        "CREATE OR REPLACE TABLE {} AS\nSELECT c.*, r.reasons AS _reasons, {id}::BIGINT AS _commit FROM {} c JOIN (\n  \
         SELECT \"row\", list(DISTINCT reason ORDER BY reason) AS reasons FROM {} GROUP BY \"row\"\n) r ON c._key = r.\"row\"",
        Path("quarantine", table),
        Path("candidate", table),
        gate::reasons(table)
    ))
}

fn record(store: &Store, commit: &Commit) -> Result<()> {
    let detail = serde_json::to_string(commit)
        .map_err(|cause| Error::internal("a commit cannot be written down").caused_by(cause))?;
    let reverts = commit.reverts.map_or("NULL".to_owned(), |id| id.to_string());
    store.run(&format!(
        "INSERT INTO dq.commits VALUES ({}, TIMESTAMP {}, {}, {}, {reverts}, {}, {})",
        commit.id,
        Literal(&commit.at.naive_utc().format("%Y-%m-%d %H:%M:%S%.6f").to_string()),
        Literal(&commit.who),
        Literal(&commit.message),
        Literal(&commit.hash),
        Literal(&detail)
    ))
}

/// Tells where a commit stands and stops it between two statements; the transaction then leaves nothing.
struct Steps<'a> {
    progress: &'a dyn Fn(Progress),
    canceller: &'a Canceller,
    done: u64,
    total: u64,
}

impl Steps<'_> {
    fn next(&mut self, what: &str) -> Result<()> {
        self.canceller.check()?;
        (self.progress)(Progress {
            what: format!("commit · {what}"),
            done: self.done,
            total: Some(self.total),
            unit: Unit::Steps,
        });
        self.done += 1;
        Ok(())
    }
}

/// Names separated by commas, each with `prefix` in front.
fn list<'a>(names: impl IntoIterator<Item = &'a String>, prefix: &str) -> String {
    names.into_iter().map(|name| format!("{prefix}{}", Ident(name))).collect::<Vec<_>>().join(", ")
}
