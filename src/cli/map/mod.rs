//! `tastevin map`: how source columns land in the canonical tables, and how to change that.

mod set;
mod show;
mod suggest;

use super::context::Context;
use super::{Outcome, Subcommand};
use crate::error::Result;

/// Show, suggest and set how source columns land in the canonical tables
#[derive(clap::Args)]
pub struct Map {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Per canonical field, the columns that feed it and what is done to them
    Show(show::Show),
    /// For each staged column, the canonical field that it should feed, how sure that is, and why
    ///
    /// The score is made of the column's name beside the field's names and synonyms, what its values look like, allowed
    /// values and ranges, keys that are known already, what stands beside it, and what other mappings of the workspace say.
    /// All columns of an entity are paired with all fields of a table at once, so that together they fit best.
    Suggest(suggest::Suggest),
    /// Feed a canonical field with columns, or with nothing; comments and order of the mapping's file are kept
    Set(set::Set),
}

impl Subcommand for Map {
    const NAME: &'static str = "map";

    fn run(self, context: &Context) -> Result<Outcome> {
        match self.action {
            Action::Show(show) => show.run(context),
            Action::Suggest(suggest) => suggest.run(context),
            Action::Set(set) => set.run(context),
        }
    }
}
