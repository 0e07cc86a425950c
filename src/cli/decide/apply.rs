//! `tastevin decide apply`: decisions as lines of a ledger, made here.

use std::io::{self, BufRead as _};

use super::{Outcome, print};
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
        let mut lines = Vec::new();
        for line in self.lines {
            match line.as_str() {
                "-" => {
                    for line in io::stdin().lock().lines() {
                        lines.push(line.map_err(|cause| Error::new(Kind::Io, "cannot read stdin").caused_by(cause))?);
                    }
                }
                _ => lines.push(line),
            }
        }
        let read = |(at, line): (usize, &String)| {
            serde_json::from_str::<Line>(line).map_err(|cause| {
                Error::usage("this is no decision").at_line(at as u64 + 1).caused_by(cause).hint(
                    "a decision is a line of decisions.jsonl, like \
                     {\"kind\":\"exclude\",\"table\":\"customers\",\"rows\":[\"isavigne-C12345\"]}",
                )
            })
        };
        let wanted = lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(read);
        let wanted = wanted.collect::<Result<Vec<Line>>>()?;
        let mut workbench = context.change()?;
        // All of them are made, or none.
        let made = workbench.decide_all(wanted.into_iter().map(|line| (line.action, line.why)).collect())?;
        print(&made, context)
    }
}
