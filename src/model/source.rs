//! What `tastevin.toml` says: the workspace, its sources and its gate.

use std::num::NonZeroU32;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The whole of `tastevin.toml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceConfig {
    /// The workspace itself.
    pub workspace: Workspace,
    /// The sources by name.
    #[serde(default)]
    pub sources: IndexMap<String, SourceConfig>,
    /// What must hold before a commit.
    #[serde(default)]
    pub gate: Gate,
}

/// The `[workspace]` part.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Workspace {
    /// The name shown in the header and on reports.
    pub name: String,
    /// The most memory the engine may use, e.g. `"4GB"`; absent for DuckDB's own choice (80 % of the machine's).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<String>,
    /// How many threads the engine may use; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<NonZeroU32>,
}

/// One `[sources.NAME]` part. Options beyond `kind` and `mapping` belong to the connector.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceConfig {
    /// Which mapping, and through it which connector: `isavigne` stands for `mappings/isavigne.toml`.
    pub kind: String,
    /// A mapping of its own, by file name without `.toml`; absent for the one of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// The connector's options as written.
    #[serde(flatten)]
    pub options: IndexMap<String, toml::Value>,
}

impl SourceConfig {
    /// The name of the mapping file without `.toml`.
    pub fn mapping_name(&self) -> &str {
        self.mapping.as_deref().unwrap_or(&self.kind)
    }

    /// The option `name`, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.options.get(name).and_then(toml::Value::as_str)
    }
}

/// The `[gate]` part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gate {
    /// From which severity on an open anomaly blocks its row.
    pub fail_on: FailOn,
    /// Whether blocked rows are held back while the rest commits; if not, one blocked row stops the commit.
    pub quarantine: bool,
    /// The greatest share of a table that may be quarantined, e.g. `"5%"`.
    pub max_quarantined: String,
    /// The greatest share of a table's committed rows that one commit may remove, e.g. `"20%"`: an export that was cut short
    /// looks like a mass deletion.
    pub max_removed: String,
    /// From which share of a table's committed rows on it is told that a commit gives most of their values others, e.g.
    /// `"20%"`: a source that has numbered anew looks like many repairs. It closes nothing.
    pub warn_rewritten: String,
}

impl Default for Gate {
    fn default() -> Self {
        Gate {
            fail_on: FailOn::Error,
            quarantine: true,
            max_quarantined: "5%".to_owned(),
            max_removed: "20%".to_owned(),
            warn_rewritten: "20%".to_owned(),
        }
    }
}

/// From which severity on something fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Errors only.
    #[default]
    Error,
    /// Errors and warnings.
    Warning,
    /// Nothing.
    Never,
}
