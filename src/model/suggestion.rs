//! Suggestions: which source column belongs to which canonical field, how sure that is, and why.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Edit, Step};

/// What is suggested for a whole source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The source.
    pub source: String,
    /// Its mapping, by file name without `.toml`.
    pub mapping: String,
    /// Per staged entity, in their order.
    pub entities: Vec<EntityProposal>,
}

/// What is suggested for one entity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EntityProposal {
    /// The entity.
    pub entity: String,
    /// Its staged rows.
    pub rows: u64,
    /// How well it fits each canonical table, best first.
    pub tables: Vec<TableChoice>,
    /// The pairs of the tables that are chosen, in the order of the columns.
    pub suggestions: Vec<Suggestion>,
    /// Columns that hold data and for which nothing is mapped or suggested.
    pub left: Vec<String>,
    /// What the mapping has to say of it for its connector and does not say yet, e.g. which files hold it.
    pub options: Option<toml::Table>,
}

/// How well an entity fits a canonical table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableChoice {
    /// The canonical table.
    pub table: String,
    /// How sure it is, 0 to 1.
    pub score: f64,
    /// Whether it is mapped to the table already.
    pub mapped: bool,
    /// Whether the suggestions are for this table.
    pub chosen: bool,
    /// Why, in a sentence.
    pub words: String,
}

/// A pair of source columns and a canonical field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The entity.
    pub entity: String,
    /// The source columns as staged; more than one where they are joined.
    pub columns: Vec<String>,
    /// The canonical table.
    pub table: String,
    /// The canonical field.
    pub field: String,
    /// How sure it is, 0 to 1; from 0.9 on it may be accepted unseen.
    pub score: f64,
    /// Whether the mapping says so already.
    pub mapped: bool,
    /// What would be done to the text; what is done where it is mapped.
    pub transforms: Vec<Step>,
    /// The parts of the score.
    pub evidence: Vec<Evidence>,
    /// The next best field for the column, and why it is not the best.
    pub runner_up: Option<RunnerUp>,
}

impl Suggestion {
    /// The edit that accepts it.
    pub fn edit(&self) -> Edit {
        Edit::Map {
            table: self.table.clone(),
            entity: self.entity.clone(),
            field: self.field.clone(),
            columns: self.columns.clone(),
            transforms: Some(self.transforms.clone()),
        }
    }
}

/// One part of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was looked at.
    pub part: EvidencePart,
    /// How much it speaks for the pair, 0 (against) to 1 (for).
    pub score: f64,
    /// What was found, in a few words.
    pub words: String,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidencePart {
    /// The name of the column beside the field's name and synonyms.
    Name,
    /// What the values look like beside what the field holds.
    Kind,
    /// Shapes, formats, allowed values and range.
    Values,
    /// How distinct the values are, and whether they are keys that are known already.
    Keys,
    /// What stands beside the column.
    Neighbours,
    /// What was mapped before in this workspace.
    Confirmed,
}

impl EvidencePart {
    /// The word on screen.
    pub fn name(self) -> &'static str {
        match self {
            EvidencePart::Name => "name",
            EvidencePart::Kind => "kind",
            EvidencePart::Values => "values",
            EvidencePart::Keys => "keys",
            EvidencePart::Neighbours => "neighbours",
            EvidencePart::Confirmed => "confirmed",
        }
    }
}

/// The field that a column would go to if it did not go where it is suggested to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// The canonical field, of the same table.
    pub field: String,
    /// How sure it would be, 0 to 1.
    pub score: f64,
    /// Why not, in a few words.
    pub why: String,
}

/// What accepting suggestions together comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Acceptance {
    /// The edit, undone as one; none where there is nothing to accept.
    pub edit: Option<Edit>,
    /// How many suggestions it accepts.
    pub taken: usize,
    /// Those that score too little.
    pub below: Vec<Suggestion>,
    /// Those of tables that are rather not the right ones for their entities.
    pub doubtful: Vec<Suggestion>,
}

impl EntityProposal {
    /// Whether a table is suggested for the entity and rather not the right one.
    pub fn is_doubtful(&self, table: &str) -> bool {
        self.tables.iter().any(|one| one.table == table && !one.mapped && one.score < 0.5)
    }
}

impl Proposal {
    /// Every suggestion, in order.
    pub fn suggestions(&self) -> impl Iterator<Item = &Suggestion> {
        self.entities.iter().flat_map(|entity| &entity.suggestions)
    }

    /// What accepting every suggestion that is not mapped yet and scores `least` or more comes to. `only` is a canonical
    /// table. Of a table that is rather not the right one for its
    /// entity nothing is accepted, unless it is named.
    pub fn accept(&self, least: f64, only: Option<&str>) -> Acceptance {
        let mut acceptance = Acceptance::default();
        let mut edits = Vec::new();
        for entity in &self.entities {
            let open = entity.suggestions.iter().filter(|one| !one.mapped && only.is_none_or(|only| only == one.table));
            for one in open {
                match entity.is_doubtful(&one.table) && only.is_none() {
                    false if one.score >= least => {
                        acceptance.taken += 1;
                        edits.push(one.edit());
                    }
                    false => acceptance.below.push(one.clone()),
                    true => acceptance.doubtful.push(one.clone()),
                }
            }
        }
        if !edits.is_empty() {
            // A mapping that names some entities is taken to name all: none may be forgotten.
            for entity in &self.entities {
                if let Some(options) = &entity.options {
                    edits.push(Edit::Entity { entity: entity.entity.clone(), options: options.clone() });
                }
            }
            acceptance.edit = Some(Edit::Many(edits));
        }
        acceptance
    }

    /// Per column that is suggested for a field, as `(entity, column)`, its suggestions.
    pub fn by_column(&self) -> IndexMap<(&str, &str), Vec<&Suggestion>> {
        let mut columns: IndexMap<(&str, &str), Vec<&Suggestion>> = IndexMap::new();
        for suggestion in self.suggestions() {
            for column in &suggestion.columns {
                columns.entry((suggestion.entity.as_str(), column.as_str())).or_default().push(suggestion);
            }
        }
        columns
    }
}
