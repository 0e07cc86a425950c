//! Report: gathers what the workbench knows into one structure that every format writes out.

use chrono::{DateTime, Utc};

use crate::error::{Error, Result};
use crate::model::{Mapping, Report, Schema};
use crate::store::Store;

/// What a report needs to know beside the store.
pub struct Request<'a> {
    /// The workspace's name.
    pub workspace: &'a str,
    /// The schema.
    pub schema: &'a Schema,
    /// The sources' names and mappings.
    pub mappings: &'a [(String, Mapping)],
    /// When.
    pub at: DateTime<Utc>,
}

/// Gathers the report of the last check.
pub fn report(store: &Store, request: &Request) -> Result<Report> {
    let _ = (store, request);
    Err(Error::internal("report is not built yet"))
}
