//! `tastevin diff`: what a commit would change, or what commits did change.

use super::context::Context;
use super::json;
use super::sink::Sink;
use super::table::Table;
use super::text::commit_number;
use super::text::{number, visible};
use super::{Outcome, Subcommand};
use crate::error::{Result, unknown};
use crate::model::{DiffKind, RowChange, TableDiff};
use crate::workbench::Workbench;

/// How many rows of a difference are fetched at a time.
const WINDOW: u64 = 100_000;

/// Show what a commit would change, or the difference between two commits
///
/// Without numbers: what `commit` would change now. With one: what that commit changed. With two: the difference
/// between the states after them; 0 is the empty state before the first.
#[derive(clap::Args)]
pub struct Diff {
    /// A commit, or the first of two
    #[arg(value_name = "N", value_parser = commit_number)]
    from: Option<i64>,
    /// The second commit
    #[arg(value_name = "M", value_parser = commit_number)]
    to: Option<i64>,
    /// Only this table
    #[arg(long)]
    table: Option<String>,
    /// Only how many rows differ
    #[arg(long)]
    stat: bool,
}

impl Subcommand for Diff {
    const NAME: &'static str = "diff";

    fn run(self, context: &Context) -> Result<Outcome> {
        let workbench = context.look()?;
        if let Some(table) = &self.table
            && !workbench.schema().tables.contains_key(table)
        {
            return Err(unknown("canonical table", table, workbench.schema().tables.keys().map(String::as_str)));
        }
        if self.from.is_none() {
            workbench.need_check()?;
        }
        let between = match (self.from, self.to) {
            (None, _) => None,
            (Some(one), None) => Some((one - 1, one)),
            (Some(from), Some(to)) => Some((from, to)),
        };
        let mut diff = window(&workbench, between, 0, if self.stat { 0 } else { WINDOW })?;
        diff.retain(|table| self.table.as_ref().is_none_or(|only| *only == table.tally.table));
        if !self.stat {
            rest(&workbench, between, &mut diff)?;
        }
        let mut out = context.stdout();
        if context.json() {
            json::write(&mut out, &[("tables", &diff)])?;
        } else {
            tallies(&mut out, &diff, context)?;
            for table in diff.iter().filter(|table| !table.rows.is_empty()) {
                out.line(format!("\n{}", context.paint(None).strong(&visible(&table.tally.table))))?;
                for row in &table.rows {
                    change(&mut out, row, context)?;
                }
            }
        }
        out.finish()?;
        Ok(Outcome::Pass)
    }
}

fn window(workbench: &Workbench, between: Option<(i64, i64)>, offset: u64, limit: u64) -> Result<Vec<TableDiff>> {
    match between {
        None => workbench.diff(offset, limit),
        Some((from, to)) => workbench.diff_between(from, to, offset, limit),
    }
}

/// Fetches what the first window did not hold.
fn rest(workbench: &Workbench, between: Option<(i64, i64)>, diff: &mut [TableDiff]) -> Result<()> {
    let mut offset = WINDOW;
    while diff.iter().any(|table| table.rows.len() as u64 >= offset) {
        for more in window(workbench, between, offset, WINDOW)? {
            if let Some(table) = diff.iter_mut().find(|table| table.tally.table == more.tally.table) {
                table.rows.extend(more.rows);
            }
        }
        offset += WINDOW;
    }
    Ok(())
}

/// Prints per table how many rows differ.
pub fn tallies(out: &mut Sink, diff: &[TableDiff], context: &Context) -> Result<()> {
    let mut table = Table::new(["table", "#added", "#changed", "#removed", "#unchanged", "#quarantined"]);
    for TableDiff { tally, .. } in diff {
        table.row([
            tally.table.clone(),
            number(tally.added),
            number(tally.changed),
            number(tally.removed),
            number(tally.unchanged),
            number(tally.quarantined),
        ]);
    }
    table.lines(context.paint(None)).try_for_each(|line| out.text(line))
}

fn change(out: &mut Sink, row: &RowChange, context: &Context) -> Result<()> {
    let paint = context.paint(None);
    let key = visible(&row.row);
    match row.kind {
        DiffKind::Added => out.line(paint.good(&format!("+ {key}")))?,
        DiffKind::Removed => out.line(paint.bad(&format!("- {key}")))?,
        DiffKind::Changed => out.line(paint.warn(&format!("~ {key}")))?,
    }
    for cell in &row.cells {
        let old = cell.old.as_deref().map_or_else(|| "–".to_owned(), visible);
        let new = cell.new.as_deref().map_or_else(|| "–".to_owned(), visible);
        let values = match row.kind {
            DiffKind::Added => new,
            DiffKind::Removed => old,
            DiffKind::Changed => format!("{old} → {new}"),
        };
        out.line(format!("    {}: {values}", visible(&cell.field)))?;
    }
    Ok(())
}
