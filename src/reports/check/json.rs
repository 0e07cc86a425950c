//! The outcome of a check as one JSON object: the verdict without the single findings.

use std::io::Write;

use serde::Serialize;

use crate::error::Result;
use crate::model::Verdict;
use crate::reports::{CheckFormat, CheckOutput, serialising, writing};

/// The verdict for scripts.
pub const FORMAT: CheckFormat = CheckFormat {
    name: "json",
    summary: "the verdict as one JSON object with counts per rule and table; `jsonl` has every finding",
    extension: "json",
    write,
};

/// The verdict with what a script wants to know first.
#[derive(Serialize)]
pub(super) struct Outcome<'a> {
    /// Grows when a field changes its meaning.
    pub schema_version: u32,
    pub tool_version: &'static str,
    pub workspace: &'a str,
    /// What the exit code of `check` says too.
    pub pass: bool,
    /// Whether a commit may go ahead.
    pub gate_is_open: bool,
    #[serde(flatten)]
    pub verdict: &'a Verdict,
}

impl<'a> Outcome<'a> {
    pub fn of(output: &CheckOutput<'a>) -> Outcome<'a> {
        Outcome {
            schema_version: 1,
            tool_version: env!("CARGO_PKG_VERSION"),
            workspace: output.workspace,
            pass: output.verdict.passes(output.fail_on),
            gate_is_open: output.verdict.gate_is_open(),
            verdict: output.verdict,
        }
    }
}

fn write(output: &CheckOutput, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Outcome::of(output)).map_err(serialising)?;
    writeln!(out).map_err(writing)
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::error::{Error, Result};
    use crate::reports::check::samples;

    #[test]
    fn a_script_finds_the_version_the_outcome_and_the_counts() -> Result<()> {
        let text = samples::write(&FORMAT, &samples::verdict(8), &[])?;
        let json: serde_json::Value =
            serde_json::from_str(&text).map_err(|cause| Error::internal("no JSON").caused_by(cause))?;
        assert_eq!(json["schema_version"], 1);
        assert_eq!(json["pass"], false);
        assert_eq!(json["rules"][2]["open"], 8);
        assert_eq!(json["workspace"], "Domaine <R.> & fils");
        Ok(())
    }
}
