//! `missing-required`: a field that every row must have, and this one has not.

use super::finding::{Finding, column, each_field};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;
use crate::sql::Literal;

pub const RULE: Rule = Rule {
    id: "missing-required",
    title: "Missing value",
    severity: Severity::Error,
    reach: Reach::Row,
    docs: Docs {
        finds: "Rows without a value in a field that the schema calls required. Key fields are the matter of missing-key, text that could not be read that of unreadable-value.",
        matters: "What reads the canonical tables relies on these fields: a sale without a date falls out of every period.",
        example: "A sale without date_sale.",
        fix: "Complete the source, or set the value here.",
    },
    arguments: &[],
    bind: |schema| each_field(schema, RULE.id, |field| (field.required && !field.key).then_some(None)),
    find: |scope| {
        let field = scope.check.field.as_str();
        scope.field()?;
        let sql = Finding::of(scope)
            .message(Literal(&format!("{field} is missing and every row must have it")).to_string())
            .when(format!("{} IS NULL", column(field)))
            .when(scope.not_unread(field))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "a sale without a date",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nday = { type = \"date\", required = true }",
            tables: &[("sales", "id,day\nV1,2025-12-15\nV2,\n")],
            finds: &[("V2", None)],
        },
        Sample {
            name: "a date that is there but cannot be read, and an optional field that is empty",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nday = { type = \"date\", required = true }\nnote = { type = \"text\" }",
            tables: &[("sales", "id,day,raw:day,note\nV1,,yesterday,\n")],
            finds: &[],
        },
    ],
};
