//! What a rule asks: the query that finds, and signs by which it is known beforehand that it finds nothing.

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
    joins: Vec<String>,
    conditions: Vec<String>,
}

impl Sign {
    pub(super) fn join(&mut self, join: String) {
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
/// The engine spends nearly all of its time for a query of few rows on planning it; of all rules that look at a row, mostly
/// none has anything to tell.
pub fn question(rows: &str, signs: &[&[Sign]]) -> String {
    let mut joins: Vec<&str> = Vec::new();
    for join in signs.iter().copied().flatten().flat_map(|sign| &sign.joins) {
        if !joins.contains(&join.as_str()) {
            joins.push(join);
        }
    }
    let truths: Vec<String> = signs
        .iter()
        .map(|signs| {
            let any: Vec<String> = signs.iter().map(|sign| format!("({})", sign.conditions.join(" AND "))).collect();
            format!("coalesce(bool_or({}), false)", any.join(" OR "))
        })
        .collect();
    let joins: String = joins.iter().map(|join| format!("\n{join}")).collect();
    format!("SELECT {}\nFROM {rows} AS t{joins}", truths.join(",\n  "))
}
