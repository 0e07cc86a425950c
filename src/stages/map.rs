//! Map: compiles schema, mappings and decisions to the SQL that builds the candidates, and runs it.

use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::model::{Canceller, Mapping, Progress, RowStory, Schema};
use crate::rules::Origin;
use crate::store::Store;

/// What is built and from what.
pub struct Plan {
    origins: IndexMap<String, Vec<Origin>>,
}

impl Plan {
    /// Compiles the mappings of the given sources against what is staged.
    pub fn new(store: &Store, schema: &Schema, sources: &[(String, Mapping)]) -> Result<Plan> {
        let _ = (store, schema, sources);
        Err(Error::internal("map is not built yet"))
    }

    /// Per table, where its rows come from.
    pub fn origins(&self) -> &IndexMap<String, Vec<Origin>> {
        &self.origins
    }

    /// The statements that build the candidates, as they will run.
    pub fn sql(&self) -> String {
        String::new()
    }

    /// Builds all candidates, with the decisions applied.
    pub fn build(&self, store: &Store, progress: &dyn Fn(Progress), canceller: &Canceller) -> Result<()> {
        let _ = (store, progress, canceller);
        Err(Error::internal("map is not built yet"))
    }

    /// What became of every cell of one row.
    pub fn story(&self, store: &Store, table: &str, row: &str) -> Result<Option<RowStory>> {
        let _ = (store, table, row);
        Ok(None)
    }
}
