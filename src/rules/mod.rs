//! The vocabulary of rules: named checks with severity, words for the user, SQL and samples.
//!
//! Adding one is one file with a `pub const RULE` and one line in [`REGISTRY`]; `rules explain`, the docs page and the
//! tests come from there. A rule knows the schema and SQL and runs nothing; `stages::check` runs it.

mod date_before_history;
mod duplicate_email;
mod duplicate_key;
mod duplicate_row;
mod finding;
mod future_date;
mod invalid_country;
mod invalid_email;
mod invalid_phone;
mod invalid_postal_code;
mod missing_key;
mod missing_required;
mod mojibake;
mod negative_margin;
mod negative_stock;
mod orphan_reference;
mod out_of_range;
mod outlier_quantity;
mod phone_country_mismatch;
mod placeholder_value;
mod price_far_from_list;
mod purchase_after_opt_out;
mod query;
mod reference;
mod reserved_exceeds_stock;
mod sale_without_price;
mod spreadsheet_damage;
mod total_mismatch;
mod unknown_unit;
mod unknown_value;
mod unreadable_value;
mod untidy_text;
pub mod user;
pub mod usual;
mod vintage_implausible;

use chrono::NaiveDate;

use crate::error::{Error, Result, nearest};
use crate::model::{Check, Field, Reference, Schema, Severity, Table};
use crate::sql::{Ident, Path};
use crate::store::Function;

pub use query::{Query, Sign, question};
pub use reference::{index, reference};
pub use usual::Usual;

/// One entry of the vocabulary.
pub struct Rule {
    /// The stable id, e.g. `missing-key`.
    pub id: &'static str,
    /// A few words for lists.
    pub title: &'static str,
    /// How bad a finding is, unless the check says otherwise.
    pub severity: Severity,
    /// Whose findings can change when one row does.
    pub reach: Reach,
    /// The words for the user.
    pub docs: Docs,
    /// What a `[[check]]` in `canonical.toml` can say under `with`: name and meaning.
    pub arguments: &'static [(&'static str, &'static str)],
    /// The uses that follow from the schema's declarations alone; a `[[check]]` adds to them.
    pub bind: fn(&Schema) -> Vec<Check>,
    /// The query that finds; see [`Scope`] for what it can stand on and [`FINDING`] for what it must return.
    /// `None` where there is nothing to look at, e.g. no source feeds the field.
    pub find: fn(&Scope) -> Result<Option<Query>>,
    /// Data on which it fires and data on which it is quiet; executed as tests.
    pub samples: &'static [Sample],
}

/// Whose findings of a rule can change when one row of its table does, beside the row itself and the rows that refer to it.
/// Which row may change what is a promise that a test holds to the whole check.
#[derive(Debug, Clone, Copy)]
pub enum Reach {
    /// Nobody's.
    Row,
    /// Those of the rows that are alike, before or after: with the same value of this expression over `t`. A row for which
    /// it is NULL is like no other, and nothing is found about a row that is like no other.
    Alike(fn(&Scope) -> Result<String>),
    /// When the rows change to which the table refers, those of the rows on which the rule has found a value like a key
    /// that came, went or changed: with the same value of what this makes of a text.
    Found(fn(&str) -> String),
    /// Those of every row of the table: the rule compares with what is usual there. While that stands, nobody's.
    Usual(fn(&Scope) -> Result<Usual>),
}

/// The words for the user, each a paragraph of plain text.
pub struct Docs {
    /// What it finds.
    pub finds: &'static str,
    /// Why that matters.
    pub matters: &'static str,
    /// An example of a finding.
    pub example: &'static str,
    /// How to fix it.
    pub fix: &'static str,
}

/// The columns that a rule's query returns, in order: identity of the row, field, value as text, message,
/// suggestion as text, source, entity and record number.
pub const FINDING: [&str; 8] = ["row", "field", "value", "message", "suggestion", "source", "entity", "_row"];

/// Data for a rule to be tried on.
pub struct Sample {
    /// What it shows, as a sentence.
    pub name: &'static str,
    /// A schema, as `canonical.toml` is written.
    pub schema: &'static str,
    /// Per table, its rows as CSV with the field names first; an empty cell is an absent value.
    /// A column `raw:FIELD` gives the staged text where it differs from the value; one `lost:FIELD` marks what could not be
    /// computed.
    pub tables: &'static [(&'static str, &'static str)],
    /// The findings: row identity and suggestion; empty for a quiet sample. A row without a key of its own is
    /// written `#3`, by its record number.
    pub finds: &'static [(&'static str, Option<&'static str>)],
}

/// What a rule's query can stand on.
///
/// `candidate.<table>` has every field of the table with its type, and
/// `_key` (identity of the row, unique), `_source`, `_entity`, `_row` (record number within the entity),
/// `_unread` (a bit per field, in the order of the schema from bit 0: there was text that could not be read, or a value that
/// could not be computed) and
/// `_decided` (a bit per field: a decision has set it, so the staged text is no longer what the row has).
/// The staged texts are in `staging."<source>/<entity>"` with `_row`.
pub struct Scope<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// The use of the rule.
    pub check: &'a Check,
    /// Where the table's rows come from.
    pub origins: &'a [Origin],
    /// The tables that some source feeds; the others are empty, and nothing can be missing from them.
    pub fed: &'a [&'a str],
    /// The day on which the check runs.
    pub today: NaiveDate,
    /// The rows to look at, where it is not all of them.
    pub only: Option<Only<'a>>,
    /// Whether what is usual in the table is kept in temporary tables, as [`Usual`] says, and is right.
    pub is_usual_kept: bool,
    /// Where the rows are found with which few are compared; `None` for among all.
    pub others: Option<&'a dyn Others>,
}

impl<'a> Scope<'a> {
    /// A use of a rule on all rows, of which nothing is known: neither where they come from nor which tables are fed.
    pub fn of(schema: &'a Schema, check: &'a Check, today: NaiveDate) -> Scope<'a> {
        Scope { schema, check, origins: &[], fed: &[], today, only: None, is_usual_kept: false, others: None }
    }
}

/// Some rows of a table, to be looked at by themselves.
#[derive(Debug, Clone, Copy)]
pub struct Only<'a> {
    /// The temporary table with the rows, as it is written in a statement; it has the columns of the candidates.
    pub rows: &'a str,
    /// What the names of the temporary tables with their staged texts begin with, as [`texts_of`] makes them.
    pub texts: &'a str,
    /// The bits of `_unread` that are set in any of them. What nobody has needs no looking for, and the engine spends more
    /// time on reading a long statement than on few rows.
    pub unread: i64,
}

/// Finds the rows of tables with which the rows to look at are compared.
pub trait Others {
    /// The relation with the candidates of which the text of a field, as `like` makes it, is one of the values of a query. It may have
    /// others too.
    fn rows_like(&self, field: &Reference, like: fn(&str) -> String, values: &str) -> Result<String>;
}

/// A source and entity that feeds a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The source.
    pub source: String,
    /// The entity.
    pub entity: String,
    /// The relation with the staged texts, in the schema `staging`.
    pub relation: String,
    /// Per canonical field, the staged columns that feed it.
    pub columns: Vec<(String, Vec<String>)>,
    /// Per canonical field whose text may come out as no value, what the mapping reads it as, in words.
    pub reads: Vec<(String, &'static str)>,
    /// All staged columns, in order.
    pub all_columns: Vec<String>,
}

/// The temporary table with the staged texts of the rows to look at: `texts` is what its name begins with, `relation` where
/// they come from.
pub fn texts_of(texts: &str, relation: &str) -> String {
    format!("{texts} in {relation}")
}

impl<'a> Scope<'a> {
    /// The relation with the rows to look at.
    fn rows(&self) -> String {
        match self.only {
            Some(only) => only.rows.to_owned(),
            None => Path("candidate", &self.check.table).to_string(),
        }
    }

    /// The relation with the staged texts of the rows to look at that come from an origin.
    fn texts(&self, origin: &Origin) -> String {
        match self.only {
            Some(only) => Ident(&texts_of(only.texts, &origin.relation)).to_string(),
            None => Path("staging", &origin.relation).to_string(),
        }
    }

    /// The relation with the candidates with which the rows to look at are compared: the text of a field, as `like` makes it, with that of
    /// an expression over the row `t`. It may have others too.
    fn compared_with(&self, field: &Reference, like: fn(&str) -> String, text: &str) -> Result<String> {
        match (self.only, self.others) {
            (Some(only), Some(others)) => {
                others.rows_like(field, like, &format!("SELECT {} FROM {} AS t", like(text), only.rows))
            }
            _ => Ok(Path("candidate", &field.table).to_string()),
        }
    }

    /// The declaration of the table that is checked.
    pub fn table(&self) -> Result<&'a Table> {
        self.schema.tables.get(&self.check.table).ok_or_else(|| {
            Error::config(format!(
                "rule \"{}\" is asked to check a table \"{}\" that is not declared",
                self.check.rule, self.check.table
            ))
        })
    }

    /// The declaration of the field that is checked.
    pub fn field(&self) -> Result<&'a Field> {
        self.table()?.fields.get(&self.check.field).ok_or_else(|| {
            Error::config(format!(
                "rule \"{}\" is asked to check a field \"{}.{}\" that is not declared",
                self.check.rule, self.check.table, self.check.field
            ))
        })
    }
}

impl Origin {
    /// The staged columns that feed a field; none where it is not fed.
    pub fn columns_of(&self, field: &str) -> &[String] {
        self.columns.iter().find(|(name, _)| name == field).map(|(_, columns)| columns.as_slice()).unwrap_or_default()
    }

    /// What a field's text is read as, in words; `None` where it is not fed, or nothing can fail.
    pub fn reads(&self, field: &str) -> Option<&'static str> {
        self.reads.iter().find(|(name, _)| name == field).map(|(_, reads)| *reads)
    }

    /// The text that a person sees in the export for a field, `prefix` standing before each column: its columns with a space
    /// between, `NULL` where all are absent; `None` where it is not fed.
    pub fn text(&self, field: &str, prefix: &str) -> Option<String> {
        let columns: Vec<String> =
            self.columns_of(field).iter().map(|column| format!("{prefix}{}", Ident(column))).collect();
        match columns.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            many => Some(format!("nullif(concat_ws(' ', {}), '')", many.join(", "))),
        }
    }
}

/// The business key as one text, `prefix` standing before each column: the parts of a composite key joined by `|`, which within a
/// part is written `\|`; `NULL` where a part is missing. It is what a row is called where no other row has it; `None` where the table declares no key.
pub fn key_text(table: &Table, prefix: &str) -> Option<String> {
    let parts: Vec<String> = table.keys().map(|key| format!("CAST({prefix}{} AS VARCHAR)", Ident(key))).collect();
    match parts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => {
            let escaped = |part: &String| format!("replace(replace({part}, '\\', '\\\\'), '|', '\\|')");
            Some(many.iter().map(escaped).collect::<Vec<_>>().join(" || '|' || "))
        }
    }
}

/// The rules whose findings are about several rows that may be the same thing.
pub const TWINS: [&str; 3] = [duplicate_key::RULE.id, duplicate_row::RULE.id, duplicate_email::RULE.id];

/// All rules, in the order of the docs.
pub static REGISTRY: &[&Rule] = &[
    &missing_key::RULE,
    &duplicate_key::RULE,
    &missing_required::RULE,
    &unreadable_value::RULE,
    &orphan_reference::RULE,
    &unknown_value::RULE,
    &out_of_range::RULE,
    &invalid_email::RULE,
    &invalid_phone::RULE,
    &phone_country_mismatch::RULE,
    &invalid_postal_code::RULE,
    &invalid_country::RULE,
    &duplicate_row::RULE,
    &duplicate_email::RULE,
    &untidy_text::RULE,
    &placeholder_value::RULE,
    &mojibake::RULE,
    &spreadsheet_damage::RULE,
    &future_date::RULE,
    &date_before_history::RULE,
    &unknown_unit::RULE,
    &total_mismatch::RULE,
    &sale_without_price::RULE,
    &price_far_from_list::RULE,
    &negative_margin::RULE,
    &outlier_quantity::RULE,
    &negative_stock::RULE,
    &reserved_exceeds_stock::RULE,
    &vintage_implausible::RULE,
    &purchase_after_opt_out::RULE,
];

/// The Rust functions that the rules' queries call, for opening a store.
pub static FUNCTIONS: &[Function] = &[
    mojibake::REPAIR,
    placeholder_value::STANDS_FOR_NOTHING,
    untidy_text::TIDIED,
    untidy_text::SHOUTS,
    invalid_country::IS_COUNTRY,
    phone_country_mismatch::DIALLED,
];

/// The rule of that id.
pub fn find(id: &str) -> Result<&'static Rule> {
    REGISTRY.iter().copied().find(|rule| rule.id == id).ok_or_else(|| {
        let error = Error::config(format!("there is no rule \"{id}\""));
        match nearest(id, REGISTRY.iter().map(|rule| rule.id)) {
            Some(meant) => error.hint(format!("did you mean \"{meant}\"?")),
            None => error.hint("`tastevin rules list` shows them all"),
        }
    })
}

/// Every use of every rule, in the order of the registry: those that the schema writes down as `[[check]]`, and those that
/// follow from its declarations. One that is written down takes the place of one that follows for the same field.
pub fn checks(schema: &Schema) -> Result<Vec<Check>> {
    for check in &schema.checks {
        told(check).map_err(|(error, _)| error)?;
    }
    Ok(REGISTRY.iter().flat_map(|rule| uses(rule, schema)).collect())
}

/// Whether a rule can be told what a check tells it; an error with the name of what it cannot be told.
pub fn told(check: &Check) -> Result<(), (Error, &str)> {
    let rule = find(&check.rule).map_err(|error| (error, ""))?;
    let known = |name: &str| rule.arguments.iter().any(|(argument, _)| *argument == name);
    let Some(name) = check.arguments.keys().find(|name| !known(name)) else { return Ok(()) };
    let error = Error::config(format!("the rule \"{}\" cannot be told \"{name}\"", check.rule));
    let arguments = rule.arguments.iter().map(|(argument, _)| *argument);
    let error = match nearest(name, arguments) {
        Some(meant) => error.hint(format!("did you mean \"{meant}\"?")),
        None => error.hint(format!("`tastevin rules explain {}` shows what it can be told", check.rule)),
    };
    Err((error, name))
}

/// The uses of one rule.
fn uses(rule: &Rule, schema: &Schema) -> Vec<Check> {
    let mut checks: Vec<Check> = schema.checks.iter().filter(|check| check.rule == rule.id).cloned().collect();
    let written = checks.len();
    for check in (rule.bind)(schema) {
        if !checks[..written].iter().any(|other| other.table == check.table && other.field == check.field) {
            checks.push(check);
        }
    }
    checks
}

#[cfg(test)]
mod tests;
