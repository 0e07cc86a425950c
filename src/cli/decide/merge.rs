//! `tastevin decide merge`: rows that are the same thing become one.

use indexmap::IndexMap;

use super::{Outcome, Why, print};
use crate::cli::context::Context;
use crate::error::{Error, Result};

/// Make rows one: the first stays, the others go, and what refers to them refers to it
#[derive(clap::Args)]
pub struct Merge {
    /// The canonical table
    table: String,
    /// The key of the row that stays
    #[arg(value_name = "INTO")]
    into: String,
    /// The keys of the rows that go
    #[arg(value_name = "ROW", required = true)]
    rows: Vec<String>,
    /// Take the value of this field from that row
    #[arg(long, value_name = "FIELD=ROW")]
    take: Vec<String>,
    #[command(flatten)]
    why: Why,
}

impl Merge {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let mut take = IndexMap::new();
        for taken in &self.take {
            let (field, row) = taken.split_once('=').ok_or_else(|| {
                Error::usage(format!("--take \"{taken}\" names no row")).hint("write it as FIELD=ROW")
            })?;
            take.insert(field.trim().to_owned(), row.trim().to_owned());
        }
        let mut workbench = context.change()?;
        print(&[workbench.merge(&self.table, &self.into, &self.rows, &take, self.why.why)?], context)
    }
}
