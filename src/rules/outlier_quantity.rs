//! `outlier-quantity`: far more at once than anyone else takes of the same thing.

use super::finding::{Finding, plain};
use super::usual::{Hinge, Tally, Usual};
use super::{Docs, Reach, Rule, Sample, Scope};
use crate::error::Result;
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "outlier-quantity",
    title: "Unusual quantity",
    severity: Severity::Warning,
    reach: Reach::Usual(usual),
    docs: Docs {
        finds: "Quantities more than `factor` times (10 unless said otherwise) the upper quartile of their group: three quarters of the group have at most that. Groups of fewer than `rows` rows (20) are held against the whole table. Quartiles do not move when a few values are absurd. Returns are judged by their size.",
        matters: "600 bottles instead of 6, or a price in the column of quantities, is worth more than the whole week's sales.",
        example: "600 at once; three quarters of the 57 lines of RIESLING-2020-75CL have at most 6.",
        fix: "Correct the quantity, or waive the finding for a real large order.",
    },
    arguments: &[
        ("group", "what is compared with its like, e.g. product_key"),
        ("quantity", "the quantity; absent: the field of the check"),
        ("factor", "how many times the usual is let pass; absent: 10"),
        ("rows", "how many rows a group needs to be judged by itself; absent: 20"),
    ],
    bind: |_| Vec::new(),
    find: |scope| {
        let quantity = scope.expression_or_field("quantity")?;
        let group = scope.needed("group")?;
        let factor = scope.number("factor", 10.0)?;
        let sql = Finding::of(scope)
            .joins_of(&quantity)
            .joins_of(&group)
            .usual(scope, &usual(scope)?)
            .join(format!("JOIN usual ON usual.thing = {}", group.sql))
            .message(format!(
                "{} || ' at once; three quarters of ' || usual.lines || ' have at most ' || {}",
                plain(&quantity.sql),
                plain("usual.quartile"),
            ))
            .when_joined(format!("abs({}) > {}", quantity.sql, times(factor, "usual.quartile")))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "six hundred among sixes",
            schema: SCHEMA,
            tables: &[("sales", "id,wine,quantity\n1,P,6\n2,P,3\n3,P,2\n4,P,1\n5,P,6\n6,P,600\n7,P,4\n8,P,-80\n")],
            finds: &[("6", None), ("8", None)],
        },
        Sample {
            name: "a group too small to be judged by itself",
            schema: SCHEMA,
            tables: &[("sales", "id,wine,quantity\n1,P,6\n2,P,3\n3,P,2\n4,P,1\n5,P,6\n6,Q,600\n7,Q,4\n")],
            finds: &[("6", None)],
        },
        Sample {
            name: "quantities ten times of which no field could hold",
            schema: SCHEMA,
            tables: &[(
                "sales",
                "id,wine,quantity\n1,P,90000000000000\n2,P,90000000000000\n3,P,90000000000000\n4,P,90000000000000\n5,P,90000000000000\n6,Q,1\n",
            )],
            finds: &[],
        },
        Sample {
            name: "large orders where large orders are usual, and too few rows to judge at all",
            schema: SCHEMA,
            tables: &[(
                "sales",
                "id,wine,quantity\n1,P,100\n2,P,300\n3,P,200\n4,P,250\n5,P,600\n6,Q,1\n7,Q,500\n8,,9999\n",
            )],
            finds: &[],
        },
    ],
};

/// Of the groups in which something is far more than usual: what is, and of how many lines.
fn usual(scope: &Scope) -> Result<Usual> {
    let amount = format!("abs({})", scope.expression_or_field("quantity")?.sql);
    let group = scope.needed("group")?.sql;
    let factor = scope.number("factor", 10.0)?;
    let least = scope.number("rows", 20.0)?;
    let groups = Tally::new("groups", "thing", &group, &format!("{amount} > 0"))
        .figure("quartile", format!("quantile_disc({amount}, 0.75)"))
        .figure("most", format!("max({amount})"));
    let amounts = Tally::new("amounts", "amount", &amount, &format!("{group} IS NOT NULL AND {amount} > 0"));
    // Quantities are few however many the lines, so the quartile of all is taken over counted values: no sorting of all rows.
    let everything = format!(
        "SELECT min(amount) FILTER (upto >= 0.75 * rows) AS quartile, any_value(rows) AS rows FROM (\n  \
         SELECT amount, sum(rows) OVER (ORDER BY amount) AS upto, sum(rows) OVER () AS rows FROM amounts\n\
         ) WHERE rows >= {least} HAVING quartile IS NOT NULL"
    );
    let usual = format!(
        "SELECT thing, groups.quartile, 'the ' || groups.rows || ' lines of ' || CAST(thing AS VARCHAR) AS lines FROM groups\n\
         WHERE rows >= {least} AND most > {own}\n\
         UNION ALL SELECT thing, everything.quartile, 'all ' || everything.rows || ' lines' FROM groups, everything\n\
         WHERE groups.rows < {least} AND most > {all}",
        own = times(factor, "quartile"),
        all = times(factor, "everything.quartile"),
    );
    Ok(Usual::of(scope, "thing", Hinge::Rows)
        .tally(groups)
        .tally(amounts)
        .step("everything", everything)
        .step("usual", usual))
}

/// So many times a quartile; NULL where that is more than the quantities can hold, and so than any of them.
fn times(factor: f64, quartile: &str) -> String {
    format!("TRY({factor} * {quartile})")
}

const SCHEMA: &str = "[tables.sales.fields]
id = { type = \"text\", key = true }
wine = { type = \"text\" }
quantity = { type = \"decimal\" }
[[check]]
rule = \"outlier-quantity\"
table = \"sales\"
field = \"quantity\"
with = { group = \"wine\", rows = 5 }";
