//! `tastevin rules`: what is checked and why.

use std::path::Path;

use super::context::Context;
use super::json;
use super::table::Table;
use super::text::visible;
use super::{Outcome, Subcommand};
use crate::error::Result;
use crate::model::Severity;
use crate::workbench::{self, Rule, UserRule};

/// List and explain the rules, those of the workspace's rules/*.toml included
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
        // Outside of a workspace there are only the program's rules.
        let own = match context.dir() {
            Ok(dir) => workbench::user_rules(&dir)?,
            Err(_) => Vec::new(),
        };
        match self.action {
            Action::List => list(&own, context),
            Action::Explain { rule } => match own.iter().find(|own| own.id == rule) {
                Some(own) => explain(&Entry::of_user(own), context),
                None => explain(&Entry::of(workbench::rule(&rule)?), context),
            },
        }
    }
}

/// A rule as it is shown, whoever wrote it.
struct Entry<'a> {
    id: &'a str,
    title: &'a str,
    severity: Severity,
    finds: &'a str,
    matters: &'a str,
    example: &'a str,
    fix: &'a str,
    arguments: &'a [(&'a str, &'a str)],
    /// The file of a rule of the user's own.
    file: Option<&'a Path>,
}

impl<'a> Entry<'a> {
    fn of(rule: &'a Rule) -> Entry<'a> {
        Entry {
            id: rule.id,
            title: rule.title,
            severity: rule.severity,
            finds: rule.docs.finds,
            matters: rule.docs.matters,
            example: rule.docs.example,
            fix: rule.docs.fix,
            arguments: rule.arguments,
            file: None,
        }
    }

    fn of_user(rule: &'a UserRule) -> Entry<'a> {
        Entry {
            id: &rule.id,
            title: &rule.title,
            severity: rule.severity,
            finds: &rule.docs.finds,
            matters: &rule.docs.matters,
            example: &rule.docs.example,
            fix: &rule.docs.fix,
            arguments: &[],
            file: Some(&rule.file),
        }
    }

    fn as_json(&self) -> serde_json::Value {
        let arguments: serde_json::Map<String, serde_json::Value> =
            self.arguments.iter().map(|(name, meaning)| ((*name).to_owned(), (*meaning).into())).collect();
        serde_json::json!({
            "id": self.id,
            "title": self.title,
            "severity": self.severity,
            "finds": self.finds,
            "matters": self.matters,
            "example": self.example,
            "fix": self.fix,
            "arguments": arguments,
            "file": self.file,
        })
    }
}

fn list(own: &[UserRule], context: &Context) -> Result<Outcome> {
    let known = workbench::rules().iter().map(|rule| Entry::of(rule));
    let rules: Vec<Entry> = known.chain(own.iter().map(Entry::of_user)).collect();
    let mut out = context.stdout();
    if context.json() {
        let rules: Vec<_> = rules.iter().map(Entry::as_json).collect();
        json::write(&mut out, &[("rules", &rules)])?;
    } else {
        let mut table = Table::new(["rule", "severity", "finds"]);
        for rule in &rules {
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

fn explain(rule: &Entry, context: &Context) -> Result<Outcome> {
    let mut out = context.stdout();
    if context.json() {
        json::write(&mut out, &[("rule", &rule.as_json())])?;
    } else {
        let paint = context.paint(None);
        out.line(format!("{}  {}  ({})", paint.strong(rule.id), visible(rule.title), rule.severity.name()))?;
        if let Some(file) = rule.file {
            out.line(format!("Your own rule, from {}", visible(&file.to_string_lossy())))?;
        }
        let parts = [
            ("What it finds", rule.finds),
            ("Why it matters", rule.matters),
            ("Example", rule.example),
            ("How to fix it", rule.fix),
        ];
        for (heading, words) in parts.into_iter().filter(|(_, words)| !words.is_empty()) {
            let words: Vec<String> = words.lines().map(visible).collect();
            out.line(format!("\n{}\n{}", paint.strong(heading), words.join("\n")))?;
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
