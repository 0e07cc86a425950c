//! Decide: the ledger `decisions.jsonl`, an append-only file that is flushed to disk before anyone is told.

use std::path::Path;

use crate::error::{Error, Result};
use crate::model::{Conflict, Decision};
use crate::store::Store;

/// The ledger of a workspace, read whole and appended to.
pub struct Ledger {
    decisions: Vec<Decision>,
}

impl Ledger {
    /// Reads the ledger; a torn last line is set aside beside the file.
    pub fn open(path: &Path) -> Result<Ledger> {
        let _ = path;
        Err(Error::internal("the ledger is not built yet"))
    }

    /// All decisions in the order in which they were made.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// Writes a decision to the file and to the disk.
    pub fn append(&mut self, decision: Decision) -> Result<()> {
        let _ = decision;
        Err(Error::internal("the ledger is not built yet"))
    }
}

/// The decisions that could not be applied to the candidates as they are.
pub fn conflicts(store: &Store) -> Result<Vec<Conflict>> {
    let _ = store;
    Ok(Vec::new())
}
