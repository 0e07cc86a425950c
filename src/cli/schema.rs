//! `tastevin schema`: the canonical tables.

use super::context::Context;
use super::json;
use super::table::Table;
use super::text::visible;
use super::{Outcome, Subcommand};
use crate::error::{Result, unknown};
use crate::model::{self, Field};
use crate::workbench;

/// Show the canonical tables, field by field
#[derive(clap::Args)]
pub struct Schema {
    /// Only this table
    #[arg(value_name = "TABLE")]
    table: Option<String>,
}

impl Subcommand for Schema {
    const NAME: &'static str = "schema";

    fn run(self, context: &Context) -> Result<Outcome> {
        let mut schema = match context.dir() {
            Ok(dir) => workbench::Workspace::read(&dir)?.schema,
            // Outside of a workspace there is still the schema that every new one begins with.
            Err(_) => workbench::default_schema()?,
        };
        if let Some(only) = &self.table {
            if !schema.tables.contains_key(only) {
                return Err(unknown("canonical table", only, schema.tables.keys().map(String::as_str)));
            }
            schema.tables.retain(|name, _| name == only);
        }
        let mut out = context.stdout();
        if context.json() {
            json::write(&mut out, &[("tables", &schema.tables), ("checks", &schema.checks)])?;
        } else {
            let paint = context.paint(None);
            for (at, (name, table)) in schema.tables.iter().enumerate() {
                if at > 0 {
                    out.line("")?;
                }
                out.line(format!("{}  {}", paint.strong(&visible(name)), visible(&table.description)))?;
                for line in fields(table).lines(paint) {
                    out.text(line)?;
                }
            }
        }
        out.finish()?;
        Ok(Outcome::Pass)
    }
}

fn fields(table: &model::Table) -> Table {
    let mut shown = Table::new(["  field", "type", "must", "means"]);
    for (name, field) in &table.fields {
        shown.row([&format!("  {name}"), field.kind.name(), &must(field), &field.description]);
    }
    shown
}

/// What is asked of the values, in a few words.
fn must(field: &Field) -> String {
    let mut words = Vec::new();
    if field.key {
        words.push("key".to_owned());
    } else if field.required {
        words.push("required".to_owned());
    }
    if let Some(reference) = &field.references {
        words.push(format!("in {}.{}", reference.table, reference.field));
    }
    if let Some(format) = field.format {
        let format = format!("{format:?}").to_lowercase();
        words.push(if format == "postalcode" { "postal code".to_owned() } else { format });
    }
    if let Some(min) = &field.min {
        words.push(format!("≥ {}", plain(min)));
    }
    if let Some(max) = &field.max {
        words.push(format!("≤ {}", plain(max)));
    }
    if !field.values.is_empty() {
        words.push(format!("one of {}", field.values.join(" ")));
    }
    if field.derive.is_some() {
        words.push("derived".to_owned());
    }
    words.join(", ")
}

fn plain(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
