//! Counts of anomalies: how many there are of each severity, rule, table, field, source, status and value.

use serde::Serialize;

use super::Severity;

/// What anomalies are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Facet {
    /// How bad they are.
    Severity,
    /// The rule.
    Rule,
    /// The canonical table.
    Table,
    /// The field; empty for the whole row.
    Field,
    /// The source.
    Source,
    /// Whether they still ask for something.
    Status,
}

impl Facet {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Facet; 6] =
        [Facet::Severity, Facet::Rule, Facet::Table, Facet::Field, Facet::Source, Facet::Status];

    /// The word for it, which is also the column's name.
    pub fn name(self) -> &'static str {
        match self {
            Facet::Severity => "severity",
            Facet::Rule => "rule",
            Facet::Table => "table",
            Facet::Field => "field",
            Facet::Source => "source",
            Facet::Status => "status",
        }
    }
}

/// How many of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Count {
    /// Those that the filter lets through.
    pub found: u64,
    /// All that there are.
    pub all: u64,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FacetLine {
    /// The value.
    pub value: String,
    /// How many findings have it. What the filter says about this facet itself is not counted, so that every line says
    /// what would be seen if it were chosen.
    pub count: Count,
    /// The money that hangs on the rows of those that the filter lets through, each amount counted once; looked up where
    /// the filter orders by it.
    pub stake: Option<f64>,
}

/// A rule in a table and what it found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleCount {
    /// The severity.
    pub severity: Severity,
    /// The rule.
    pub rule: String,
    /// The table.
    pub table: String,
    /// The fields on which the filter leaves findings.
    pub fields: Vec<String>,
    /// Findings that nobody has decided on, within the filter.
    pub open: u64,
    /// Findings that were accepted, within the filter.
    pub waived: u64,
    /// All its findings, whatever the filter.
    pub all: u64,
    /// The money that hangs on the rows with them, as above.
    pub stake: Option<f64>,
}

/// The counts of all findings under a filter.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Facets {
    /// Findings that the filter lets through, of all.
    pub count: Count,
    /// Per facet its values, the most frequent first.
    pub lines: Vec<(Facet, Vec<FacetLine>)>,
    /// Rules in tables, those with findings under the filter.
    pub rules: Vec<RuleCount>,
}

/// Values that differ in capitals, accents, punctuation or the order of words only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueCluster {
    /// What they have in common; empty for findings without a value.
    pub key: String,
    /// The most frequent of them; none for findings without a value.
    pub value: Option<String>,
    /// How many different spellings there are.
    pub spellings: u64,
    /// How many findings have one of them.
    pub found: u64,
}

/// What accepting a suggestion does to one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggested {
    /// The canonical table.
    pub table: String,
    /// The field.
    pub field: String,
    /// The rule.
    pub rule: String,
    /// The row's identity.
    pub row: String,
    /// The value that was found.
    pub before: Option<String>,
    /// The value that is suggested.
    pub after: String,
}
