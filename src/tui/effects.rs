//! What the update wants done, as data; the runtime does it and answers with a [`Message`](super::message::Message).

use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use indexmap::IndexMap;

use super::screens::mapping::{Opened, Told};
use crate::model::{
    Action, Anomaly, AnomalyFilter, Cluster, Commit, Conflict, DuplicateGroup, Duplicates, EntityProfile, Facets, Load,
    Mapping, MappingDraft, MappingPreview, MappingProblem, Neighbours, Page, Proposal, RowChange, RowStory,
    SourceConfig, Standing, Suggested, TableScore, TableTally, TextField, ValueCluster, Verdict, Waiver,
};
use crate::workbench::{MappingInfo, Probe, SourceStatus, Tried};

use super::screens::tables::ask::{TableAnswer, TableAsk, TableSlot};

/// One thing to be done outside of the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Work for the writer.
    Do(Job),
    /// A question for the reader; an answer to an earlier question of the same slot no longer matters.
    Ask(u64, Box<Ask>),
    /// Stop the work that is going on.
    Cancel,
    /// Nobody waits for an answer of this kind any more.
    Forget(Slot),
    /// Put text on the user's clipboard.
    Copy(String),
    /// Write a setting into the user's own configuration.
    Remember {
        /// Its name.
        setting: &'static str,
        /// What it is.
        value: String,
    },
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// End the program.
    Quit,
}

/// A piece of work that changes the workspace; one runs at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// Load a source.
    Load(String),
    /// Build the candidates and run every rule. Many wishes for it are one.
    Check,
    /// Write a decision to the ledger. The ticket tells which one the answer is about.
    Decide {
        /// Chosen by who asks.
        ticket: u64,
        /// What is decided.
        wish: Box<Wish>,
        /// The reason.
        why: Option<String>,
    },
    /// Write a mapping file.
    SaveMapping {
        /// What it is to say.
        draft: Box<MappingDraft>,
    },
    /// Make the candidates canonical.
    Commit {
        /// The message.
        message: String,
    },
    /// Add a source.
    AddSource {
        /// Its name.
        name: String,
        /// What `tastevin.toml` is to say of it.
        config: Box<SourceConfig>,
    },
    /// Change options of a source; those without a value are taken out.
    EditSource {
        /// Its name.
        name: String,
        /// The options with their new values.
        changes: IndexMap<String, Option<toml::Value>>,
    },
    /// Take a source out of `tastevin.toml`.
    RemoveSource(String),
    /// Undo what a commit did, as a new commit.
    Revert {
        /// The commit that is undone.
        commit: i64,
        /// The message.
        message: String,
    },
}

impl Job {
    /// Whether it writes the canonical tables.
    pub fn is_commit(&self) -> bool {
        matches!(self, Job::Commit { .. } | Job::Revert { .. })
    }
}

/// What the user wants decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// This, as it stands.
    Action(Action),
    /// Give a field of these rows their new values. What they had before is read by the writer, in the form in which
    /// the decision will be compared with it.
    Set {
        /// The table.
        table: String,
        /// The field.
        field: String,
        /// The rule that found them.
        rule: Option<String>,
        /// The new value of each row; `None` empties the field.
        values: IndexMap<String, Option<String>>,
    },
    /// Write spellings of a field as other ones, here and in later exports: spelling before → after.
    Merge {
        /// The table.
        table: String,
        /// The field.
        field: String,
        /// Spelling before → spelling after.
        spellings: IndexMap<String, String>,
    },
    /// Make rows one: `into` stays and takes fields over from the rows that `take` names.
    Join {
        /// The table.
        table: String,
        /// The row that stays.
        into: String,
        /// The rows that go.
        rows: Vec<String>,
        /// Field → the row that gives its value.
        take: IndexMap<String, String>,
    },
    /// Remember that rows are different things.
    Apart {
        /// The table.
        table: String,
        /// The rows.
        rows: Vec<String>,
    },
    /// The same for every open finding that a filter lets through, however many there are.
    Found {
        /// Which ones.
        filter: AnomalyFilter,
        /// What is done.
        what: OnAll,
    },
}

/// What is done to all findings of a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum OnAll {
    /// Their fields get this value; none empties them.
    Set(Option<String>),
    /// Their fields get the values that are suggested.
    Accept,
    /// They are accepted as they are.
    Waive {
        /// The last day on which it holds.
        until: Option<NaiveDate>,
    },
    /// Their rows are left out.
    Exclude,
}

/// A question to the workspace.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The sources with their last loads.
    Sources,
    /// The verdict of the last check, how many decisions are in conflict, and whether some came after that check.
    Verdict,
    /// Whether the workspace's files were edited by somebody else since they were read.
    Edited,
    /// The commits.
    Log,
    /// The kinds that a source can be of, and what is said of the sources.
    Kinds,
    /// What holds and what does not on the way to a source.
    Test {
        /// The source.
        source: String,
    },
    /// How far the data has come, and what to do next.
    Standing,
    /// The loads, the commits and the scores of the last checks.
    History,
    /// The difference between the states after two commits, in rows per table; 0 is the state before the first.
    Between {
        /// The earlier one.
        from: i64,
        /// The later one.
        to: i64,
    },
    /// A window of the rows of one table that differ between these states.
    BetweenRows {
        /// The earlier one.
        from: i64,
        /// The later one.
        to: i64,
        /// The table.
        table: String,
        /// The first one.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// The decisions that were not applied.
    Conflicts,
    /// A window of findings.
    Findings {
        /// Which ones.
        filter: AnomalyFilter,
        /// The first one.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// The same, to act on them.
    Collect {
        /// Which ones.
        filter: AnomalyFilter,
        /// The first one.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// The money at stake in the rows of findings.
    AtStake {
        /// Which ones.
        filter: AnomalyFilter,
    },
    /// How many findings there are of each kind.
    Facets {
        /// Among which ones.
        filter: AnomalyFilter,
    },
    /// A window of the clusters of values.
    Values {
        /// Among which ones.
        filter: AnomalyFilter,
        /// The first one.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// A window of what accepting all suggestions would change.
    Suggestions {
        /// Among which ones.
        filter: AnomalyFilter,
        /// The first one.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// A window of the findings whose fields would be emptied.
    Emptied {
        /// Which ones.
        filter: AnomalyFilter,
        /// The first one.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// A row with its story and everything that was found in it.
    Record {
        /// The table.
        table: String,
        /// The row.
        row: String,
    },
    /// How many rows of which tables refer to a row.
    Referring {
        /// The table.
        table: String,
        /// The row's identity.
        row: String,
    },
    /// The rows that a row refers to and those that refer to it: all relations, and a window of the rows.
    Neighbours {
        /// The table.
        table: String,
        /// The row.
        row: String,
        /// The first one.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// The waivers.
    Waivers,
    /// Groups of rows that may be the same thing.
    Duplicates,
    /// The rows of a group, side by side.
    DuplicateRows(Box<DuplicateGroup>),
    /// The text fields that have spellings.
    TextFields,
    /// The clusters of spellings of a field.
    Clusters {
        /// The table.
        table: String,
        /// The field.
        field: String,
    },
    /// How many clusters of spellings a field has that nobody looks at yet.
    ClusterCount {
        /// The table.
        table: String,
        /// The field.
        field: String,
    },
    /// The number of the next finding that contains a text.
    Find {
        /// Among which ones.
        filter: AnomalyFilter,
        /// The text.
        text: String,
        /// Where to begin; this one itself does not count.
        from: u64,
        /// Towards the first one.
        backwards: bool,
    },
    /// What became of every cell of a row.
    Story {
        /// The table.
        table: String,
        /// The row.
        row: String,
    },
    /// What a commit would change, in rows per table.
    Diff,
    /// A window of the rows of one table that a commit would change.
    Changes {
        /// The table.
        table: String,
        /// The first one.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// A window of the rows that a commit would hold back, with their reasons.
    Held {
        /// The first one.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// Write the report of the last check into a file; its ending says the format.
    Report {
        /// The file.
        path: PathBuf,
    },
    /// Something of the tables of all stages.
    Table(TableAsk),
    /// The mapping of a source as its file says, to be edited, and how the source's columns have changed.
    MappingDraft {
        /// The source.
        source: String,
    },
    /// What the columns of a staged entity hold.
    Profile {
        /// The source.
        source: String,
        /// The entity.
        entity: String,
    },
    /// What is suggested for a source.
    Proposal {
        /// The source.
        source: String,
        /// Its mapping as it is now, saved or not.
        mapping: Box<Mapping>,
    },
    /// A window of the rows of a field as they come out, those that cannot be read first.
    MappingPreview {
        /// The source.
        source: String,
        /// Its mapping as it would be.
        draft: Box<MappingDraft>,
        /// The canonical table.
        table: String,
        /// The canonical field.
        field: String,
        /// The first row.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// What is wrong with mappings as they would be, each with a source that goes by it.
    MappingProblems(Vec<(String, MappingDraft)>),
    /// The statement that would build a table.
    MapSql {
        /// The source whose mapping is edited.
        source: String,
        /// Its mapping as it would be.
        draft: Box<MappingDraft>,
        /// The canonical table.
        table: String,
    },
}

/// How many readers there are, each with a lane of questions.
pub const LANES: usize = 4;

/// The kind of a question. A newer question of the same slot makes an older one pointless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "one for each Ask, where they are documented")]
pub enum Slot {
    Sources,
    Verdict,
    Edited,
    Log,
    Kinds,
    Test,
    Standing,
    History,
    Between,
    BetweenRows,
    Conflicts,
    Findings,
    Collect,
    AtStake,
    Facets,
    Values,
    Suggestions,
    Record,
    Neighbours,
    Referring,
    Waivers,
    Duplicates,
    DuplicateRows,
    TextFields,
    Clusters,
    ClusterCount,
    Find,
    Story,
    Diff,
    Changes,
    Held,
    Report,
    Table(TableSlot),
    MappingDraft,
    Profile,
    Proposal,
    MappingPreview,
    MappingProblems,
    MapSql,
}

impl Ask {
    /// The kind of question it is.
    pub fn slot(&self) -> Slot {
        match self {
            Ask::Sources => Slot::Sources,
            Ask::Verdict => Slot::Verdict,
            Ask::Edited => Slot::Edited,
            Ask::Log => Slot::Log,
            Ask::Kinds => Slot::Kinds,
            Ask::Standing => Slot::Standing,
            Ask::Test { .. } => Slot::Test,
            Ask::History => Slot::History,
            Ask::Between { .. } => Slot::Between,
            Ask::BetweenRows { .. } => Slot::BetweenRows,
            Ask::Conflicts => Slot::Conflicts,
            Ask::Findings { .. } => Slot::Findings,
            Ask::Collect { .. } => Slot::Collect,
            Ask::AtStake { .. } => Slot::AtStake,
            Ask::Facets { .. } => Slot::Facets,
            Ask::Values { .. } => Slot::Values,
            // They are seen in one place.
            Ask::Suggestions { .. } | Ask::Emptied { .. } => Slot::Suggestions,
            Ask::Record { .. } => Slot::Record,
            Ask::Neighbours { .. } => Slot::Neighbours,
            Ask::Referring { .. } => Slot::Referring,
            Ask::Waivers => Slot::Waivers,
            Ask::Duplicates => Slot::Duplicates,
            Ask::DuplicateRows(_) => Slot::DuplicateRows,
            Ask::TextFields => Slot::TextFields,
            Ask::Clusters { .. } => Slot::Clusters,
            Ask::ClusterCount { .. } => Slot::ClusterCount,
            Ask::Find { .. } => Slot::Find,
            Ask::Story { .. } => Slot::Story,
            Ask::Diff => Slot::Diff,
            Ask::Changes { .. } => Slot::Changes,
            Ask::Held { .. } => Slot::Held,
            Ask::MappingDraft { .. } => Slot::MappingDraft,
            Ask::Profile { .. } => Slot::Profile,
            Ask::Proposal { .. } => Slot::Proposal,
            Ask::MappingPreview { .. } => Slot::MappingPreview,
            Ask::MappingProblems(_) => Slot::MappingProblems,
            Ask::MapSql { .. } => Slot::MapSql,
            Ask::Report { .. } => Slot::Report,
            Ask::Table(ask) => Slot::Table(ask.slot()),
        }
    }

    /// Which of the readers answers it. A question that may take long does not keep those of another lane waiting.
    pub fn lane(&self) -> usize {
        match self {
            // A server that does not answer holds nothing else up.
            Ask::Test { .. } => 3,
            Ask::Report { .. } | Ask::Standing => 2,
            Ask::Table(ask) => ask.lane(),
            Ask::MappingPreview { .. } | Ask::MappingProblems(_) => 1,
            // Comparing the spellings of a field may take a while too.
            Ask::Profile { .. } | Ask::Proposal { .. } | Ask::Clusters { .. } | Ask::ClusterCount { .. } => 2,
            _ => 0,
        }
    }
}

/// What is told of a long answer on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Which share of it is found, from 0 to 1.
    Share(f64),
    /// A step of a test of a source begins or ends.
    Tried(Tried),
}

/// The answer to the question of the same name.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "one for each Ask, where they are documented")]
pub enum Answer {
    Sources(Vec<SourceStatus>),
    Verdict { verdict: Option<Box<Verdict>>, conflicts: u64, outdated: bool },
    Edited(bool),
    Log(Vec<Commit>),
    Standing(Box<Standing>),
    Kinds { kinds: Vec<MappingInfo>, sources: IndexMap<String, SourceConfig> },
    Test { source: String, probes: Vec<Probe> },
    History { loads: Vec<Load>, commits: Vec<Commit>, trends: IndexMap<String, Vec<TableScore>> },
    Between { from: i64, to: i64, tables: Vec<TableTally> },
    BetweenRows { offset: u64, rows: Vec<RowChange> },
    Conflicts(Vec<Conflict>),
    Findings { offset: u64, total: u64, rows: Vec<Anomaly> },
    Collect(Vec<Anomaly>),
    AtStake(Option<f64>),
    Facets(Box<Facets>),
    Values { offset: u64, total: u64, rows: Vec<ValueCluster> },
    Suggestions { offset: u64, total: u64, rows: Vec<Suggested> },
    Emptied { offset: u64, total: u64, rows: Vec<Anomaly> },
    Record { story: Option<Box<RowStory>>, findings: Vec<Anomaly> },
    Neighbours(Option<Box<Neighbours>>),
    Referring(Vec<(String, u64)>),
    Waivers(Vec<Waiver>),
    Duplicates(Vec<DuplicateGroup>),
    DuplicateRows(Option<Box<Duplicates>>),
    TextFields(Vec<TextField>),
    Clusters(Vec<Cluster>),
    ClusterCount(u64),
    Find(Option<u64>),
    Story(Option<Box<RowStory>>),
    Diff(Vec<TableTally>),
    Changes { offset: u64, rows: Vec<RowChange> },
    Held(Page),
    Report(PathBuf),
    Table(Box<TableAnswer>),
    MappingDraft { source: String, outcome: Result<Opened, Told> },
    Profile { source: String, entity: String, profile: Option<Arc<EntityProfile>> },
    Proposal(Box<Proposal>),
    MappingPreview(Result<MappingPreview, Told>),
    MappingProblems(Result<Vec<MappingProblem>, Told>),
    MapSql(Result<(String, String), Told>),
}
