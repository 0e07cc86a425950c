//! `duplicate-key`: one key on several rows.

use super::finding::{Finding, quoted};
use super::{Docs, Reach, Rule, Sample, key_text};
use crate::model::{Check, Severity};

pub const RULE: Rule = Rule {
    id: "duplicate-key",
    title: "Duplicate key",
    severity: Severity::Error,
    reach: Reach::Alike(|scope| Ok(key_text(scope.table()?, "t.").unwrap_or_else(|| "NULL".to_owned()))),
    docs: Docs {
        finds: "Rows that share their key with another row of the same table. Every row of the group is a finding.",
        matters: "A key stands for one thing. With two rows under it, whatever refers to it would count twice, and which of the two is right is a guess.",
        example: "isavigne-C12345 stands on 2 rows: lines 18, 205.",
        fix: "Exclude the rows that should not be there, merge them if they are the same thing, or correct the key of one.",
    },
    arguments: &[],
    bind: |schema| {
        let keyed = schema.tables.iter().filter(|(_, table)| table.keys().next().is_some());
        keyed
            .map(|(name, table)| {
                let mut keys = table.keys();
                let field = match (keys.next(), keys.next()) {
                    (Some(only), None) => only.to_owned(),
                    _ => String::new(),
                };
                Check { rule: RULE.id.to_owned(), table: name.clone(), field, ..Check::default() }
            })
            .collect()
    },
    find: |scope| {
        let table = scope.table()?;
        let Some(key) = key_text(table, "t.") else { return Ok(None) };
        // The identity of a row is the key that it came with wherever that was unique. So among twins there is always one
        // whose identity is not its key: because the key was shared from the start, or because a decision has set it.
        let suspects = format!("SELECT DISTINCT {key} AS key FROM {} AS t WHERE t._key <> {key}", scope.rows());
        // Where the rows stand is asked of them alone, not of all rows.
        let placed = format!(
            "SELECT {key} AS key, t._source AS source, t._row, f.file, t._row + l.shift AS line\n\
             FROM {} AS t SEMI JOIN suspects ON suspects.key = {key}\n\
             ASOF LEFT JOIN (SELECT * FROM dq.files WHERE rows > 0) AS f\n  \
             ON f.source = t._source AND f.entity = t._entity AND t._row >= f.first_row\n\
             ASOF LEFT JOIN dq.lines AS l ON l.source = t._source AND l.entity = t._entity AND t._row >= l.\"row\"",
            scope.rows()
        );
        let first =
            |what: &str| format!("array_to_string(list_slice(list({what} ORDER BY source, file, _row), 1, 5), ', ')");
        let twins = format!(
            "SELECT key, count(*) AS rows, CASE WHEN bool_or(line IS NULL) THEN 'records ' || {}\n  \
             WHEN count(DISTINCT source) > 1 THEN {}\n  \
             WHEN count(DISTINCT file) = 1 THEN 'lines ' || {}\n  \
             ELSE {} END AS places\n\
             FROM placed GROUP BY key HAVING count(*) > 1",
            first("_row"),
            first("source || ' ' || file || ' line ' || line"),
            first("line"),
            first("file || ' line ' || line")
        );
        let sql = Finding::of(scope)
            .step("suspects", suspects)
            .step("placed", placed)
            .step("twins", twins)
            .value(key.as_str())
            .message(format!(
                "{} || ' stands on ' || twins.rows || ' rows: ' || twins.places || if(twins.rows > 5, ' …', '')",
                quoted("twins.key")
            ))
            .join(format!("JOIN twins ON twins.key = {key}"))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "two customers under one code",
            schema: "[tables.customers.fields]\ncustomer_key = { type = \"text\", key = true }\nname = { type = \"text\" }",
            tables: &[("customers", "customer_key,name\nC1,Jean\nC2,Marie\nC1,Luc\n")],
            finds: &[("#1", None), ("#3", None)],
        },
        Sample {
            name: "a composite key that occurs twice",
            schema: "[tables.stock.fields]\nproduct = { type = \"text\", key = true }\nlot = { type = \"integer\", key = true }",
            tables: &[("stock", "product,lot\nA,1\nA,2\nB,1\nA,2\n")],
            finds: &[("#2", None), ("#4", None)],
        },
        Sample {
            name: "unique keys, and rows without one",
            schema: "[tables.customers.fields]\ncustomer_key = { type = \"text\", key = true }",
            tables: &[("customers", "customer_key\nC1\nC2\n\"\"\n\"\"\n")],
            finds: &[],
        },
    ],
};
