//! `orphan-reference`: a key that no row of the other table has.

use super::finding::{Finding, column, each_field, quoted};
use super::{Docs, Reach, Rule, Sample};
use crate::model::{FieldType, Severity};
use crate::sql::{Ident, Literal};

pub const RULE: Rule = Rule {
    id: "orphan-reference",
    title: "Reference to nothing",
    severity: Severity::Error,
    reach: Reach::Found(same_key),
    docs: Docs {
        finds: "Values of a reference that no row of the table referred to has. A suggestion is given where exactly one key differs only in case, accents, spaces or leading zeros. Nothing is checked against a table that no source feeds.",
        matters: "A sale of a customer who is not there is lost for every figure per customer.",
        example: "customer_key isavigne-C99999 is in no row of customers.",
        fix: "Load the missing row, correct the key, or exclude the row.",
    },
    arguments: &[],
    bind: |schema| each_field(schema, RULE.id, |field| field.references.is_some().then_some(None)),
    find: |scope| {
        let name = scope.check.field.as_str();
        let declared = scope.field()?;
        let Some(target) = &declared.references else {
            return Err(scope.wrong("stands on a field that refers to nothing"));
        };
        if !scope.fed.contains(&target.table.as_str()) {
            return Ok(None);
        }
        let value = format!("CAST({} AS VARCHAR)", column(name));
        let key = format!("CAST(r.{} AS VARCHAR)", Ident(&target.field));
        // An explicit anti join: the engine runs NOT EXISTS over ten million rows at half its speed.
        let orphans = format!(
            "SELECT t._key, t._source, t._entity, t._row, {column}, {value} AS value FROM {} AS t\n\
             ANTI JOIN {} AS r ON {key} = {value}\nWHERE {value} IS NOT NULL",
            scope.rows(),
            scope.compared_with(target, str::to_owned, &value)?,
            column = column(name),
        );
        // Keys are brought together by a cheap likeness, all zeros and spaces left out, and only then compared exactly: a plain
        // equality would be one more thing to bring them together by, and computed of every key.
        let alike = format!(
            "SELECT orphans.value, min({key}) AS near FROM (SELECT DISTINCT value FROM orphans) AS orphans\n\
             JOIN {} AS r ON {} = {} AND coalesce({} = {}, false)\n\
             GROUP BY 1 HAVING min({key}) = max({key})",
            scope.compared_with(target, rough_key, &value)?,
            rough_key(&key),
            rough_key("orphans.value"),
            same_key(&key),
            same_key("orphans.value"),
        );
        let mut finding = Finding::of(scope);
        let kind = scope.schema.field(&target.table, &target.field).map(|field| field.kind);
        // Values of two types may be equal and read otherwise.
        if kind == Some(declared.kind) && matches!(declared.kind, FieldType::Text | FieldType::Integer) {
            let referred = scope.referred(target);
            finding = finding.sign(&referred.into(|key| format!("{value} IS NOT NULL AND {key} IS NULL")));
        }
        let sql = finding
            .step("orphans", orphans)
            .step("alike", alike)
            .message(format!("{} || {}", quoted(&value), Literal(&format!(" is in no row of {}", target.table))))
            .suggestion("alike.near")
            .among("orphans")
            .join("LEFT JOIN alike ON alike.value = t.value")
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "sales of a customer who is not there, and of one written otherwise",
            schema: "[tables.people.fields]\nkey = { type = \"text\", key = true }\n[tables.sales.fields]\nid = { type = \"text\", key = true }\nwho = { type = \"text\", references = \"people.key\" }",
            tables: &[("people", "key\nC001\nC002\n"), ("sales", "id,who\nV1,C001\nV2,C009\nV3,c2\nV4,\n")],
            finds: &[("V2", None), ("V3", Some("C002"))],
        },
        Sample {
            name: "every reference leads somewhere, also to a key that occurs twice",
            schema: "[tables.people.fields]\nkey = { type = \"text\", key = true }\n[tables.sales.fields]\nid = { type = \"text\", key = true }\nwho = { type = \"text\", references = \"people.key\" }",
            tables: &[("people", "key\nC001\nC001\n"), ("sales", "id,who\nV1,C001\nV2,\n")],
            finds: &[],
        },
    ],
};

/// A key without case, accents, spaces and zeros.
fn rough_key(sql: &str) -> String {
    format!("replace(replace(lower(strip_accents({sql})), '0', ''), ' ', '')")
}

/// A key without case, accents, white space and leading zeros.
fn same_key(sql: &str) -> String {
    format!(
        "regexp_replace(regexp_replace(lower(strip_accents({sql})), '\\s', '', 'g'), '(^|[^0-9])0+([0-9])', '\\1\\2', 'g')"
    )
}
