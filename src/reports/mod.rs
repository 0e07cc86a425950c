//! The vocabulary of formats: what a report, a verdict and a table look like in a file.
//!
//! Adding one is one file and one line in a registry; `--format` and the docs come from there.

use std::io::Write;

use crate::error::Result;
use crate::model::Report;

/// One format of a report.
pub struct ReportFormat {
    /// The name for `--format`.
    pub name: &'static str,
    /// What it is good for.
    pub summary: &'static str,
    /// The file name's ending, by which `--output` chooses.
    pub extension: &'static str,
    /// Writes it.
    pub write: fn(&Report, &mut dyn Write) -> Result<()>,
}

/// All formats.
pub static REGISTRY: &[&ReportFormat] = &[];
