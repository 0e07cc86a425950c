//! A report as CSV: one line per rule, table and field, for a spreadsheet that follows the counts.

use std::io::Write;

use super::table::{neutralised, refused};
use super::{ReportFormat, writing};
use crate::error::Result;
use crate::model::Report;

/// The counts per rule, table and field.
pub const FORMAT: ReportFormat =
    ReportFormat { name: "csv", summary: "the counts per rule, table and field, one a line", extension: "csv", write };

fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    let mut file = csv::Writer::from_writer(out);
    file.write_record(["check", "at", "rule", "severity", "table", "field", "open", "waived", "rows"])
        .map_err(refused)?;
    for rule in &report.rules {
        file.write_record([
            report.check.to_string(),
            report.at.to_rfc3339(),
            neutralised(&rule.rule).into_owned(),
            rule.severity.name().to_owned(),
            neutralised(&rule.table).into_owned(),
            neutralised(&rule.field).into_owned(),
            rule.open.to_string(),
            rule.waived.to_string(),
            rule.rows.to_string(),
        ])
        .map_err(refused)?;
    }
    file.flush().map_err(writing)
}
