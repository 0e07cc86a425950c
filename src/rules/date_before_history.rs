//! `date-before-history`: a day on which there was nothing to record yet.

use chrono::NaiveDate;

use super::finding::{Finding, column};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "date-before-history",
    title: "Date before the history begins",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Days before a day that is given, or before another field of the same row (or of the row that it refers to).",
        matters: "01/01/1900 is what many programs write for \"no date\"; a sale before its customer existed belongs to somebody else.",
        example: "1900-01-01 is before 1990-01-01.",
        fix: "Correct the date; if the history does reach back that far, move `not_before` in mappings/canonical.toml.",
    },
    arguments: &[("not_before", "the first possible day, as \"1990-01-01\", or an expression over the row's fields")],
    bind: |_| Vec::new(),
    find: |scope| {
        scope.field()?;
        let value = column(&scope.check.field);
        let given = scope.check.argument("not_before").and_then(|text| text.parse::<NaiveDate>().ok());
        let mut finding = Finding::of(scope);
        let limit = match given {
            Some(day) => format!("DATE '{day}'"),
            None => {
                let limit = scope.needed("not_before")?;
                finding = finding.joins_of(&limit);
                limit.sql
            }
        };
        let sql = finding
            .message(format!("CAST({value} AS VARCHAR) || ' is before ' || CAST({limit} AS VARCHAR)"))
            .when(format!("{value} < {limit}"))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "the year zero of a program",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nday = { type = \"date\" }\n[[check]]\nrule = \"date-before-history\"\ntable = \"sales\"\nfield = \"day\"\nwith = { not_before = \"1990-01-01\" }",
            tables: &[("sales", "id,day\nV1,1900-01-01\nV2,1990-01-01\n")],
            finds: &[("V1", None)],
        },
        Sample {
            name: "a sale before its customer was there",
            schema: "[tables.people.fields]\nkey = { type = \"text\", key = true }\nsince = { type = \"date\" }\n[tables.sales.fields]\nid = { type = \"text\", key = true }\nwho = { type = \"text\", references = \"people.key\" }\nday = { type = \"date\" }\n[[check]]\nrule = \"date-before-history\"\ntable = \"sales\"\nfield = \"day\"\nwith = { not_before = \"who.since\" }",
            tables: &[
                ("people", "key,since\nC1,2020-01-01\n"),
                ("sales", "id,who,day\nV1,C1,2019-12-31\nV2,C1,2020-01-01\nV3,C9,2019-12-31\n"),
            ],
            finds: &[("V1", None)],
        },
        Sample {
            name: "later days and none",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nday = { type = \"date\" }\n[[check]]\nrule = \"date-before-history\"\ntable = \"sales\"\nfield = \"day\"\nwith = { not_before = \"1990-01-01\" }",
            tables: &[("sales", "id,day\nV1,2020-01-01\nV2,\n")],
            finds: &[],
        },
    ],
};
