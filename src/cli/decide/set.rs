//! `tastevin decide set`: one field of one row gets another value.

use super::{Outcome, Why, print, tell_doubts};
use crate::cli::context::Context;
use crate::error::Result;

/// Give one field of one row another value
#[derive(clap::Args)]
pub struct Set {
    /// The canonical table
    table: String,
    /// The row's key, as `anomalies` shows it
    row: String,
    /// The field
    field: String,
    /// The new value
    #[arg(required_unless_present = "empty")]
    value: Option<String>,
    /// Empty the field
    #[arg(long, conflicts_with = "value")]
    empty: bool,
    /// The rule whose finding this answers
    #[arg(long)]
    rule: Option<String>,
    #[command(flatten)]
    why: Why,
}

impl Set {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let mut workbench = context.change()?;
        let (value, rule) = (self.value.as_deref(), self.rule.as_deref());
        let decision = workbench.set(&self.table, &self.row, &self.field, value, rule, self.why.why)?;
        let outcome = print(std::slice::from_ref(&decision), context)?;
        tell_doubts(&workbench, &[decision], context);
        Ok(outcome)
    }
}
