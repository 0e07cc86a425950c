//! `tastevin commit`: the gate, the difference, the transaction.

use super::context::Context;
use super::json;
use super::sink::Sink;
use super::text::{count, visible};
use super::{Outcome, Subcommand, diff};
use crate::error::{Error, Result};
use crate::model::{self, TableDiff, TableTally, Verdict};
use crate::workbench::Workbench;

/// Make the candidates canonical: gate, difference, one transaction
///
/// Rebuilds the candidates with all decisions applied, checks them, and commits if the gate opens. Rows that block are
/// quarantined with their reasons.
#[derive(clap::Args)]
pub struct Commit {
    /// Say what would be committed and commit nothing; exit code 1 if the gate is closed
    #[arg(long)]
    dry_run: bool,
    /// What this commit is about
    #[arg(short, long, default_value = "")]
    message: String,
}

impl Subcommand for Commit {
    const NAME: &'static str = "commit";

    fn run(self, context: &Context) -> Result<Outcome> {
        let mut workbench = context.change()?;
        let verdict = check(&mut workbench, context)?;
        tell_unapplied(&verdict, context);
        if self.dry_run {
            return dry_run(&workbench, &verdict, context);
        }
        if !verdict.gate_is_open() {
            let mut out = context.stdout();
            if context.json() {
                json::write(&mut out, &[("committed", &false), ("gate", &verdict.gate)])?;
            } else {
                gate(&mut out, &verdict, context)?;
            }
            out.finish()?;
            context.say("Nothing was committed.\nNext: tastevin anomalies --severity error");
            return Ok(Outcome::Fail);
        }
        print(&make(&mut workbench, &self.message, context)?, context)?;
        Ok(Outcome::Pass)
    }
}

/// Rebuilds the candidates and runs the rules, with progress; an error where there is nothing yet to check.
pub fn check(workbench: &mut Workbench, context: &Context) -> Result<Verdict> {
    if workbench.config().sources.is_empty() {
        return Err(Error::usage("there is no source yet")
            .hint("add one: tastevin source add isavigne_prod --kind isavigne --path FOLDER"));
    }
    if workbench.sources()?.iter().all(|source| source.standing.is_none()) {
        return Err(Error::usage("nothing is loaded yet").hint("load first: tastevin load"));
    }
    let meter = context.meter();
    let verdict = workbench.check(&|progress| meter.tell(&progress))?;
    context.check_interrupted()?;
    Ok(verdict)
}

/// Says which decisions the commit goes without, where there are any.
pub fn tell_unapplied(verdict: &Verdict, context: &Context) {
    if let Some(sentence) = verdict.unapplied() {
        context.say(format!("{sentence}.\nNext: tastevin decide conflicts"));
    }
}

/// Says where a commit rewrites more than is usual, and which rows stay committed although they are left out or gone.
fn tell_odd<'t>(tallies: impl IntoIterator<Item = &'t TableTally> + Clone, context: &Context) {
    for said in tallies.clone().into_iter().filter_map(TableTally::rewriting) {
        context.say(format!("▲ {}", visible(&said)));
    }
    let staying: Vec<String> = tallies.into_iter().filter_map(TableTally::staying).collect();
    if !staying.is_empty() {
        context.say(format!(
            "{}.\nNext: exclude these too, or give them another row to refer to: tastevin anomalies --rule orphan-reference",
            staying.join(".\n")
        ));
    }
}

/// What came of a commit.
pub enum Made {
    /// It was made.
    Fresh(model::Commit),
    /// There was nothing to commit: this earlier one stands.
    Stands(model::Commit),
}

impl Made {
    /// The commit that was made, if one was.
    pub fn fresh(&self) -> Option<&model::Commit> {
        match self {
            Made::Fresh(commit) => Some(commit),
            Made::Stands(_) => None,
        }
    }
}

/// Commits, with progress.
pub fn make(workbench: &mut Workbench, message: &str, context: &Context) -> Result<Made> {
    let last = workbench.log()?.first().map(|last| last.id);
    let made = {
        let meter = context.meter();
        workbench.commit(message, &|progress| meter.tell(&progress))?
    };
    Ok(if last == Some(made.id) { Made::Stands(made) } else { Made::Fresh(made) })
}

fn dry_run(workbench: &Workbench, verdict: &Verdict, context: &Context) -> Result<Outcome> {
    let diff = workbench.diff(0, 0)?;
    let mut out = context.stdout();
    if context.json() {
        let tables: Vec<_> = diff.iter().map(|table| &table.tally).collect();
        let open = verdict.gate_is_open();
        json::write(
            &mut out,
            &[("committed", &false), ("would_commit", &open), ("gate", &verdict.gate), ("tables", &tables)],
        )?;
    } else {
        gate(&mut out, verdict, context)?;
        out.line("")?;
        diff::tallies(&mut out, &diff, context)?;
    }
    out.finish()?;
    tell_odd(diff.iter().map(|table| &table.tally), context);
    context.say("This was a dry run: nothing was committed.");
    Ok(Outcome::pass_if(verdict.gate_is_open()))
}

/// Prints what must hold before a commit and whether it does.
pub fn gate(out: &mut Sink, verdict: &Verdict, context: &Context) -> Result<()> {
    let paint = context.paint(None);
    let word = if verdict.gate_is_open() { paint.good("The gate is open.") } else { paint.bad("The gate is closed.") };
    out.line(word)?;
    for condition in &verdict.gate {
        let mark = if condition.holds { paint.good("✓") } else { paint.bad("✗") };
        out.line(format!("  {mark} {}: {}", visible(&condition.what), visible(&condition.detail)))?;
    }
    Ok(())
}

/// Prints what came of a commit.
pub fn print(made: &Made, context: &Context) -> Result<()> {
    match made {
        Made::Fresh(commit) => print_commit(commit, context),
        Made::Stands(commit) => {
            let mut out = context.stdout();
            if context.json() {
                json::write(&mut out, &[("committed", &false), ("stands", &commit.id)])?;
            }
            out.finish()?;
            context.say(format!("Nothing to commit: commit {} stands.", commit.id));
            Ok(())
        }
    }
}

/// Prints a commit that was made.
pub fn print_commit(made: &model::Commit, context: &Context) -> Result<()> {
    let mut out = context.stdout();
    if context.json() {
        json::write(&mut out, &[("committed", &true), ("commit", made)])?;
    } else {
        let paint = context.paint(None);
        let hash: String = made.hash.chars().take(12).collect();
        out.line(format!("{}  by {}, {hash}", paint.strong(&format!("commit {}", made.id)), visible(&made.who)))?;
        let tallies: Vec<TableDiff> =
            made.tables.iter().map(|tally| TableDiff { tally: tally.clone(), rows: Vec::new() }).collect();
        diff::tallies(&mut out, &tallies, context)?;
        let held: u64 = made.tables.iter().map(|table| table.quarantined).sum();
        if held > 0 {
            out.flush()?;
            context.say(format!("{} quarantined, each with its reasons.", count(held, "row")));
        }
        tell_odd(&made.tables, context);
    }
    out.finish()
}
