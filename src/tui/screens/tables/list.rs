//! The tables of all stages as a list, with how many rows each has. Neighbour: `mod`, which opens what is chosen.

use crate::model::{RowsOf, TableInfo, TableStage};

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListLine {
    /// The result of the query that was run last.
    Query,
    /// A stage; where it is staging, with the source.
    Head(String),
    /// A table, by its place among all.
    Table(usize),
}

/// The lines: what a query found, then every stage that has tables.
pub fn lines(tables: &[TableInfo], has_query: bool) -> Vec<ListLine> {
    let mut lines = Vec::new();
    if has_query {
        lines.push(ListLine::Query);
    }
    let mut head = String::new();
    // The tables come stage by stage, and those of staging source by source.
    for (at, table) in tables.iter().enumerate() {
        // Rejects are one table, which needs no head.
        let own = match table.stage {
            TableStage::Rejects => String::new(),
            stage => {
                source(table).map_or_else(|| stage.name().to_owned(), |source| format!("{} · {source}", stage.name()))
            }
        };
        if own != head {
            head.clone_from(&own);
            if !own.is_empty() {
                lines.push(ListLine::Head(own));
            }
        }
        lines.push(ListLine::Table(at));
    }
    lines
}

/// The source of a staged table.
fn source(table: &TableInfo) -> Option<&str> {
    let is_staged = table.stage == TableStage::Staging;
    table.name.split_once('/').filter(|_| is_staged).map(|(source, _)| source)
}

/// The name of a table below its head.
pub fn label(table: &TableInfo) -> &str {
    source(table).map_or(&table.name, |source| &table.name[source.len() + 1..])
}

/// The line of what is open.
pub fn line_of(tables: &[TableInfo], has_query: bool, of: &RowsOf) -> Option<usize> {
    lines(tables, has_query).iter().position(|line| match (line, of) {
        (ListLine::Query, RowsOf::Query(_)) => true,
        (ListLine::Table(at), of) => tables[*at].of() == *of,
        _ => false,
    })
}

/// The table that is worth opening first: candidates with rows, then what is staged, then anything with rows.
pub fn first(tables: &[TableInfo]) -> Option<&TableInfo> {
    let of = |stage| tables.iter().find(move |table| table.stage == stage && table.rows > 0);
    of(TableStage::Candidate)
        .or_else(|| of(TableStage::Staging))
        .or_else(|| of(TableStage::Rejects))
        .or_else(|| tables.first())
}
