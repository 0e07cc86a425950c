//! A waiver as it is listed: who accepted what until when, and what it still covers.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

/// A waiver in force in the ledger, expired or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// The decision's id.
    pub id: String,
    /// Who made it.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The reason.
    pub why: Option<String>,
    /// The last day on which it holds; absent: for good.
    pub until: Option<NaiveDate>,
    /// Whether that day is past.
    pub expired: bool,
    /// The rule.
    pub rule: String,
    /// The canonical table.
    pub table: String,
    /// The field; absent for any, empty for the whole row.
    pub field: Option<String>,
    /// How many rows it names; 0 for every row with the value.
    pub rows: u64,
    /// The row that it names, if it is one.
    pub row: Option<String>,
    /// How many findings it covers now, or would if it had not expired.
    pub covers: u64,
}
