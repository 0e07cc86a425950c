//! A report as Markdown, for a wiki, a pull request or a mail.

use std::io::Write;

use super::check::markdown::glyph;
use super::text::{counted, percent, place, score, shortened, thousands, visible};
use super::{ReportFormat, writing};
use crate::error::Result;
use crate::model::{Condition, Report, RuleReport};

/// GitHub's flavour, with tables.
pub const FORMAT: ReportFormat = ReportFormat {
    name: "markdown",
    summary: "GitHub's Markdown with tables, for a wiki, a pull request or a mail",
    extension: "md",
    write,
};

/// Values longer than this are shortened in examples.
const EXAMPLE: usize = 60;

fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    let mark = if report.pass { "✅" } else { "❌" };
    writeln!(out, "# {mark} {}: data quality\n\n**{}**\n", cell(&report.workspace), cell(&report.verdict))
        .map_err(writing)?;
    writeln!(
        out,
        "Check {} · written {} · tastevin {}\n",
        report.check,
        report.at.format("%Y-%m-%d %H:%M UTC"),
        cell(&report.tool_version)
    )
    .map_err(writing)?;
    gate(out, &report.gate)?;
    next(report, out)?;
    tables(report, out)?;
    waterfall(report, out)?;
    rules(report, out)?;
    records(report, out)?;
    history(report, out)?;
    mapping(report, out)
}

fn heading(out: &mut dyn Write, text: &str) -> Result<()> {
    writeln!(out, "## {text}\n").map_err(writing)
}

fn next(report: &Report, out: &mut dyn Write) -> Result<()> {
    if report.next.is_empty() {
        return Ok(());
    }
    heading(out, "What to do next")?;
    for (at, step) in report.next.iter().enumerate() {
        let count = if step.count > 0 { format!("{} × ", thousands(step.count)) } else { String::new() };
        writeln!(out, "{}. {count}{}  \n   {}", at + 1, cell(&step.why), code(&step.command)).map_err(writing)?;
    }
    writeln!(out).map_err(writing)
}

fn tables(report: &Report, out: &mut dyn Write) -> Result<()> {
    heading(out, "Tables")?;
    let mut table = Table::new(&["Table", "Score", "Rows", "Blocking", "Warning", "Waived", "Trend"], "lrrrrrl");
    for one in &report.tables {
        table.row(&[
            cell(&one.score.table),
            score(one.score.score),
            thousands(one.score.rows),
            thousands(one.score.blocking),
            thousands(one.score.warning),
            thousands(one.waived),
            sparkline(&one.trend),
        ]);
    }
    table.write(out)?;
    let orphans: Vec<_> = report.relations.iter().filter(|relation| relation.orphans > 0).collect();
    for relation in orphans {
        writeln!(
            out,
            "- {} → {}: {}",
            cell(&place(&relation.table, &relation.field)),
            cell(&relation.to),
            counted(relation.orphans, "orphan", "orphans")
        )
        .map_err(writing)?;
    }
    writeln!(out).map_err(writing)
}

fn waterfall(report: &Report, out: &mut dyn Write) -> Result<()> {
    let mut names: Vec<&str> = Vec::new();
    let mut steps: Vec<&str> = Vec::new();
    for step in &report.waterfall {
        if !names.contains(&step.table.as_str()) {
            names.push(&step.table);
        }
        if !steps.contains(&step.step.as_str()) {
            steps.push(&step.step);
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    heading(out, "From rows in to rows committed")?;
    let mut header = vec!["Step"];
    header.extend(&names);
    let mut table = Table::new(&header, &format!("l{}", "r".repeat(names.len())));
    for step in steps {
        let mut cells = vec![cell(step)];
        for name in &names {
            let rows = report.waterfall.iter().find(|one| one.table == *name && one.step == step);
            cells.push(rows.map_or_else(String::new, |one| thousands(one.rows)));
        }
        table.row(&cells);
    }
    table.write(out)
}

fn rules(report: &Report, out: &mut dyn Write) -> Result<()> {
    heading(out, "Findings")?;
    let found: Vec<&RuleReport> = report.rules.iter().filter(|rule| rule.open + rule.waived > 0).collect();
    let mut table = Table::new(&["", "Rule", "Where", "Open", "Of rows", "Waived", "Trend"], "lllrrrl");
    for rule in &found {
        table.row(&[
            glyph(rule.severity).to_owned(),
            format!("{} (`{}`)", cell(&rule.title), rule.rule),
            cell(&place(&rule.table, &rule.field)),
            thousands(rule.open),
            percent(rule.open, rule.rows),
            thousands(rule.waived),
            sparkline(&rule.trend.iter().map(|open| *open as f64).collect::<Vec<_>>()),
        ]);
    }
    table.write(out)?;
    let quiet = report.rules.len() - found.len();
    writeln!(out, "{} without findings.\n", counted(quiet as u64, "check", "checks")).map_err(writing)?;
    for rule in found.iter().filter(|rule| rule.open > 0) {
        let place = place(&rule.table, &rule.field);
        writeln!(out, "### {} in {}: {}\n", cell(&rule.title), cell(&place), thousands(rule.open)).map_err(writing)?;
        let words: Vec<String> =
            [&rule.finds, &rule.matters].into_iter().filter(|text| !text.is_empty()).map(|text| cell(text)).collect();
        if !words.is_empty() {
            writeln!(out, "{}\n", words.join(" ")).map_err(writing)?;
        }
        let mut table = Table::new(&["Row", "Value", "What is wrong", "Suggestion", "Where"], "lllll");
        for anomaly in &rule.examples {
            let at = match (&anomaly.file, anomaly.line) {
                (Some(file), Some(line)) => format!("{file} line {line}"),
                (Some(file), None) => file.clone(),
                _ => String::new(),
            };
            table.row(&[
                code(&anomaly.row),
                anomaly.value.as_deref().map(|value| code(&shortened(value, EXAMPLE))).unwrap_or_default(),
                cell(&anomaly.message),
                anomaly.suggestion.as_deref().map(|value| code(&shortened(value, EXAMPLE))).unwrap_or_default(),
                cell(&at),
            ]);
        }
        table.write(out)?;
    }
    Ok(())
}

fn records(report: &Report, out: &mut dyn Write) -> Result<()> {
    if !report.rejects.is_empty() {
        heading(out, "Records that could not be read")?;
        let mut table = Table::new(&["Source", "Entity", "Reason", "Records", "First"], "lllrl");
        for tally in &report.rejects {
            table.row(&[
                cell(&tally.source),
                cell(&tally.entity),
                cell(&tally.reason),
                thousands(tally.count),
                cell(&tally.first),
            ]);
        }
        table.write(out)?;
    }
    if !report.quarantine.is_empty() {
        heading(out, "Quarantine")?;
        let mut table = Table::new(&["Table", "Rule", "Rows"], "llr");
        for tally in &report.quarantine {
            table.row(&[cell(&tally.table), code(&tally.rule), thousands(tally.rows)]);
        }
        table.write(out)?;
    }
    if !report.waivers.is_empty() {
        heading(out, "Waivers in force")?;
        let mut table = Table::new(&["Rule", "Table", "Covers", "Who", "Why", "Until"], "llrlll");
        for waiver in &report.waivers {
            table.row(&[
                code(&waiver.rule),
                cell(&waiver.table),
                thousands(waiver.covers),
                cell(&waiver.who),
                cell(&waiver.why),
                cell(waiver.until.as_deref().unwrap_or("for good")),
            ]);
        }
        table.write(out)?;
    }
    if report.conflicts > 0 {
        heading(out, "Decisions that no longer fit")?;
        let mut table = Table::new(&["Table", "Row", "Field", "Was", "Found now", "Wanted"], "llllll");
        let value =
            |text: &Option<String>| text.as_deref().map(|text| code(&shortened(text, EXAMPLE))).unwrap_or_default();
        for conflict in &report.conflict_examples {
            table.row(&[
                cell(&conflict.table),
                code(&conflict.row),
                cell(&conflict.field),
                value(&conflict.was),
                value(&conflict.found),
                value(&conflict.now),
            ]);
        }
        writeln!(out, "{} not applied.\n", counted(report.conflicts, "decision was", "decisions were"))
            .map_err(writing)?;
        table.write(out)?;
    }
    Ok(())
}

fn history(report: &Report, out: &mut dyn Write) -> Result<()> {
    if !report.loads.is_empty() {
        heading(out, "Loads")?;
        let mut table = Table::new(&["Source", "Entity", "Rows in", "Staged", "Rejected", "Files"], "llrrrl");
        for load in &report.loads {
            for entity in &load.entities {
                table.row(&[
                    cell(&load.source),
                    cell(&entity.entity),
                    thousands(entity.rows_in),
                    thousands(entity.staged),
                    thousands(entity.rejected),
                    cell(&entity.files.join(", ")),
                ]);
            }
        }
        table.write(out)?;
    }
    if !report.drift.is_empty() {
        heading(out, "Columns that have changed")?;
        for sentence in &report.drift {
            writeln!(out, "- {}", cell(sentence)).map_err(writing)?;
        }
        writeln!(out).map_err(writing)?;
    }
    if !report.commits.is_empty() {
        heading(out, "Commits")?;
        let mut table = Table::new(&["No.", "When", "Who", "Message", "Added", "Changed", "Removed"], "rlllrrr");
        for commit in &report.commits {
            let sum = |of: fn(&crate::model::TableTally) -> u64| thousands(commit.tables.iter().map(of).sum());
            table.row(&[
                commit.id.to_string(),
                commit.at.format("%Y-%m-%d %H:%M").to_string(),
                cell(&commit.who),
                cell(&commit.message),
                sum(|tally| tally.added),
                sum(|tally| tally.changed),
                sum(|tally| tally.removed),
            ]);
        }
        table.write(out)?;
    }
    Ok(())
}

fn mapping(report: &Report, out: &mut dyn Write) -> Result<()> {
    if report.mappings.is_empty() {
        return Ok(());
    }
    heading(out, "Mapping")?;
    let mut table = Table::new(&["Source", "Field", "From", "Transforms"], "llll");
    for line in &report.mappings {
        table.row(&[
            cell(&line.source),
            cell(&place(&line.table, &line.field)),
            cell(&line.columns.join(", ")),
            line.transforms.iter().map(|step| code(step)).collect::<Vec<_>>().join(" "),
        ]);
    }
    table.write(out)
}

/// The conditions of the gate as a list.
pub(super) fn gate(out: &mut dyn Write, conditions: &[Condition]) -> Result<()> {
    for condition in conditions {
        let mark = if condition.holds { "✅" } else { "❌" };
        let detail = if condition.detail.is_empty() { String::new() } else { format!(": {}", cell(&condition.detail)) };
        writeln!(out, "- {mark} {}{detail}", cell(&condition.what)).map_err(writing)?;
    }
    writeln!(out).map_err(writing)
}

/// Text that stands for itself anywhere in Markdown, a table's cell too.
pub(super) fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Not a name, a heading or a link that GitHub would make of it either.
            '\\' | '`' | '*' | '[' | ']' | '|' | '#' | '~' | '!' | '@' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Text as code, in a table's cell too; nothing in it can end the code early.
pub(super) fn code(text: &str) -> String {
    let text = visible(text).replace('|', "\\|");
    if text.trim().is_empty() {
        return format!("\"{text}\"");
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A row of bars from the least to the greatest value.
fn sparkline(values: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let height = |value: f64| {
        let share = if greatest > least { (value - least) / (greatest - least) } else { 0.0 };
        BARS[((share * 7.0).round() as usize).min(7)]
    };
    if values.len() < 2 { String::new() } else { values.iter().copied().map(height).collect() }
}

/// A Markdown table in the making; written only where it has rows.
pub(super) struct Table {
    text: String,
    is_empty: bool,
}

impl Table {
    /// A table with these column names; `align` has an `l` or an `r` for each.
    pub(super) fn new(names: &[&str], align: &str) -> Table {
        let rule: Vec<&str> = align.chars().map(|side| if side == 'r' { "---:" } else { "---" }).collect();
        Table { text: format!("| {} |\n| {} |\n", names.join(" | "), rule.join(" | ")), is_empty: true }
    }

    /// Adds a row of cells that are Markdown already.
    pub(super) fn row(&mut self, cells: &[String]) {
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
        self.is_empty = false;
    }

    /// Writes it with an empty line behind.
    pub(super) fn write(&self, out: &mut dyn Write) -> Result<()> {
        if self.is_empty { Ok(()) } else { writeln!(out, "{}", self.text).map_err(writing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_can_leave_its_table_or_become_markup() {
        assert_eq!(cell("a|b\n<img src=x> [l](u) @team"), "a\\|b␊&lt;img src=x&gt; \\[l\\](u) \\@team");
        assert_eq!(code("a|`b``"), "``` a\\|`b`` ```");
        assert_eq!(code(" "), "\" \"");
    }

    #[test]
    fn a_trend_of_one_check_is_no_trend() {
        assert_eq!(sparkline(&[3.0]), "");
        assert_eq!(sparkline(&[0.0, 7.0, 3.5]), "▁█▅");
        assert_eq!(sparkline(&[2.0, 2.0]), "▁▁");
    }
}
