//! Findings out of the store, one at a time, for the formats that write every one of them.

use crate::error::{Error, Result};
use crate::model::{Anomaly, Severity, Status};
use crate::store::Store;

/// Hands every row of a query for findings to `visit`. The query returns the columns of `anomalies` by name: rule,
/// severity, table, row, field, value, message, suggestion, source, entity, file, line, status, stake.
pub fn each_finding(store: &Store, sql: &str, visit: &mut dyn FnMut(Anomaly) -> Result<()>) -> Result<()> {
    let columns = store.columns(sql)?;
    let at = |name: &str| {
        columns
            .iter()
            .position(|(column, _)| column == name)
            .ok_or_else(|| Error::internal(format!("a query for findings lacks the column \"{name}\"")))
    };
    let (rule, severity, table, row) = (at("rule")?, at("severity")?, at("table")?, at("row")?);
    let (field, value, message, suggestion) = (at("field")?, at("value")?, at("message")?, at("suggestion")?);
    let (source, entity, file) = (at("source")?, at("entity")?, at("file")?);
    let (line, status, stake) = (at("line")?, at("status")?, at("stake")?);
    store.each_text(sql, &mut |cells| {
        let text = |at: usize| cells[at].unwrap_or_default().to_owned();
        let maybe = |at: usize| cells[at].map(str::to_owned);
        visit(Anomaly {
            rule: text(rule),
            severity: Severity::from_name(&text(severity)).unwrap_or(Severity::Error),
            table: text(table),
            row: text(row),
            field: text(field),
            value: maybe(value),
            message: text(message),
            suggestion: maybe(suggestion),
            source: text(source),
            entity: text(entity),
            file: maybe(file),
            line: cells[line].and_then(|line| line.parse().ok()),
            status: if cells[status] == Some(Status::Waived.name()) { Status::Waived } else { Status::Open },
            stake: cells[stake].and_then(|stake| stake.parse().ok()),
        })
    })?;
    Ok(())
}
