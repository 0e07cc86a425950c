//! `tastevin transforms`: what can be done to the text of a column.

use super::context::Context;
use super::json;
use super::table::Table;
use super::{Outcome, Subcommand};
use crate::error::Result;
use crate::workbench::{self, Example, Transform};

/// List and explain the transforms
#[derive(clap::Args)]
pub struct Transforms {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// All transforms, or all about one
    List {
        /// The transform, e.g. decimal
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
}

impl Subcommand for Transforms {
    const NAME: &'static str = "transforms";

    fn run(self, context: &Context) -> Result<Outcome> {
        let Action::List { name } = self.action;
        match name {
            Some(name) => explain(workbench::transform(&name)?, context),
            None => list(context),
        }
    }
}

fn list(context: &Context) -> Result<Outcome> {
    let mut out = context.stdout();
    if context.json() {
        let transforms: Vec<_> = workbench::transforms().iter().map(|transform| as_json(transform)).collect();
        json::write(&mut out, &[("transforms", &transforms)])?;
    } else {
        let mut table = Table::new(["transform", "gives", "does"]);
        for transform in workbench::transforms() {
            table.row([transform.name, transform.output.name(), transform.summary]);
        }
        for line in table.lines(context.paint(None)) {
            out.text(line)?;
        }
        out.flush()?;
        context.say("More on one, with examples: tastevin transforms list NAME");
    }
    out.finish()?;
    Ok(Outcome::Pass)
}

fn explain(transform: &Transform, context: &Context) -> Result<Outcome> {
    let mut out = context.stdout();
    if context.json() {
        json::write(&mut out, &[("transform", &as_json(transform))])?;
    } else {
        let paint = context.paint(None);
        out.line(format!("{}  {}", paint.strong(transform.name), transform.summary))?;
        if !transform.docs.is_empty() {
            out.line(format!("\n{}", transform.docs))?;
        }
        if !transform.arguments.is_empty() {
            out.line(format!("\n{}", paint.strong("Arguments")))?;
            for argument in transform.arguments {
                let need = if argument.required { " (required)" } else { "" };
                out.line(format!("  {}  {}{need}", argument.name, argument.help))?;
            }
        }
        out.line(format!("\n{}", paint.strong("Examples")))?;
        let mut table = Table::new(["  in the mapping", "text", "value"]);
        for example in transform.examples {
            let inputs: Vec<String> = example.inputs.iter().map(|input| shown(*input)).collect();
            table.row([format!("  {}", written(transform, example)), inputs.join("  "), shown(example.output)]);
        }
        for line in table.lines(paint) {
            out.text(line)?;
        }
    }
    out.finish()?;
    Ok(Outcome::Pass)
}

/// The step as it stands in a mapping.
fn written(transform: &Transform, example: &Example) -> String {
    match example.arguments {
        "" => format!("\"{}\"", transform.name),
        arguments => format!("{{ {} = {arguments} }}", transform.name),
    }
}

fn shown(value: Option<&str>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("\"{value}\""))
}

fn as_json(transform: &Transform) -> serde_json::Value {
    let arguments: Vec<_> = transform
        .arguments
        .iter()
        .map(|argument| serde_json::json!({ "name": argument.name, "help": argument.help, "required": argument.required }))
        .collect();
    let examples: Vec<_> = transform
        .examples
        .iter()
        .map(|example| {
            serde_json::json!({
                "written": written(transform, example), "inputs": example.inputs, "output": example.output,
            })
        })
        .collect();
    serde_json::json!({
        "name": transform.name,
        "summary": transform.summary,
        "docs": transform.docs,
        "output": transform.output,
        "can_fail": transform.reads.is_some(),
        "arguments": arguments,
        "examples": examples,
    })
}
