//! A decision: one line of the ledger `decisions.jsonl`.

use chrono::{DateTime, NaiveDate, Utc};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The version of the line's format; this program writes 1.
    pub v: u32,
    /// A ULID: unique, and sorted by time.
    pub id: String,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it.
    pub who: String,
    /// What was decided.
    #[serde(flatten)]
    pub action: Action,
    /// The reason, in the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Action {
    /// One field of one row gets another value.
    Set {
        /// The canonical table.
        table: String,
        /// The row's identity.
        row: String,
        /// The field.
        field: String,
        /// The value before, as text; the decision applies only while this still holds.
        was: Option<String>,
        /// The value after, as text; `null` empties the field.
        now: Option<String>,
        /// The rule whose finding it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// Many rows of one field get their own new values: row identity → value before and after.
    Bulk {
        /// The canonical table.
        table: String,
        /// The field.
        field: String,
        /// Per row, the value before and the value after.
        rows: IndexMap<String, (Option<String>, Option<String>)>,
        /// The rule whose findings it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// Wherever the field has one of these values, it gets the other one, in this and in later exports.
    Replace {
        /// The canonical table.
        table: String,
        /// The field.
        field: String,
        /// Value before → value after.
        values: IndexMap<String, String>,
    },
    /// The row is left out of the commit, without a finding.
    Exclude {
        /// The canonical table.
        table: String,
        /// The rows' identities.
        rows: Vec<String>,
    },
    /// Rows that are the same thing become one: the survivor stays, what refers to the others refers to it.
    Merge {
        /// The canonical table.
        table: String,
        /// The identity of the row that stays.
        into: String,
        /// The identities of the rows that go.
        rows: Vec<String>,
        /// What the row that stays takes over from the others: field → value before and after.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        fields: IndexMap<String, (Option<String>, Option<String>)>,
    },
    /// A finding is accepted as it is.
    Waive {
        /// The rule.
        rule: String,
        /// The canonical table.
        table: String,
        /// The field of the finding, empty where it is about the whole row; absent, as in older lines: any field.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// The row's identity; absent where `rows` says which.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        row: Option<String>,
        /// The value that was accepted; another value is a new finding.
        #[serde(default)]
        was: Option<String>,
        /// Many rows at once: row identity → the value that was accepted there.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        rows: IndexMap<String, Option<String>>,
        /// The last day on which it holds; absent: for good.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
    },
    /// An earlier decision is taken back.
    Revert {
        /// The id of that decision, which may itself be a reversal.
        of: String,
        /// Whether it is a step back or forth among what was decided last, and not a decision of its own that undo takes
        /// back in its turn.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
    },
}

impl Action {
    /// Takes a decision back, as a decision of its own.
    pub fn revert(of: &str) -> Action {
        Action::Revert { of: of.to_owned(), undo: false }
    }

    /// The word that stands in the ledger's `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Action::Set { .. } => "set",
            Action::Bulk { .. } => "bulk",
            Action::Replace { .. } => "replace",
            Action::Exclude { .. } => "exclude",
            Action::Merge { .. } => "merge",
            Action::Waive { .. } => "waive",
            Action::Revert { .. } => "revert",
        }
    }

    /// How many rows, or values, it is about.
    pub fn rows(&self) -> usize {
        match self {
            Action::Bulk { rows, .. } => rows.len(),
            Action::Exclude { rows, .. } | Action::Merge { rows, .. } => rows.len(),
            Action::Replace { values, .. } => values.len(),
            Action::Waive { rows, .. } => rows.len().max(1),
            Action::Set { .. } | Action::Revert { .. } => 1,
        }
    }

    /// The table it is about; none for a reversal.
    pub fn table(&self) -> Option<&str> {
        match self {
            Action::Set { table, .. }
            | Action::Bulk { table, .. }
            | Action::Replace { table, .. }
            | Action::Exclude { table, .. }
            | Action::Merge { table, .. }
            | Action::Waive { table, .. } => Some(table),
            Action::Revert { .. } => None,
        }
    }
}

/// A decision that could not be applied because the data has moved on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The decision's id.
    pub decision: String,
    /// The canonical table.
    pub table: String,
    /// The row's identity.
    pub row: String,
    /// The field, or empty.
    pub field: String,
    /// The value that the decision was made about.
    pub was: Option<String>,
    /// The value that the decision wants.
    pub now: Option<String>,
    /// The value that there is instead.
    pub found: Option<String>,
    /// Why it was not applied: `changed`, `missing-row`, `missing-survivor`, `excluded-survivor`, `merged-elsewhere`,
    /// `merged-in-a-circle`, `replaced-otherwise`, `not-a-value`, `computed`, `no-such-field`, `no-such-table`.
    pub reason: String,
    /// Decisions made on the same cell before it that do not fit either; the last one speaks for all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<String>,
}

impl Conflict {
    /// Why it was not applied, in words.
    pub fn why(&self) -> String {
        let [now, found] = [&self.now, &self.found].map(|value| value.as_deref().unwrap_or_default());
        match self.reason.as_str() {
            "changed" => "the value is another one now".to_owned(),
            "missing-row" => "the row is not there".to_owned(),
            "missing-survivor" => format!("{now}, which it goes into, is not there"),
            "excluded-survivor" => format!("{now}, which it goes into, is left out"),
            "merged-elsewhere" => format!("it goes into {found} already"),
            "merged-in-a-circle" => format!("{now} goes into it already"),
            "replaced-otherwise" => format!("it is replaced by \"{found}\" already"),
            "not-a-value" => "it is no value of the field's type".to_owned(),
            "computed" => "the field is computed, and no source gives it a value to be replaced".to_owned(),
            "no-such-field" => "the field is gone from the schema".to_owned(),
            "no-such-table" => "the table is gone from the schema".to_owned(),
            other => other.to_owned(),
        }
    }
}
