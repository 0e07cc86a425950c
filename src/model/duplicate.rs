//! Duplicates: rows that may be the same thing, side by side.

use serde::Serialize;

use super::Severity;

/// Rows of one table that share what should tell them apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DuplicateGroup {
    /// The rule that found them.
    pub rule: String,
    /// How bad that is.
    pub severity: Severity,
    /// The canonical table.
    pub table: String,
    /// The field that they share; empty where they share the whole record or a key of several fields.
    pub field: String,
    /// What they share, in small letters: what tells this group from others of the rule.
    pub anchor: String,
    /// What they share, as it stands in one of them.
    pub value: String,
    /// How many rows.
    pub rows: u64,
    /// Findings about them that nobody has accepted.
    pub open: u64,
    /// The money that hangs on the rows, in the schema's unit.
    pub stake: Option<f64>,
}

/// One row of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DuplicateRow {
    /// The row's identity.
    pub row: String,
    /// The source and its entity.
    pub from: String,
    /// The number of the record in the entity, from 1.
    pub record: i64,
    /// The values in the order of the group's fields; `None` where there is none.
    pub values: Vec<Option<String>>,
    /// How many rows of other tables refer to its key.
    pub referred: u64,
    /// Findings about it that nobody has accepted.
    pub open: u64,
}

/// A group with all of its rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Duplicates {
    /// What they have in common.
    pub group: DuplicateGroup,
    /// The fields of the table, in its order.
    pub fields: Vec<String>,
    /// The fields of which the rows do not all have the same value.
    pub differing: Vec<String>,
    /// The rows, in the order of their identities.
    pub rows: Vec<DuplicateRow>,
}
