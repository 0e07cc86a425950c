//! The canonical schema: the target tables, declared as data in `mappings/canonical.toml`.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::Severity;

/// The target tables and the checks over them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The tables, in the order of the file.
    pub tables: IndexMap<String, Table>,
    /// Uses of the rules that cannot be read off a single field's declaration.
    #[serde(default, rename = "check")]
    pub checks: Vec<Check>,
}

/// One canonical table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// What a row of this table is.
    #[serde(default)]
    pub description: String,
    /// What of its rows is money at stake wherever something is wrong with a row that they refer to, or with themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stake: Option<Stake>,
    /// What sources call such rows, in any language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// The fields, in the order of the file.
    pub fields: IndexMap<String, Field>,
}

/// The money in the rows of a table, e.g. the sales: `stake = { field = "price_total_eur", unit = "€", of = "sales" }`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stake {
    /// The field that is summed up: an integer or a decimal.
    pub field: String,
    /// The unit that is written behind the sum; empty for none.
    #[serde(default)]
    pub unit: String,
    /// What the rows are in a sentence ("38 210 € of sales"); empty for the name of the table.
    #[serde(default)]
    pub of: String,
}

/// One field of a canonical table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether it identifies the row. Several key fields make one composite key.
    #[serde(default)]
    pub key: bool,
    /// Whether every row must have a value.
    #[serde(default)]
    pub required: bool,
    /// The key field of another table that the value must exist in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<Reference>,
    /// The shape of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The only values allowed; compared as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The least value allowed: a number, or a date as `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<toml::Value>,
    /// The greatest value allowed: a number, or a date as `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<toml::Value>,
    /// The value of a row for which the source has none. Never stands in for a value that cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<toml::Value>,
    /// How the value comes about where no source gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derive: Option<Derive>,
    /// Names under which sources know it, in any language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// The transform that takes it out of a column in which it stands together with the next such field, as a first and a
    /// last name do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// What it means, with its unit.
    #[serde(default)]
    pub description: String,
}

/// The types that a canonical field can have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// Text, as is.
    #[default]
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// A decimal number: 18 digits, 4 of them after the point.
    Decimal,
    /// True or false.
    Boolean,
    /// A calendar day.
    Date,
    /// A day and time without a time zone.
    Timestamp,
    /// A list of texts.
    List,
}

impl Field {
    /// What a value of the field is, in words with their article.
    pub fn noun(&self) -> &'static str {
        match (self.format, self.kind) {
            (Some(Format::Email), _) => "an e-mail address",
            (Some(Format::Phone), _) => "a telephone number",
            (Some(Format::Country), _) => "a country",
            (Some(Format::PostalCode), _) => "a postal code",
            (None, FieldType::Text) => "text of the kind that the mapping expects",
            (None, FieldType::Integer) => "a whole number",
            (None, FieldType::Decimal) => "a number",
            (None, FieldType::Boolean) => "yes or no",
            (None, FieldType::Date) => "a date",
            (None, FieldType::Timestamp) => "a day and time",
            (None, FieldType::List) => "a list",
        }
    }

    /// Whether a row is no clean one where the field's text could not be read.
    pub fn must_be_read(&self) -> bool {
        self.key || self.required || self.references.is_some()
    }
}

impl FieldType {
    /// The name in `canonical.toml`.
    pub fn name(self) -> &'static str {
        match self {
            FieldType::Text => "text",
            FieldType::Integer => "integer",
            FieldType::Decimal => "decimal",
            FieldType::Boolean => "boolean",
            FieldType::Date => "date",
            FieldType::Timestamp => "timestamp",
            FieldType::List => "list",
        }
    }

    /// The type of the column in DuckDB.
    pub fn sql(self) -> &'static str {
        match self {
            FieldType::Text => "VARCHAR",
            FieldType::Integer => "BIGINT",
            FieldType::Decimal => "DECIMAL(18,4)",
            FieldType::Boolean => "BOOLEAN",
            FieldType::Date => "DATE",
            FieldType::Timestamp => "TIMESTAMP",
            FieldType::List => "VARCHAR[]",
        }
    }

    /// How a value of this type is written, as advice to whoever wrote something else.
    pub fn advice(self) -> &'static str {
        match self {
            FieldType::Date => "write a day like 2025-11-22 or 22/11/2025",
            FieldType::Decimal => "write a number like 12.50 or 12,50",
            FieldType::Integer => "write a whole number like 12",
            FieldType::Boolean => "write yes or no: oui, non, yes, no, true, false, 1 or 0",
            FieldType::Timestamp => "write a moment like 2025-11-22 14:30:00",
            FieldType::List | FieldType::Text => "write values separated by commas",
        }
    }

    /// The SQL expression that writes a value of this type as people and the ledger do.
    pub fn as_text(self, expression: &str) -> String {
        match self {
            FieldType::Text => expression.to_owned(),
            // 12.5000 is how the engine writes it; nobody else does.
            FieldType::Decimal => format!("rtrim(rtrim(CAST({expression} AS VARCHAR), '0'), '.')"),
            _ => format!("CAST({expression} AS VARCHAR)"),
        }
    }

    /// Whether values can be compared with `min` and `max`.
    pub fn is_ordered(self) -> bool {
        matches!(self, FieldType::Integer | FieldType::Decimal | FieldType::Date | FieldType::Timestamp)
    }
}

/// A field of another table, written `customers.customer_key`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    /// The table referred to.
    pub table: String,
    /// Its field.
    pub field: String,
}

impl TryFrom<String> for Reference {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('.') {
            Some((table, field)) if !table.is_empty() && !field.is_empty() => {
                Ok(Reference { table: table.to_owned(), field: field.to_owned() })
            }
            _ => Err(format!("\"{text}\" is no reference; write it as \"table.field\"")),
        }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        format!("{}.{}", reference.table, reference.field)
    }
}

/// The shapes of text that rules know how to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One address, `local@domain.tld`.
    Email,
    /// A telephone number in E.164, `+33388830609`.
    Phone,
    /// The name of a country as the transform `country` writes it.
    Country,
    /// A postal code; checked against the row's field of format `country` where there is one.
    PostalCode,
}

/// How a field's value comes about where no source gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Derive {
    /// A SQL expression over other fields of the row, and over the rows that its references lead to:
    /// `product_key.cost_price_eur` is the cost price of the product that `product_key` refers to.
    Expression(String),
    /// An aggregate over the rows of another table.
    Aggregate(Aggregate),
}

/// An aggregate over the rows of another table that refer to this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// The table whose rows are aggregated.
    pub from: String,
    /// Its field that refers to this table's key.
    pub on: String,
    /// The aggregate over its fields, e.g. `sum(price_total_eur)`; dotted names as in an expression.
    pub sql: String,
    /// If given, the result is not the aggregate but the value of this expression for which it is greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<String>,
    /// Which of its rows count.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

impl Aggregate {
    /// The SQL expressions in it.
    pub fn expressions(&self) -> Vec<&str> {
        [Some(&self.sql), self.most.as_ref(), self.filter.as_ref()].into_iter().flatten().map(String::as_str).collect()
    }
}

/// One use of a rule on a table, with what the rule needs to know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The id of the rule.
    pub rule: String,
    /// The table that is checked.
    pub table: String,
    /// The field to which findings belong; empty for findings about the whole row.
    #[serde(default)]
    pub field: String,
    /// What the rule needs to know beyond that; `rules explain` lists it.
    #[serde(default, rename = "with", skip_serializing_if = "IndexMap::is_empty")]
    pub arguments: IndexMap<String, toml::Value>,
    /// Overrides the rule's severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

impl Check {
    /// The argument `name` as the text of a SQL expression, a number or a plain text.
    pub fn argument(&self, name: &str) -> Option<String> {
        self.arguments.get(name).map(|value| match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }
}

impl Table {
    /// The field that says the row's country.
    pub fn country(&self) -> Option<&str> {
        let found = self.fields.iter().find(|(_, field)| field.format == Some(Format::Country));
        found.map(|(name, _)| name.as_str())
    }

    /// The names of the key fields, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|(_, field)| field.key).map(|(name, _)| name.as_str())
    }
}

impl Schema {
    /// The table and field of a name written `table.field`.
    pub fn field(&self, table: &str, field: &str) -> Option<&Field> {
        self.tables.get(table)?.fields.get(field)
    }

    /// The table whose rows are money at stake, and what of them; the first, if several say so.
    pub fn stake(&self) -> Option<(&str, &Stake)> {
        self.tables.iter().find_map(|(name, table)| Some((name.as_str(), table.stake.as_ref()?)))
    }
}
