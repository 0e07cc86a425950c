//! The ways into the screen from elsewhere: the findings of a rule or a severity, the record of a row, the conflicts.

use super::findings::LIST;
use super::{conflicts, facets, open, record, tree};
use crate::model::Severity;
use crate::tui::model::Model;

/// Shows the findings of a rule in a table.
pub fn show_rule(model: &mut Model, rule: &str, table: &str) {
    show_tree(model);
    tree::go_to(model, None, Some(rule), Some(table));
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
