//! What a report says, before it has a format.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Anomaly, Commit, Condition, Conflict, Load, Severity, TableScore};

/// Everything that a report says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this structure in JSON; grows when a field changes its meaning.
    pub schema_version: u32,
    /// The version of tastevin that wrote it.
    pub tool_version: String,
    /// The workspace's name.
    pub workspace: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The number of the check that it is about.
    pub check: i64,
    /// Whether a commit may go ahead.
    pub pass: bool,
    /// The verdict in one sentence, the reason first.
    pub verdict: String,
    /// What must hold before a commit, and whether it does.
    pub gate: Vec<Condition>,
    /// What to do next, what helps most first.
    pub next: Vec<NextStep>,
    /// Per table, how good it is.
    pub tables: Vec<TableReport>,
    /// Per rule and table with findings, or that was checked.
    pub rules: Vec<RuleReport>,
    /// The references between tables, and how many rows refer to nothing.
    pub relations: Vec<RelationReport>,
    /// From rows in to rows committed, per table.
    pub waterfall: Vec<WaterfallStep>,
    /// The last load of every source.
    pub loads: Vec<Load>,
    /// Rejects per source, entity and reason.
    pub rejects: Vec<RejectTally>,
    /// Quarantined rows per table and reason, as of the last commit.
    pub quarantine: Vec<QuarantineTally>,
    /// Waivers in force.
    pub waivers: Vec<WaiverLine>,
    /// Decisions that could not be applied.
    pub conflicts: u64,
    /// The first of these decisions, as examples.
    pub conflict_examples: Vec<Conflict>,
    /// Waivers that no longer apply to any finding.
    pub unused_waivers: u64,
    /// How the columns of the sources had changed with the loads that were checked, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<String>,
    /// The last commits, newest first.
    pub commits: Vec<Commit>,
    /// The mapping used, per source: canonical field, source columns, transforms.
    pub mappings: Vec<MappingLine>,
}

/// A table's score and where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableReport {
    /// Rows, blocking, warning, score.
    #[serde(flatten)]
    pub score: TableScore,
    /// Rows of which findings were waived and none is open with severity error or warning.
    pub waived: u64,
    /// The scores of the last checks, oldest first, this one included.
    pub trend: Vec<f64>,
}

/// Something to do, with what it is good for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    /// Why, in a sentence.
    pub why: String,
    /// The command that does it or shows it.
    pub command: String,
    /// How many findings, records or decisions it is about; 0 where nothing is counted.
    pub count: u64,
    /// What it is about, for whoever leads there.
    #[serde(skip)]
    pub task: Task,
}

/// What a step is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Task {
    /// Look at what a commit would change, and commit.
    #[default]
    Commit,
    /// See what keeps the gate closed.
    Gate,
    /// A source that was never loaded.
    Load {
        /// Its name.
        source: String,
    },
    /// Check what was loaded, for the first time.
    Check,
    /// Groups of rows that may be the same thing.
    Duplicates,
    /// Write the report.
    Report,
    /// Decisions that no longer fit the data.
    Conflicts,
    /// Columns that feed nothing any more, or nothing yet.
    Mapping {
        /// The source and the entity in which there are some, where that is known.
        at: Option<(String, String)>,
    },
    /// Records that could not be read as rows.
    Rejects,
    /// The open findings of a rule in a table.
    Findings {
        /// The rule's id.
        rule: String,
        /// The canonical table.
        table: String,
        /// The field, or empty for the whole row.
        field: String,
        /// How grave they are.
        severity: Severity,
    },
    /// All open findings that are as grave as that.
    More {
        /// How grave.
        severity: Severity,
    },
}

/// How far the data has come, table by table, and what to do next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Per table that was checked, how good it is; none before the first check.
    pub tables: Vec<TableReport>,
    /// From rows in to rows committed, per table that a source feeds.
    pub waterfall: Vec<WaterfallStep>,
    /// What to do next, what helps most first.
    pub next: Vec<NextStep>,
}

impl Standing {
    /// How many rows of a table came to a step of the way, by its name in [`WaterfallStep::step`]; `None` where no source
    /// feeds the table.
    pub fn rows(&self, table: &str, step: &str) -> Option<u64> {
        self.waterfall.iter().find(|one| one.table == table && one.step == step).map(|one| one.rows)
    }
}

/// One reference between two tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationReport {
    /// The table that refers.
    pub table: String,
    /// Its field.
    pub field: String,
    /// The table referred to.
    pub to: String,
    /// Open findings of rows that refer to nothing.
    pub orphans: u64,
}

/// One rule in one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleReport {
    /// The rule's id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// What it finds, in plain words.
    pub finds: String,
    /// Why that matters.
    pub matters: String,
    /// The severity of its findings there.
    pub severity: Severity,
    /// The canonical table.
    pub table: String,
    /// The field, or empty.
    pub field: String,
    /// Open findings.
    pub open: u64,
    /// Waived findings.
    pub waived: u64,
    /// Rows looked at.
    pub rows: u64,
    /// Open findings at the last checks, oldest first, this one included.
    pub trend: Vec<u64>,
    /// The most frequent values that were found, with their counts.
    pub top_values: Vec<(Option<String>, u64)>,
    /// The first few findings, as examples; all of them are in `anomalies`.
    pub examples: Vec<Anomaly>,
}

/// One step of the way from rows in to rows committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaterfallStep {
    /// The canonical table.
    pub table: String,
    /// `rows in`, `rejected`, `staged`, `left out by the mapping`, `excluded`, `merged`, `candidates`; then what a commit would
    /// do now: `would be quarantined`, `would be committed`; and once there was a commit, what the last one has left:
    /// `quarantined by the last commit`, `canonical since the last commit`.
    pub step: String,
    /// How many rows.
    pub rows: u64,
}

impl WaterfallStep {
    /// The step with the rows that a commit would quarantine now.
    pub const TO_QUARANTINE: &str = "would be quarantined";
    /// The step with the rows that a commit would make canonical now.
    pub const TO_COMMIT: &str = "would be committed";
    /// The step with the rows that the last commit has quarantined.
    pub const QUARANTINED: &str = "quarantined by the last commit";
    /// The step with the rows that are canonical since the last commit.
    pub const COMMITTED: &str = "canonical since the last commit";

    /// Whether it says what the last commit has left, and not what is there now.
    pub fn is_of_last_commit(&self) -> bool {
        [WaterfallStep::QUARANTINED, WaterfallStep::COMMITTED].contains(&self.step.as_str())
    }
}

/// Rejects of one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectTally {
    /// The source.
    pub source: String,
    /// The entity.
    pub entity: String,
    /// Why the records could not be read.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// The first of them: file and line.
    pub first: String,
}

/// Quarantined rows of one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineTally {
    /// The canonical table.
    pub table: String,
    /// The rule's id.
    pub rule: String,
    /// How many rows.
    pub rows: u64,
}

/// One waiver in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverLine {
    /// The decision's id.
    pub id: String,
    /// The rule's id.
    pub rule: String,
    /// The canonical table.
    pub table: String,
    /// How many findings it covers.
    pub covers: u64,
    /// Who accepted it.
    pub who: String,
    /// Why.
    pub why: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub until: Option<String>,
}

/// What feeds one canonical field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingLine {
    /// The source.
    pub source: String,
    /// The canonical table.
    pub table: String,
    /// The field.
    pub field: String,
    /// `entity.column` of each column that feeds it.
    pub columns: Vec<String>,
    /// The transforms, as written.
    pub transforms: Vec<String>,
}
