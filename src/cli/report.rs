//! `tastevin report`: what to hand over.

use std::path::PathBuf;

use super::context::Context;
use super::formats;
use super::{Outcome, Subcommand};
use crate::error::Result;
use crate::workbench;

/// Write the report of the last check
///
/// Without --output and --format: report.html in the workspace, one file that needs no network.
#[derive(clap::Args)]
pub struct Report {
    /// How to write it [default: as the output's name ends, else html]
    #[arg(long, value_parser = formats::parser(&workbench::report_formats()))]
    format: Option<String>,
    /// Into this file; `-` for stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Subcommand for Report {
    const NAME: &'static str = "report";

    fn run(self, context: &Context) -> Result<Outcome> {
        let workbench = context.look()?;
        let html = self.output.is_none() && self.format.is_none() && !context.json();
        let output = if html { Some(workbench.dir().join("report.html")) } else { self.output };
        let format =
            formats::chosen(context, &workbench::report_formats(), self.format.as_deref(), output.as_deref(), "html")?;
        formats::write(context, output.as_deref(), |target| workbench.write_report(&format, target))?;
        Ok(Outcome::Pass)
    }
}
