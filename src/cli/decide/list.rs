//! `tastevin decide list`: the ledger.

use super::{Outcome, words};
use crate::cli::context::Context;
use crate::cli::json;
use crate::cli::table::Table;
use crate::error::Result;
use crate::model::{Action, Decision};

/// List the decisions in the order in which they were made
#[derive(clap::Args)]
pub struct List {
    /// Only about this canonical table
    #[arg(long)]
    table: Option<String>,
    /// Those that were taken back too
    #[arg(long)]
    all: bool,
}

impl List {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let workbench = context.look()?;
        let is_shown = |decision: &&Decision| {
            let in_force = workbench.is_active(&decision.id) && !matches!(decision.action, Action::Revert { .. });
            let about = self.table.as_deref().is_none_or(|table| decision.action.table() == Some(table));
            (self.all || in_force) && about
        };
        let decisions = workbench.decisions();
        let shown: Vec<&Decision> = decisions.iter().filter(is_shown).collect();
        let mut out = context.stdout();
        if context.json() {
            json::write(&mut out, &[("decisions", &shown)])?;
        } else if shown.is_empty() {
            context.say("No decisions.");
        } else {
            let mut table = Table::new(["id", "when (UTC)", "who", "kind", "about", "decided", "why", ""]);
            for decision in shown {
                let (about, decided) = words(&decision.action);
                table.row([
                    decision.id.as_str(),
                    &decision.at.format("%Y-%m-%d %H:%M").to_string(),
                    &decision.who,
                    decision.action.kind(),
                    &about,
                    &decided,
                    decision.why.as_deref().unwrap_or_default(),
                    if workbench.is_active(&decision.id) { "" } else { "taken back" },
                ]);
            }
            for line in table.lines(context.paint(None)) {
                out.text(line)?;
            }
        }
        out.finish()?;
        Ok(Outcome::Pass)
    }
}
