//! `tastevin decide apply`: decisions as lines of a ledger, made here.

use std::io::{self, BufRead as _};
use std::path::Path;

use super::{Outcome, print, tell_doubts};
use crate::cli::context::Context;
use crate::error::{Error, Kind, Result};
use crate::model::Action;

/// Make decisions that are written as lines of a ledger
///
/// `grep NAME other/decisions.jsonl | tastevin decide apply -` takes decisions over from another workspace. Version, id,
/// time and person of the line are not taken over: this decision is made now, by you.
#[derive(clap::Args)]
pub struct Apply {
    /// The decisions as JSON, one each; `-` reads them from stdin, one a line
    #[arg(value_name = "JSON", required = true)]
    lines: Vec<String>,
}

/// What of a line is taken over.
#[derive(serde::Deserialize)]
struct Line {
    #[serde(flatten)]
    action: Action,
    #[serde(default)]
    why: Option<String>,
}

impl Apply {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        // Each with where it stands.
        let mut lines: Vec<(&str, u64, String)> = Vec::new();
        for (at, line) in (1..).zip(self.lines) {
            match line.as_str() {
                "-" => {
                    for (at, line) in (1..).zip(io::stdin().lock().lines()) {
                        let line = line.map_err(|cause| Error::new(Kind::Io, "cannot read stdin").caused_by(cause))?;
                        lines.push(("stdin", at, line));
                    }
                }
                _ => lines.push(("argument", at, line)),
            }
        }
        let read = |(place, at, line): &(&str, u64, String)| {
            serde_json::from_str::<Line>(line).map_err(|cause| {
                let error = Error::usage("this is no decision").at_file(*place).at_line(*at).caused_by(cause);
                let error = match Path::new(line).is_file() {
                    true => error.hint(format!("to read the lines of a file: tastevin decide apply - < {line}")),
                    false => error,
                };
                error.hint(
                    "a decision is a line of decisions.jsonl, like \
                     {\"kind\":\"exclude\",\"table\":\"customers\",\"rows\":[\"isavigne-C12345\"]}",
                )
            })
        };
        let wanted = lines.iter().filter(|(.., line)| !line.trim().is_empty()).map(read);
        let wanted = wanted.collect::<Result<Vec<Line>>>()?;
        if wanted.is_empty() {
            return Err(Error::usage("there is no decision to make: nothing was written on stdin")
                .hint("`grep NAME other/decisions.jsonl | tastevin decide apply -` takes decisions over"));
        }
        let mut workbench = context.change()?;
        // All of them are made, or none.
        let made = workbench.decide_all(wanted.into_iter().map(|line| (line.action, line.why)).collect())?;
        let outcome = print(&made, context)?;
        tell_doubts(&workbench, &made, context);
        Ok(outcome)
    }
}
