//! `tastevin decide apart`: rows that look alike are different things.

use super::{Outcome, Why, print};
use crate::cli::context::Context;
use crate::error::Result;

/// Say that rows which look alike are different things; nobody is asked about them again
#[derive(clap::Args)]
pub struct Apart {
    /// The canonical table
    table: String,
    /// The keys of the rows
    #[arg(value_name = "ROW", required = true)]
    rows: Vec<String>,
    #[command(flatten)]
    why: Why,
}

impl Apart {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let mut workbench = context.change()?;
        print(&workbench.keep_apart(&self.table, &self.rows, self.why.why.as_deref())?, context)
    }
}
