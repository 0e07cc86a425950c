//! `duplicate-row`: the same record twice, word for word.

use super::finding::{Finding, all_of};
use super::{Docs, Reach, Rule, Sample, key_text};
use crate::model::{Check, Severity};
use crate::sql::{Ident, Literal};

pub const RULE: Rule = Rule {
    id: "duplicate-row",
    title: "Duplicate record",
    severity: Severity::Warning,
    reach: Reach::Alike(|_| Ok(SAME_RECORD.to_owned())),
    docs: Docs {
        finds: "Records of an entity that are the same as an earlier one in every column. The first is left in peace, every later one is a finding.",
        matters: "An export that was joined wrongly or appended twice counts everything twice.",
        example: "The same text in every column as record 17.",
        fix: "Exclude the later ones. If there are many, look at how the export is made.",
    },
    arguments: &[],
    bind: |schema| {
        let check = |table: &String| Check { rule: RULE.id.to_owned(), table: table.clone(), ..Check::default() };
        schema.tables.keys().map(check).collect()
    },
    find: |scope| {
        let table = scope.table()?;
        // Equal records have equal keys, so where there is a key only rows whose identity is not their key can be twins.
        let suspects = match key_text(table, "t.") {
            None => "true".to_owned(),
            // Faster than IS DISTINCT FROM, and an identity is never absent.
            Some(key) => format!("({key} IS NULL OR t._key <> {key})"),
        };
        // A repair that tells twins apart is that of a key, or where there is none, of anything.
        let telling: Vec<&str> = match table.keys().next() {
            None => table.fields.keys().map(String::as_str).collect(),
            Some(_) => table.keys().collect(),
        };
        let undecided = scope.undecided(telling.into_iter());
        let queries = scope.origins.iter().filter(|origin| !origin.all_columns.is_empty()).map(|origin| {
            let columns: Vec<String> = origin.all_columns.iter().map(|name| format!("s.{}", Ident(name))).collect();
            let columns = columns.join(", ");
            let records = format!(
                "SELECT s._row, hash({columns}) AS digest\n\
                 FROM {} AS s SEMI JOIN (SELECT t._row FROM {} AS t WHERE {suspects} AND t._source = {} AND t._entity = {}) AS suspect ON suspect._row = s._row",
                scope.texts(origin),
                scope.rows(),
                Literal(&origin.source),
                Literal(&origin.entity),
            );
            // Equal digests are rare; only there are the texts themselves compared.
            let twins = format!(
                "SELECT s._row, min(s._row) OVER (PARTITION BY {columns}) AS first\n\
                 FROM {} AS s SEMI JOIN (\n  SELECT _row FROM records WHERE digest IN (SELECT digest FROM records GROUP BY 1 HAVING count(*) > 1)\n) AS again ON again._row = s._row",
                scope.texts(origin),
            );
            Finding::of(scope)
                .step("records", records)
                .step("twins", twins)
                .message("'the same text in every column as record ' || twins.first")
                .join("JOIN twins ON twins._row = t._row")
                .when_joined("twins._row <> twins.first")
                .when(undecided.as_str())
                .when(format!("t._source = {} AND t._entity = {}", Literal(&origin.source), Literal(&origin.entity)))
                .query()
        });
        Ok(all_of(queries.collect()))
    },
    samples: &[
        Sample {
            name: "a line that was exported twice",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nday = { type = \"date\" }",
            tables: &[("sales", "id,day\nV1,2025-12-15\nV2,2025-12-15\nV1,2025-12-15\n")],
            finds: &[("#3", None)],
        },
        Sample {
            name: "twins in a table without a key, absent values included",
            schema: "[tables.notes.fields]\nday = { type = \"date\" }\ntext = { type = \"text\" }",
            tables: &[("notes", "day,text\n2025-12-15,called\n2025-12-15,\n2025-12-15,\n2025-12-16,called\n")],
            finds: &[("#3", None)],
        },
        Sample {
            name: "the same key with other words is another matter",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nday = { type = \"date\" }",
            tables: &[("sales", "id,day\nV1,2025-12-15\nV1,2025-12-16\n")],
            finds: &[],
        },
    ],
};

/// The identity of a row without the number that tells equal records apart; a row with a key of its own has none and no
/// equals.
const SAME_RECORD: &str = "CASE WHEN contains(t._key, '#') THEN regexp_replace(t._key, '[.][0-9]+$', '') END";
