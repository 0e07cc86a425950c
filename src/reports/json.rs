//! A report as JSON, everything in it, for scripts and for comparing two of them.

use std::io::Write;

use super::{ReportFormat, serialising, writing};
use crate::error::Result;
use crate::model::Report;

/// The whole report as one object.
pub const FORMAT: ReportFormat = ReportFormat {
    name: "json",
    summary: "everything in the report as one JSON object with a `schema_version`",
    extension: "json",
    write,
};

fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, report).map_err(serialising)?;
    writeln!(out).map_err(writing)
}
