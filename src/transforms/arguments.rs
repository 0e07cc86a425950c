//! The arguments of a transform as they stand in a mapping, read with messages that name what is wrong.

use super::Argument;
use crate::error::{Error, Result, nearest};

/// The name of an argument that stands for any name, in a transform whose arguments are a table of the user's.
pub(super) const ANY: &str = "*";

/// The arguments of one step: nothing, one value, a list, or a table of names and values.
#[derive(Debug, Clone, Copy)]
pub struct Arguments<'a> {
    /// The transform, for messages.
    pub transform: &'a str,
    /// What was written.
    pub value: Option<&'a toml::Value>,
}

impl<'a> Arguments<'a> {
    /// The argument `name`: from a table by its name; a value written bare is the first argument.
    pub fn get(&self, name: &str) -> Option<&'a toml::Value> {
        match self.value? {
            toml::Value::Table(table) => table.get(name),
            bare => self.declared().first().filter(|first| first.name == name).map(|_| bare),
        }
    }

    /// What can be said about the transform.
    fn declared(&self) -> &'static [Argument] {
        super::find(self.transform).map_or(&[], |transform| transform.arguments)
    }

    /// An error where a name is not one of the transform's arguments, or one that must be given is not.
    pub(super) fn check(&self) -> Result<()> {
        let declared = self.declared();
        if declared.iter().any(|argument| argument.name == ANY) {
            return Ok(());
        }
        let Some(value) = self.value else {
            return match declared.iter().find(|argument| argument.required) {
                Some(missing) => Err(self.wrong(&format!("needs \"{}\"", missing.name))),
                None => Ok(()),
            };
        };
        if declared.is_empty() {
            return Err(self.wrong("takes no arguments"));
        }
        let toml::Value::Table(table) = value else { return Ok(()) };
        if let Some(name) = table.keys().find(|name| !declared.iter().any(|argument| argument.name == *name)) {
            let error = self.wrong(&format!("knows no argument \"{name}\""));
            return Err(match nearest(name, declared.iter().map(|argument| argument.name)) {
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            });
        }
        match declared.iter().find(|argument| argument.required && !table.contains_key(argument.name)) {
            Some(missing) => Err(self.wrong(&format!("needs \"{}\"", missing.name))),
            None => Ok(()),
        }
    }

    /// The argument `name` as text; an error where it is absent or something else.
    pub fn text(&self, name: &str) -> Result<&'a str> {
        self.optional_text(name)?.ok_or_else(|| self.wrong(&format!("needs \"{name}\"")))
    }

    /// The argument `name` as text, if it is given.
    pub fn optional_text(&self, name: &str) -> Result<Option<&'a str>> {
        match self.get(name) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(&format!("\"{name}\" must be a text in quotes"))),
        }
    }

    /// The argument `name` as a list of texts; a single text counts as a list of one; empty where absent.
    pub fn texts(&self, name: &str) -> Result<Vec<&'a str>> {
        let list = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(toml::Value::Array(list)) => list.iter().collect(),
            Some(one) => vec![one],
        };
        list.into_iter()
            .map(|value| value.as_str().ok_or_else(|| self.wrong(&format!("\"{name}\" must be texts in quotes"))))
            .collect()
    }

    /// The argument `name` as a whole number, if it is given.
    pub fn optional_number(&self, name: &str) -> Result<Option<i64>> {
        match self.get(name) {
            None => Ok(None),
            Some(toml::Value::Integer(number)) => Ok(Some(*number)),
            Some(_) => Err(self.wrong(&format!("\"{name}\" must be a whole number"))),
        }
    }

    /// The argument `name` as one of the `choices`; the first of them where it is absent.
    pub fn choice(&self, name: &str, choices: &[&'static str]) -> Result<&'static str> {
        let Some(text) = self.optional_text(name)? else { return Ok(choices.first().copied().unwrap_or_default()) };
        choices.iter().copied().find(|choice| *choice == text).ok_or_else(|| {
            let all: Vec<_> = choices.iter().map(|choice| format!("\"{choice}\"")).collect();
            self.wrong(&format!("knows no {name} \"{text}\"; it is one of {}", all.join(", ")))
        })
    }

    /// The whole of the arguments as pairs of text; an error where they are something else.
    pub fn pairs(&self) -> Result<Vec<(&'a str, &'a str)>> {
        let Some(toml::Value::Table(table)) = self.value else {
            return Err(self.wrong("needs a table like { from = \"to\" }"));
        };
        table
            .iter()
            .map(|(from, to)| match to.as_str() {
                Some(to) => Ok((from.as_str(), to)),
                None => Err(self.wrong(&format!("\"{from}\" must become a text in quotes"))),
            })
            .collect()
    }

    /// An error about these arguments.
    pub fn wrong(&self, what: &str) -> Error {
        Error::config(format!("transform \"{}\" {what}", self.transform))
            .hint(format!("`tastevin transforms list {}` shows how it is written", self.transform))
    }
}
