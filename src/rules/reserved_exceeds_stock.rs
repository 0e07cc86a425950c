//! `reserved-exceeds-stock`: more promised than there is.

use super::finding::{Finding, plain};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "reserved-exceeds-stock",
    title: "More reserved than in stock",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Rows whose reserved quantity is greater than the quantity in stock.",
        matters: "Somebody will not get what was promised, or an old reservation was never released.",
        example: "30 reserved of 12 in stock.",
        fix: "Release reservations that are done with, or correct the count.",
    },
    arguments: &[
        ("stock", "the quantity in stock"),
        ("reserved", "the quantity reserved; absent: the field of the check"),
    ],
    bind: |_| Vec::new(),
    find: |scope| {
        let reserved = scope.expression_or_field("reserved")?;
        let stock = scope.needed("stock")?;
        let sql = Finding::of(scope)
            .joins_of(&reserved)
            .joins_of(&stock)
            .message(format!("{} || ' reserved of ' || {} || ' in stock'", plain(&reserved.sql), plain(&stock.sql)))
            .when(format!("{} > 0", reserved.sql))
            .when(format!("{} > {}", reserved.sql, stock.sql))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "thirty promised, twelve there",
            schema: SCHEMA,
            tables: &[("stock", "id,quantity,reserved\nS1,12,30\nS2,30,12\n")],
            finds: &[("S1", None)],
        },
        Sample {
            name: "all of it reserved, nothing reserved, and not counted",
            schema: SCHEMA,
            tables: &[("stock", "id,quantity,reserved\nS1,12,12\nS2,-1,0\nS3,,5\nS4,5,\n")],
            finds: &[],
        },
    ],
};

const SCHEMA: &str = "[tables.stock.fields]
id = { type = \"text\", key = true }
quantity = { type = \"decimal\" }
reserved = { type = \"decimal\" }
[[check]]
rule = \"reserved-exceeds-stock\"
table = \"stock\"
field = \"reserved\"
with = { stock = \"quantity\" }";
