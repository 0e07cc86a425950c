//! `tastevin rules`: what is checked and why.

use super::context::Context;
use super::json;
use super::table::Table;
use super::{Outcome, Subcommand};
use crate::error::Result;
use crate::workbench::{self, Rule};

/// List and explain the rules
#[derive(clap::Args)]
pub struct Rules {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// All rules with their severities
    List,
    /// What a rule finds, why that matters and how to fix it
    Explain {
        /// The rule's id, e.g. invalid-email
        #[arg(value_name = "RULE")]
        rule: String,
    },
}

impl Subcommand for Rules {
    const NAME: &'static str = "rules";

    fn run(self, context: &Context) -> Result<Outcome> {
        match self.action {
            Action::List => list(context),
            Action::Explain { rule } => explain(workbench::rule(&rule)?, context),
        }
    }
}

fn list(context: &Context) -> Result<Outcome> {
    let mut out = context.stdout();
    if context.json() {
        let rules: Vec<_> = workbench::rules().iter().map(|rule| as_json(rule)).collect();
        json::write(&mut out, &[("rules", &rules)])?;
    } else {
        let mut table = Table::new(["rule", "severity", "finds"]);
        for rule in workbench::rules() {
            table.row([rule.id, rule.severity.name(), rule.title]);
        }
        for line in table.lines(context.paint(None)) {
            out.text(line)?;
        }
        out.flush()?;
        context.say("More on one: tastevin rules explain RULE");
    }
    out.finish()?;
    Ok(Outcome::Pass)
}

fn explain(rule: &Rule, context: &Context) -> Result<Outcome> {
    let mut out = context.stdout();
    if context.json() {
        json::write(&mut out, &[("rule", &as_json(rule))])?;
    } else {
        let paint = context.paint(None);
        out.line(format!("{}  {}  ({})", paint.strong(rule.id), rule.title, rule.severity.name()))?;
        let parts = [
            ("What it finds", rule.docs.finds),
            ("Why it matters", rule.docs.matters),
            ("Example", rule.docs.example),
            ("How to fix it", rule.docs.fix),
        ];
        for (heading, words) in parts {
            out.line(format!("\n{}\n{words}", paint.strong(heading)))?;
        }
        if !rule.arguments.is_empty() {
            out.line(format!("\n{}", paint.strong("What a [[check]] can say under `with`")))?;
            for (name, meaning) in rule.arguments {
                out.line(format!("  {name}  {meaning}"))?;
            }
        }
    }
    out.finish()?;
    Ok(Outcome::Pass)
}

fn as_json(rule: &Rule) -> serde_json::Value {
    let arguments: serde_json::Map<String, serde_json::Value> =
        rule.arguments.iter().map(|(name, meaning)| ((*name).to_owned(), (*meaning).into())).collect();
    serde_json::json!({
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "finds": rule.docs.finds,
        "matters": rule.docs.matters,
        "example": rule.docs.example,
        "fix": rule.docs.fix,
        "arguments": arguments,
    })
}
