//! `negative-stock`: less than nothing on the shelf.

use super::finding::{Finding, column, plain};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "negative-stock",
    title: "Negative stock",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Stock quantities below zero.",
        matters: "Something was sold before it was booked in, or booked out twice; what is available is not known.",
        example: "The stock is -12.",
        fix: "Count, and correct the stock in the source.",
    },
    arguments: &[],
    bind: |_| Vec::new(),
    find: |scope| {
        scope.field()?;
        let value = column(&scope.check.field);
        let sql = Finding::of(scope)
            .message(format!("'the stock is ' || {}", plain(&value)))
            .when(format!("{value} < 0"))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "twelve below zero",
            schema: SCHEMA,
            tables: &[("stock", "id,quantity\nS1,-12\nS2,3\n")],
            finds: &[("S1", None)],
        },
        Sample {
            name: "something, nothing and not counted",
            schema: SCHEMA,
            tables: &[("stock", "id,quantity\nS1,12\nS2,0\nS3,\n")],
            finds: &[],
        },
    ],
};

const SCHEMA: &str = "[tables.stock.fields]
id = { type = \"text\", key = true }
quantity = { type = \"decimal\" }
[[check]]
rule = \"negative-stock\"
table = \"stock\"
field = \"quantity\"";
