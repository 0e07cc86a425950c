//! The reference page of the formats, docs/reports.md, written from the registries.

use std::fmt::Write as _;

use super::{CHECKS, REGISTRY, TABLES};

/// The page as Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Reports and formats\n\n\
         <!-- Written from the registries by `TASTEVIN_BLESS=1 cargo test docs`; edit src/reports/ instead. -->\n\n\
         Without `--format`, the ending of the file that `--output` names chooses. A file is replaced when the new one is whole: \
         until then, and on any failure, the old one stays.\n\n",
    );
    let mut section = |title: &str, words: &str, rows: Vec<(&str, &str, &str)>| {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "## {title}\n\n{words}\n\n| format | file | what it is good for |\n|---|---|---|");
        for (name, summary, extension) in rows {
            let _ = writeln!(page, "| `{name}` | .{extension} | {} |", summary.replace('|', "\\|"));
        }
        page.push('\n');
    };
    section(
        "A report",
        "`tastevin report` says what the last check found and how the rows came to where they are: the verdict and what to do \
         next, a score per table, every rule with counts, trend over the last 20 checks, most frequent values and first rows, \
         the way from rows in to rows committed, rejects, quarantine, waivers, loads, commits and the mapping used. A rule has \
         an anchor in the HTML file, such as `report.html#rule-invalid-email-customers-email`. No format needs the network, \
         and whatever stands in a cell is shown as text.",
        REGISTRY.iter().map(|format| (format.name, format.summary, format.extension)).collect(),
    );
    section(
        "The outcome of a check",
        "`tastevin check --format` writes the verdict for people, scripts and CI servers. What fails is said by `--fail-on`, or \
         else by `fail_on` in tastevin.toml. JSON carries `schema_version`, which grows when a field changes its meaning.",
        CHECKS.iter().map(|format| (format.name, format.summary, format.extension)).collect(),
    );
    section(
        "Tables and findings",
        "`tastevin export TABLE` writes a canonical table in the order of its key, `tastevin anomalies` every finding, worst \
         first, with the columns rule, severity, table, row, field, value, message, suggestion, source, entity, file, line, \
         status and stake (the money that hangs on the row). Nothing is cut and the same rows give the same bytes. In CSV and XLSX, text that begins with `=`, `+`, `-`, \
         `@`, a tab or a carriage return gets an apostrophe in front, so that no spreadsheet runs it; numbers and telephone \
         numbers (`+33388830609`) are left alone, and lists become one text with commas.",
        TABLES.iter().map(|format| (format.name, format.summary, format.extension)).collect(),
    );
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}
