//! `future-date`: something that is said to have happened tomorrow.

use super::finding::{Finding, column};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "future-date",
    title: "Date in the future",
    severity: Severity::Error,
    reach: Reach::Row,
    docs: Docs {
        finds: "Days after the day of the check, in fields that tell what has happened.",
        matters: "The newest purchase decides who counts as an active customer; one of 2062 keeps its customer active for ever.",
        example: "2062-12-15 is after today, 2026-11-22.",
        fix: "Correct the date in the source or here.",
    },
    arguments: &[],
    bind: |_| Vec::new(),
    find: |scope| {
        scope.field()?;
        let value = column(&scope.check.field);
        let sql = Finding::of(scope)
            .message(format!("CAST({value} AS VARCHAR) || ' is after today, {}'", scope.today))
            .when(format!("{value} >= DATE '{}' + INTERVAL 1 DAY", scope.today))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "a sale of tomorrow and one of another century",
            schema: "[tables.sales.fields]\nid = { type = \"text\", key = true }\nday = { type = \"date\" }\n[[check]]\nrule = \"future-date\"\ntable = \"sales\"\nfield = \"day\"",
            tables: &[("sales", "id,day\nV1,2026-11-23\nV2,2062-12-15\n")],
            finds: &[("V1", None), ("V2", None)],
        },
        Sample {
            name: "today until midnight, the past, and no date",
            schema: "[tables.calls.fields]\nid = { type = \"text\", key = true }\nat = { type = \"timestamp\" }\n[[check]]\nrule = \"future-date\"\ntable = \"calls\"\nfield = \"at\"",
            tables: &[("calls", "id,at\n1,2026-11-22 23:59:59\n2,2025-12-15 10:00:00\n3,\n")],
            finds: &[],
        },
    ],
};
