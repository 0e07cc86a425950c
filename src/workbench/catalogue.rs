//! What there is: the registries of the floors below, for help, pickers and docs.

use std::path::Path;

use super::workspace::{self, MappingInfo};
use crate::connectors;
use crate::error::Result;
use crate::model::Schema;
use crate::reports;
use crate::rules;
use crate::transforms;

pub use crate::connectors::{ConnectorKind, Probe, SourceOption, Tried};
pub use crate::reports::{Target, visible};
pub use crate::rules::Rule;
pub use crate::rules::user::UserRule;
pub use crate::store::Interrupter;
pub use crate::transforms::{
    Argument, Example, Inputs, Takes, Transform, asked, filled, is_whole_number, is_yes_or_no, number, written,
};

/// All rules, in the order of the docs.
pub fn rules() -> &'static [&'static Rule] {
    rules::REGISTRY
}

/// The rule of that id, or an error that says where to look.
pub fn rule(id: &str) -> Result<&'static Rule> {
    rules::find(id)
}

/// The user's own rules of the workspace in `dir`; none where there are none.
pub fn user_rules(dir: &Path) -> Result<Vec<UserRule>> {
    rules::user::load(&dir.join("rules"))
}

/// The mappings that a source can be of: those that come with tastevin and those of the workspace in `dir`.
pub fn mappings(dir: Option<&Path>) -> Result<Vec<MappingInfo>> {
    workspace::mappings(dir)
}

/// All transforms, in the order of the docs.
pub fn transforms() -> &'static [&'static Transform] {
    transforms::REGISTRY
}

/// The transform of that name, or an error that names the nearest.
pub fn transform(name: &str) -> Result<&'static Transform> {
    transforms::find(name)
}

/// All connectors with their options.
pub fn connectors() -> &'static [&'static ConnectorKind] {
    connectors::REGISTRY
}

/// A format as help and completions show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatInfo {
    /// The name for `--format`.
    pub name: &'static str,
    /// What it is good for.
    pub summary: &'static str,
    /// The file name's ending, by which `--output` chooses.
    pub extension: &'static str,
}

/// The formats of a report, the default first.
pub fn report_formats() -> Vec<FormatInfo> {
    let info = |f: &&reports::ReportFormat| FormatInfo { name: f.name, summary: f.summary, extension: f.extension };
    reports::REGISTRY.iter().map(info).collect()
}

/// The formats of the outcome of a check, the default first.
pub fn check_formats() -> Vec<FormatInfo> {
    let info = |f: &&reports::CheckFormat| FormatInfo { name: f.name, summary: f.summary, extension: f.extension };
    reports::CHECKS.iter().map(info).collect()
}

/// The formats of tables and findings, the default of a table first.
pub fn table_formats() -> Vec<FormatInfo> {
    let info = |f: &&reports::TableFormat| FormatInfo { name: f.name, summary: f.summary, extension: f.extension };
    reports::TABLES.iter().map(info).collect()
}

/// The canonical schema with which every workspace begins.
pub fn default_schema() -> Result<Schema> {
    workspace::default_schema()
}
