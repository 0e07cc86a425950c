//! `total-mismatch`: a total that is not what its parts make.

use super::finding::{Finding, money, plain};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "total-mismatch",
    title: "Total does not add up",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Rows whose total differs from quantity × price by more than rounding explains: `tolerance` (0.01 unless said otherwise) plus half a cent for every unit. Nothing is said where one of the three is missing.",
        matters: "One of the three figures is wrong, and turnover, margin or stock with it.",
        example: "Total 91.00 but 2 × 45.00 = 90.00.",
        fix: "Look at the invoice. A discount that the export does not tell is a reason to waive.",
    },
    arguments: &[
        ("quantity", "how many"),
        ("price", "the price of one"),
        ("total", "the total; absent: the field of the check"),
        ("tolerance", "the greatest difference that is let pass, besides the rounding of the price; absent: 0.01"),
    ],
    bind: |_| Vec::new(),
    find: |scope| {
        let total = scope.expression_or_field("total")?;
        let quantity = scope.needed("quantity")?;
        let price = scope.needed("price")?;
        let tolerance = scope.number("tolerance", 0.01)?;
        let [t, q, p] = [&total, &quantity, &price].map(|part| format!("CAST({} AS DOUBLE)", part.sql));
        let sql = Finding::of(scope)
            .joins_of(&total)
            .joins_of(&quantity)
            .joins_of(&price)
            .message(format!(
                "'total ' || {} || ' but ' || {} || ' × ' || {} || ' = ' || {}",
                money(&total.sql),
                plain(&quantity.sql),
                money(&price.sql),
                money(&format!("({q} * {p})")),
            ))
            // A hair more than the tolerance, so that the rounding of binary fractions is not a finding.
            .when(format!("abs({t} - {q} * {p}) > {tolerance} + 0.005 * abs({q}) + 1e-6"))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "one euro too many",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nquantity = { type = \"decimal\" }\nprice = { type = \"decimal\" }\ntotal = { type = \"decimal\" }\n[[check]]\nrule = \"total-mismatch\"\ntable = \"sales\"\nfield = \"total\"\nwith = { quantity = \"quantity\", price = \"price\" }",
            tables: &[("sales", "id,quantity,price,total\nV1,2,45,91\nV2,2,45,90\n")],
            finds: &[("V1", None)],
        },
        Sample {
            name: "rounded prices, returns and missing parts",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nquantity = { type = \"decimal\" }\nprice = { type = \"decimal\" }\ntotal = { type = \"decimal\" }\n[[check]]\nrule = \"total-mismatch\"\ntable = \"sales\"\nfield = \"total\"\nwith = { quantity = \"quantity\", price = \"price\" }",
            tables: &[("sales", "id,quantity,price,total\nV1,3,3.33,10\nV2,-1,45,-45\nV3,2,,90\nV4,2,45,\n")],
            finds: &[],
        },
    ],
};
