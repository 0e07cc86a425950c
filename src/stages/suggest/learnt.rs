//! Learnt: what the mappings of the workspace say already, which is how a suggestion remembers what was confirmed.

use std::collections::HashMap;

use crate::model::{FieldMapping, Mapping, Step, column_key};
use crate::transforms;

/// What other mappings say.
#[derive(Default)]
pub struct Learnt {
    /// Per canonical table and column name, the fields it was mapped to, with the mapping's name.
    pairs: HashMap<(String, String), Vec<(String, String)>>,
    /// Per canonical table and field, what feeds it, with the mapping's name.
    feeds: HashMap<(String, String), Vec<(String, FieldMapping)>>,
}

impl Learnt {
    /// What is said by all mappings but the one that is asked about.
    pub fn from(mappings: &[(String, Mapping)], but: &str) -> Learnt {
        let mut learnt = Learnt::default();
        for (name, mapping) in mappings.iter().filter(|(name, _)| name != but) {
            for (table, feed) in &mapping.tables {
                for (field, feed) in &feed.fields {
                    let texts = transforms::text_columns(&feed.transforms, feed.inputs().count());
                    for column in feed.inputs().take(texts) {
                        let pairs = learnt.pairs.entry((table.clone(), column_key(column))).or_default();
                        pairs.push((field.clone(), name.clone()));
                    }
                    let feeds = learnt.feeds.entry((table.clone(), field.clone())).or_default();
                    feeds.push((name.clone(), feed.clone()));
                }
            }
        }
        learnt
    }

    /// Whether a column of that name was mapped to the field (with the mapping that says so) or only to others.
    pub fn says(&self, table: &str, column: &str, field: &str) -> Option<Result<&str, &str>> {
        let fields = self.pairs.get(&(table.to_owned(), column_key(column)))?;
        match fields.iter().find(|(other, _)| other == field) {
            Some((_, mapping)) => Some(Ok(mapping)),
            None => fields.first().map(|(other, _)| Err(other.as_str())),
        }
    }

    /// What is put before the keys of a field, where all other mappings put their own name there: `isavigne-` in the mapping
    /// `isavigne` becomes `shop-` in the mapping `shop`.
    pub fn prefix(&self, table: &str, field: &str, mapping: &str) -> Option<String> {
        let feeds = self.feeds.get(&(table.to_owned(), field.to_owned()))?;
        let own = |(name, feed): &(String, FieldMapping)| {
            let prefix = feed.transforms.iter().find(|step| step.name == "prefix").and_then(given)?;
            prefix.strip_prefix(name.as_str()).map(|rest| format!("{mapping}{rest}"))
        };
        let prefixes: Option<Vec<String>> = feeds.iter().map(own).collect();
        prefixes?.into_iter().next()
    }

    /// Whether other mappings write the texts of a field in capitals.
    pub fn is_upper(&self, table: &str, field: &str) -> bool {
        self.feeds.get(&(table.to_owned(), field.to_owned())).is_some_and(|feeds| {
            feeds.iter().any(|(_, feed)| feed.transforms.iter().any(|step| step.name == "uppercase"))
        })
    }
}

fn given(step: &Step) -> Option<&str> {
    match &step.arguments {
        Some(toml::Value::String(text)) => Some(text),
        _ => None,
    }
}
