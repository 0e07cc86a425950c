//! `unknown-unit`: a unit that nothing can be converted from.

use super::finding::{Finding, column, folded, plain, quoted};
use super::usual::{Hinge, Tally, Usual};
use super::{Docs, Reach, Rule, Sample, Scope};
use crate::error::Result;
use crate::model::Severity;
use crate::sql::Literal;

pub const RULE: Rule = Rule {
    id: "unknown-unit",
    title: "Unknown unit",
    severity: Severity::Error,
    reach: Reach::Usual(usual),
    docs: Docs {
        finds: "Rows with a unit and a quantity whose converted quantity stayed empty. A suggestion is given where exactly one unit that does convert is one or two slips of the pen away.",
        matters: "A pallet counted as a bottle, or not at all, spoils stock and sales alike; so it is never guessed.",
        example: "The unit \"palette\" is not known, so 2 of it have no quantity_bottles_75cl_eq.",
        fix: "Correct the unit, or map it in the mapping (map_values) to one that is known.",
    },
    arguments: &[("quantity", "the quantity as counted"), ("converted", "the field that holds the converted quantity")],
    bind: |_| Vec::new(),
    find: |scope| {
        scope.field()?;
        let value = column(&scope.check.field);
        let quantity = scope.needed("quantity")?;
        let name = scope.check.argument("converted").unwrap_or_default();
        let sql = Finding::of(scope)
            .usual(scope, &usual(scope)?)
            .message(format!(
                "'the unit ' || {} || ' is not known, so ' || {} || {}",
                quoted(&value),
                plain(&quantity.sql),
                Literal(&format!(" of it have no {name}"))
            ))
            .suggestion("near.near")
            .join(format!("LEFT JOIN near ON near.unit = {value}"))
            .when(unknown(scope)?)
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "a pallet and a slip",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nquantity = { type = \"decimal\" }\nunit = { type = \"text\" }\nbottles = { type = \"decimal\" }\n[[check]]\nrule = \"unknown-unit\"\ntable = \"sales\"\nfield = \"unit\"\nwith = { quantity = \"quantity\", converted = \"bottles\" }",
            tables: &[(
                "sales",
                "id,quantity,unit,bottles\nV1,2,palette,\nV2,3,boutielle,\nV3,1,bouteille,1\nV4,1,magnum,2\n",
            )],
            finds: &[("V1", None), ("V2", Some("bouteille"))],
        },
        Sample {
            name: "known units, no unit, and no quantity",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nquantity = { type = \"decimal\" }\nunit = { type = \"text\" }\nbottles = { type = \"decimal\" }\n[[check]]\nrule = \"unknown-unit\"\ntable = \"sales\"\nfield = \"unit\"\nwith = { quantity = \"quantity\", converted = \"bottles\" }",
            tables: &[("sales", "id,quantity,unit,bottles\nV1,2,magnum,4\nV2,3,,\nV3,,bouteille,\n")],
            finds: &[],
        },
    ],
};

/// The condition that a row has a unit and a quantity that could not be converted.
fn unknown(scope: &Scope) -> Result<String> {
    let (value, quantity, converted) =
        (column(&scope.check.field), scope.needed("quantity")?, scope.needed("converted")?);
    Ok(format!("{value} IS NOT NULL AND {} IS NOT NULL AND {} IS NULL", quantity.sql, converted.sql))
}

/// Of the units that are not known, which have one known unit near to them.
fn usual(scope: &Scope) -> Result<Usual> {
    let value = column(&scope.check.field);
    let strangers = Tally::new("strangers", "unit", &value, &unknown(scope)?);
    let known = Tally::new("known", "unit", &value, &format!("{} IS NOT NULL", scope.needed("converted")?.sql));
    let near = format!(
        "SELECT strangers.unit, min(known.unit) AS near FROM strangers JOIN known\n  \
         ON length(known.unit) >= 5 AND damerau_levenshtein({}, {}) <= if(length(known.unit) >= 8, 2, 1)\n\
         GROUP BY 1 HAVING count(*) = 1",
        folded("strangers.unit"),
        folded("known.unit"),
    );
    Ok(Usual::of(scope, "unit", Hinge::Values).beside_others().tally(strangers).tally(known).step("near", near))
}
