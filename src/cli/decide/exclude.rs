//! `tastevin decide exclude`: rows are left out of the commit.

use super::{Outcome, Why, print, print_found};
use crate::cli::context::Context;
use crate::error::{Error, Result};
use crate::model::{Action, AnomalyFilter};

/// Leave rows out: they are neither checked nor committed
#[derive(clap::Args)]
pub struct Exclude {
    /// The canonical table
    table: String,
    /// The rows' keys; or say which rows
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
    /// Rows of the table that meet this SQL condition, e.g. "date_sale < '2010-01-01'"
    #[arg(long = "where", value_name = "SQL", conflicts_with = "rows", help_heading = "Which rows")]
    condition: Option<String>,
    /// Rows with an open finding of this rule
    #[arg(long, conflicts_with_all = ["rows", "condition"], help_heading = "Which rows")]
    rule: Option<String>,
    /// Rows with an open finding that contains this in what is listed of it
    #[arg(long, conflicts_with_all = ["rows", "condition"], help_heading = "Which rows")]
    text: Option<String>,
    #[command(flatten)]
    why: Why,
}

impl Exclude {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let mut workbench = context.change()?;
        let rows = if !self.rows.is_empty() {
            self.rows
        } else if let Some(condition) = &self.condition {
            workbench.rows_where(&self.table, condition)?
        } else if self.rule.is_some() || self.text.is_some() {
            let filter = AnomalyFilter {
                table: Some(self.table.clone()),
                rule: self.rule,
                texts: self.text.into_iter().collect(),
                ..AnomalyFilter::default()
            };
            workbench.check_filter(&filter)?;
            return print_found(&workbench.exclude_found(&filter, self.why.why.as_deref())?, context);
        } else {
            return Err(
                Error::usage("which rows?").hint("name their keys, or say --where \"SQL condition\", --rule or --text")
            );
        };
        if rows.is_empty() {
            return print(&[], context);
        }
        print(&[workbench.decide(Action::Exclude { table: self.table, rows }, self.why.why)?], context)
    }
}
