//! An anomaly: one finding of a rule.

use serde::{Deserialize, Serialize};

/// The rules whose findings nobody can accept as they are: a row without a key of its own can never be committed.
pub const NEVER_WAIVED: [&str; 2] = ["missing-key", "duplicate-key"];

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing follows from it.
    Info,
    /// Probably wrong; the row can still be committed.
    Warning,
    /// Wrong; the row is held back until it is repaired or waived.
    Error,
}

impl Severity {
    /// All severities, worst first.
    pub const ALL: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];

    /// The word used in files and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// The severity of that name.
    pub fn from_name(name: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.name() == name)
    }

    /// The glyph that goes with the colour.
    pub fn glyph(self) -> &'static str {
        match self {
            Severity::Info => "·",
            Severity::Warning => "▲",
            Severity::Error => "●",
        }
    }
}

/// Whether a finding still asks for something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nobody has decided.
    #[default]
    Open,
    /// Somebody accepted it, with a reason.
    Waived,
}

impl Status {
    /// The word used in files and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Waived => "waived",
        }
    }
}

/// One finding of a rule, with the way back to file and line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// The rule's id.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The canonical table.
    pub table: String,
    /// The row's identity within the table.
    pub row: String,
    /// The field, or empty for the whole row.
    pub field: String,
    /// The value that was found, as text.
    pub value: Option<String>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The value that would repair it, where one is certain enough.
    pub suggestion: Option<String>,
    /// The source.
    pub source: String,
    /// The entity.
    pub entity: String,
    /// The file that the row was read from.
    pub file: Option<String>,
    /// The line in that file on which the record begins, counted from 1.
    pub line: Option<u64>,
    /// Whether it still asks for something.
    pub status: Status,
    /// The money that hangs on the row through the references of the schema, in the unit that the schema's `stake` names;
    /// none where no money can hang on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stake: Option<f64>,
}

/// In which order findings are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnomalyOrder {
    /// The worst first, then by rule, table and row.
    #[default]
    Worst,
    /// By table and row, the worst of each row first.
    Row,
    /// The most money at stake first.
    Stake,
}

impl AnomalyOrder {
    /// All orders, the usual one first.
    pub const ALL: [AnomalyOrder; 3] = [AnomalyOrder::Worst, AnomalyOrder::Row, AnomalyOrder::Stake];

    /// The word used on the command line and on screen.
    pub fn name(self) -> &'static str {
        match self {
            AnomalyOrder::Worst => "worst",
            AnomalyOrder::Row => "row",
            AnomalyOrder::Stake => "stake",
        }
    }

    /// The order of that name.
    pub fn from_name(name: &str) -> Option<AnomalyOrder> {
        AnomalyOrder::ALL.into_iter().find(|order| order.name() == name)
    }
}

/// Which anomalies are meant, all parts together; an absent part means all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AnomalyFilter {
    /// Only of this severity.
    pub severity: Option<Severity>,
    /// Only of this rule.
    pub rule: Option<String>,
    /// Only in this table.
    pub table: Option<String>,
    /// Only on this field.
    pub field: Option<String>,
    /// Only from this source.
    pub source: Option<String>,
    /// Only of this status.
    pub status: Option<Status>,
    /// Only of the row with this identity.
    pub row: Option<String>,
    /// Only with a value of this cluster, by its fingerprint; empty for findings without a value.
    pub cluster: Option<String>,
    /// Only those that the waiver with this id accepts.
    pub waiver: Option<String>,
    /// Only where what is shown of a finding (rule, table, row, field, value, message or suggestion) contains each of these texts, without regard to case.
    pub texts: Vec<String>,
    /// In which order.
    pub order: AnomalyOrder,
}
