//! The story of a row: what became of every cell on its way from the file to the canonical table.

use serde::{Deserialize, Serialize};

/// One candidate row with its way back to the source and what became of each field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RowStory {
    /// The canonical table.
    pub table: String,
    /// The row's identity.
    pub row: String,
    /// The source.
    pub source: String,
    /// The entity.
    pub entity: String,
    /// The number of the record within the entity, from 1.
    pub record: i64,
    /// The file that it was read from.
    pub file: Option<String>,
    /// The line on which it begins, counted from 1.
    pub line: Option<u64>,
    /// The record as it stands in the file; `None` where the file is gone or has changed since.
    pub raw: Option<String>,
    /// The staged columns and their texts, in the order of the file.
    pub staged: Vec<(String, Option<String>)>,
    /// The canonical fields, in the order of the schema.
    pub fields: Vec<CellStory>,
}

/// What became of one field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellStory {
    /// The canonical field.
    pub field: String,
    /// The source columns that feed it, with their staged texts.
    pub staged: Vec<(String, Option<String>)>,
    /// The transforms, as written in the mapping.
    pub transforms: Vec<String>,
    /// The value after the transforms, before any decision.
    pub mapped: Option<String>,
    /// Whether there was text that the transforms could not read.
    pub unreadable: bool,
    /// The value after the decisions; equal to `mapped` where none applies.
    pub value: Option<String>,
    /// The decision that set it, if one did.
    pub decision: Option<String>,
    /// The value in the canonical table, if the row was committed.
    pub committed: Option<String>,
}
