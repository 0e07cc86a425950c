//! What leaves a workspace: reports, the outcome of a check, tables and findings, in any format of `reports`.

use indexmap::IndexMap;

use super::Reader;
use crate::error::{Error, Result, unknown};
use crate::model::{AnomalyFilter, FailOn, Verdict};
use crate::reports::{self, Target};
use crate::rules;
use crate::sql::{Ident, Path};
use crate::stages::findings;

impl Reader {
    /// Writes the report of the last check.
    pub fn write_report(&self, format: &str, target: Target) -> Result<()> {
        let format = reports::report_format(format)?;
        let report = self.report()?;
        reports::write_to(target, |out| (format.write)(&report, out))
    }

    /// Writes the outcome of a check; `fail_on` says which findings are failures, `colour` whether text is coloured.
    pub fn write_check(
        &self,
        verdict: &Verdict,
        format: &str,
        fail_on: FailOn,
        colour: bool,
        target: Target,
    ) -> Result<()> {
        let format = reports::check_format(format)?;
        let titles: IndexMap<String, String> =
            rules::REGISTRY.iter().map(|rule| (rule.id.to_owned(), rule.title.to_owned())).collect();
        let all = findings::anomalies_sql(&AnomalyFilter::default());
        let output = reports::CheckOutput {
            workspace: &self.config().workspace.name,
            verdict,
            titles: &titles,
            fail_on,
            findings: &|visit| reports::each_finding(&self.store, &all, visit),
            colour,
        };
        reports::write_to(target, |out| (format.write)(&output, out))
    }

    /// Writes the findings that the filter lets through and says how many there were.
    pub fn write_anomalies(&self, filter: &AnomalyFilter, format: &str, target: Target) -> Result<u64> {
        reports::export(&self.store, &findings::anomalies_sql(filter), reports::table_format(format)?, target)
    }

    /// Writes a canonical table, in the order of its key, and says how many rows it had.
    pub fn export(&self, table: &str, format: &str, target: Target) -> Result<u64> {
        let format = reports::table_format(format)?;
        let Some(declared) = self.schema().tables.get(table) else {
            return Err(unknown("table", table, self.schema().tables.keys().map(String::as_str)));
        };
        if !self.store.has_table("canonical", table)? {
            return Err(Error::usage(format!("nothing of \"{table}\" is committed yet"))
                .hint("`tastevin commit` makes the candidates canonical"));
        }
        let names =
            |names: Vec<&str>| names.into_iter().map(|name| Ident(name).to_string()).collect::<Vec<_>>().join(", ");
        let fields = names(declared.fields.keys().map(String::as_str).collect());
        let mut order = names(declared.keys().collect());
        if order.is_empty() {
            order = "ALL".to_owned();
        }
        let sql = format!("SELECT {fields} FROM {} ORDER BY {order}", Path("canonical", table));
        reports::export(&self.store, &sql, format, target)
    }
}
