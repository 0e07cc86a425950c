//! `unreadable-value`: text in the source that the mapping could not turn into a value, and what cannot be computed of values.

use super::finding::{Finding, all_of, column, each_field, has_text, quoted, staged_join};
use super::{Docs, Origin, Query, Reach, Rule, Sample, Scope, invalid_email};
use crate::error::Result;
use crate::model::{Derive, Field, Format, Severity};
use crate::sql::{Literal, identifiers};

pub const RULE: Rule = Rule {
    id: "unreadable-value",
    title: "Unreadable value",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Cells in which the source has text but no value came out of the mapping's transforms. The value shown is the text as it was read. An error where the field is a key, required or a reference, a warning elsewhere. Where a field with a format (email, phone, postal_code, country) may be empty, its cells are the matter of the rule of that format. Also fields that are computed of others, where the result is more than the field can hold or the expression fails.",
        matters: "What cannot be read is never guessed: the field stays empty, and everything that is computed from it with it.",
        example: "\"31/02/2025\" cannot be read as a date.",
        fix: "If many cells are written that way, teach the mapping (another date format, a map_values); if it is a slip, set the value.",
    },
    arguments: &[],
    bind: |schema| {
        each_field(schema, RULE.id, |field| {
            (!is_told_elsewhere(field) || field.derive.is_some())
                .then_some(field.must_be_read().then_some(Severity::Error))
        })
    },
    find: |scope| {
        let field = scope.field()?;
        let Some(unread) = scope.unread(&scope.check.field) else { return Ok(None) };
        let mut queries: Vec<Query> = match is_told_elsewhere(field) {
            true => Vec::new(),
            false => scope.origins.iter().filter_map(|origin| unreadable(scope, field, origin, &unread)).collect(),
        };
        if let Some(derive) = &field.derive {
            queries.extend(incomputable(scope, field, derive, &unread)?);
        }
        Ok(all_of(queries))
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
            name: "a product that is too large",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nquantity = { type = \"decimal\" }\nprice = { type = \"decimal\" }\ntotal = { type = \"decimal\", derive = \"quantity * price\" }",
            tables: &[("sales", "id,quantity,price,lost:total\nV1,3,30,\nV2,20000000,9000000,x\nV3,,30,\n")],
            finds: &[("V2", None)],
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

/// Whether the rule of the field's format judges its texts; a field that may not be empty is judged here.
fn is_told_elsewhere(field: &Field) -> bool {
    field.format.is_some() && !field.must_be_read()
}

/// The query for the texts of an origin that could not be read; `None` where it does not feed the field.
fn unreadable(scope: &Scope, field: &Field, origin: &Origin, unread: &str) -> Option<Query> {
    let name = scope.check.field.as_str();
    let text = origin.text(name, "s.")?;
    let what = origin.reads(name).unwrap_or(field.noun());
    let mut finding = Finding::of(scope)
        .join(staged_join(scope, origin))
        .value(text.as_str())
        .message(format!(
            "coalesce({}, 'the text') || {}",
            quoted(&text),
            Literal(&format!(" cannot be read as {what}"))
        ))
        .when(unread);
    if field.derive.is_some() {
        finding = finding.when_joined(has_text(&text));
    }
    if field.format == Some(Format::Email) {
        finding = finding.suggestion(invalid_email::repaired(&text));
    }
    Some(finding.query())
}

/// The queries for the values that could not be computed: of each origin that feeds the field where it says nothing, and of
/// the rows of all others.
fn incomputable(scope: &Scope, field: &Field, derive: &Derive, unread: &str) -> Result<Vec<Query>> {
    let name = scope.check.field.as_str();
    let table = scope.table()?;
    let message = match derive {
        Derive::Expression(sql) => {
            let mut of: Vec<String> = Vec::new();
            for used in identifiers(sql) {
                let used = used.split('.').next().unwrap_or_default().to_lowercase();
                if table.fields.contains_key(&used) && used != name && !of.contains(&used) {
                    of.push(used);
                }
            }
            let values: Vec<String> = of
                .iter()
                .map(|used| {
                    let value = scope.field_as_text(used);
                    format!("{} || coalesce({value}, 'nothing')", Literal(&format!("{used} = ")))
                })
                .collect();
            let from = if values.is_empty() {
                "''".to_owned()
            } else {
                format!("' from ' || {}", values.join(" || ', ' || "))
            };
            format!("{} || {from}", Literal(&format!("cannot be computed as {}", field.noun())))
        }
        Derive::Aggregate(aggregate) => {
            Literal(&format!("what {} says of this row cannot be added up to {}", aggregate.from, field.noun()))
                .to_string()
        }
    };
    let about = || Finding::of(scope).message(message.as_str()).when(unread);
    let feeding: Vec<(&Origin, String)> =
        scope.origins.iter().filter_map(|origin| Some((origin, origin.text(name, "s.")?))).collect();
    let mut queries: Vec<Query> = feeding
        .iter()
        .map(|(origin, text)| {
            about().join(staged_join(scope, origin)).when_joined(format!("NOT {}", has_text(text))).query()
        })
        .collect();
    if feeding.len() < scope.origins.len() {
        let is_fed = feeding.iter().map(|(origin, _)| {
            format!(
                " AND NOT ({} = {} AND {} = {})",
                column("_source"),
                Literal(&origin.source),
                column("_entity"),
                Literal(&origin.entity)
            )
        });
        queries.push(about().when(format!("true{}", is_fed.collect::<String>())).query());
    }
    Ok(queries)
}
