//! The arguments of a transform as they stand in a mapping, read with messages that name what is wrong.

use crate::error::{Error, Result};

/// The arguments of one step: nothing, one value, a list, or a table of names and values.
#[derive(Debug, Clone, Copy)]
pub struct Arguments<'a> {
    /// The transform, for messages.
    pub transform: &'a str,
    /// What was written.
    pub value: Option<&'a toml::Value>,
}

impl<'a> Arguments<'a> {
    /// The argument `name`: from a table by its name, or the value itself where it is written bare.
    pub fn get(&self, name: &str) -> Option<&'a toml::Value> {
        match self.value? {
            toml::Value::Table(table) => table.get(name),
            other => Some(other),
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
