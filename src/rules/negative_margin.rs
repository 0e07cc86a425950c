//! `negative-margin`: sold for less than it cost.

use super::finding::{Finding, money, plain};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "negative-margin",
    title: "Sold below cost",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Rows that brought in something, but less than they cost.",
        matters: "Seldom meant: mostly the cost price, the unit or the price is wrong.",
        example: "Sold for 80.00, cost 95.00: 15.00 lost.",
        fix: "Check the product's cost price and the unit first, then the line.",
    },
    arguments: &[("price", "what came in"), ("cost", "what it cost")],
    bind: |_| Vec::new(),
    find: |scope| {
        let price = scope.needed("price")?;
        let cost = scope.needed("cost")?;
        let value =
            if scope.check.field.is_empty() { plain(&price.sql) } else { scope.field_as_text(&scope.check.field) };
        let sql = Finding::of(scope)
            .joins_of(&price)
            .joins_of(&cost)
            .value(value)
            .message(format!(
                "'sold for ' || {} || ', cost ' || {} || ': ' || {} || ' lost'",
                money(&price.sql),
                money(&cost.sql),
                money(&format!("({} - {})", cost.sql, price.sql)),
            ))
            .when(format!("{} > 0", price.sql))
            .when(format!("{} > {}", cost.sql, price.sql))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "a loss",
            schema: SCHEMA,
            tables: &[("sales", "id,total,cost\nV1,80,95\nV2,80,40\n")],
            finds: &[("V1", None)],
        },
        Sample {
            name: "gifts, returns, break-even and unknown costs",
            schema: SCHEMA,
            tables: &[("sales", "id,total,cost\nV1,0,40\nV2,-45,-40\nV3,40,40\nV4,40,\n")],
            finds: &[],
        },
    ],
};

const SCHEMA: &str = "[tables.sales.fields]
id = { type = \"text\", key = true }
total = { type = \"decimal\" }
cost = { type = \"decimal\" }
[[check]]
rule = \"negative-margin\"
table = \"sales\"
field = \"total\"
with = { price = \"total\", cost = \"cost\" }";
