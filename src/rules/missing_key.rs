//! `missing-key`: a row that nothing identifies.

use super::finding::{Finding, column, each_field};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "missing-key",
    title: "Missing key",
    severity: Severity::Error,
    reach: Reach::Row,
    docs: Docs {
        finds: "Rows without a value in a key field. Where the source has text that could not be read, the finding is unreadable-value instead.",
        matters: "Without its key a row cannot be found again next week: nothing can refer to it, and it would be committed as a new one every time.",
        example: "A customer without customer_key: \"Jean Dupont\" cannot be told from any other Jean Dupont.",
        fix: "Give the key in the source, or set it here. If the row means nothing, exclude it.",
    },
    arguments: &[],
    bind: |schema| each_field(schema, RULE.id, |field| field.key.then_some(None)),
    find: |scope| {
        let field = scope.check.field.as_str();
        scope.field()?;
        let sql = Finding::of(scope)
            .message(format!("'{} is missing, so nothing identifies this row'", field.replace('\'', "''")))
            .when(format!("({field} IS NULL OR CAST({field} AS VARCHAR) = '')", field = column(field)))
            .when(scope.not_unread(field))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "a customer without a code",
            schema: "[tables.customers.fields]\ncustomer_key = { type = \"text\", key = true }\nname = { type = \"text\" }",
            tables: &[("customers", "customer_key,name\nC1,Jean\n,Marie\n")],
            finds: &[("#2", None)],
        },
        Sample {
            name: "every row has its key, and one that cannot be read is another rule's",
            schema: "[tables.orders.fields]\nnumber = { type = \"integer\", key = true }",
            tables: &[("orders", "number,raw:number\n1,1\n,twelve\n")],
            finds: &[],
        },
    ],
};
