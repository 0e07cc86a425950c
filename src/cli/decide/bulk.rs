//! `tastevin decide bulk`: one field of many rows, as one decision.

use super::{Outcome, Why, print, print_found, tell_doubts};
use crate::cli::context::Context;
use crate::error::{Error, Result};
use crate::model::AnomalyFilter;
use crate::workbench::NewValue;

/// Give one field of many rows a value, or each the value that its finding suggests
#[derive(clap::Args)]
pub struct Bulk {
    /// The canonical table
    table: String,
    /// The field
    field: String,
    /// Rows of the table that meet this SQL condition, e.g. "city = 'STRASBOURG'"
    #[arg(long = "where", value_name = "SQL", help_heading = "Which rows")]
    condition: Option<String>,
    /// Rows with an open finding of this rule on the field
    #[arg(long, conflicts_with = "condition", help_heading = "Which rows")]
    rule: Option<String>,
    /// Rows from this source with an open finding on the field
    #[arg(long, conflicts_with = "condition", help_heading = "Which rows")]
    source: Option<String>,
    /// Rows with an open finding on the field that contains this in what is listed of it
    #[arg(long, conflicts_with = "condition", help_heading = "Which rows")]
    text: Option<String>,
    /// The new value of all of them
    #[arg(long, value_name = "VALUE", help_heading = "Which value")]
    now: Option<String>,
    /// For each the value that its open finding suggests
    #[arg(long, conflicts_with_all = ["now", "condition"], help_heading = "Which value")]
    suggestion: bool,
    /// Empty the field
    #[arg(long, conflicts_with_all = ["now", "suggestion"], help_heading = "Which value")]
    empty: bool,
    #[command(flatten)]
    why: Why,
}

impl Bulk {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        if self.now.is_none() && !self.suggestion && !self.empty {
            return Err(Error::usage("which value?").hint("say --now VALUE, --suggestion or --empty"));
        }
        let narrowed = self.rule.is_some() || self.source.is_some() || self.text.is_some();
        if self.condition.is_none() && !narrowed && !self.suggestion {
            return Err(Error::usage("which rows?").hint("say --where \"SQL condition\", --rule, --source or --text"));
        }
        let mut workbench = context.change()?;
        match &self.condition {
            Some(condition) => {
                let now = self.now.as_deref();
                let decision = workbench.set_where(&self.table, &self.field, condition, now, self.why.why)?;
                let outcome = print(std::slice::from_ref(&decision), context)?;
                tell_doubts(&workbench, &[decision], context);
                Ok(outcome)
            }
            None => {
                let filter = AnomalyFilter {
                    table: Some(self.table),
                    field: Some(self.field),
                    rule: self.rule,
                    source: self.source,
                    texts: self.text.into_iter().collect(),
                    ..AnomalyFilter::default()
                };
                workbench.check_filter(&filter)?;
                let now = if self.suggestion { NewValue::Suggestion } else { NewValue::Same(self.now.as_deref()) };
                let made = workbench.set_found(&filter, now, self.why.why.as_deref())?;
                let outcome = print_found(&made, context)?;
                tell_doubts(&workbench, &made.decisions, context);
                Ok(outcome)
            }
        }
    }
}
