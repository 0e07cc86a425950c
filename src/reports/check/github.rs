//! The outcome of a check as workflow commands of GitHub Actions, which annotate files.
//!
//! GitHub shows ten annotations of a level per step, so every rule says in one how many findings it has, and the rest of
//! the ten show single findings.

use std::io::Write;

use super::key;
use crate::error::Result;
use crate::model::Severity;
use crate::reports::text::{counted, place, thousands, visible};
use crate::reports::{CheckFormat, CheckOutput, writing};

/// Annotations for GitHub Actions.
pub const FORMAT: CheckFormat = CheckFormat {
    name: "github",
    summary: "annotations for GitHub Actions: one per rule and table, then examples up to the ten that GitHub shows",
    extension: "txt",
    write,
};

/// Annotations of a level that GitHub shows per step.
const SHOWN: usize = 10;

fn write(output: &CheckOutput, out: &mut dyn Write) -> Result<()> {
    let samples = output.samples()?;
    let found: Vec<_> = output.worst_first().into_iter().filter(|tally| tally.open > 0).collect();
    for severity in Severity::ALL {
        let found: Vec<_> = found.iter().filter(|tally| tally.severity == severity).collect();
        for tally in &found {
            let place = place(&tally.table, &tally.field);
            let counted = counted(tally.open, "finding", "findings");
            let message = format!(
                "{counted} in {place}; all of them: tastevin anomalies --rule {} --table {}",
                tally.rule, tally.table
            );
            let first = samples.get(&key(tally)).and_then(|few| few.first());
            let at = first.and_then(|anomaly| Some((anomaly.file.as_deref()?, anomaly.line)));
            command(out, severity, at, output.title(&tally.rule), &message)?;
        }
        let singles = found.iter().flat_map(|tally| samples.get(&key(tally)).into_iter().flatten());
        for anomaly in singles.take(SHOWN.saturating_sub(found.len())) {
            let at = anomaly.file.as_deref().map(|file| (file, anomaly.line));
            let title = format!("{} {}", anomaly.rule, place(&anomaly.table, &anomaly.field));
            let message = format!("{}: {}", visible(&anomaly.row), visible(&anomaly.message));
            command(out, severity, at, &title, &message)?;
        }
    }
    for condition in output.verdict.gate.iter().filter(|condition| !condition.holds) {
        let message = format!("{}: {}", condition.what, condition.detail);
        command(out, Severity::Error, None, "gate closed", &message)?;
    }
    let open: u64 = found.iter().map(|tally| tally.open).sum();
    writeln!(
        out,
        "{} open findings in all; GitHub shows {SHOWN} annotations of a level. All of them: tastevin anomalies",
        thousands(open)
    )
    .map_err(writing)
}

fn command(
    out: &mut dyn Write,
    severity: Severity,
    at: Option<(&str, Option<u64>)>,
    title: &str,
    message: &str,
) -> Result<()> {
    let level = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties = Vec::new();
    if let Some((file, line)) = at {
        properties.push(format!("file={}", property(file)));
        properties.extend(line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", property(title)));
    writeln!(out, "::{level} {}::{}", properties.join(","), data(message)).map_err(writing)
}

/// The message of a command, escaped as GitHub's toolkit does.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, escaped as GitHub's toolkit does.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::error::Result;
    use crate::reports::check::samples;

    #[test]
    fn a_rule_is_summed_up_first_and_no_cell_can_begin_a_command() -> Result<()> {
        let text = samples::write(&FORMAT, &samples::verdict(8), &samples::hostile()?)?;
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "::error file=clients août%2C 2025.csv,line=124,title=Not an e-mail address::8 findings in customers.email; \
             all of them: tastevin anomalies --rule invalid-email --table customers"
        );
        assert!(
            lines[1].starts_with("::error file=") && lines[1].contains("C0<script>") && lines[1].contains("100%25")
        );
        assert!(!text.contains("\n::error::x"));
        assert!(!text.contains('\u{1b}'));
        assert_eq!(lines.iter().filter(|line| line.starts_with("::warning")).count(), 2);
        assert!(lines.contains(&"::error title=gate closed::at most 5%25 of a table is quarantined: customers 12 %25"));
        assert!(text.ends_with("All of them: tastevin anomalies\n"));
        Ok(())
    }
}
