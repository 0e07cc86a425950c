//! `tastevin sync`: everything from load to commit, for cron.

use super::context::Context;
use super::json;
use super::{Outcome, Subcommand, commit, load};
use crate::error::Result;
use crate::model::LoadOptions;

/// Load, map, check and commit in one go, for cron
///
/// One source that cannot be read does not stop the others: what it staged before stands, the rest goes on, and the exit
/// code is 3. If the gate stays closed nothing is committed and the exit code is 1.
#[derive(clap::Args)]
pub struct Sync {
    /// The sources [default: all]
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// What the commit is about
    #[arg(short, long, default_value = "sync")]
    message: String,
}

impl Subcommand for Sync {
    const NAME: &'static str = "sync";

    fn run(self, context: &Context) -> Result<Outcome> {
        let mut workbench = context.change()?;
        let loads = load::all(&mut workbench, &self.sources, &LoadOptions::default(), context)?;
        let mut out = context.stdout();
        if !context.json() {
            load::print(&mut out, &loads.done, context)?;
            out.line("")?;
        }
        if loads.done.is_empty() {
            out.finish()?;
            context.say("No source could be loaded; nothing was checked or committed.");
            return loads.outcome(context);
        }
        let verdict = commit::check(&mut workbench, context)?;
        commit::tell_unapplied(&verdict, context);
        let made = match verdict.gate_is_open() {
            true => Some(commit::make(&mut workbench, &self.message, context)?),
            false => None,
        };
        if context.json() {
            let failed: Vec<_> = loads
                .failed
                .iter()
                .map(|(source, error)| serde_json::json!({ "source": source, "error": error.to_string() }))
                .collect();
            json::write(
                &mut out,
                &[
                    ("committed", &made.as_ref().is_some_and(|made| made.fresh().is_some())),
                    ("loads", &loads.done),
                    ("failed", &failed),
                    ("verdict", &verdict),
                    ("commit", &made.as_ref().and_then(commit::Made::fresh)),
                ],
            )?;
            out.finish()?;
        } else {
            commit::gate(&mut out, &verdict, context)?;
            out.line("")?;
            out.finish()?;
            match &made {
                Some(made) => commit::print(made, context)?,
                None => context.say("Nothing was committed.\nNext: tastevin anomalies --severity error"),
            }
        }
        match loads.outcome(context)? {
            Outcome::Fail => Ok(Outcome::Fail),
            Outcome::Pass => Ok(Outcome::pass_if(made.is_some())),
        }
    }
}
