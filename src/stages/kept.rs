//! What a connection has gathered in its temporary tables and can use again as long as the state is the same, so that whoever
//! turns pages does not wait for everything each time.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::basis::digest;
use crate::error::{Error, Result};
use crate::model::{Gate, Schema};
use crate::store::Store;

/// What decides which rows are held back and what a commit would change: the last check and the moment at which it was
/// made or brought up to date, the last commit, the schema and the gate. `None` where nothing was checked yet.
pub(super) fn state(store: &Store, schema: &Schema, gate: &Gate) -> Result<Option<String>> {
    let sql = "SELECT concat_ws('/', \"check\", decisions, (SELECT max(\"at\") FROM dq.scores), (SELECT max(\"at\") FROM dq.metrics)) \
               FROM dq.verdict";
    let check: Option<String> = store.first(sql, [], |row| row.get(0))?;
    let commits = commits(store, schema)?;
    Ok(check.map(|check| format!("{check}/{commits}/{}", digest(gate))))
}

/// What decides how the states after two commits differ: the commits that there are, and the schema.
pub(super) fn commits(store: &Store, schema: &Schema) -> Result<String> {
    Ok(format!("{}/{}", store.count("SELECT max(id) FROM dq.commits")?, digest(schema)))
}

const TABLE: &str = "CREATE TEMP TABLE IF NOT EXISTS kept (name VARCHAR, state VARCHAR, detail VARCHAR)";

/// What was kept under that name, if it was in the same state.
pub(super) fn of<T: DeserializeOwned>(store: &Store, name: &str, state: Option<&str>) -> Result<Option<T>> {
    let Some(state) = state else { return Ok(None) };
    store.make_once("kept", TABLE)?;
    let sql = "SELECT detail FROM temp.kept WHERE name = ? AND state = ?";
    let detail: Option<String> = store.first(sql, [name, state], |row| row.get(0))?;
    let broken = |cause| Error::internal("what was kept of an earlier page cannot be read").caused_by(cause);
    detail.map(|detail| serde_json::from_str(&detail).map_err(broken)).transpose()
}

/// Keeps it in the place of what was kept under that name before.
pub(super) fn keep<T: Serialize>(store: &Store, name: &str, state: Option<&str>, detail: &T) -> Result<()> {
    let Some(state) = state else { return Ok(()) };
    let detail = serde_json::to_string(detail)
        .map_err(|cause| Error::internal("nothing can be kept for the next page").caused_by(cause))?;
    forget(store, name)?;
    store.execute("INSERT INTO temp.kept VALUES (?, ?, ?)", [name, state, &detail]).map(drop)
}

/// What was kept under that name serves no more.
pub(super) fn forget(store: &Store, name: &str) -> Result<()> {
    store.make_once("kept", TABLE)?;
    store.execute("DELETE FROM temp.kept WHERE name = ?", [name]).map(drop)
}

/// What was kept under that name in one state is right in another one too.
pub(super) fn carry(store: &Store, name: &str, before: &str, now: &str) -> Result<()> {
    let sql = "UPDATE temp.kept SET state = ? WHERE name = ? AND state = ?";
    store.execute(sql, [now, name, before]).map(|_| ())
}
