//! `tastevin decide waive`: findings are accepted as they are.

use chrono::NaiveDate;

use super::{Outcome, print};
use crate::cli::context::Context;
use crate::error::{Error, Result};
use crate::model::AnomalyFilter;

/// Accept findings as they are, with a reason and perhaps until a day
#[derive(clap::Args)]
pub struct Waive {
    /// The rule
    rule: String,
    /// The canonical table
    table: String,
    /// The row's key; or say which findings
    #[arg(required_unless_present_any = ["field", "source", "text", "all"])]
    row: Option<String>,
    /// Every open finding of the rule in the table
    #[arg(long, conflicts_with = "row", help_heading = "Which findings")]
    all: bool,
    /// Findings on this field
    #[arg(long, help_heading = "Which findings")]
    field: Option<String>,
    /// Findings on rows from this source
    #[arg(long, help_heading = "Which findings")]
    source: Option<String>,
    /// Findings that contain this in what is listed of them
    #[arg(long, help_heading = "Which findings")]
    text: Option<String>,
    /// Why it is acceptable
    #[arg(long, value_name = "REASON")]
    why: String,
    /// The last day on which this holds
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<NaiveDate>,
}

impl Waive {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let mut workbench = context.change()?;
        let none = Error::usage(format!("there is no such open finding of \"{}\" in \"{}\"", self.rule, self.table))
            .hint("`tastevin anomalies` shows the findings, `tastevin rules list` the rules");
        let filter = AnomalyFilter {
            rule: Some(self.rule),
            table: Some(self.table),
            row: self.row,
            field: self.field,
            source: self.source,
            texts: self.text.into_iter().collect(),
            ..AnomalyFilter::default()
        };
        workbench.check_filter(&filter)?;
        let decisions = workbench.waive_found(&filter, self.until, &self.why)?;
        if decisions.is_empty() { Err(none) } else { print(&decisions, context) }
    }
}
