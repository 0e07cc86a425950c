//! `unknown-unit`: a unit that nothing can be converted from.

use super::finding::{Finding, column, folded, plain, quoted};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;
use crate::sql::{Literal, Path};

pub const RULE: Rule = Rule {
    id: "unknown-unit",
    title: "Unknown unit",
    severity: Severity::Error,
    reach: Reach::Table,
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
        let converted = scope.needed("converted")?;
        let name = scope.check.argument("converted").unwrap_or_default();
        let unknown = format!("{value} IS NOT NULL AND {} IS NOT NULL AND {} IS NULL", quantity.sql, converted.sql);
        let table = Path("candidate", &scope.check.table);
        let strangers = format!("SELECT DISTINCT {value} AS unit FROM {table} AS t WHERE {unknown}");
        let known = format!("SELECT DISTINCT {value} AS unit FROM {table} AS t WHERE {} IS NOT NULL", converted.sql);
        let near = format!(
            "SELECT strangers.unit, min(known.unit) AS near FROM strangers JOIN known\n  \
             ON length(known.unit) >= 5 AND damerau_levenshtein({}, {}) <= if(length(known.unit) >= 8, 2, 1)\n\
             GROUP BY 1 HAVING count(*) = 1",
            folded("strangers.unit"),
            folded("known.unit"),
        );
        let sql = Finding::of(scope)
            .step("strangers", strangers)
            .step("known", known)
            .step("near", near)
            .message(format!(
                "'the unit ' || {} || ' is not known, so ' || {} || {}",
                quoted(&value),
                plain(&quantity.sql),
                Literal(&format!(" of it have no {name}"))
            ))
            .suggestion("near.near")
            .join(format!("LEFT JOIN near ON near.unit = {value}"))
            .when(unknown)
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
