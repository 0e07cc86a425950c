//! The user's own rules: one TOML file each in the workspace's folder `rules/`, checked and run like the others.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;

use super::finding::{Finding, column, plain};
use super::{Only, Origin, Scope};
use crate::error::{Error, Kind, Result, misread};
use crate::model::{Check, Schema, Severity, Table, examples};
use crate::sql::{Literal, Path as Name};
use crate::store::Store;
use crate::store::vet::{self, Sight};

/// One rule of the user's own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRule {
    /// The stable id in kebab-case; none that a rule of the program has.
    pub id: String,
    /// A few words for lists; absent: the id.
    #[serde(default)]
    pub title: String,
    /// How bad a finding is.
    #[serde(default = "warning")]
    pub severity: Severity,
    /// The table that is checked.
    pub table: String,
    /// The field to which findings belong; empty for findings about the whole row.
    #[serde(default)]
    pub field: String,
    /// What is wrong, with expressions in braces: `a magnum for {price_unit_eur}`; absent: the title.
    #[serde(default)]
    pub message: String,
    /// The condition under which a row is a finding.
    #[serde(default)]
    pub when: Option<String>,
    /// Instead of it, a whole query that returns a column `row` and perhaps `field`, `value`, `message`, `suggestion`.
    #[serde(default)]
    pub select: Option<String>,
    /// The value that would repair it, as an expression.
    #[serde(default)]
    pub suggestion: Option<String>,
    /// The words for the user.
    #[serde(default)]
    pub docs: UserDocs,
    /// The file that it stands in.
    #[serde(skip)]
    pub file: PathBuf,
}

/// The words for the user, as far as they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserDocs {
    /// What it finds.
    pub finds: String,
    /// Why that matters.
    pub matters: String,
    /// An example of a finding.
    pub example: String,
    /// How to fix it.
    pub fix: String,
}

fn warning() -> Severity {
    Severity::Warning
}

/// All rules in a folder, by file name; none where there is no such folder.
pub fn load(folder: &Path) -> Result<Vec<UserRule>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(Error::io("the folder of rules cannot be read", folder, cause)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|cause| Error::io("the folder of rules cannot be read", folder, cause))?.path();
        if file.extension().is_some_and(|extension| extension == "toml") {
            files.push(file);
        }
    }
    files.sort();
    let mut rules: Vec<UserRule> = Vec::new();
    for file in files {
        let text =
            std::fs::read_to_string(&file).map_err(|cause| Error::io("the rule cannot be read", &file, cause))?;
        let rule = parse(&file, &text)?;
        if let Some(other) = rules.iter().find(|other| other.id == rule.id) {
            let what = format!("the id \"{}\" is taken by {}", rule.id, other.file.display());
            return Err(rule.wrong("id", &what));
        }
        rules.push(rule);
    }
    Ok(rules)
}

/// The rule that a file holds.
pub fn parse(file: &Path, text: &str) -> Result<UserRule> {
    let mut rule: UserRule = misread::read(text, examples::RULE).map_err(|error| error.at_file(file).hint(SHAPE))?;
    file.clone_into(&mut rule.file);
    if !is_kebab_case(&rule.id) {
        return Err(rule.wrong("id", &format!("\"{}\" is no id", rule.id)).hint("write it like \"magnum-price\""));
    }
    if super::REGISTRY.iter().any(|known| known.id == rule.id) {
        return Err(rule
            .wrong("id", &format!("\"{}\" is a rule of tastevin's own", rule.id))
            .hint("choose another id"));
    }
    if rule.when.is_some() == rule.select.is_some() {
        return Err(rule.wrong("when", "a rule needs either `when` or `select`").hint(SHAPE));
    }
    if rule.title.is_empty() {
        rule.title.clone_from(&rule.id);
    }
    if rule.message.is_empty() {
        rule.message.clone_from(&rule.title);
    }
    Ok(rule)
}

/// A value as it stands in a message: a number with decimals is written as in the messages of the program's own rules.
fn in_words(sql: &str) -> String {
    // By way of its text, which any value has.
    let text = format!("CAST({sql} AS VARCHAR)");
    format!(
        "coalesce(CASE WHEN typeof({sql}) LIKE 'DECIMAL%' OR typeof({sql}) IN ('DOUBLE', 'FLOAT') THEN {} ELSE {text} END, '–')",
        plain(&text)
    )
}

const SHAPE: &str = "docs/rules/README.md shows how a rule is written";

/// Whether a text is an id: words of small letters and digits with hyphens between.
pub(super) fn is_kebab_case(id: &str) -> bool {
    !id.is_empty()
        && id.split('-').all(|word| {
            !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        })
}

impl UserRule {
    /// The use of the rule that its file makes.
    pub fn check(&self) -> Check {
        let mut arguments = IndexMap::new();
        for (name, text) in [("when", &self.when), ("suggestion", &self.suggestion)] {
            if let Some(text) = text {
                arguments.insert(name.to_owned(), toml::Value::String(text.clone()));
            }
        }
        for (n, expression) in parts(&self.message).filter_map(Part::expression).enumerate() {
            arguments.insert(format!("message {n}"), toml::Value::String(expression.to_owned()));
        }
        Check {
            rule: self.id.clone(),
            table: self.table.clone(),
            field: self.field.clone(),
            arguments,
            severity: Some(self.severity),
        }
    }

    /// Whether it finds the same of a row whatever the others are, those apart that the row refers to. A query within an
    /// expression may look at any.
    pub fn judges_row_by_row(&self) -> bool {
        let texts = [self.when.as_ref(), self.suggestion.as_ref(), Some(&self.message)];
        let asks = |text: &String| ["select", "from"].iter().any(|word| text.to_lowercase().contains(word));
        self.select.is_none() && !texts.into_iter().flatten().any(asks)
    }

    /// The query that finds, in the form that every rule's has. An error says what is wrong in which part of the file.
    ///
    /// `only` names a table with the rows to look at, as in a [`Scope`]; a rule that is a whole query looks at all.
    pub fn find(
        &self,
        store: &Store,
        schema: &Schema,
        origins: &[Origin],
        today: chrono::NaiveDate,
        only: Option<Only>,
    ) -> Result<String> {
        let Some(table) = schema.tables.get(&self.table) else {
            return Err(self.wrong("table", &format!("there is no table \"{}\"", self.table)));
        };
        if !self.field.is_empty() && !table.fields.contains_key(&self.field) {
            return Err(self.wrong("field", &format!("{} has no field \"{}\"", self.table, self.field)));
        }
        let sql = match &self.select {
            Some(select) => self.whole(store, table, select)?,
            None => self.condition(store, schema, origins, today, only)?,
        };
        // Binding it finds misspelt names, without looking at a row.
        let columns = store.columns(&sql).map_err(|cause| {
            self.wrong(if self.select.is_some() { "select" } else { "when" }, "the database does not accept it")
                .caused_by(cause)
        })?;
        debug_assert_eq!(columns.len(), super::FINDING.len());
        Ok(sql)
    }

    fn condition(
        &self,
        store: &Store,
        schema: &Schema,
        origins: &[Origin],
        today: chrono::NaiveDate,
        only: Option<Only>,
    ) -> Result<String> {
        let check = self.check();
        for (name, text) in &check.arguments {
            let key = if name.starts_with("message") { "message" } else { name };
            vet::expression(store, text.as_str().unwrap_or_default(), Sight::Workspace)
                .map_err(|error| self.place(key, error))?;
        }
        let scope = Scope { origins, only, ..Scope::of(schema, &check, today) };
        let place = |error: Error| self.wrong("when", error.what());
        let when = scope.needed("when").map_err(place)?;
        let mut finding = Finding::of(&scope).joins_of(&when).when(format!("coalesce({}, false)", when.sql));
        let mut message = vec!["''".to_owned()];
        let mut expressions = 0;
        for part in parts(&self.message) {
            match part {
                Part::Text(text) => message.push(Literal(text).to_string()),
                Part::Expression(_) => {
                    let value = scope.needed(&format!("message {expressions}")).map_err(place)?;
                    expressions += 1;
                    finding = finding.joins_of(&value);
                    message.push(in_words(&value.sql));
                }
            }
        }
        if let Some(suggestion) = scope.expression("suggestion").map_err(place)? {
            finding = finding.joins_of(&suggestion).suggestion(&suggestion.sql);
        }
        Ok(finding.message(message.join(" || ")).query().sql)
    }

    /// The query of the user with what it leaves out: where the row comes from, and the field's value.
    fn whole(&self, store: &Store, table: &Table, select: &str) -> Result<String> {
        let select = vet::query(store, select).map_err(|error| self.place("select", error.of(Kind::Config)))?;
        let columns = store
            .columns(&select)
            .map_err(|cause| self.wrong("select", "the database does not accept it").caused_by(cause))?;
        let has = |name: &str| columns.iter().any(|(column, _)| column == name);
        if !has("row") {
            return Err(self
                .wrong("select", "it returns no column \"row\"")
                .hint("return the row's identity: SELECT _key AS \"row\", … FROM candidate.…"));
        }
        let given = |name: &str, otherwise: String| match has(name) {
            true => format!("coalesce(CAST(found.{name} AS VARCHAR), {otherwise})"),
            false => otherwise,
        };
        let value = if self.field.is_empty() {
            "NULL".to_owned()
        } else {
            table.fields.get(&self.field).map(|field| field.kind).unwrap_or_default().as_text(&column(&self.field))
        };
        Ok(format!(
            "SELECT CAST(found.\"row\" AS VARCHAR) AS \"row\", {} AS field, {} AS value, {} AS message, {} AS suggestion,\n  \
             coalesce(t._source, '') AS source, coalesce(t._entity, '') AS entity, coalesce(t._row, 0) AS _row\n\
             FROM (\n{select}) AS found LEFT JOIN {} AS t ON t._key = CAST(found.\"row\" AS VARCHAR)\nWHERE found.\"row\" IS NOT NULL",
            given("field", Literal(&self.field).to_string()),
            given("value", value),
            given("message", Literal(&self.message).to_string()),
            given("suggestion", "NULL".to_owned()),
            Name("candidate", &self.table),
        ))
    }

    fn place(&self, key: &str, error: Error) -> Error {
        error.at_file(&self.file).at_column(key).at_key([key])
    }

    fn wrong(&self, key: &str, what: &str) -> Error {
        self.place(key, Error::config(what))
    }
}

/// A piece of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'m> {
    Text(&'m str),
    Expression(&'m str),
}

impl<'m> Part<'m> {
    fn expression(self) -> Option<&'m str> {
        match self {
            Part::Text(_) => None,
            Part::Expression(expression) => Some(expression),
        }
    }
}

/// The pieces of a message; a brace without its partner is text.
fn parts(message: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(inside) = rest.strip_prefix('{')
            && let Some((expression, after)) = inside.split_once('}')
        {
            rest = after;
            return Some(Part::Expression(expression));
        }
        let end = rest.char_indices().skip(1).find(|(_, c)| *c == '{').map_or(rest.len(), |(at, _)| at);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Part::Text(text))
    })
}
