//! Whether what a filter names is there at all: a slip of the pen must not read as "no such findings".

use super::Reader;
use crate::error::{Error, Result, unknown};
use crate::model::AnomalyFilter;
use crate::sql::{Literal, Path};
use crate::stages::check;

impl Reader {
    /// Refuses a filter that names a rule, table, field, source or row that neither the workspace nor its findings know.
    pub fn check_filter(&self, filter: &AnomalyFilter) -> Result<()> {
        if let Some(rule) = &filter.rule {
            self.is_known("rule", rule, check::rule_ids(&self.workspace.rules())?)?;
        }
        if let Some(table) = &filter.table {
            self.is_known("table", table, self.schema().tables.keys().cloned().collect())?;
        }
        if let Some(field) = &filter.field {
            let of = |name: &String| filter.table.as_ref().is_none_or(|table| table == name);
            let tables = self.schema().tables.iter().filter(|(name, _)| of(name));
            self.is_known("field", field, tables.flat_map(|(_, table)| table.fields.keys().cloned()).collect())?;
        }
        if let Some(source) = &filter.source {
            self.is_known("source", source, self.config().sources.keys().cloned().collect())?;
        }
        match &filter.row {
            Some(row) if !self.has_any_row(row)? => Err(Error::usage(format!("there is no row \"{row}\""))
                .hint("rows are named by their key; `tastevin anomalies` shows it in the column row")),
            _ => Ok(()),
        }
    }

    /// A name is known where it is declared, and where a finding of the last check has it.
    fn is_known(&self, what: &str, name: &str, declared: Vec<String>) -> Result<()> {
        if declared.iter().any(|known| known == name) || self.is_found(what, name)? {
            return Ok(());
        }
        Err(unknown(what, name, declared.iter().map(String::as_str)))
    }

    fn has_any_row(&self, row: &str) -> Result<bool> {
        if self.is_found("row", row)? {
            return Ok(true);
        }
        for table in self.schema().tables.keys() {
            let sql = format!("SELECT count(*) FROM {} WHERE _key = {}", Path("candidate", table), Literal(row));
            if self.store.has_table("candidate", table)? && self.store.count(&sql)? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_found(&self, column: &str, value: &str) -> Result<bool> {
        let sql = format!("SELECT count(*) FROM dq.anomalies WHERE \"{column}\" = {}", Literal(value));
        Ok(self.store.count(&sql)? > 0)
    }
}
