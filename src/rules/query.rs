//! What a rule asks: the query that finds, and signs by which it is known beforehand that it finds nothing.

use super::finding::{alias, column};
use crate::error::Result;
use crate::model::Reference;
use crate::sql::Ident;

/// A rule's query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The query itself, with the columns of [`FINDING`](super::FINDING).
    pub sql: String,
    /// Of a row about which something is found, at least one of these is true; `None` where only the query can tell.
    pub signs: Option<Vec<Sign>>,
}

/// A condition over the row `t`. It may also be true of rows about which nothing is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sign {
    /// What it needs to be joined to the row, none of which takes the row away.
    joins: Vec<Join>,
    conditions: Vec<String>,
}

/// What is joined to the row `t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Join {
    /// All rows with the key to which a field leads.
    Referred { from: String, to: Reference },
    /// Its staged texts, as the join is written.
    Texts(String),
}

impl Sign {
    pub(super) fn join(&mut self, join: Join) {
        if !self.joins.contains(&join) {
            self.joins.push(join);
        }
    }

    pub(super) fn when(&mut self, condition: &str) {
        self.conditions.push(format!("({condition})"));
    }

    pub(super) fn is_none(&self) -> bool {
        self.conditions.is_empty()
    }
}

/// The question of which queries a sign is true of some row of the relation `rows`: one row, a column for the signs of each query.
/// `referred` says which relation has the rows to which a field leads.
pub fn question(
    rows: &str,
    signs: &[&[Sign]],
    mut referred: impl FnMut(&str, &Reference) -> Result<String>,
) -> Result<String> {
    let mut joins: Vec<&Join> = Vec::new();
    for join in signs.iter().copied().flatten().flat_map(|sign| &sign.joins) {
        if !joins.contains(&join) {
            joins.push(join);
        }
    }
    let joins = joins.into_iter().map(|join| match join {
        // What is true of the one row that counts is true of one of those with its key.
        Join::Referred { from, to } => {
            let (alias, key) = (alias(from), Ident(&to.field));
            Ok(format!("\nLEFT JOIN {} AS {alias} ON {alias}.{key} = {}", referred(from, to)?, column(from)))
        }
        Join::Texts(sql) => Ok(format!("\n{sql}")),
    });
    let joins = joins.collect::<Result<String>>()?;
    let truths: Vec<String> = signs
        .iter()
        .map(|signs| {
            let any: Vec<String> = signs.iter().map(|sign| format!("({})", sign.conditions.join(" AND "))).collect();
            format!("coalesce(bool_or({}), false)", any.join(" OR "))
        })
        .collect();
    Ok(format!("SELECT {}\nFROM {rows} AS t{joins}", truths.join(",\n  ")))
}
