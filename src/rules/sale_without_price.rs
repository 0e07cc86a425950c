//! `sale-without-price`: something went out and nothing came in.

use super::finding::{Finding, plain};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "sale-without-price",
    title: "Sale without a price",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Rows with a quantity above zero whose price is missing or zero. A price that could not be read is the matter of unreadable-value.",
        matters: "Gifts and forgotten prices look the same: both lower the average price and the margin.",
        example: "6 sold at no price.",
        fix: "Set the price, or waive the finding for a gift.",
    },
    arguments: &[("quantity", "how many were sold"), ("price", "the price; absent: the field of the check")],
    bind: |_| Vec::new(),
    find: |scope| {
        let price = scope.expression_or_field("price")?;
        let quantity = scope.needed("quantity")?;
        let sql = Finding::of(scope)
            .joins_of(&price)
            .joins_of(&quantity)
            .value(if scope.check.field.is_empty() {
                plain(&price.sql)
            } else {
                scope.field_as_text(&scope.check.field)
            })
            .message(format!(
                "{} || if({price} IS NULL, ' sold without a price', ' sold at a price of 0')",
                plain(&quantity.sql),
                price = price.sql
            ))
            .when(format!("{} > 0", quantity.sql))
            .when(format!("({price} IS NULL OR {price} = 0)", price = price.sql))
            .when(scope.not_unread(&scope.check.field))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "no price and a price of nothing",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nquantity = { type = \"decimal\" }\nprice = { type = \"decimal\" }\n[[check]]\nrule = \"sale-without-price\"\ntable = \"sales\"\nfield = \"price\"\nwith = { quantity = \"quantity\" }",
            tables: &[("sales", "id,quantity,price\nV1,6,\nV2,1,0\n")],
            finds: &[("V1", None), ("V2", None)],
        },
        Sample {
            name: "sales with a price, returns, and a price that cannot be read",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nquantity = { type = \"decimal\" }\nprice = { type = \"decimal\" }\n[[check]]\nrule = \"sale-without-price\"\ntable = \"sales\"\nfield = \"price\"\nwith = { quantity = \"quantity\" }",
            tables: &[("sales", "id,quantity,price,raw:price\nV1,6,12.5,12.5\nV2,-1,0,0\nV3,2,,gratuit\n")],
            finds: &[],
        },
    ],
};
