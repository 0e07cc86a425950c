//! `tastevin check`: build the candidates, run the rules, say the verdict.

use std::path::PathBuf;

use super::context::Context;
use super::formats;
use super::sink::Sink;
use super::text::count;
use super::{Outcome, Subcommand, commit};
use crate::error::Result;
use crate::model::{FailOn, Severity, Verdict};
use crate::workbench::{self, Target, Workbench};

/// Build the candidates, run every rule, print the verdict
///
/// Exit code 1 if the gate is closed or a finding is open from the severity on that --fail-on names; 2 if there is nothing
/// to check yet, because no source is named or none is loaded.
#[derive(clap::Args)]
pub struct Check {
    /// How to write the verdict [default: as the output's name ends, else text]
    #[arg(long, value_parser = formats::parser(&workbench::check_formats()))]
    format: Option<String>,
    /// Into this file; stdout if absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// From which severity on an open finding fails the check [default: fail_on in tastevin.toml]
    #[arg(long, value_parser = ["error", "warning", "never"])]
    fail_on: Option<String>,
}

impl Subcommand for Check {
    const NAME: &'static str = "check";

    fn run(self, context: &Context) -> Result<Outcome> {
        let mut workbench = context.change()?;
        let verdict = commit::check(&mut workbench, context)?;
        let fail_on = match self.fail_on.as_deref() {
            Some("never") => FailOn::Never,
            Some("warning") => FailOn::Warning,
            Some(_) => FailOn::Error,
            None => workbench.config().gate.fail_on,
        };
        let output = self.output.as_deref();
        let format = formats::chosen(context, &workbench::check_formats(), self.format.as_deref(), output, "text")?;
        let colour = context.paint(formats::file(output)).0;
        formats::write(context, output, |target| workbench.write_check(&verdict, &format, fail_on, colour, target))?;
        if verdict.passes(fail_on) {
            return Ok(Outcome::Pass);
        }
        let (errors, warnings) = (verdict.open(Severity::Error), verdict.open(Severity::Warning));
        let open = match fail_on {
            FailOn::Warning => format!("{} and {} open", count(errors, "error"), count(warnings, "warning")),
            _ => format!("{} open", count(errors, "error")),
        };
        let why = if verdict.gate_is_open() { open } else { format!("the gate is closed, {open}") };
        context.say(format!("The check failed: {why}.\nNext: tastevin anomalies --severity error"));
        Ok(Outcome::Fail)
    }
}

/// Prints the verdict as text.
pub fn print(out: &mut Sink, workbench: &Workbench, verdict: &Verdict, context: &Context) -> Result<()> {
    let fail_on = workbench.config().gate.fail_on;
    let colour = context.paint(None).0;
    out.hand(|writer| workbench.write_check(verdict, "text", fail_on, colour, Target::Stream(writer)))
}
