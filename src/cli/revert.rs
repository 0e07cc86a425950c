//! `tastevin revert`: take a commit back.

use super::context::Context;
use super::text::commit_number;
use super::{Outcome, Subcommand, commit};
use crate::error::Result;
use crate::model::COMES_AGAIN;

/// Undo what a commit changed, as a new commit
///
/// What later commits did to other rows stays. It is refused where a later commit wrote the same rows again. The next commit
/// brings the candidates back: exclude or repair the rows that must not come again.
#[derive(clap::Args)]
pub struct Revert {
    /// The commit, as `tastevin log` numbers it
    #[arg(value_name = "N", value_parser = commit_number, allow_negative_numbers = true)]
    commit: i64,
    /// Why
    #[arg(short, long, default_value = "")]
    message: String,
}

impl Subcommand for Revert {
    const NAME: &'static str = "revert";

    fn run(self, context: &Context) -> Result<Outcome> {
        let message = match self.message.as_str() {
            "" => format!("revert {}", self.commit),
            message => message.to_owned(),
        };
        let made = context.change()?.revert(self.commit, &message)?;
        commit::print_commit(&made, context)?;
        context.say(COMES_AGAIN);
        Ok(Outcome::Pass)
    }
}
