//! `tastevin decide revert`: an earlier decision is taken back.

use super::{Outcome, Why, print};
use crate::cli::context::Context;
use crate::cli::text::count;
use crate::error::{Error, Result};
use crate::model::Decision;

/// Take a decision back; taking back a reversal puts the decision in force again
///
/// Where the decision is a conflict, the decisions about the same cells before it that do not fit either are taken back with
/// it, as the workbench does: each is a line of its own.
#[derive(clap::Args)]
pub struct Revert {
    /// The decision's id, or how it begins or ends, as long as only one does
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    why: Why,
}

impl Revert {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let mut workbench = context.change()?;
        let wanted = self.id.to_uppercase();
        let fits = |decision: &&Decision| decision.id.starts_with(&wanted) || decision.id.ends_with(&wanted);
        let decisions = workbench.decisions();
        let mut found: Vec<&Decision> = decisions.iter().filter(fits).collect();
        found.dedup_by(|a, b| a.id == b.id);
        let of = match found.as_slice() {
            [] => {
                return Err(Error::usage(format!("there is no decision \"{}\"", self.id))
                    .hint("`tastevin decide list` shows them with their ids"));
            }
            [one] => one.id.clone(),
            several => {
                return Err(Error::usage(format!("{} decisions begin or end with \"{}\"", several.len(), self.id))
                    .hint("give more of the id"));
            }
        };
        let taken = workbench.take_back(&of, self.why.why)?;
        let outcome = print(&taken.decisions, context)?;
        if taken.decisions.len() > 1 {
            let more = count(taken.decisions.len() as u64 - 1, "decision");
            context.say(format!("{more} before it did not fit either, and went with it."));
        }
        for one in taken.left {
            let rows = count(one.action.rows() as u64, "row");
            context.say(format!("▲ {} before it does not fit either; it is about {rows} and stays in force", one.id));
        }
        if let Some(outdated) = taken.outdated {
            context.say(format!(
                "▲ {outdated} the last check: whether decisions before this one fit is as it was then; `tastevin check`, then \
                 `tastevin decide conflicts`, say how it is now"
            ));
        }
        Ok(outcome)
    }
}
