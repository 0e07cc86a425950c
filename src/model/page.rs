//! A window of rows of any table or query, as a grid shows it.

use serde::Serialize;

/// A window of rows, every value as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows; a `None` is an absent value.
    pub rows: Vec<Vec<Option<String>>>,
    /// The number of the first row of the window, from 0.
    pub offset: u64,
    /// How many rows there are in all.
    pub total: u64,
}

impl Page {
    /// The value at a row of the window and a named column.
    pub fn get(&self, row: usize, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.rows.get(row)?.get(at)?.as_deref()
    }
}
