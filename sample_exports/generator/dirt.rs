//! What is planted: every kind of dirt that the rules know, every way in which a record can be broken, and what looks
//! odd and is right. The files `clients`, `products`, `sales` and `stock` list their kinds.

use super::records::{Record, World};

/// How a reader has to take what was planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A row with a finding; the kind's id is the rule's.
    Rule,
    /// A record that cannot be read as a row.
    Reject,
    /// A row that is well formed and nothing to complain about.
    Legal,
}

/// One kind of dirt in one entity.
pub struct Kind {
    /// The rule's id, or a name for what is no rule's business.
    pub id: &'static str,
    /// How a reader has to take it.
    pub class: Class,
    /// What it looks like, in a few words.
    pub looks: &'static str,
    /// The rules that may find something about the same row besides.
    pub also: &'static [&'static str],
    /// How it is planted.
    pub plant: Plant,
}

/// How a kind is planted. Each function returns the column in which it can be seen, if it is one column.
pub enum Plant {
    /// Spoils a row that is there; chosen so that no other row is affected.
    Change(fn(&mut Record, &Turn) -> Option<usize>),
    /// Adds a record after the row that is there. It is handed a record that nothing else refers to.
    Add(fn(&mut Record, &Turn) -> Option<usize>),
    /// Adds one record at the very end of the file.
    End(fn(&mut Record, &Turn) -> Option<usize>),
}

/// Where the planting stands.
pub struct Turn<'a> {
    /// What records refer to.
    pub world: &'a World,
    /// The clean row at this place.
    pub row: &'a Record,
    /// Its number.
    pub number: u64,
    /// How often the kind has been planted in this file before.
    pub nth: u64,
}

impl Turn<'_> {
    /// One after the other of these.
    pub fn pick<'a>(&self, choices: &[&'a str]) -> &'a str {
        choices[(self.nth % choices.len() as u64) as usize]
    }
}

/// Stands for a byte that has no meaning in the file's encoding; replaced when the text is encoded.
pub const BAD_BYTE: char = '\u{e000}';

/// A kind that a rule finds.
pub const fn rule(id: &'static str, looks: &'static str, also: &'static [&'static str], plant: Plant) -> Kind {
    Kind { id, class: Class::Rule, looks, also, plant }
}

/// A kind that makes a record unreadable.
pub const fn reject(id: &'static str, looks: &'static str, plant: Plant) -> Kind {
    Kind { id, class: Class::Reject, looks, also: &[], plant }
}

/// A kind that looks odd and is right.
pub const fn legal(id: &'static str, looks: &'static str, plant: Plant) -> Kind {
    Kind { id, class: Class::Legal, looks, also: &[], plant }
}

/// Puts a text into a column, and says that it is to be seen there.
pub fn put(record: &mut Record, column: usize, text: &str) -> Option<usize> {
    record.set(column, text);
    Some(column)
}

/// Makes the record the row before once more.
pub fn again(record: &mut Record, turn: &Turn) -> Option<usize> {
    record.clone_from(turn.row);
    None
}
