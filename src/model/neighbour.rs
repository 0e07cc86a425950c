//! Neighbours: the rows that a row refers to, and those that refer to it.

use serde::Serialize;

/// A way from one row to others through a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// The table of the neighbours.
    pub table: String,
    /// The field that holds the key, in this row or in theirs.
    pub field: String,
    /// Whether this row refers to them; otherwise they refer to it.
    pub outward: bool,
    /// How many there are. A reference without a row at its end has none.
    pub rows: u64,
    /// The key by which they were looked for; none where this row has no value there.
    pub key: Option<String>,
}

/// A row at the other end of a relation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// Which relation, by its place in [`Neighbours::relations`].
    pub relation: usize,
    /// The row's identity.
    pub row: String,
    /// What its fields say, in the order of the schema, without those that lead back.
    pub values: Vec<String>,
    /// How many findings in it are open.
    pub open: u64,
}

/// The neighbours of a row: all relations, and a window of the rows, one relation after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Neighbours {
    /// The ways there are.
    pub relations: Vec<Relation>,
    /// The number of the first row of the window, from 0.
    pub offset: u64,
    /// The rows.
    pub rows: Vec<Neighbour>,
}

impl Neighbours {
    /// How many rows there are in all.
    pub fn total(&self) -> u64 {
        self.relations.iter().map(|relation| relation.rows).sum()
    }
}
