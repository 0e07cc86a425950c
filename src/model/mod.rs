//! The words of the workbench as plain data. Knows nothing of databases, files, terminals or clocks.

mod anomaly;
mod cluster;
mod commit;
mod decision;
mod draft;
mod drift;
mod duplicate;
pub mod examples;
mod facet;
mod identity;
mod load;
mod mapping;
mod neighbour;
mod page;
mod profile;
mod progress;
mod report;
mod schema;
mod source;
mod story;
mod suggestion;
mod verdict;
mod view;
mod waiver;
mod words;

pub use anomaly::{Anomaly, AnomalyFilter, AnomalyOrder, NEVER_WAIVED, Severity, Status};
pub use cluster::{Cluster, Likeness, Spelling, TextField};
pub use commit::{COMES_AGAIN, CellChange, Commit, DiffKind, RowChange, TableDiff, TableTally};
pub use decision::{Action, Conflict, Decision};
pub use draft::{Coverage, Edit, MappingDraft, MappingPreview, MappingProblem, PreviewRow, coverage};
pub use drift::{Drift, MissingColumn, RenamedColumn};
pub use duplicate::{DuplicateGroup, DuplicateRow, Duplicates};
pub use facet::{Count, Facet, FacetLine, Facets, RuleCount, Suggested, ValueCluster};
pub use identity::key_in;
pub use load::{EntityLoad, Load, LoadOptions, LoadStatus, LoadTotals, Reject, STAGED_COLUMNS, STILL_STANDS};
pub use mapping::{EntityFiles, FieldMapping, Mapping, Step, TableMapping, column_key};
pub use neighbour::{Neighbour, Neighbours, Relation};
pub use page::Page;
pub use profile::{ColumnProfile, EntityProfile, ValueKind};
pub use progress::{Canceller, Progress, Unit};
pub use report::{
    MappingLine, NextStep, QuarantineTally, RejectTally, RelationReport, Report, RuleReport, Standing, TableReport,
    Task, WaiverLine, WaterfallStep,
};
pub use schema::{Aggregate, Check, Derive, Field, FieldType, Format, Reference, Schema, Stake, Table};
pub use source::{FailOn, Gate, SourceConfig, Workspace, WorkspaceConfig};
pub use story::{CellStory, RowStory};
pub use suggestion::{Acceptance, EntityProposal, Evidence, EvidencePart, Proposal, RunnerUp, Suggestion, TableChoice};
pub use verdict::{Condition, ConditionKind, RuleTally, TableScore, Verdict};
pub use view::{
    CellKind, ColumnInfo, Frequencies, LONGEST_CELL, Occurrence, Profile, Record, RecordOrigin, RowFilter, RowsOf,
    SortKey, TableInfo, TableStage, TableView, ViewPage,
};
pub use waiver::Waiver;
pub use words::{counted, thousands};
