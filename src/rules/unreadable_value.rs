//! `unreadable-value`: text in the source that the mapping could not turn into a value.

use super::finding::{Finding, all_of, each_field, quoted, staged_join};
use super::{Docs, Reach, Rule, Sample, invalid_email};
use crate::model::{Format, Severity};
use crate::sql::Literal;

pub const RULE: Rule = Rule {
    id: "unreadable-value",
    title: "Unreadable value",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Cells in which the source has text but no value came out of the mapping's transforms. The value shown is the text as it was read. An error where the field is a key, required or a reference, a warning elsewhere. Where a field with a format (email, phone, postal_code, country) may be empty, its cells are the matter of the rule of that format.",
        matters: "What cannot be read is never guessed: the field stays empty, and everything that is computed from it with it.",
        example: "\"31/02/2025\" cannot be read as a date.",
        fix: "If many cells are written that way, teach the mapping (another date format, a map_values); if it is a slip, set the value.",
    },
    arguments: &[],
    bind: |schema| {
        each_field(schema, RULE.id, |field| {
            // What is of a format is judged by the rule of that format, unless the field may not be empty.
            let is_told = field.format.is_some() && !field.must_be_read();
            (!is_told).then_some(field.must_be_read().then_some(Severity::Error))
        })
    },
    find: |scope| {
        let name = scope.check.field.as_str();
        let field = scope.field()?;
        let what = field.noun();
        let Some(unread) = scope.unread(name) else { return Ok(None) };
        let queries = scope.origins.iter().filter_map(|origin| {
            let text = origin.text(name, "s.")?;
            let what = origin.reads(name).unwrap_or(what);
            let mut finding = Finding::of(scope)
                .join(staged_join(scope, origin))
                .value(text.as_str())
                .message(format!(
                    "coalesce({}, 'the text') || {}",
                    quoted(&text),
                    Literal(&format!(" cannot be read as {what}"))
                ))
                .when(unread.as_str());
            if field.format == Some(Format::Email) {
                finding = finding.suggestion(invalid_email::repaired(&text));
            }
            Some(finding.sql())
        });
        Ok(all_of(queries.collect()))
    },
    samples: &[
        Sample {
            name: "a day that no calendar has",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nday = { type = \"date\" }",
            tables: &[("sales", "id,day,raw:day\nV1,2025-12-15,15/12/2025\nV2,,31/02/2025\n")],
            finds: &[("V2", None)],
        },
        Sample {
            name: "an address that can be repaired",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nemail = { type = \"text\", format = \"email\", required = true }",
            tables: &[("people", "id,email,raw:email\nC1,,jean at example.fr\n")],
            finds: &[("C1", Some("jean@example.fr"))],
        },
        Sample {
            name: "text of a format, which the rule of that format tells",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nphone = { type = \"text\", format = \"phone\" }",
            tables: &[("people", "id,phone,raw:phone\nC1,,12\n")],
            finds: &[],
        },
        Sample {
            name: "empty cells and cells that were read",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nday = { type = \"date\" }",
            tables: &[("sales", "id,day,raw:day\nV1,2025-12-15,15/12/2025\nV2,,\n")],
            finds: &[],
        },
    ],
};
