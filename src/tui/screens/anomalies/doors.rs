//! The ways into the screen from elsewhere: the findings of a rule or a severity, the record of a row, the conflicts.

use super::chips::{self, Chip};
use super::findings::{self, LIST};
use super::{conflicts, facets, open, record, tree};
use crate::model::{Facet, Severity, Status};
use crate::tui::model::Model;

/// Shows the open findings of a rule on a field of a table, and no others.
pub fn show_rule(model: &mut Model, rule: &str, table: &str, field: &str) {
    show_tree(model);
    tree::go_to(model, None, Some(rule), Some(table));
    let line = tree::scoped_rules(model).next();
    if line.as_ref().is_some_and(|line| line.fields.len() > 1) {
        chips::add(model, Chip::Facet(Facet::Field, field.to_owned()));
    }
    if line.is_some_and(|line| line.waived > 0) {
        chips::add(model, Chip::Facet(Facet::Status, Status::Open.name().to_owned()));
    }
}

/// Shows the findings of a table that have a status and, where one is named, a severity.
pub fn show_rows(model: &mut Model, table: &str, status: Status, severity: Option<Severity>) {
    findings::show_chip(model, Chip::Facet(Facet::Table, table.to_owned()));
    chips::add(model, Chip::Facet(Facet::Status, status.name().to_owned()));
    if let Some(severity) = severity {
        chips::add(model, Chip::Facet(Facet::Severity, severity.name().to_owned()));
    }
}

/// Shows the findings of a severity.
pub fn show_severity(model: &mut Model, severity: Severity) {
    show_tree(model);
    tree::go_to(model, Some(severity), None, None);
}

/// Shows the record of a row: table and row.
pub fn show_record(model: &mut Model, row: (String, String)) {
    model.anomalies.pages.clear();
    record::show(model, row);
}

/// Shows the decisions that could not be applied.
pub fn show_conflicts(model: &mut Model) {
    model.anomalies.pages.clear();
    open(model, &conflicts::PAGE);
}

/// Nothing lies over the findings, and nothing but the tree narrows them down.
fn show_tree(model: &mut Model) {
    model.anomalies.pages.clear();
    if model.anomalies.facets.shown {
        facets::leave(model);
    }
    model.anomalies.chips.clear();
    model.anomalies.focus = LIST;
}
