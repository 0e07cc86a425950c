//! `unknown-value`: a value that is not among those the schema allows.

use super::finding::{Finding, column, each_field, folded, quoted};
use super::{Docs, Reach, Rule, Sample};
use crate::model::{FieldType, Severity};
use crate::sql::{Literal, literals};

pub const RULE: Rule = Rule {
    id: "unknown-value",
    title: "Value not allowed",
    severity: Severity::Error,
    reach: Reach::Row,
    docs: Docs {
        finds: "Values that are not among the `values` of the field. A suggestion is given where exactly one allowed value is the same but for case and accents, or one slip of the pen away (two in long words).",
        matters: "Whoever groups by the field gets a group that nobody planned, and the rows are missing from the one they belong to.",
        example: "\"rosè\" is not allowed in category; did you mean \"rosé\"?",
        fix: "Accept the suggestion, map the value in the mapping (map_values), or add it to `values` if it is meant to be there.",
    },
    arguments: &[],
    bind: |schema| each_field(schema, RULE.id, |field| (!field.values.is_empty()).then_some(None)),
    find: |scope| {
        let name = scope.check.field.as_str();
        let field = scope.field()?;
        if field.values.is_empty() {
            return Err(scope.wrong("stands on a field without `values`"));
        }
        let allowed = literals(field.values.iter().map(String::as_str));
        let listed = field.values.join(", ");
        if field.kind == FieldType::List {
            let strangers = format!("list_filter({}, lambda value: value NOT IN ({allowed}))", column(name));
            let sql = Finding::of(scope)
                .message(format!(
                    "'\"' || array_to_string({strangers}, '\", \"') || '\" is not among: ' || {}",
                    Literal(&listed)
                ))
                .when(format!("len({strangers}) > 0"))
                .query();
            return Ok(Some(sql));
        }
        let value = format!("CAST({} AS VARCHAR)", column(name));
        let strangers =
            format!("SELECT DISTINCT {value} AS value FROM {} AS t WHERE {value} NOT IN ({allowed})", scope.rows());
        let known = format!("SELECT unnest([{allowed}]) AS known");
        let same = format!("{} = {}", folded("strangers.value"), folded("known"));
        let close = format!(
            "damerau_levenshtein({}, {}) <= CASE WHEN length(known) >= 8 THEN 2 WHEN length(known) >= 4 THEN 1 ELSE 0 END",
            folded("strangers.value"),
            folded("known")
        );
        let near = format!(
            "SELECT strangers.value,\n  \
             CASE WHEN count(*) FILTER ({same}) = 1 THEN min(known) FILTER ({same})\n       \
             WHEN count(*) FILTER ({same}) = 0 AND count(*) = 1 THEN min(known) END AS near\n\
             FROM strangers JOIN known ON abs(length(strangers.value) - length(known)) <= 4 AND {close}\nGROUP BY 1"
        );
        let sql = Finding::of(scope)
            .step("strangers", strangers)
            .step("known", known)
            .step("near", near)
            .message(format!("{} || ' is not among: ' || {}", quoted(&value), Literal(&listed)))
            .suggestion("near.near")
            .join(format!("LEFT JOIN near ON near.value = {value}"))
            .when(format!("{value} NOT IN ({allowed})"))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "other case, a slip, and something else altogether",
            schema: "[tables.wines.fields]\nid = { type = \"text\", key = true }\ncolour = { type = \"text\", values = [\"rouge\", \"blanc\", \"rosé\"] }",
            tables: &[("wines", "id,colour\nP1,Rouge\nP2,rose\nP3,blnac\nP4,orange\n")],
            finds: &[("P1", Some("rouge")), ("P2", Some("rosé")), ("P3", Some("blanc")), ("P4", None)],
        },
        Sample {
            name: "one of a list is not allowed",
            schema: "[tables.wines.fields]\nid = { type = \"text\", key = true }\nnotes = { type = \"list\", values = [\"agrume\", \"floral\"] }",
            tables: &[("wines", "id,notes\nP1,agrume|floral\nP2,agrume|chien\n")],
            finds: &[("P2", None)],
        },
        Sample {
            name: "allowed and absent values",
            schema: "[tables.wines.fields]\nid = { type = \"text\", key = true }\ncolour = { type = \"text\", values = [\"rouge\", \"blanc\", \"rosé\"] }",
            tables: &[("wines", "id,colour\nP1,rouge\nP2,\n")],
            finds: &[],
        },
    ],
};
