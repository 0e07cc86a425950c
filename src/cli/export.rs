//! `tastevin export`: a whole table into a file.

use std::path::PathBuf;

use super::context::Context;
use super::formats::{self, write_rows};
use super::text::count;
use super::{Outcome, Subcommand};
use crate::error::Result;
use crate::model::Commit;
use crate::workbench;

/// Write a table whole: parquet, csv, xlsx, json
///
/// As of the last commit. Other states of it are a query away: tastevin query "FROM candidate.customers" --format csv
#[derive(clap::Args)]
pub struct Export {
    /// The canonical table
    #[arg(value_name = "TABLE")]
    table: String,
    /// How to write it [default: as the output's name ends, else csv]
    #[arg(long, value_parser = formats::parser(&workbench::table_formats()))]
    format: Option<String>,
    /// Into this file; stdout if absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Subcommand for Export {
    const NAME: &'static str = "export";

    fn run(self, context: &Context) -> Result<Outcome> {
        let workbench = context.look()?;
        let rows =
            write_rows(context, self.format.as_deref(), self.output.as_deref(), "csv", "rows", |format, target| {
                workbench.export(&self.table, format, target)
            })?;
        context.say(count(rows, "row"));
        if rows == 0 {
            context.say(why_empty(&workbench.log()?, &self.table));
        }
        Ok(Outcome::Pass)
    }
}

/// Why a table has no row: an empty file must not pass for an empty world.
fn why_empty(log: &[Commit], table: &str) -> String {
    let name = workbench::sql_name(table);
    // In a shell a name in double quotes stands in single ones.
    let statement = match name.contains(['"', '\'']) {
        true => format!("'FROM candidate.{}'", name.replace('\'', r"'\''")),
        false => format!("\"FROM candidate.{name}\""),
    };
    let candidates = format!("`tastevin query {statement}` shows what there is of it now");
    let took = |last: &&Commit| last.tables.iter().any(|tally| tally.table == table && tally.removed > 0);
    match log.first().filter(took).and_then(|last| Some((last.id, last.reverts?))) {
        Some((last, undone)) => {
            format!("Commit {last} took commit {undone} back; the next commit brings its rows again. {candidates}.")
        }
        None => format!("The last commit left no row in {table}; {candidates}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_that_is_named_for_an_empty_table_is_one_that_a_shell_and_the_engine_take() {
        assert!(why_empty(&[], "customers").contains("`tastevin query \"FROM candidate.customers\"` shows"));
        assert!(why_empty(&[], "sales lines").contains("`tastevin query 'FROM candidate.\"sales lines\"'` shows"));
        assert!(why_empty(&[], "order").contains("`tastevin query 'FROM candidate.\"order\"'` shows"));
    }
}
