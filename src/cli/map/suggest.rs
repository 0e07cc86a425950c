//! `tastevin map suggest`: what each column should feed, with its evidence.

use super::super::context::Context;
use super::super::sink::Sink;
use super::super::table::Table;
use super::super::text::{count, visible};
use super::super::{Outcome, json};
use crate::error::{Error, Result, unknown};
use crate::model::{Acceptance, EntityProposal, Proposal, Step, Suggestion};
use crate::workbench::Workbench;

/// The score from which on suggestions are accepted where nothing else is said.
const SURE: f64 = 0.9;

/// What to suggest for.
#[derive(clap::Args)]
pub struct Suggest {
    /// The source [default: all that are loaded]
    #[arg(value_name = "SOURCE")]
    source: Option<String>,
    /// Only this canonical table
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    /// Only suggestions with this score or more, from 0 to 1 [default: all; 0.9 with --accept]
    #[arg(long, value_name = "SCORE", value_parser = score)]
    min: Option<f64>,
    /// Show what is mapped already too, with its evidence
    #[arg(long)]
    all: bool,
    /// Write the suggestions into the mapping, and say only how many and which not
    #[arg(long)]
    accept: bool,
    /// The format [default: text; json with --json]
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json"])]
    format: Option<String>,
}

fn score(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err("a score is a number from 0 to 1".to_owned()),
    }
}

impl Suggest {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let mut workbench = if self.accept { context.change()? } else { context.look()? };
        if let Some(table) = &self.table
            && !workbench.schema().tables.contains_key(table)
        {
            return Err(unknown("canonical table", table, workbench.schema().tables.keys().map(String::as_str)));
        }
        let mut proposals = Vec::new();
        for source in self.sources(&workbench)? {
            let draft = workbench.draft(&source)?;
            proposals.push(workbench.suggest(&source, draft.mapping())?);
        }
        let mut out = context.stdout();
        if context.json() || self.format.as_deref() == Some("json") {
            self.json(&mut out, &proposals)?;
        } else if !self.accept {
            for (at, proposal) in proposals.iter().enumerate() {
                if at > 0 {
                    out.line("")?;
                }
                self.text(&mut out, proposal, context)?;
            }
        }
        out.flush()?;
        if self.accept {
            for proposal in &proposals {
                self.accept(&mut workbench, proposal, context)?;
            }
        }
        out.finish()?;
        Ok(Outcome::Pass)
    }

    fn sources(&self, workbench: &Workbench) -> Result<Vec<String>> {
        if let Some(source) = &self.source {
            return Ok(vec![source.clone()]);
        }
        let mut loaded = Vec::new();
        for source in workbench.config().sources.keys() {
            if !workbench.staged_entities(source)?.is_empty() {
                loaded.push(source.clone());
            }
        }
        if loaded.is_empty() {
            return Err(Error::usage("nothing is loaded yet")
                .hint("`tastevin load` stages the sources; suggestions are drawn from what is staged"));
        }
        Ok(loaded)
    }

    fn shown<'p>(&self, entity: &'p EntityProposal) -> impl Iterator<Item = &'p Suggestion> {
        let (all, min, table) = (self.all, self.min.unwrap_or(0.0), self.table.clone());
        entity.suggestions.iter().filter(move |one| {
            (all || !one.mapped) && one.score >= min && table.as_ref().is_none_or(|table| *table == one.table)
        })
    }

    fn json(&self, out: &mut Sink, proposals: &[Proposal]) -> Result<()> {
        let mut suggestions = Vec::new();
        let mut entities = Vec::new();
        for proposal in proposals {
            for entity in &proposal.entities {
                for one in self.shown(entity) {
                    suggestions.push(serde_json::json!({
                        "source": proposal.source, "entity": one.entity, "column": one.columns.join(", "), "columns": one.columns,
                        "table": one.table, "field": one.field, "score": rounded(one.score), "mapped": one.mapped,
                        "evidence": one.evidence.iter().map(|part| serde_json::json!({
                            "part": part.part, "score": rounded(part.score), "words": part.words,
                        })).collect::<Vec<_>>(),
                        "transforms": one.transforms, "runner_up": one.runner_up.as_ref().map(|second| serde_json::json!({
                            "field": second.field, "score": rounded(second.score), "why": second.why,
                        })),
                    }));
                }
                entities.push(serde_json::json!({
                    "source": proposal.source, "entity": entity.entity, "rows": entity.rows, "tables": entity.tables,
                    "left": entity.left,
                }));
            }
        }
        json::write(out, &[("suggestions", &suggestions), ("entities", &entities)])
    }

    fn text(&self, out: &mut Sink, proposal: &Proposal, context: &Context) -> Result<()> {
        let paint = context.paint(None);
        for (at, entity) in proposal.entities.iter().enumerate() {
            if at > 0 {
                out.line("")?;
            }
            let name = visible(&format!("{}.{}", proposal.source, entity.entity));
            let chosen: Vec<_> = entity.tables.iter().filter(|table| table.chosen).collect();
            out.line(format!("{}  {}", paint.strong(&name), count(entity.rows, "row")))?;
            for table in &chosen {
                let words = if table.mapped { "mapped already" } else { table.words.as_str() };
                out.line(format!("→ {}  {:.2}  {}", visible(&table.table), table.score, visible(words)))?;
            }
            if let (true, Some(best)) = (chosen.is_empty(), entity.tables.first()) {
                let best =
                    format!("it fits no table; the nearest is {} ({:.2}: {})", best.table, best.score, best.words);
                out.line(visible(&best))?;
            }
            let mut table = Table::new(["  column", "table", "field", "#score", "transforms", "evidence"]);
            let mut any = false;
            for one in self.shown(entity) {
                any = true;
                let mark = if one.mapped { " mapped" } else { "" };
                table.row([
                    format!("  {}", one.columns.join(" + ")),
                    one.table.clone(),
                    one.field.clone(),
                    format!("{:.2}{mark}", one.score),
                    one.transforms.iter().map(Step::to_string).collect::<Vec<_>>().join(" → "),
                    evidence(one),
                ]);
            }
            if any {
                for line in table.lines(paint) {
                    out.text(line)?;
                }
            }
            if !entity.left.is_empty() {
                out.line(format!("  {}", visible(&format!("feeds nothing: {}", entity.left.join(", ")))))?;
            }
        }
        Ok(())
    }

    fn accept(&self, workbench: &mut Workbench, proposal: &Proposal, context: &Context) -> Result<()> {
        let least = self.min.unwrap_or(SURE);
        let acceptance = proposal.accept(least, self.table.as_deref());
        let left_out = left_out(&acceptance, proposal, least);
        let Some(edit) = acceptance.edit else {
            context.say(format!("{}: nothing to accept from {least:.2} on", visible(&proposal.source)));
            for line in left_out {
                context.say(visible(&line));
            }
            return Ok(());
        };
        let mut draft = workbench.draft(&proposal.source)?;
        draft.apply(edit);
        workbench.save_mapping(&mut draft)?;
        context.say(format!(
            "{} accepted into mappings/{}.toml",
            count(acceptance.taken as u64, "suggestion"),
            visible(draft.name())
        ));
        for line in left_out {
            context.say(visible(&line));
        }
        for coverage in crate::model::coverage(workbench.schema(), draft.mapping()) {
            if coverage.fed > 0 && !coverage.lacking.is_empty() {
                let said = format!("{} still lacks what it requires: {}", coverage.table, coverage.lacking.join(", "));
                context.say(visible(&said));
            }
        }
        Ok(())
    }
}

/// What was not accepted and why, a line for each reason.
fn left_out(acceptance: &Acceptance, proposal: &Proposal, least: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for entity in &proposal.entities {
        let doubtful = acceptance.doubtful.iter().filter(|one| one.entity == entity.entity).count();
        if let (Some(choice), true) =
            (entity.tables.iter().find(|choice| choice.chosen && !choice.mapped), doubtful > 0)
        {
            lines.push(format!(
                "{} left out: whether {} is {} is not sure ({:.2}: {}); --table {} accepts them",
                count(doubtful as u64, "suggestion"),
                entity.entity,
                choice.table,
                choice.score,
                choice.words,
                choice.table
            ));
        }
    }
    if !acceptance.below.is_empty() {
        let named = acceptance
            .below
            .iter()
            .map(|one| format!("{} → {}.{} ({:.2})", one.columns.join(" + "), one.table, one.field, one.score));
        lines.push(format!(
            "{} left out, below {least:.2}: {}; --min accepts more",
            count(acceptance.below.len() as u64, "suggestion"),
            named.collect::<Vec<_>>().join(", ")
        ));
    }
    for entity in proposal.entities.iter().filter(|entity| !entity.left.is_empty()) {
        lines.push(format!("of {} nothing is suggested for: {}", entity.entity, entity.left.join(", ")));
    }
    lines
}

fn rounded(score: f64) -> f64 {
    (score * 1000.0).round() / 1000.0
}

fn evidence(one: &Suggestion) -> String {
    let mut parts: Vec<String> =
        one.evidence.iter().map(|part| format!("{} {:.2} {}", part.part.name(), part.score, part.words)).collect();
    if let Some(second) = &one.runner_up {
        parts.push(format!("not {} ({:.2}): {}", second.field, second.score, second.why));
    }
    parts.join("; ")
}
