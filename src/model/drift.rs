//! Drift: how the columns of an export differ from those of the load before it and from what the mapping reads.

use serde::{Deserialize, Serialize};

use super::mapping::{Mapping, column_key};

/// How the columns of one entity have changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The entity.
    pub entity: String,
    /// Columns that the load before did not have, and no renamed ones.
    pub added: Vec<String>,
    /// Columns that the load before had or the mapping reads, that are gone, and were not renamed.
    pub missing: Vec<MissingColumn>,
    /// Columns that probably have another name now. Nothing is remapped by that.
    pub renamed: Vec<RenamedColumn>,
}

/// A column that is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingColumn {
    /// Its name.
    pub column: String,
    /// The canonical fields that the mapping feeds with it, as `table.field`; those of which it is not optional make a check
    /// impossible.
    pub feeds: Vec<String>,
    /// Whether the mapping says of all of them that some exports lack it.
    pub optional: bool,
}

/// A column that probably has another name now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RenamedColumn {
    /// The name that is gone.
    pub from: String,
    /// The name that is new.
    pub to: String,
    /// How sure it is, 0 to 1.
    pub score: f64,
    /// Why, in a few words.
    pub words: String,
    /// The canonical fields that the mapping feeds with the old name, as `table.field`.
    pub feeds: Vec<String>,
}

impl Drift {
    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.missing.is_empty() && self.renamed.is_empty()
    }

    /// What of it is not settled by the mapping as it is now: a name that it has given up is missed no longer, and a column
    /// that it reads is no news.
    pub fn left(&self, mapping: &Mapping) -> Drift {
        let feeds = |name: &str| {
            let tables = mapping.tables.iter().filter(|(_, fed)| fed.entity == self.entity);
            let fields =
                tables.flat_map(|(table, fed)| fed.fields.iter().map(move |(field, feed)| (table, field, feed)));
            let reads =
                fields.filter(move |(.., feed)| feed.inputs().any(|column| column_key(column) == column_key(name)));
            reads.map(|(table, field, feed)| (format!("{table}.{field}"), feed.optional)).collect::<Vec<_>>()
        };
        let mut left = self.clone();
        // What fed nothing when it went is told until the next load, unless its new name has come to feed something.
        left.renamed.retain(|one| match one.feeds.is_empty() {
            true => feeds(&one.to).is_empty(),
            false => !feeds(&one.from).is_empty(),
        });
        left.missing.retain(|one| one.feeds.is_empty() || feeds(&one.column).iter().any(|(_, optional)| !optional));
        left.added.retain(|name| feeds(name).is_empty());
        left
    }

    /// What has changed, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let feeding = |feeds: &[String]| match feeds {
            [] => String::new(),
            feeds => format!(", which feeds {},", feeds.join(", ")),
        };
        let mut said: Vec<String> = Vec::new();
        for one in &self.renamed {
            said.push(format!(
                "{}: the column \"{}\"{} is gone and \"{}\" is new; probably it was renamed ({}, {:.2})",
                self.entity,
                one.from,
                feeding(&one.feeds),
                one.to,
                one.words,
                one.score
            ));
        }
        for one in &self.missing {
            said.push(format!("{}: the column \"{}\"{} is gone", self.entity, one.column, feeding(&one.feeds)));
        }
        for added in &self.added {
            said.push(format!("{}: the column \"{added}\" is new", self.entity));
        }
        said
    }
}
