//! `tastevin load`: extract and stage.

use super::context::Context;
use super::json;
use super::sink::Sink;
use super::table::Table;
use super::text::{count, number, visible};
use super::{Outcome, Subcommand, failure};
use crate::error::{Error, Kind, Result, unknown};
use crate::model;
use crate::workbench::Workbench;

/// Extract and stage sources
///
/// Everything is staged as the text that was read; records that cannot be read as rows become rejects with file, line and
/// reason. Loading again replaces what the earlier load of the same source staged; if a load fails, the earlier one
/// still stands.
#[derive(clap::Args)]
pub struct Load {
    /// The sources [default: all]
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Load everything anew; files are always loaded so
    #[arg(long)]
    full: bool,
    /// Load only what changed since that day; for sources that know
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "full")]
    since: Option<chrono::NaiveDate>,
}

impl Subcommand for Load {
    const NAME: &'static str = "load";

    fn run(self, context: &Context) -> Result<Outcome> {
        let wanted = model::LoadOptions { full: self.full, since: self.since };
        let mut workbench = context.change()?;
        let loads = all(&mut workbench, &self.sources, &wanted, context)?;
        let mut out = context.stdout();
        if context.json() {
            json::write(&mut out, &[("loads", &loads.done)])?;
        } else {
            print(&mut out, &loads.done, context)?;
        }
        out.finish()?;
        loads.outcome(context)
    }
}

/// What became of the loads of several sources.
pub struct Loads {
    /// Those that went through.
    pub done: Vec<model::Load>,
    /// Those that did not, by source.
    pub failed: Vec<(String, Error)>,
}

impl Loads {
    /// Tells every failure but the last on stderr and gives that one back.
    pub fn outcome(mut self, context: &Context) -> Result<Outcome> {
        let Some((_, last)) = self.failed.pop() else { return Ok(Outcome::Pass) };
        for (_, error) in &self.failed {
            failure::report(error, context.colour_on_stderr());
        }
        Err(last)
    }
}

/// Loads the named sources, or all; one that fails does not stop the others.
pub fn all(
    workbench: &mut Workbench,
    sources: &[String],
    wanted: &model::LoadOptions,
    context: &Context,
) -> Result<Loads> {
    let known = &workbench.config().sources;
    let names: Vec<String> = if sources.is_empty() { known.keys().cloned().collect() } else { sources.to_vec() };
    if names.is_empty() {
        return Err(Error::usage("there is no source to load")
            .hint("add one: tastevin source add isavigne_prod --kind isavigne --path FOLDER"));
    }
    // A name that is wrong is a slip of the pen: nothing is loaded.
    if let Some(name) = names.iter().find(|name| !known.contains_key(*name)) {
        return Err(unknown("source", name, known.keys().map(String::as_str)));
    }
    let mut loads = Loads { done: Vec::new(), failed: Vec::new() };
    for name in names {
        let meter = context.meter();
        match workbench.load(&name, wanted, &|progress| meter.tell(&progress)) {
            Ok(load) => loads.done.push(load),
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(error) => loads.failed.push((name, error)),
        }
        context.check_interrupted()?;
    }
    Ok(loads)
}

/// Prints what came in: per entity, rows in = staged + rejected.
pub fn print(out: &mut Sink, loads: &[model::Load], context: &Context) -> Result<()> {
    let paint = context.paint(None);
    for load in loads {
        let took = load.ended.map(|ended| ended - load.started).unwrap_or_default();
        out.line(format!(
            "{}  load {} {} in {:.1} s",
            paint.strong(&visible(&load.source)),
            load.id,
            load.status.name(),
            took.as_seconds_f64()
        ))?;
        let mut table = Table::new(["  entity", "#rows in", "#= staged", "#+ rejected", "files", "read as"]);
        for entity in &load.entities {
            table.row([
                format!("  {}", entity.entity),
                number(entity.rows_in),
                number(entity.staged),
                number(entity.rejected),
                entity.files.join(", "),
                entity.dialect.clone(),
            ]);
        }
        for line in table.lines(paint) {
            out.text(line)?;
        }
        for note in &load.notes {
            out.line(format!("  note: {}", visible(note)))?;
        }
    }
    let rejected: u64 = loads.iter().map(model::Load::rejected).sum();
    if rejected > 0 {
        out.flush()?;
        context.say(format!(
            "{} could not be read as rows; see them: tastevin query \"FROM dq.rejects\"",
            count(rejected, "record")
        ));
    }
    Ok(())
}
