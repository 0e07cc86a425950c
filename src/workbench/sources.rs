//! The connector manager: sources are added, changed, tried and removed, in `tastevin.toml` with the user's comments and
//! order kept.

use std::cell::RefCell;

use indexmap::IndexMap;
use toml_edit::{Item, TableLike};

use super::workspace::{self, Workspace, refuse_name};
use super::{Reader, Workbench, clock, connector, keys};
use crate::connectors::{Place, Probe, Trial, Tried};
use crate::error::{Error, Kind, Result};
use crate::model::{SourceConfig, WorkspaceConfig};

impl Workbench {
    /// Adds a source and says what was written of it: where its keys would be those of a source that reads something else,
    /// it gets a mapping of its own.
    pub fn add_source(&mut self, name: &str, config: &SourceConfig) -> Result<SourceConfig> {
        self.writable()?;
        if self.config().sources.contains_key(name) {
            return Err(Error::usage(format!("there is a source \"{name}\" already"))
                .hint(format!("change it with `tastevin source edit {name}`")));
        }
        refuse_name(name, self.config()).map_err(|error| error.of(Kind::Usage))?;
        self.try_out(name, config, true)?;
        let wanted = config;
        let config = self.with_own_keys(name, wanted)?;
        let mut part = toml_edit::Table::new();
        part.insert("kind", toml_edit::value(&config.kind));
        if let Some(mapping) = &config.mapping {
            part.insert("mapping", toml_edit::value(mapping));
        }
        for (option, value) in &config.options {
            part.insert(option, Item::Value(written(value)));
        }
        let edited = Workspace::edit(self.dir(), |document| {
            let sources = document.entry("sources").or_insert(toml_edit::table());
            if let Some(table) = sources.as_table_mut() {
                table.set_implicit(true);
            }
            sources[name] = Item::Table(part);
            Ok(())
        });
        if let Err(error) = edited {
            if config.mapping != wanted.mapping {
                // The mapping was made for it, and a file that nothing uses would be in the way of the next attempt.
                let _ = std::fs::remove_file(self.workspace().mapping_file(name));
            }
            return Err(error);
        }
        self.refresh()?;
        Ok(config)
    }

    /// What is said of a new source, with a mapping of its own where its keys would be those of other records.
    fn with_own_keys(&self, name: &str, config: &SourceConfig) -> Result<SourceConfig> {
        let tried = self.tried(name, config)?;
        let Some(rival) = keys::rival(&tried, name) else { return Ok(config.clone()) };
        let file = tried.mapping_file(name);
        // One that says the same and that nothing goes by is what an attempt left that was ended before it was through.
        let is_used = tried.config.sources.values().any(|other| other.mapping.as_deref() == Some(name));
        let is_free = |text: &String| {
            !file.exists() || !is_used && std::fs::read_to_string(&file).is_ok_and(|left| left == *text)
        };
        let own = keys::own_mapping(&tried, name)?.filter(|text| config.mapping.is_none() && is_free(text));
        let Some(text) = own else { return Err(keys::refusal(&tried, name, rival)) };
        let config = SourceConfig { mapping: Some(name.to_owned()), ..config.clone() };
        workspace::replace(&file, &text)?;
        let refused = self.tried(name, &config).map(|tried| {
            keys::rival(&tried, name)
                .map(|rival| keys::refusal(&tried, name, rival).hint("another name makes other keys"))
        });
        match refused {
            Ok(None) => Ok(config),
            Ok(Some(error)) | Err(error) => {
                // Nothing uses it.
                let _ = std::fs::remove_file(&file);
                Err(error)
            }
        }
    }

    /// Changes options of a source: `Some` sets one (`kind` and `mapping` too), `None` takes it out.
    pub fn edit_source(&mut self, name: &str, changes: &IndexMap<String, Option<toml::Value>>) -> Result<()> {
        self.writable()?;
        let mut config = self.known(name)?.clone();
        for (option, value) in changes {
            let text = || value.as_ref().and_then(toml::Value::as_str).map(str::to_owned);
            match option.as_str() {
                "kind" => {
                    config.kind = text().ok_or_else(|| {
                        Error::usage("a source has a kind, and it is a text")
                            .hint("write it like --set kind=isavigne; `tastevin source kinds` lists them")
                    })?
                }
                "mapping" => config.mapping = text(),
                _ => {
                    config.options.shift_remove(option);
                    config.options.extend(value.clone().map(|value| (option.clone(), value)));
                }
            }
        }
        // A folder that is away just now is no reason to refuse something else.
        let elsewhere = changes.keys().any(|option| !matches!(option.as_str(), "kind" | "mapping"));
        self.try_out(name, &config, elsewhere)?;
        let tried = self.tried(name, &config)?;
        if let Some(rival) = keys::rival(&tried, name).filter(|_| keys::rival(self.workspace(), name).is_none()) {
            return Err(keys::refusal(&tried, name, rival));
        }
        Workspace::edit(self.dir(), |document| {
            let part = document
                .get_mut("sources")
                .and_then(Item::as_table_like_mut)
                .and_then(|sources| sources.get_mut(name))
                .and_then(Item::as_table_like_mut)
                .ok_or_else(|| Error::config(format!("the source \"{name}\" has no part of its own")))?;
            for (option, value) in changes {
                change(part, option, value.as_ref());
            }
            Ok(())
        })?;
        self.refresh()
    }

    /// Takes a source out; what was loaded from it stays staged, and is not looked at unless a source of that name is
    /// added again.
    pub fn remove_source(&mut self, name: &str) -> Result<()> {
        self.writable()?;
        self.known(name)?;
        Workspace::edit(self.dir(), |document| {
            if let Some(sources) = document.get_mut("sources").and_then(Item::as_table_like_mut) {
                sources.remove(name);
            }
            Ok(())
        })?;
        self.refresh()
    }

    /// What could not be read as a source is not written down; `vet` looks at what its options say, too.
    fn try_out(&self, name: &str, config: &SourceConfig, vet: bool) -> Result<()> {
        let tried = self.tried(name, config)?;
        let mapping = mapping_of(&tried, name)?;
        let connector = connector(&Place { source: name, config, mapping, workspace: self.dir() })?;
        if vet { connector.vet() } else { Ok(()) }
    }

    fn tried(&self, name: &str, config: &SourceConfig) -> Result<Workspace> {
        let mut wanted: WorkspaceConfig = self.config().clone();
        wanted.sources.insert(name.to_owned(), config.clone());
        Workspace::with(self.dir(), wanted)
    }
}

impl Reader {
    /// What holds and what does not on the way to a source; `tell` is told of every step as it begins and ends.
    ///
    /// # Errors
    /// There is no such source, what is said of it cannot be, or the test was interrupted.
    pub fn test_source(&self, name: &str, tell: &dyn Fn(&Tried)) -> Result<Vec<Probe>> {
        let probes = RefCell::new(Vec::new());
        let told = |tried: Tried| {
            tell(&tried);
            if let Tried::Ended(probe) = tried {
                probes.borrow_mut().push(probe);
            }
        };
        let trial = Trial { tell: &told, canceller: &self.canceller };
        self.with_place(name, |place| connector(place).map(|connector| connector.test(clock::now(), &trial)))?;
        if let Some(rival) = keys::elder_rival(self.workspace(), name) {
            let refusal = keys::refusal(self.workspace(), name, rival);
            let hints: String = refusal.hints().iter().map(|hint| format!("; {hint}")).collect();
            trial.found("keys", Err(format!("{}{hints}", refusal.what())));
        }
        self.canceller.check()?;
        Ok(probes.into_inner())
    }
}

fn mapping_of<'w>(workspace: &'w Workspace, source: &str) -> Result<&'w crate::model::Mapping> {
    let mapping = workspace.mappings.iter().find(|(name, _)| name == source).map(|(_, mapping)| mapping);
    mapping.ok_or_else(|| Error::internal(format!("source \"{source}\" lost its mapping")))
}

/// Sets an option in place, so that the comment behind it stays, or takes it out.
fn change(part: &mut dyn TableLike, option: &str, value: Option<&toml::Value>) {
    let Some(value) = value else {
        part.remove(option);
        return;
    };
    let mut fresh = written(value);
    if let Some(old) = part.get(option).and_then(Item::as_value) {
        *fresh.decor_mut() = old.decor().clone();
    }
    part.insert(option, Item::Value(fresh));
}

/// A value on one line, as a person would write it.
fn written(value: &toml::Value) -> toml_edit::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(yes) => (*yes).into(),
        toml::Value::Datetime(moment) => (*moment).into(),
        toml::Value::Array(items) => items.iter().map(written).collect::<toml_edit::Array>().into(),
        toml::Value::Table(members) => {
            let mut table = toml_edit::InlineTable::new();
            for (name, value) in members {
                table.insert(name, written(value));
            }
            table.into()
        }
    }
}
