//! The outcome of a check for a terminal: the rules with findings, worst first, the tables, the gate.

use std::io::Write;

use unicode_width::UnicodeWidthStr as _;

use crate::error::Result;
use crate::model::Severity;
use crate::reports::text::{counted, percent, place, score, thousands, visible};
use crate::reports::{CheckFormat, CheckOutput, writing};

/// A terse table for people.
pub const FORMAT: CheckFormat = CheckFormat {
    name: "text",
    summary: "a terse table for people: findings per rule, worst first, then the gate",
    extension: "txt",
    write,
};

fn write(output: &CheckOutput, out: &mut dyn Write) -> Result<()> {
    let paint = Paint { on: output.colour };
    let verdict = output.verdict;
    let found = output.worst_first();
    let rows: Vec<[String; 5]> = found
        .iter()
        .map(|tally| {
            let waived = if tally.waived > 0 { format!("{} waived", thousands(tally.waived)) } else { String::new() };
            [
                tally.rule.clone(),
                visible(&place(&tally.table, &tally.field)),
                thousands(tally.open),
                percent(tally.open, tally.rows),
                waived,
            ]
        })
        .collect();
    let widths: [usize; 5] = std::array::from_fn(|at| rows.iter().map(|row| row[at].width()).max().unwrap_or(0));
    let pad = |text: &str, width: usize| format!("{text}{}", " ".repeat(width.saturating_sub(text.width())));
    for (tally, row) in found.iter().zip(&rows) {
        let line = format!(
            "{} {}  {}  {:>open$}  {:>share$}  {}  {}",
            paint.severity(tally.severity),
            pad(&row[0], widths[0]),
            pad(&row[1], widths[1]),
            row[2],
            row[3],
            pad(&row[4], widths[4]),
            visible(output.title(&tally.rule)),
            open = widths[2],
            share = widths[3],
        );
        writeln!(out, "{}", line.trim_end()).map_err(writing)?;
    }
    let quiet = verdict.rules.len() - found.len();
    if quiet > 0 {
        writeln!(out, "{} {} without findings", paint.good("✓"), counted(quiet as u64, "check", "checks"))
            .map_err(writing)?;
    }
    writeln!(out).map_err(writing)?;
    let width = verdict.tables.iter().map(|table| table.table.width()).max().unwrap_or(0);
    for table in &verdict.tables {
        writeln!(
            out,
            "  {}  {:>7}  {}, {} blocking, {} warning",
            pad(&table.table, width),
            score(table.score),
            counted(table.rows, "row", "rows"),
            thousands(table.blocking),
            thousands(table.warning)
        )
        .map_err(writing)?;
    }
    writeln!(out).map_err(writing)?;
    for condition in &verdict.gate {
        let mark = if condition.holds { paint.good("✓") } else { paint.bad("✗") };
        let detail = if condition.detail.is_empty() { String::new() } else { format!(": {}", condition.detail) };
        writeln!(out, "{mark} {}{}", visible(&condition.what), visible(&detail)).map_err(writing)?;
    }
    if let Some(sentence) = verdict.unapplied() {
        writeln!(out, "{} {sentence}", paint.severity(Severity::Warning)).map_err(writing)?;
    }
    for sentence in &verdict.drift {
        writeln!(out, "{} {}", paint.severity(Severity::Warning), visible(sentence)).map_err(writing)?;
    }
    if verdict.unused_waivers > 0 {
        let counted = counted(verdict.unused_waivers, "waiver applies", "waivers apply");
        writeln!(out, "{} {counted} to no finding", paint.severity(Severity::Info)).map_err(writing)?;
    }
    let sum = format!(
        "{} blocking, {} warning, {} waived",
        thousands(verdict.open(Severity::Error)),
        thousands(verdict.open(Severity::Warning)),
        thousands(verdict.waived())
    );
    let word = if verdict.gate_is_open() { paint.good("gate open") } else { paint.bad("gate closed") };
    writeln!(out, "{word} · {sum}").map_err(writing)
}

/// Colours, where they are wanted; a glyph says the same without them.
struct Paint {
    on: bool,
}

impl Paint {
    fn severity(&self, severity: Severity) -> String {
        let colour = match severity {
            Severity::Error => 31,
            Severity::Warning => 33,
            Severity::Info => 36,
        };
        self.in_colour(colour, severity.glyph())
    }

    fn good(&self, text: &str) -> String {
        self.in_colour(32, text)
    }

    fn bad(&self, text: &str) -> String {
        self.in_colour(31, text)
    }

    fn in_colour(&self, colour: u8, text: &str) -> String {
        if self.on { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::error::Result;
    use crate::reports::check::samples;

    #[test]
    fn the_worst_rule_comes_first_and_the_gate_last() -> Result<()> {
        let text = samples::write(&FORMAT, &samples::verdict(8), &[])?;
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "● invalid-email  customers.email  8  0.4 %            Not an e-mail address");
        assert_eq!(lines[1], "▲ untidy-text    customers.email  7  0.4 %  1 waived  untidy-text");
        assert_eq!(lines[2], "✓ 1 check without findings");
        assert_eq!(lines[4], "  customers   99.4 %  2 000 rows, 8 blocking, 7 warning");
        assert_eq!(lines[6], "✗ at most 5% of a table is quarantined: customers 12 %");
        assert_eq!(lines[7], "gate closed · 8 blocking, 7 warning, 1 waived");
        Ok(())
    }
}
