//! A load: what was extracted and staged, and what could not be.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::Drift;

/// The columns that the workbench gives to every staged entity beside those of the source.
pub const STAGED_COLUMNS: [&str; 3] = ["_row", "_file", "_load"];

/// What is said of a load that did not go through, where there is one before it.
pub const STILL_STANDS: &str = "the earlier load still stands";

/// One run of one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Its number in this workspace, from 1.
    pub id: i64,
    /// The source.
    pub source: String,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// How it ended.
    pub status: LoadStatus,
    /// Per entity, what came in.
    pub entities: Vec<EntityLoad>,
    /// What is worth knowing: renamed headers, undetectable encodings, files passed over.
    pub notes: Vec<String>,
    /// How the columns have changed since the load before; nothing is remapped by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
}

impl Load {
    /// Records in the source, over all entities.
    pub fn rows_in(&self) -> u64 {
        self.entities.iter().map(|entity| entity.rows_in).sum()
    }

    /// Records staged, over all entities.
    pub fn staged(&self) -> u64 {
        self.entities.iter().map(|entity| entity.staged).sum()
    }

    /// Records rejected, over all entities.
    pub fn rejected(&self) -> u64 {
        self.entities.iter().map(|entity| entity.rejected).sum()
    }
}

/// How a load is wished for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Read everything anew, also where the source could tell what changed.
    pub full: bool,
    /// Read what changed since that day, instead of since the last load.
    pub since: Option<NaiveDate>,
}

/// How a load ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadStatus {
    /// Everything was staged or rejected.
    Done,
    /// It failed; the earlier load still stands.
    Failed,
    /// It was cancelled; the earlier load still stands.
    Cancelled,
}

impl LoadStatus {
    /// The word used in tables and outputs.
    pub fn name(self) -> &'static str {
        match self {
            LoadStatus::Done => "done",
            LoadStatus::Failed => "failed",
            LoadStatus::Cancelled => "cancelled",
        }
    }
}

/// What came of the loads of a source, all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LoadTotals {
    /// Loads that were begun.
    pub loads: u64,
    /// Those that went through.
    pub done: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that the user cancelled.
    pub cancelled: u64,
    /// Records that came in with those that went through.
    pub rows_in: u64,
    /// How long one that went through took on average, in seconds.
    pub average_seconds: Option<f64>,
}

impl LoadTotals {
    /// Adds loads up.
    pub fn of(loads: &[Load]) -> LoadTotals {
        let mut totals = LoadTotals { loads: loads.len() as u64, ..LoadTotals::default() };
        let mut seconds = 0.0;
        for load in loads {
            match load.status {
                LoadStatus::Failed => totals.failed += 1,
                LoadStatus::Cancelled => totals.cancelled += 1,
                LoadStatus::Done => {
                    totals.done += 1;
                    totals.rows_in += load.rows_in();
                    let took = load.ended.map_or(0, |ended| (ended - load.started).num_milliseconds());
                    seconds += took as f64 / 1000.0;
                }
            }
        }
        totals.average_seconds = (totals.done > 0).then(|| seconds / totals.done as f64);
        totals
    }
}

/// What came in for one entity. `rows_in` is counted by the reader, `staged` by the database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EntityLoad {
    /// The entity.
    pub entity: String,
    /// The files that were read, relative to the source's folder.
    pub files: Vec<String>,
    /// Records in the files.
    pub rows_in: u64,
    /// Records staged.
    pub staged: u64,
    /// Records rejected.
    pub rejected: u64,
    /// Bytes read.
    pub bytes: u64,
    /// The encoding, delimiter and header line that were used, in words.
    pub dialect: String,
    /// The columns as staged.
    pub columns: Vec<String>,
}

/// An input record that could not be read as a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The file.
    pub file: String,
    /// The line on which the record begins, counted from 1.
    pub line: u64,
    /// Why it could not be read: `too few fields`, `too many fields`, `unclosed quote`,
    /// `text after closing quote`, `undecodable bytes`, `truncated`.
    pub reason: String,
    /// The record as it stands in the file; bytes that cannot be decoded are written `\xHH`.
    pub raw: String,
}
