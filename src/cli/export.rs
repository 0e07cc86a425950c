//! `tastevin export`: a whole table into a file.

use std::path::PathBuf;

use super::context::Context;
use super::formats::{self, write_rows};
use super::text::count;
use super::{Outcome, Subcommand};
use crate::error::Result;
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
        Ok(Outcome::Pass)
    }
}
