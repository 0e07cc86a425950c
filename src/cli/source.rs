//! `tastevin source`: the connector manager.

use std::cell::RefCell;

use indexmap::IndexMap;

use super::context::Context;
use super::json;
use super::table::Table;
use super::text::{count, number, visible};
use super::{Outcome, Subcommand};
use crate::error::{Error, Result, unknown};
use crate::model::{LoadStatus, SourceConfig};
use crate::workbench::{self, SourceStatus, Tried};

/// List, add, edit, test and remove sources
#[derive(clap::Args)]
pub struct Source {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// The sources with their last loads
    List,
    /// Add a source to tastevin.toml; comments and order are kept
    Add(Add),
    /// Change what tastevin.toml says of a source; comments and order are kept
    Edit(Edit),
    /// What came of the loads of the sources: how many, how long, how much, and the last ones
    Status {
        /// The sources [default: all]
        #[arg(value_name = "SOURCE")]
        names: Vec<String>,
        /// How many of the last loads to list
        #[arg(long, value_name = "N", default_value_t = 5)]
        last: usize,
    },
    /// Try the way to a source step by step, without loading
    Test {
        /// The sources [default: all]
        #[arg(value_name = "SOURCE")]
        names: Vec<String>,
    },
    /// Take a source out of tastevin.toml
    Remove {
        /// The source
        #[arg(value_name = "SOURCE")]
        name: String,
    },
    /// What --kind can name: the mappings there are, and the connectors with their options
    Kinds,
}

#[derive(clap::Args)]
struct Add {
    /// What to call it, e.g. isavigne_prod
    #[arg(value_name = "SOURCE")]
    name: String,
    /// Which mapping it uses: `isavigne` stands for mappings/isavigne.toml. `files` takes any exports; `map suggest` proposes a
    /// mapping for them
    #[arg(long)]
    kind: String,
    /// The folder with its files, relative to the workspace
    #[arg(long)]
    path: Option<String>,
    /// A mapping of its own, by file name without .toml [default: the one of its kind]
    #[arg(long)]
    mapping: Option<String>,
    /// Any other option, as it would stand in tastevin.toml: `company_id=1`, `api_key={ env = "ODOO_API_KEY" }`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    options: Vec<String>,
}

#[derive(clap::Args)]
struct Edit {
    /// The source
    #[arg(value_name = "SOURCE")]
    name: String,
    /// An option with its new value: `page_size=200`, `kind=odoo`, `api_key={ keyring = "odoo" }`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// An option to take out
    #[arg(long = "unset", value_name = "KEY")]
    unset: Vec<String>,
}

impl Subcommand for Source {
    const NAME: &'static str = "source";

    fn run(self, context: &Context) -> Result<Outcome> {
        match self.action {
            Action::List => list(context),
            Action::Add(add) => add.run(context),
            Action::Edit(edit) => edit.run(context),
            Action::Status { names, last } => status(&names, last, context),
            Action::Test { names } => test(&names, context),
            Action::Remove { name } => {
                context.change()?.remove_source(&name)?;
                context.say(format!("{} is removed; what it staged stays until another load", visible(&name)));
                Ok(Outcome::Pass)
            }
            Action::Kinds => kinds(context),
        }
    }
}

fn list(context: &Context) -> Result<Outcome> {
    let workbench = context.look()?;
    let sources = workbench.sources()?;
    let mut out = context.stdout();
    if context.json() {
        let sources: Vec<_> = sources.iter().map(source_json).collect();
        json::write(&mut out, &[("sources", &sources)])?;
    } else if sources.is_empty() {
        context.say("There is no source yet. Add one: tastevin source add isavigne_prod --kind isavigne --path FOLDER");
    } else {
        let mut table = Table::new(["source", "kind", "place", "last load", "#rows in", "#staged", "#rejected"]);
        for source in &sources {
            let [load, rows_in, staged, rejected] = match &source.last {
                Some(load) => [
                    format!("{} {}", load.started.format("%Y-%m-%d %H:%M"), load.status.name()),
                    number(load.rows_in()),
                    number(load.staged()),
                    number(load.rejected()),
                ],
                None => ["never".to_owned(), String::new(), String::new(), String::new()],
            };
            table.row([&source.name, &source.kind, &source.place, &load, &rows_in, &staged, &rejected]);
        }
        for line in table.lines(context.paint(None)) {
            out.text(line)?;
        }
        out.flush()?;
        for source in sources.iter().filter(|source| is_stale(source)) {
            context.say(format!(
                "{}: the last load did not go through; the one before it still stands",
                visible(&source.name)
            ));
        }
    }
    out.finish()?;
    Ok(Outcome::Pass)
}

fn is_stale(source: &SourceStatus) -> bool {
    source.last.as_ref().is_some_and(|last| last.status != LoadStatus::Done) && source.standing.is_some()
}

fn source_json(source: &SourceStatus) -> serde_json::Value {
    let entities: IndexMap<&str, &[String]> =
        source.entities.iter().map(|(entity, tables)| (entity.as_str(), tables.as_slice())).collect();
    serde_json::json!({
        "name": source.name,
        "kind": source.kind,
        "place": source.place,
        "entities": entities,
        "last": source.last,
        "standing": source.standing,
        "totals": source.totals,
    })
}

impl Add {
    fn run(self, context: &Context) -> Result<Outcome> {
        let mut options = IndexMap::new();
        if let Some(path) = self.path {
            options.insert("path".to_owned(), toml::Value::String(path));
        }
        for option in &self.options {
            let (key, value) = assignment(option)?;
            options.insert(key, value);
        }
        let config = SourceConfig { kind: self.kind, mapping: self.mapping, options };
        let mut workbench = context.change()?;
        let written = workbench.add_source(&self.name, &config)?;
        let draft = workbench.draft(&self.name)?;
        let name = visible(&self.name);
        if written.mapping != config.mapping {
            context.say(format!(
                "{name} reads another database than the source that is there: it gets a mapping of its own, and its keys begin with {name}-."
            ));
        }
        let (mapping, next) = match draft.mapping().tables.is_empty() {
            true => (String::new(), format!(", then tastevin map suggest {name}")),
            false => (format!(" It is read with mappings/{}.toml.", visible(draft.name())), String::new()),
        };
        context.say(format!(
            "{name} is added.{mapping}\nNext: tastevin source test {name}, then tastevin load {name}{next}"
        ));
        Ok(Outcome::Pass)
    }
}

impl Edit {
    fn run(self, context: &Context) -> Result<Outcome> {
        let mut changes = IndexMap::new();
        for option in &self.set {
            let (key, value) = assignment(option)?;
            changes.insert(key, Some(value));
        }
        changes.extend(self.unset.into_iter().map(|key| (key, None)));
        if changes.is_empty() {
            return Err(Error::usage("nothing is to be changed").hint("say --set KEY=VALUE or --unset KEY"));
        }
        context.change()?.edit_source(&self.name, &changes)?;
        let name = visible(&self.name);
        context.say(format!("{name} is changed.\nNext: tastevin source test {name}"));
        Ok(Outcome::Pass)
    }
}

fn status(names: &[String], last: usize, context: &Context) -> Result<Outcome> {
    let workbench = context.look()?;
    let mut sources = workbench.sources()?;
    if let Some(name) = names.iter().find(|name| !sources.iter().any(|source| source.name == **name)) {
        return Err(unknown("source", name, sources.iter().map(|source| source.name.as_str())));
    }
    if !names.is_empty() {
        sources.retain(|source| names.contains(&source.name));
    }
    let mut out = context.stdout();
    let paint = context.paint(None);
    let mut told = Vec::new();
    for source in &sources {
        let mut loads = workbench.loads(Some(&source.name))?;
        loads.truncate(last);
        if context.json() {
            told.push(serde_json::json!({ "name": source.name, "totals": source.totals, "loads": loads }));
            continue;
        }
        let totals = &source.totals;
        out.line(paint.strong(&visible(&source.name)))?;
        let average = totals.average_seconds.map(|seconds| format!(", {seconds:.1} s on average")).unwrap_or_default();
        out.line(format!(
            "  {}: {} went through, {} failed, {} cancelled{average}; {} in",
            count(totals.loads, "load"),
            totals.done,
            totals.failed,
            totals.cancelled,
            count(totals.rows_in, "row"),
        ))?;
        for load in &loads {
            let took = load.ended.map(|ended| ended - load.started).unwrap_or_default();
            out.line(format!(
                "  {}  load {} {} in {:.1} s, {}",
                load.started.format("%Y-%m-%d %H:%M"),
                load.id,
                load.status.name(),
                took.num_milliseconds() as f64 / 1000.0,
                count(load.rows_in(), "row"),
            ))?;
            for note in &load.notes {
                out.line(format!("    {}", visible(note)))?;
            }
        }
    }
    if context.json() {
        json::write(&mut out, &[("sources", &told)])?;
    }
    out.finish()?;
    Ok(Outcome::Pass)
}

/// `KEY=VALUE`, the value as TOML or, where it is none, as plain text.
fn assignment(text: &str) -> Result<(String, toml::Value)> {
    let Some((key, value)) = text.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else {
        return Err(Error::usage(format!("--set \"{text}\" lacks a value")).hint("write it as KEY=VALUE"));
    };
    if key.is_empty() {
        return Err(Error::usage(format!("--set \"{text}\" lacks a key")).hint("write it as KEY=VALUE"));
    }
    let parsed = format!("value = {value}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("value"));
    Ok((key.to_owned(), parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()))))
}

fn test(names: &[String], context: &Context) -> Result<Outcome> {
    let workbench = context.look()?;
    let names: Vec<String> =
        if names.is_empty() { workbench.config().sources.keys().cloned().collect() } else { names.to_vec() };
    if names.is_empty() {
        return Err(Error::usage("there is no source to test").hint("add one with `tastevin source add`"));
    }
    let mut out = context.stdout();
    let paint = context.paint(None);
    let mut good = true;
    let mut results = Vec::new();
    for name in &names {
        if !context.json() {
            out.line(paint.strong(&visible(name)))?;
            out.flush()?;
        }
        let written = RefCell::new((&mut out, Ok(())));
        // A server may take its time: what is known is written while the next step is waited for.
        let tell = |tried: &Tried| {
            let Tried::Ended(probe) = tried else { return };
            let (mark, found) = match &probe.found {
                Ok(found) => (paint.good("✓"), found),
                Err(wrong) => (paint.bad("✗"), wrong),
            };
            let mut written = written.borrow_mut();
            if !context.json() && written.1.is_ok() {
                let line = format!("  {mark} {}: {}", visible(&probe.what), visible(found));
                written.1 = written.0.line(line).and_then(|()| written.0.flush());
            }
        };
        let probes = workbench.test_source(name, &tell)?;
        written.into_inner().1?;
        for probe in &probes {
            let (Ok(found) | Err(found)) = &probe.found;
            good &= probe.found.is_ok();
            results.push(serde_json::json!({
                "source": name, "what": probe.what, "holds": probe.found.is_ok(), "found": found,
            }));
        }
    }
    if context.json() {
        json::write(&mut out, &[("pass", &good), ("probes", &results)])?;
    }
    out.finish()?;
    if good {
        return Ok(Outcome::Pass);
    }
    Err(Error::source("a source cannot be read as it is").hint("what is marked ✗ says what to do"))
}

fn kinds(context: &Context) -> Result<Outcome> {
    // Outside of a workspace there are only the mappings that come with the program.
    let mappings = workbench::mappings(context.dir().ok().as_deref())?;
    let mut out = context.stdout();
    let paint = context.paint(None);
    if context.json() {
        let mappings: Vec<_> = mappings
            .iter()
            .map(|mapping| {
                serde_json::json!({
                    "name": mapping.name, "description": mapping.description, "connector": mapping.connector,
                })
            })
            .collect();
        let connectors: Vec<_> = workbench::connectors()
            .iter()
            .map(|kind| {
                let options: Vec<_> = kind
                    .options
                    .iter()
                    .map(|option| {
                        serde_json::json!({
                            "name": option.name, "kind": option.kind, "help": option.help, "required": option.required,
                            "default": option.default, "secret": option.secret,
                        })
                    })
                    .collect();
                serde_json::json!({ "name": kind.name, "summary": kind.summary, "options": options })
            })
            .collect();
        json::write(&mut out, &[("mappings", &mappings), ("connectors", &connectors)])?;
    } else {
        let mut table = Table::new(["kind", "connector", "what it is"]);
        for mapping in &mappings {
            table.row([&mapping.name, &mapping.connector, &mapping.description]);
        }
        for line in table.lines(paint) {
            out.text(line)?;
        }
        out.line("\nConnectors and what a source can tell them. One that is named as the kind loads without a mapping; then `tastevin")?;
        out.line("map suggest SOURCE --accept` writes it one.")?;
        for kind in workbench::connectors() {
            out.line(format!("{}  {}", paint.strong(kind.name), kind.summary))?;
            for option in kind.options {
                let need = match (option.required, option.default) {
                    (true, _) => " (required)".to_owned(),
                    (false, "") => String::new(),
                    (false, default) => format!(" (default: {default})"),
                };
                out.line(format!("  {}  {}{need}", option.name, option.help))?;
            }
        }
    }
    out.finish()?;
    Ok(Outcome::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_toml_where_it_can_be_and_text_where_it_cannot() -> Result<()> {
        assert_eq!(assignment("company_id=1")?, ("company_id".to_owned(), toml::Value::Integer(1)));
        let (_, secret) = assignment("api_key = { env = \"KEY\" }")?;
        assert_eq!(secret.get("env").and_then(toml::Value::as_str), Some("KEY"));
        assert_eq!(assignment("url=https://x.example/a=b")?.1.as_str(), Some("https://x.example/a=b"));
        assert!(assignment("novalue").is_err());
        assert!(assignment("=1").is_err());
        Ok(())
    }
}
