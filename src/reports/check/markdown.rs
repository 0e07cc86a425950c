//! The outcome of a check as Markdown, for the summary of a CI job or a comment.

use std::io::Write;

use crate::error::Result;
use crate::model::Severity;
use crate::reports::markdown::{Table, cell, gate};
use crate::reports::text::{counted, percent, place, score, thousands};
use crate::reports::{CheckFormat, CheckOutput, writing};

/// A summary for people.
pub const FORMAT: CheckFormat =
    CheckFormat { name: "markdown", summary: "a job summary in GitHub's Markdown", extension: "md", write };

fn write(output: &CheckOutput, out: &mut dyn Write) -> Result<()> {
    let verdict = output.verdict;
    let mark = if verdict.gate_is_open() { "✅" } else { "❌" };
    writeln!(out, "## {mark} {}\n\n{}\n", cell(output.workspace), cell(&verdict.sentence())).map_err(writing)?;
    gate(out, &verdict.gate)?;
    let mut tables = Table::new(&["Table", "Score", "Rows", "Blocking", "Warning"], "lrrrr");
    for table in &verdict.tables {
        tables.row(&[
            cell(&table.table),
            score(table.score),
            thousands(table.rows),
            thousands(table.blocking),
            thousands(table.warning),
        ]);
    }
    tables.write(out)?;
    let mut rules = Table::new(&["", "Rule", "Where", "Open", "Of rows", "Waived"], "lllrrr");
    let found = output.worst_first();
    for tally in &found {
        rules.row(&[
            glyph(tally.severity).to_owned(),
            format!("{} (`{}`)", cell(output.title(&tally.rule)), tally.rule),
            cell(&place(&tally.table, &tally.field)),
            thousands(tally.open),
            percent(tally.open, tally.rows),
            thousands(tally.waived),
        ]);
    }
    rules.write(out)?;
    let quiet = verdict.rules.len() - found.len();
    writeln!(out, "{} without findings.", counted(quiet as u64, "check", "checks")).map_err(writing)
}

/// A sign for the severity that shows on any background.
pub(in crate::reports) fn glyph(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "🔴",
        Severity::Warning => "🟠",
        Severity::Info => "🔵",
    }
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::error::Result;
    use crate::reports::check::samples;

    #[test]
    fn the_summary_says_the_reason_first() -> Result<()> {
        let text = samples::write(&FORMAT, &samples::verdict(8), &[])?;
        assert!(text.starts_with("## ❌ Domaine &lt;R.&gt; &amp; fils\n\nThe gate is closed"), "{text}");
        assert!(text.contains("| 🔴 | Not an e-mail address (`invalid-email`) | customers.email | 8 | 0.4 % | 0 |"));
        assert!(text.contains("1 check without findings."));
        Ok(())
    }
}
