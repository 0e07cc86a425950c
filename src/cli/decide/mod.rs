//! `tastevin decide`: the ledger from the shell; one file per kind of decision.

mod apart;
mod apply;
mod bulk;
mod conflicts;
mod exclude;
mod list;
mod merge;
mod revert;
mod set;
mod waive;

use super::context::Context;
use super::json;
use super::text::{count, visible};
use super::{Outcome, Subcommand};
use crate::error::{Error, Result};
use crate::model::{Action, Decision};
use crate::workbench::{OnFound, Workbench};

/// Repair, accept and exclude rows, for this export and the next ones
///
/// Every decision is one line in decisions.jsonl, on the disk before this command ends, and is applied whenever the
/// candidates are built: by `check`, `commit` and `sync`.
#[derive(clap::Args)]
pub struct Decide {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(clap::Subcommand)]
enum Kind {
    Set(set::Set),
    Bulk(bulk::Bulk),
    Waive(waive::Waive),
    Exclude(exclude::Exclude),
    Merge(merge::Merge),
    Apart(apart::Apart),
    Revert(revert::Revert),
    Apply(apply::Apply),
    List(list::List),
    Conflicts(conflicts::Conflicts),
}

impl Subcommand for Decide {
    const NAME: &'static str = "decide";

    fn run(self, context: &Context) -> Result<Outcome> {
        match self.kind {
            Kind::Set(set) => set.run(context),
            Kind::Bulk(bulk) => bulk.run(context),
            Kind::Waive(waive) => waive.run(context),
            Kind::Exclude(exclude) => exclude.run(context),
            Kind::Merge(merge) => merge.run(context),
            Kind::Apart(apart) => apart.run(context),
            Kind::Revert(revert) => revert.run(context),
            Kind::Apply(apply) => apply.run(context),
            Kind::List(list) => list.run(context),
            Kind::Conflicts(conflicts) => conflicts.run(context),
        }
    }
}

/// Why a decision is made.
#[derive(clap::Args)]
struct Why {
    /// The reason, which stands in the ledger
    #[arg(long, value_name = "REASON")]
    why: Option<String>,
}

/// Prints the decisions that were made: their ids as data, the rest as a message.
fn print(decisions: &[Decision], context: &Context) -> Result<Outcome> {
    if decisions.is_empty() {
        return Err(Error::usage("nothing is meant by that, so nothing was decided")
            .hint("`tastevin anomalies` shows what there is to decide"));
    }
    let mut out = context.stdout();
    if context.json() {
        json::write(&mut out, &[("decisions", &decisions)])?;
    } else {
        for decision in decisions {
            out.line(&decision.id)?;
        }
    }
    out.finish()?;
    for decision in decisions {
        let (about, decided) = words(&decision.action);
        context.say(format!("{} {}: {}", decision.action.kind(), visible(&about), visible(&decided)));
    }
    context.say("It takes effect with the next check, commit or sync.");
    Ok(Outcome::Pass)
}

/// Says what the rules will find in the new values: a repair that makes it no better must not pass for one.
fn tell_doubts(workbench: &Workbench, decisions: &[Decision], context: &Context) {
    const SHOWN: usize = 5;
    for decision in decisions {
        // It is decided; why the rules cannot be asked is told by the next check.
        let doubts = workbench.doubts(decision).unwrap_or_default();
        for doubt in doubts.iter().take(SHOWN) {
            context.say(format!("▲ {}", visible(doubt)));
        }
        if let Some(more) = doubts.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            context.say(format!("▲ and {more} more like that"));
        }
    }
}

/// The same about findings, and how many of them are left.
fn print_found(made: &OnFound, context: &Context) -> Result<Outcome> {
    let outcome = print(&made.decisions, context)?;
    if made.left > 0 {
        let left = count(made.left, "row");
        context.say(format!("{left} left as they are: somebody has decided on them since the last check."));
    }
    Ok(outcome)
}

/// What a decision is about, and what was decided.
fn words(action: &Action) -> (String, String) {
    let value = |value: &Option<String>| value.as_ref().map_or("–".to_owned(), |value| format!("\"{value}\""));
    match action {
        Action::Set { table, row, field, was, now, .. } => {
            (format!("{table} {row} {field}"), format!("{} → {}", value(was), value(now)))
        }
        Action::Bulk { table, field, rows, .. } => (format!("{table} {field}"), count(rows.len() as u64, "row")),
        Action::Replace { table, field, values } => {
            let pairs: Vec<String> = values.iter().map(|(was, now)| format!("\"{was}\" → \"{now}\"")).collect();
            (format!("{table} {field}"), pairs.join(", "))
        }
        Action::Exclude { table, rows } => (table.clone(), some(rows)),
        Action::Merge { table, into, rows, fields } => {
            let taken = match fields.len() as u64 {
                0 => String::new(),
                number => format!(" and {}", count(number, "value")),
            };
            (format!("{table} {into}"), format!("takes in {}{taken}", some(rows)))
        }
        Action::Waive { rule, table, field, row, rows, until, .. } => {
            let until = until.map(|day| format!(" until {day}")).unwrap_or_default();
            let field = field.iter().filter(|field| !field.is_empty()).map(|field| format!(" {field}")).next();
            let field = field.unwrap_or_default();
            match row {
                Some(row) => (format!("{table} {row}{field}"), format!("{rule}{until}")),
                None => (format!("{table}{field}"), format!("{rule}, {}{until}", count(rows.len() as u64, "finding"))),
            }
        }
        Action::Revert { of, .. } => (of.clone(), "taken back".to_owned()),
    }
}

/// One row by name, several by their number.
fn some(rows: &[String]) -> String {
    match rows {
        [one] => one.clone(),
        several => count(several.len() as u64, "row"),
    }
}
