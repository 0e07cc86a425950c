//! Commit: the gate, the difference, and the one transaction that makes the candidates canonical.

use chrono::{DateTime, Utc};

use crate::error::{Error, Result};
use crate::model::{Canceller, Commit, Gate, Progress, Schema, TableDiff};
use crate::store::Store;

/// What a commit needs to know beside the store.
pub struct Request<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// What must hold.
    pub gate: &'a Gate,
    /// Who commits.
    pub who: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// The message.
    pub message: &'a str,
}

/// Makes the candidates canonical in one transaction over all tables; rows that the gate blocks go to quarantine.
pub fn commit(store: &Store, request: &Request, progress: &dyn Fn(Progress), canceller: &Canceller) -> Result<Commit> {
    let _ = (store, request, progress, canceller);
    Err(Error::internal("commit is not built yet"))
}

/// The difference between the canonical tables and what a commit would make of them; per table a window of rows.
pub fn diff(store: &Store, schema: &Schema, gate: &Gate, offset: u64, limit: u64) -> Result<Vec<TableDiff>> {
    let _ = (store, schema, gate, offset, limit);
    Err(Error::internal("diff is not built yet"))
}

/// The difference between the states after two commits; 0 is the empty state before the first.
pub fn diff_between(
    store: &Store,
    schema: &Schema,
    from: i64,
    to: i64,
    offset: u64,
    limit: u64,
) -> Result<Vec<TableDiff>> {
    let _ = (store, schema, from, to, offset, limit);
    Err(Error::internal("diff is not built yet"))
}

/// The commits, newest first.
pub fn log(store: &Store) -> Result<Vec<Commit>> {
    let _ = store;
    Err(Error::internal("log is not built yet"))
}

/// Makes the canonical tables what they were before commit `id`, as a new commit.
pub fn revert(store: &Store, request: &Request, id: i64) -> Result<Commit> {
    let _ = (store, request, id);
    Err(Error::internal("revert is not built yet"))
}
