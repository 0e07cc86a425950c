//! Steps: the transforms that a suggestion proposes, from what the field declares and what the values look like.

use toml::Value;

use super::learnt::Learnt;
use super::names::Vocabulary;
use super::profile::formats;
use crate::model::{ColumnProfile, Field, FieldType, Format, Mapping, Schema, Step, ValueKind};

/// What is known of a pair when its transforms are proposed.
pub struct Pair<'a> {
    pub schema: &'a Schema,
    pub table: &'a str,
    pub name: &'a str,
    pub field: &'a Field,
    pub column: &'a ColumnProfile,
    /// What stands before the column's values in the keys that are known.
    pub prefix: Option<&'a str>,
    /// Whether a yes in the column is a no of the field.
    pub contrary: bool,
    /// The mapping that is written, for the keys that carry its name.
    pub mapping: &'a str,
    pub learnt: &'a Learnt,
}

fn with(name: &str, arguments: Value) -> Step {
    Step { name: name.to_owned(), arguments: Some(arguments) }
}

/// The transforms that read the column as the field.
pub fn steps(pair: &Pair) -> Vec<Step> {
    let trim = || Step::bare("trim");
    match pair.field.format {
        Some(Format::Email) => return vec![Step::bare("email")],
        Some(Format::Phone) => return vec![with("phone", Value::from("FR"))],
        Some(Format::PostalCode) => return vec![Step::bare("postal_code")],
        Some(Format::Country) => return vec![Step::bare("country")],
        None => {}
    }
    match pair.field.kind {
        FieldType::Text if pair.field.key || pair.field.references.is_some() => key(pair),
        FieldType::Text => {
            let mut steps = vec![trim()];
            steps.extend(case_of(&pair.field.values));
            steps
        }
        FieldType::Integer if pair.column.kind == ValueKind::Year => vec![Step::bare("year")],
        FieldType::Integer => vec![Step::bare("integer")],
        FieldType::Decimal => vec![decimal(pair.column)],
        FieldType::Boolean if pair.contrary => vec![Step::bare("boolean"), Step::bare("not")],
        FieldType::Boolean => vec![Step::bare("boolean")],
        FieldType::Date => vec![moment("date", pair.column)],
        FieldType::Timestamp => vec![moment("timestamp", pair.column)],
        FieldType::List => {
            vec![with("split_list", Value::from(pair.column.separator.unwrap_or(',').to_string()))]
        }
    }
}

/// The same where nothing is known but what the field declares, what the values look like and what other mappings say: for a
/// pair that somebody chose by hand. None for a field that is not declared.
pub fn usual(
    schema: &Schema,
    (mapping, all): (&str, &[(String, Mapping)]),
    table: &str,
    field: &str,
    column: &ColumnProfile,
) -> Vec<Step> {
    let Some((of, (at, _, declared))) = schema.tables.get(table).and_then(|of| Some((of, of.fields.get_full(field)?)))
    else {
        return Vec::new();
    };
    let contrary = Vocabulary::new(schema, table, of).likenesses(&column.name)[at].contrary;
    let learnt = &Learnt::from(all, mapping);
    steps(&Pair { schema, table, name: field, field: declared, column, prefix: None, contrary, mapping, learnt })
}

/// Keys are compared as written, so that one and the same is written in one way everywhere.
fn key(pair: &Pair) -> Vec<Step> {
    let mut steps = vec![Step::bare("trim")];
    let target = target(pair);
    let small = |text: &str| text.chars().any(char::is_lowercase);
    let all_small = pair.column.frequent.iter().chain(&[]).any(|(text, _)| small(text))
        || pair.column.first.iter().any(|text| small(text));
    if pair.column.kind != ValueKind::Integer && (!all_small || pair.learnt.is_upper(&target.0, &target.1)) {
        steps.push(Step::bare("uppercase"));
    }
    let learnt = || pair.learnt.prefix(&target.0, &target.1, pair.mapping);
    let prefix = pair.prefix.map(str::to_owned).or_else(learnt);
    if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
        steps.push(with("prefix", Value::from(prefix)));
    }
    steps
}

/// The key that the field is, or refers to.
fn target(pair: &Pair) -> (String, String) {
    match &pair.field.references {
        Some(to) if pair.schema.field(&to.table, &to.field).is_some() => (to.table.clone(), to.field.clone()),
        _ => (pair.table.to_owned(), pair.name.to_owned()),
    }
}

/// The transform that writes texts like the allowed values.
fn case_of(values: &[String]) -> Option<Step> {
    let all = |same: fn(&str) -> String| !values.is_empty() && values.iter().all(|value| same(value) == *value);
    if all(|value| value.to_lowercase()) {
        Some(Step::bare("lowercase"))
    } else if all(|value| value.to_uppercase()) {
        Some(Step::bare("uppercase"))
    } else {
        None
    }
}

/// The decimal sign is named where the text alone would be read wrong.
fn decimal(column: &ColumnProfile) -> Step {
    if column.doubtful_comma > 0 && column.decimal_point > 0 && column.decimal_comma == 0 {
        return with("decimal", Value::from("."));
    }
    Step::bare("decimal")
}

fn moment(name: &str, column: &ColumnProfile) -> Step {
    let formats = formats(column);
    match formats.as_slice() {
        [] => Step::bare(name),
        [one] => with(name, Value::from(one.as_str())),
        many => with(name, Value::Array(many.iter().map(|format| Value::from(format.as_str())).collect())),
    }
}
