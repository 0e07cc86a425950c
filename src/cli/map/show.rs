//! `tastevin map show`: the mapping as it will run.

use super::super::context::Context;
use super::super::table::Table;
use super::super::text::visible;
use super::super::{Outcome, json};
use crate::error::{Result, unknown};
use crate::model::{Derive, Field, MappingLine, Step};
use crate::workbench::Workbench;

/// Which part of the mapping to show, and how.
#[derive(clap::Args)]
pub struct Show {
    /// Only this canonical table
    #[arg(value_name = "TABLE")]
    table: Option<String>,
    /// Print the SQL that builds the candidates
    #[arg(long)]
    sql: bool,
}

impl Show {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let Show { table, sql } = self;
        let workbench = context.look()?;
        let mut out = context.stdout();
        if let Some(table) = &table
            && !workbench.schema().tables.contains_key(table)
        {
            return Err(unknown("canonical table", table, workbench.schema().tables.keys().map(String::as_str)));
        }
        if sql {
            for (name, statement) in workbench.map_sql()? {
                if table.as_ref().is_none_or(|only| *only == name) {
                    out.line(format!("-- {}\n{}\n", visible(&name), statement.trim_end()))?;
                }
            }
            out.finish()?;
            return Ok(Outcome::Pass);
        }
        let lines = lines(&workbench, table.as_deref());
        if context.json() {
            json::write(&mut out, &[("mapping", &lines)])?;
        } else {
            let paint = context.paint(None);
            let mut tables: Vec<(&str, &str)> = Vec::new();
            for line in &lines {
                if !tables.contains(&(line.source.as_str(), line.table.as_str())) {
                    tables.push((&line.source, &line.table));
                }
            }
            for (at, (source, name)) in tables.into_iter().enumerate() {
                if at > 0 {
                    out.line("")?;
                }
                let from = if source.is_empty() { "no source feeds it".to_owned() } else { format!("from {source}") };
                out.line(format!("{}  {}", paint.strong(&visible(name)), visible(&from)))?;
                let mut shown = Table::new(["  field", "columns", "transforms"]);
                for line in lines.iter().filter(|line| line.source == source && line.table == name) {
                    shown.row([format!("  {}", line.field), line.columns.join(", "), line.transforms.join(" → ")]);
                }
                for line in shown.lines(paint) {
                    out.text(line)?;
                }
            }
        }
        out.finish()?;
        Ok(Outcome::Pass)
    }
}

fn lines(workbench: &Workbench, only: Option<&str>) -> Vec<MappingLine> {
    let mut lines = Vec::new();
    for (name, table) in workbench.schema().tables.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)) {
        let feeds: Vec<_> = workbench
            .workspace()
            .mappings
            .iter()
            .filter_map(|(source, mapping)| Some((source.as_str(), mapping.tables.get(name)?)))
            .collect();
        let nothing = feeds.is_empty().then_some(("", None));
        for (source, feed) in feeds.into_iter().map(|(source, feed)| (source, Some(feed))).chain(nothing) {
            for (field, declared) in &table.fields {
                let mapped = feed.and_then(|feed| feed.fields.get(field));
                let (columns, transforms) = match (mapped, feed) {
                    (Some(mapped), Some(feed)) => (
                        mapped.inputs().map(|column| format!("{}.{column}", feed.entity)).collect(),
                        mapped.transforms.iter().map(words).collect(),
                    ),
                    _ => (Vec::new(), derived(declared).into_iter().collect()),
                };
                lines.push(MappingLine {
                    source: source.to_owned(),
                    table: name.clone(),
                    field: field.clone(),
                    columns,
                    transforms,
                });
            }
        }
    }
    lines
}

/// A step as it stands in the mapping.
fn words(step: &Step) -> String {
    match &step.arguments {
        None => step.name.clone(),
        Some(arguments) => format!("{} {arguments}", step.name),
    }
}

/// Where a value comes from that no column feeds.
fn derived(field: &Field) -> Option<String> {
    match (&field.derive, &field.default) {
        (Some(Derive::Expression(expression)), _) => Some(format!("derived: {expression}")),
        (Some(Derive::Aggregate(of)), _) => Some(format!("derived: {} over {} by {}", of.sql, of.from, of.on)),
        (None, Some(default)) => Some(format!("default: {default}")),
        (None, None) => None,
    }
}
