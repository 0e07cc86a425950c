//! `price-far-from-list`: sold at a price that the price list does not explain.

use super::finding::{Finding, money};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "price-far-from-list",
    title: "Price far from the list price",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Rows whose price is above zero and lies further from the list price than `tolerance` allows, as a share of the list price: 0.5 is half of it, up or down.",
        matters: "A slipped decimal point or the price of a case on a single bottle hides in a column of plausible numbers.",
        example: "Sold at 4.55, list price 45.50 (-90 %).",
        fix: "Correct the price or the unit; an agreed discount is a reason to waive.",
    },
    arguments: &[
        ("list", "the list price; product_key.list_price follows the reference product_key"),
        ("price", "the price; absent: the field of the check"),
        ("tolerance", "the share of the list price that is let pass; absent: 0.5"),
    ],
    bind: |_| Vec::new(),
    find: |scope| {
        let price = scope.expression_or_field("price")?;
        let list = scope.needed("list")?;
        let tolerance = scope.number("tolerance", 0.5)?;
        let [p, l] = [&price, &list].map(|part| format!("CAST({} AS DOUBLE)", part.sql));
        let sql = Finding::of(scope)
            .joins_of(&price)
            .joins_of(&list)
            .message(format!(
                "'sold at ' || {} || ', list price ' || {} || ' (' || if({p} > {l}, '+', '') || format('{{:.0f}}', ({p} / {l} - 1) * 100) || ' %)'",
                money(&price.sql),
                money(&list.sql),
            ))
            .when(format!("{p} > 0"))
            .when(format!("{l} > 0"))
            .when(format!("abs({p} - {l}) > {tolerance} * {l}"))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "a slipped decimal point and the price of a case",
            schema: SCHEMA,
            tables: &[("wines", "id,price\nP1,45.5\n"), ("sales", "id,wine,paid\nV1,P1,4.55\nV2,P1,273\nV3,P1,40\n")],
            finds: &[("V1", None), ("V2", None)],
        },
        Sample {
            name: "usual discounts, gifts, and wines without a list price",
            schema: SCHEMA,
            tables: &[
                ("wines", "id,price\nP1,45.5\nP2,\n"),
                ("sales", "id,wine,paid\nV1,P1,36\nV2,P1,0\nV3,P2,9\nV4,P9,9\nV5,P1,\n"),
            ],
            finds: &[],
        },
    ],
};

const SCHEMA: &str = "[tables.wines.fields]
id = { type = \"text\", key = true }
price = { type = \"decimal\" }
[tables.sales.fields]
id = { type = \"text\", key = true }
wine = { type = \"text\", references = \"wines.id\" }
paid = { type = \"decimal\" }
[[check]]
rule = \"price-far-from-list\"
table = \"sales\"
field = \"paid\"
with = { list = \"wine.price\" }";
