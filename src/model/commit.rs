//! A commit: one transaction that made the candidates canonical, and the difference it made.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{counted, thousands};

/// One entry of the commit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// Its number in this workspace, from 1.
    pub id: i64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it.
    pub who: String,
    /// The message.
    pub message: String,
    /// The commit that it undid, for a reversal.
    pub reverts: Option<i64>,
    /// A digest of all canonical rows after it, in hexadecimal.
    pub hash: String,
    /// Per table, what changed.
    pub tables: Vec<TableTally>,
}

/// What is said of a reversal, which takes nothing from the candidates.
pub const COMES_AGAIN: &str = "The candidates stay as they are, so the next commit brings them again: exclude or repair the rows that must not \
                               come back.";

/// What a commit did to one table, in rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableTally {
    /// The canonical table.
    pub table: String,
    /// Rows that were not there before.
    pub added: u64,
    /// Rows of which a value changed.
    pub changed: u64,
    /// Rows that are no longer there.
    pub removed: u64,
    /// Rows that stayed as they were.
    pub unchanged: u64,
    /// Candidate rows held back.
    pub quarantined: u64,
    /// Rows that are left out or that no source gives any more, and that stay because rows in quarantine, or of a table of which nothing came, refer to them.
    #[serde(default)]
    pub referred: u64,
    /// Those of the changed rows of which most of the values that the sources give become others (those with a default do not count).
    #[serde(default)]
    pub rewritten: u64,
    /// Whether these are more than the workspace takes for usual (`warn_rewritten`).
    #[serde(default)]
    pub unusual: bool,
}

impl TableTally {
    /// What is said of rows that stay although they are left out or gone, if there are any.
    pub fn staying(&self) -> Option<String> {
        let (one, many) = (
            "row that is left out or gone stays committed: rows that stay as they were refer to it",
            "rows that are left out or gone stay committed: rows that stay as they were refer to them",
        );
        (self.referred > 0).then(|| format!("{}: {}", self.table, counted(self.referred, one, many, ' ')))
    }
}

impl TableTally {
    /// What is said where a commit rewrites more than is usual.
    pub fn rewriting(&self) -> Option<String> {
        let rows = self.changed + self.removed + self.unchanged;
        self.unusual.then(|| {
            format!(
                "{}: of {} of {} committed rows most values become others; has the source given their keys to other things?",
                self.table,
                thousands(self.rewritten, ' '),
                thousands(rows, ' ')
            )
        })
    }
}

/// The difference of one table between two states.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableDiff {
    /// In rows.
    pub tally: TableTally,
    /// The rows asked for, a window of all.
    pub rows: Vec<RowChange>,
}

/// One row that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowChange {
    /// Added, changed or removed.
    pub kind: DiffKind,
    /// The row's key.
    pub row: String,
    /// The cells that differ; for added and removed rows, the cells that have a value.
    pub cells: Vec<CellChange>,
}

/// One cell that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellChange {
    /// The field.
    pub field: String,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
}

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiffKind {
    /// It was not there.
    Added,
    /// A value of it is another.
    Changed,
    /// It is no longer there.
    Removed,
}

impl DiffKind {
    /// The word used in tables and outputs.
    pub fn name(self) -> &'static str {
        match self {
            DiffKind::Added => "added",
            DiffKind::Changed => "changed",
            DiffKind::Removed => "removed",
        }
    }
}
