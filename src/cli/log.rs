//! `tastevin log`: the commits.

use super::context::Context;
use super::json;
use super::table::Table;
use super::text::number;
use super::{Outcome, Subcommand};
use crate::error::Result;
use crate::model::{Commit, TableTally};

/// List the commits, newest first
#[derive(clap::Args)]
pub struct Log {}

impl Subcommand for Log {
    const NAME: &'static str = "log";

    fn run(self, context: &Context) -> Result<Outcome> {
        let commits = context.look()?.log()?;
        let mut out = context.stdout();
        if context.json() {
            json::write(&mut out, &[("commits", &commits)])?;
        } else if commits.is_empty() {
            context.say("Nothing is committed yet.");
        } else {
            let mut table = Table::new([
                "#commit",
                "when (UTC)",
                "who",
                "#added",
                "#changed",
                "#removed",
                "#quarantined",
                "hash",
                "message",
            ]);
            for commit in &commits {
                table.row(cells(commit));
            }
            for line in table.lines(context.paint(None)) {
                out.text(line)?;
            }
        }
        out.finish()?;
        Ok(Outcome::Pass)
    }
}

fn cells(commit: &Commit) -> [String; 9] {
    let sum = |count: fn(&TableTally) -> u64| number(commit.tables.iter().map(count).sum());
    [
        commit.id.to_string(),
        commit.at.format("%Y-%m-%d %H:%M").to_string(),
        commit.who.clone(),
        sum(|table| table.added),
        sum(|table| table.changed),
        sum(|table| table.removed),
        sum(|table| table.quarantined),
        commit.hash.chars().take(12).collect(),
        commit.message.clone(),
    ]
}
