//! The outcome of a check as JSON lines: every finding, then the verdict.

use std::io::Write;

use serde::Serialize;

use super::json::Outcome;
use crate::error::Result;
use crate::model::Anomaly;
use crate::reports::{CheckFormat, CheckOutput, serialising, writing};

/// Every finding for tools that read as they go.
pub const FORMAT: CheckFormat = CheckFormat {
    name: "jsonl",
    summary: "one JSON object a line: every finding (`\"type\":\"finding\"`), and the verdict as the last line",
    extension: "jsonl",
    write,
};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Finding(&'a Anomaly),
    Verdict(Outcome<'a>),
}

fn write(output: &CheckOutput, out: &mut dyn Write) -> Result<()> {
    (output.findings)(&mut |anomaly| line(out, &Line::Finding(&anomaly)))?;
    line(out, &Line::Verdict(Outcome::of(output)))
}

fn line(out: &mut dyn Write, line: &Line) -> Result<()> {
    serde_json::to_writer(&mut *out, line).map_err(serialising)?;
    writeln!(out).map_err(writing)
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::error::{Error, Result};
    use crate::reports::check::samples;

    #[test]
    fn every_finding_is_a_line_and_the_verdict_is_the_last() -> Result<()> {
        let text = samples::write(&FORMAT, &samples::verdict(8), &samples::hostile()?)?;
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(serde_json::from_str)
            .collect::<std::result::Result<_, _>>()
            .map_err(|cause| Error::internal("no JSON").caused_by(cause))?;
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[0]["type"], "finding");
        assert_eq!(lines[0]["value"], samples::HOSTILE);
        assert_eq!(lines[10]["type"], "verdict");
        assert_eq!(lines[10]["schema_version"], 1);
        Ok(())
    }
}
