//! Load: one source into staging, in one transaction.

use chrono::{DateTime, Utc};

use crate::connectors::{Place, Watch};
use crate::error::{Error, Result};
use crate::model::Load;
use crate::store::Store;

/// Extracts every entity of a source and swaps the result in; on any failure the earlier load stands.
pub fn load(store: &Store, place: &Place, watch: &Watch, clock: &dyn Fn() -> DateTime<Utc>) -> Result<Load> {
    let _ = (store, place, watch, clock);
    Err(Error::internal("load is not built yet"))
}

/// The file, the line and the raw text of one staged record; no text where the file is gone or has changed.
pub fn raw_record(
    store: &Store,
    source: &str,
    entity: &str,
    row: i64,
) -> Result<Option<(String, u64, Option<String>)>> {
    let _ = (store, source, entity, row);
    Ok(None)
}
