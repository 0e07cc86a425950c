//! `tastevin map suggest`: what each column should feed, with its evidence.

use std::collections::HashMap;

use super::super::context::Context;
use super::super::sink::Sink;
use super::super::table::Table;
use super::super::text::{count, visible};
use super::super::{Outcome, json};
use crate::error::{Error, Result, unknown};
use crate::model::{Acceptance, EntityProposal, Mapping, Proposal, Schema, Step, Suggestion, TableChoice};
use crate::workbench::Workbench;

/// The score from which on suggestions are accepted where nothing else is said.
const SURE: f64 = 0.9;

/// What to suggest for.
#[derive(clap::Args)]
pub struct Suggest {
    /// The source [default: all that are loaded]
    #[arg(value_name = "SOURCE")]
    source: Option<String>,
    /// Only this canonical table; what comes nearest to it is shown however little that is
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    /// Only suggestions with this score or more, from 0 to 1 [default: all; 0.9 with --accept]
    #[arg(long, value_name = "SCORE", value_parser = score)]
    min: Option<f64>,
    /// Show what is mapped already too, with its evidence, and the fields that no column is like
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
        let mut bare = Vec::new();
        for source in self.sources(&workbench)? {
            let draft = workbench.draft(&source)?;
            let proposal = workbench.suggest_for(&source, draft.mapping(), self.table.as_deref())?;
            bare.push(without_a_column(workbench.schema(), draft.mapping(), &proposal));
            proposals.push(proposal);
        }
        let mut out = context.stdout();
        if context.json() || self.format.as_deref() == Some("json") {
            self.json(&mut out, &proposals)?;
        } else if !self.accept {
            for (at, proposal) in proposals.iter().enumerate() {
                if at > 0 {
                    out.line("")?;
                }
                self.text(&mut out, proposal, &bare[at], context)?;
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

    fn text(&self, out: &mut Sink, proposal: &Proposal, bare: &Bare, context: &Context) -> Result<()> {
        let paint = context.paint(None);
        for (at, entity) in proposal.entities.iter().enumerate() {
            if at > 0 {
                out.line("")?;
            }
            let name = visible(&format!("{}.{}", proposal.source, entity.entity));
            let asked = |table: &&TableChoice| self.table.as_ref().is_none_or(|asked| *asked == table.table);
            let chosen: Vec<_> = entity.tables.iter().filter(|table| table.chosen).filter(asked).collect();
            out.line(format!("{}  {}", paint.strong(&name), count(entity.rows, "row")))?;
            if let (true, Some(asked)) = (chosen.is_empty() && self.table.is_some(), entity.tables.iter().find(asked)) {
                let said = format!("not {}  {:.2}  {}{}", asked.table, asked.score, asked.words, feeds(entity));
                out.line(visible(&said))?;
                continue;
            }
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
            } else if let Some(said) = chosen.first().and_then(|table| self.why_nothing(entity, &table.table)) {
                out.line(said)?;
            }
            for table in chosen.iter().filter(|_| self.all || !any) {
                if let Some(fields) = bare.get(&(entity.entity.clone(), table.table.clone())) {
                    let fields = fields.join(", ");
                    out.line(visible(&format!("  no column is like {fields} by name or by values; {SYNONYMS}")))?;
                }
            }
            if !entity.left.is_empty() {
                out.line(format!("  {}", visible(&format!("feeds nothing: {}", entity.left.join(", ")))))?;
            }
        }
        Ok(())
    }

    /// Why none of the suggestions of an entity is shown; nothing where there are none.
    fn why_nothing(&self, entity: &EntityProposal, table: &str) -> Option<String> {
        let of_it: Vec<&Suggestion> = entity.suggestions.iter().filter(|one| one.table == table).collect();
        let mapped = of_it.iter().filter(|one| one.mapped).count();
        let all = |many: usize, one: &str| count(many as u64, one);
        match (of_it.len(), self.min) {
            (0, _) => None,
            (many, _) if many == mapped && !self.all => {
                Some(format!("  nothing new: {} mapped already, --all shows them", all(many, "field")))
            }
            (many, Some(min)) => Some(format!("  {} below {min:.2}", all(many, "suggestion"))),
            (_, None) => None,
        }
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

/// What helps where nothing is suggested.
const SYNONYMS: &str = "synonyms in mappings/canonical.toml say how exports call a field";

/// Per entity and table the fields for which nothing is suggested.
type Bare = HashMap<(String, String), Vec<String>>;

/// The fields that no column feeds or is suggested for, of those that a source can give.
fn without_a_column(schema: &Schema, mapping: &Mapping, proposal: &Proposal) -> Bare {
    let mut bare = Bare::new();
    for entity in &proposal.entities {
        for choice in entity.tables.iter().filter(|choice| choice.chosen) {
            let Some(table) = schema.tables.get(&choice.table) else { continue };
            let fed = mapping.tables.get(&choice.table).filter(|feed| feed.entity == entity.entity);
            let is_fed = |field: &str| fed.is_some_and(|feed| feed.fields.contains_key(field));
            let is_suggested =
                |field: &str| entity.suggestions.iter().any(|one| one.table == choice.table && one.field == field);
            let of_sources = table.fields.iter().filter(|(_, field)| field.derive.is_none() && field.default.is_none());
            let fields = of_sources.map(|(name, _)| name).filter(|name| !is_fed(name) && !is_suggested(name));
            let fields: Vec<String> = fields.cloned().collect();
            if !fields.is_empty() {
                bare.insert((entity.entity.clone(), choice.table.clone()), fields);
            }
        }
    }
    bare
}

/// The tables that an entity feeds, or is suggested for, in words.
fn feeds(entity: &EntityProposal) -> String {
    let tables: Vec<&str> =
        entity.tables.iter().filter(|choice| choice.chosen).map(|choice| choice.table.as_str()).collect();
    if tables.is_empty() { String::new() } else { format!("; it is {}", tables.join(" and ")) }
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
