//! `tastevin decide conflicts`: decisions that the data has moved away from.

use super::Outcome;
use crate::cli::context::Context;
use crate::cli::json;
use crate::cli::table::Table;
use crate::cli::text::count;
use crate::error::Result;
use crate::model::Conflict;

/// List the decisions that could not be applied at the last check, because the data has moved on
#[derive(clap::Args)]
pub struct Conflicts {}

impl Conflicts {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let conflicts = context.look()?.conflicts()?;
        let mut out = context.stdout();
        if context.json() {
            json::write(&mut out, &[("conflicts", &conflicts)])?;
        } else if conflicts.is_empty() {
            context.say("No conflicts: every decision in force was applied.");
        } else {
            let mut table =
                Table::new(["decision", "table", "row", "field", "decided about", "wants", "found", "why not applied"]);
            for conflict in &conflicts {
                table.row(cells(conflict));
            }
            for line in table.lines(context.paint(None)) {
                out.text(line)?;
            }
            out.flush()?;
            context.say("Decide anew (decide set), or take the decision back (decide revert ID).");
        }
        out.finish()?;
        Ok(Outcome::Pass)
    }
}

fn cells(conflict: &Conflict) -> [String; 8] {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    [
        conflict.decision.clone(),
        conflict.table.clone(),
        conflict.row.clone(),
        conflict.field.clone(),
        value(&conflict.was),
        value(&conflict.now),
        value(&conflict.found),
        match conflict.earlier.len() as u64 {
            0 => conflict.why(),
            more => format!("{}; {} before it fit no better", conflict.why(), count(more, "decision")),
        },
    ]
}
