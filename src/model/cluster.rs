//! A cluster: spellings of a field that are likely to be the same thing.

use serde::Serialize;

/// A text field with how many different values it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextField {
    /// The canonical table.
    pub table: String,
    /// The field.
    pub field: String,
    /// How many different values its candidates have.
    pub values: u64,
    /// What tells these values, and what is declared of them, from others.
    #[serde(skip)]
    pub fingerprint: String,
}

/// Spellings that are likely to be the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// The spelling that all should get: the enumeration's where the field has one, else the most frequent.
    pub proposed: String,
    /// How many rows have one of the others.
    pub rows: u64,
    /// The proposed spelling first, then the others, the most frequent first.
    pub spellings: Vec<Spelling>,
}

/// One spelling in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spelling {
    /// As it is written.
    pub value: String,
    /// How many rows have it; 0 for a value of the enumeration that none has.
    pub rows: u64,
    /// In what it is like the proposed one.
    pub likeness: Likeness,
}

/// In what a spelling is like another, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likeness {
    /// It is the proposed one.
    Same,
    /// The same words, whatever their order, capitals, accents and punctuation.
    Words,
    /// The same pairs of letters, whatever the spaces.
    Letters,
    /// One letter more, less, other or swapped.
    OneLetter,
}

impl Likeness {
    /// The word for it in outputs and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Likeness::Same => "proposed",
            Likeness::Words => "same words",
            Likeness::Letters => "same letters",
            Likeness::OneLetter => "one letter",
        }
    }
}
