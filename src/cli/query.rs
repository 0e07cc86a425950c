//! `tastevin query`: read-only SQL over the workspace.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::formats::{self, write_rows};
use super::{Outcome, Subcommand};
use crate::error::{Error, Result};
use crate::workbench;

/// Ask the workspace in SQL; reading only
///
/// One SELECT, WITH, FROM, DESCRIBE, SUMMARIZE or SHOW over the schemas staging, candidate, canonical, quarantine and dq.
/// Files and other databases cannot be reached.
#[derive(clap::Args)]
pub struct Query {
    /// The query, or `-` to read it from stdin
    #[arg(value_name = "SQL")]
    sql: String,
    /// How to write the rows
    #[arg(long, value_parser = formats::parser(&workbench::table_formats()))]
    format: Option<String>,
    /// Into this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Subcommand for Query {
    const NAME: &'static str = "query";

    fn run(self, context: &Context) -> Result<Outcome> {
        let sql = if self.sql == "-" { from_stdin()? } else { self.sql };
        let workbench = context.look()?;
        write_rows(context, self.format.as_deref(), self.output.as_deref(), "text", "rows", |format, target| {
            workbench.write_query(&sql, format, target)
        })?;
        Ok(Outcome::Pass)
    }
}

fn from_stdin() -> Result<String> {
    let mut sql = String::new();
    std::io::stdin()
        .read_to_string(&mut sql)
        .map_err(|cause| Error::io("cannot read the query from stdin", Path::new("-"), cause))?;
    Ok(sql)
}
