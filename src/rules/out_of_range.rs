//! `out-of-range`: a number or day below or above what the schema allows.

use chrono::NaiveDate;

use super::finding::{Finding, column, each_field, plain};
use super::{Docs, Reach, Rule, Sample, Scope};
use crate::error::Result;
use crate::model::{FieldType, Severity};
use crate::sql::Literal;

pub const RULE: Rule = Rule {
    id: "out-of-range",
    title: "Out of range",
    severity: Severity::Error,
    reach: Reach::Row,
    docs: Docs {
        finds: "Values below the field's `min` or above its `max`.",
        matters: "One price of 4 500 000 instead of 45.00 moves every average.",
        example: "-3.5 is below the least value allowed, 0.",
        fix: "Correct the value; if it is right, widen the range in mappings/canonical.toml.",
    },
    arguments: &[],
    bind: |schema| {
        each_field(schema, RULE.id, |field| {
            (field.kind.is_ordered() && (field.min.is_some() || field.max.is_some())).then_some(None)
        })
    },
    find: |scope| {
        let name = scope.check.field.as_str();
        let field = scope.field()?;
        let value = column(name);
        let mut queries = Vec::new();
        let ends = [(&field.min, "<", "below the least"), (&field.max, ">", "above the greatest")];
        for (end, comparison, words) in ends {
            let Some(end) = end else { continue };
            let limit = limit(scope, field.kind, end)?;
            let shown = match field.kind {
                FieldType::Decimal => plain(&value),
                _ => format!("CAST({value} AS VARCHAR)"),
            };
            let written = end.as_str().map_or_else(|| end.to_string(), str::to_owned);
            queries.push(
                Finding::of(scope)
                    .message(format!("{shown} || {}", Literal(&format!(" is {words} value allowed, {written}"))))
                    .when(format!("{value} {comparison} {limit}"))
                    .query(),
            );
        }
        Ok(super::finding::all_of(queries))
    },
    samples: &[
        Sample {
            name: "too little, too much, too early",
            schema: "[tables.wines.fields]\nid = { type = \"text\", key = true }\nalcohol = { type = \"decimal\", min = 0, max = 60 }\nbottled = { type = \"date\", min = \"1900-01-01\" }",
            tables: &[("wines", "id,alcohol,bottled\nP1,-1,2020-01-01\nP2,125,2020-01-01\nP3,12.5,1019-01-01\n")],
            finds: &[("P1", None), ("P2", None), ("P3", None)],
        },
        Sample {
            name: "the ends themselves and absent values",
            schema: "[tables.wines.fields]\nid = { type = \"text\", key = true }\nalcohol = { type = \"decimal\", min = 0, max = 60 }",
            tables: &[("wines", "id,alcohol\nP1,0\nP2,60\nP3,\n")],
            finds: &[],
        },
    ],
};

/// An end of the range as SQL.
fn limit(scope: &Scope, kind: FieldType, end: &toml::Value) -> Result<String> {
    let is_day = matches!(kind, FieldType::Date | FieldType::Timestamp);
    match end {
        toml::Value::Integer(number) if !is_day => Ok(number.to_string()),
        toml::Value::Float(number) if !is_day && number.is_finite() => Ok(number.to_string()),
        toml::Value::String(text) if is_day && text.parse::<NaiveDate>().is_ok() => {
            Ok(format!("DATE {}", Literal(text)))
        }
        other => Err(scope.wrong(&format!(
            "cannot use the end {other} of the range: a {} needs {}",
            kind.name(),
            if is_day { "a day like \"2000-01-31\"" } else { "a number" }
        ))),
    }
}
