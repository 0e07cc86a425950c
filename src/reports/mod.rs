//! The vocabulary of formats: what a report, the outcome of a check and a table look like in a file.
//!
//! Adding one is one file with a `pub const FORMAT` and one line in a registry: [`REGISTRY`] for reports, [`CHECKS`] for
//! the outcome of a check, [`TABLES`] for tables. `--format`, the docs page and the tests come from there.

mod check;
mod csv;
mod findings;
mod html;
mod json;
mod markdown;
mod reference;
#[cfg(test)]
mod sample;
mod table;
mod text;
mod xlsx;

use std::io::Write;

use indexmap::IndexMap;

use crate::error::{Error, Result, nearest};
use crate::model::{Anomaly, FailOn, Report, Verdict};

pub use findings::each_finding;
pub use reference::reference;
pub use table::{Target, export, write_to};
pub use text::visible;

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

/// One format of the outcome of a check.
pub struct CheckFormat {
    /// The name for `--format`.
    pub name: &'static str,
    /// What it is good for.
    pub summary: &'static str,
    /// The file name's ending, by which `--output` chooses.
    pub extension: &'static str,
    /// Writes it.
    pub write: fn(&CheckOutput, &mut dyn Write) -> Result<()>,
}

/// The outcome of a check as a format needs it.
pub struct CheckOutput<'a> {
    /// The workspace's name.
    pub workspace: &'a str,
    /// What was found in sum.
    pub verdict: &'a Verdict,
    /// The titles of the rules by id; a rule that is not in it is called by its id.
    pub titles: &'a IndexMap<String, String>,
    /// From which severity on an open finding is a failure.
    pub fail_on: FailOn,
    /// Hands over every finding; there may be millions.
    pub findings: &'a Findings<'a>,
    /// Whether the text may be coloured; only the format `text` looks at it.
    pub colour: bool,
}

/// Hands every finding to a visitor, worst first, until there are no more or the visitor fails. May be asked again.
pub type Findings<'a> = dyn Fn(&mut dyn FnMut(Anomaly) -> Result<()>) -> Result<()> + 'a;

/// One format of a table, a query or the findings.
pub struct TableFormat {
    /// The name for `--format`.
    pub name: &'static str,
    /// What it is good for.
    pub summary: &'static str,
    /// The file name's ending, by which `--output` chooses.
    pub extension: &'static str,
    /// Writes it.
    pub write: table::Writer,
}

/// All formats of a report, the default first.
pub static REGISTRY: &[&ReportFormat] = &[&html::FORMAT, &markdown::FORMAT, &json::FORMAT, &csv::FORMAT, &xlsx::FORMAT];

/// All formats of the outcome of a check, the default first.
pub static CHECKS: &[&CheckFormat] = &[
    &check::text::FORMAT,
    &check::json::FORMAT,
    &check::jsonl::FORMAT,
    &check::junit::FORMAT,
    &check::sarif::FORMAT,
    &check::github::FORMAT,
    &check::markdown::FORMAT,
];

/// All formats of a table, the default of `export` first.
pub static TABLES: &[&TableFormat] = &[
    &table::parquet::FORMAT,
    &table::csv::FORMAT,
    &table::xlsx::FORMAT,
    &table::json::FORMAT,
    &table::jsonl::FORMAT,
    &table::text::FORMAT,
];

/// The format of a report of that name.
pub fn report_format(name: &str) -> Result<&'static ReportFormat> {
    find(REGISTRY, name, |format| format.name)
}

/// The format of the outcome of a check of that name.
pub fn check_format(name: &str) -> Result<&'static CheckFormat> {
    find(CHECKS, name, |format| format.name)
}

/// The format of a table of that name.
pub fn table_format(name: &str) -> Result<&'static TableFormat> {
    find(TABLES, name, |format| format.name)
}

fn find<T>(registry: &'static [&'static T], name: &str, name_of: fn(&T) -> &'static str) -> Result<&'static T> {
    registry.iter().copied().find(|format| name_of(format) == name).ok_or_else(|| {
        let names: Vec<&str> = registry.iter().map(|format| name_of(format)).collect();
        let error = Error::usage(format!("there is no format \"{name}\""));
        match nearest(name, names.iter().copied()) {
            Some(near) => error.hint(format!("did you mean \"{near}\"?")),
            None => error.hint(format!("the formats are: {}", names.join(", "))),
        }
    })
}

/// What a writer of ours gives back when the system refuses to take more.
fn writing(cause: std::io::Error) -> Error {
    match cause.kind() {
        // Whoever read our output has seen enough; a closed pipe is how that is said.
        std::io::ErrorKind::BrokenPipe => Error::interrupted().caused_by(cause),
        std::io::ErrorKind::StorageFull => Error::new(crate::error::Kind::Io, "the disk is full")
            .hint("free some space and run the same again; nothing was lost")
            .caused_by(cause),
        _ => Error::new(crate::error::Kind::Io, "the output cannot be written").caused_by(cause),
    }
}

/// What serialising gives back when it fails, which for our own structures is the writer's doing.
fn serialising(cause: serde_json::Error) -> Error {
    match cause.io_error_kind() {
        Some(kind) => writing(std::io::Error::new(kind, cause)),
        None => Error::internal("a result cannot be written as JSON").caused_by(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `TASTEVIN_SAMPLES` set to a folder, the sample report stands there in every format, to be looked at.
    #[test]
    fn every_format_writes_the_sample_report() -> Result<()> {
        for format in REGISTRY {
            let mut out = Vec::new();
            (format.write)(&sample::report(), &mut out)?;
            if let Some(folder) = std::env::var_os("TASTEVIN_SAMPLES") {
                std::fs::write(std::path::Path::new(&folder).join(format!("report.{}", format.extension)), &out)
                    .map_err(writing)?;
            }
            // A workbook is packed; it is read back in a test of its own.
            if format.name != "xlsx" {
                let text = String::from_utf8(out).map_err(|cause| Error::internal("not UTF-8").caused_by(cause))?;
                assert!(text.contains("invalid-email"), "{}", format.name);
                assert!(!text.contains('\u{1b}'), "{}", format.name);
            }
        }
        Ok(())
    }

    #[test]
    fn json_reads_back_as_the_same_report() -> Result<()> {
        let mut out = Vec::new();
        (report_format("json")?.write)(&sample::report(), &mut out)?;
        let back: Report = serde_json::from_slice(&out).map_err(serialising)?;
        assert_eq!(back, sample::report());
        Ok(())
    }

    #[test]
    fn names_and_endings_are_told_apart_and_every_format_says_what_it_is_good_for() {
        let all = [
            REGISTRY.iter().map(|f| (f.name, f.summary, f.extension)).collect::<Vec<_>>(),
            CHECKS.iter().map(|f| (f.name, f.summary, f.extension)).collect(),
            TABLES.iter().map(|f| (f.name, f.summary, f.extension)).collect(),
        ];
        for registry in all {
            for (at, (name, summary, extension)) in registry.iter().enumerate() {
                assert!(summary.len() > 20 && !extension.is_empty(), "{name}");
                assert!(registry[..at].iter().all(|(other, ..)| other != name), "{name} stands there twice");
            }
        }
    }

    #[test]
    fn a_format_that_is_not_there_is_answered_with_those_that_are() {
        let hints = |name: &str| report_format(name).err().map(|error| error.hints().to_vec()).unwrap_or_default();
        assert_eq!(hints("htm"), ["did you mean \"html\"?"]);
        assert_eq!(hints("zzz"), ["the formats are: html, markdown, json, csv, xlsx"]);
    }
}
