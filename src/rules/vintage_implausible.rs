//! `vintage-implausible`: a year of harvest that cannot be.

use chrono::Datelike;

use super::finding::{Finding, all_of, column};
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;
use crate::sql::Literal;

pub const RULE: Rule = Rule {
    id: "vintage-implausible",
    title: "Implausible vintage",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Years before `earliest` (1900 unless said otherwise) or after this year and, where a `text` is given, years that differ from the only year in it. The suggestion is the year in the text, where that is plausible.",
        matters: "Recommendations by age and drinking window rest on it; 20 or 2202 is a slip, 75 the size of the bottle.",
        example: "2202 is after this year; \"Riesling 2020\" says 2020.",
        fix: "Accept the suggestion or look at the label.",
    },
    arguments: &[
        ("earliest", "the first year that can be; absent: 1900"),
        ("text", "a text that may name the year, e.g. the product's name"),
    ],
    bind: |_| Vec::new(),
    find: |scope| {
        scope.field()?;
        let value = column(&scope.check.field);
        let earliest = scope.number("earliest", 1900.0)?;
        let latest = scope.today.year();
        let impossible = format!("({value} < {earliest} OR {value} > {latest})");
        let text = scope.expression("text")?;
        let years = match &text {
            Some(text) => format!(
                "list_distinct(list_filter(regexp_extract_all(CAST({} AS VARCHAR), '\\b(?:19|20)[0-9][0-9]\\b'), lambda year: CAST(year AS INTEGER) BETWEEN {earliest} AND {latest}))",
                text.sql
            ),
            None => "CAST([] AS VARCHAR[])".to_owned(),
        };
        let named = format!("if(len({years}) = 1, list_extract({years}, 1), NULL)");
        let mut queries = vec![
            Finding::of(scope)
                .joins_of(&text.clone().unwrap_or_default())
                .message(format!(
                    "CAST({value} AS VARCHAR) || if({value} > {latest}, ' is after this year', {})",
                    Literal(&format!(" is before {earliest}"))
                ))
                .suggestion(&named)
                .when(impossible.as_str())
                .query(),
        ];
        if let Some(text) = &text {
            queries.push(
                Finding::of(scope)
                    .joins_of(text)
                    .message(format!(
                        "CAST({value} AS VARCHAR) || ' but \"' || CAST({} AS VARCHAR) || '\" says ' || {named}",
                        text.sql
                    ))
                    .suggestion(&named)
                    .when(format!("NOT {impossible}"))
                    .when(format!("{named} <> CAST({value} AS VARCHAR)"))
                    .query(),
            );
        }
        Ok(all_of(queries))
    },
    samples: &[
        Sample {
            name: "years that cannot be, and one that the name contradicts",
            schema: SCHEMA,
            tables: &[(
                "wines",
                "id,name,vintage\nP1,Riesling 2020,2202\nP2,Riesling,20\nP3,Sylvaner 2019,2018\nP4,Assemblage 2018 2019,2050\n",
            )],
            finds: &[("P1", Some("2020")), ("P2", None), ("P3", Some("2019")), ("P4", None)],
        },
        Sample {
            name: "years that can be, this year, and wines without one",
            schema: SCHEMA,
            tables: &[(
                "wines",
                "id,name,vintage\nP1,Riesling 2020,2020\nP2,Nouveau,2026\nP3,Crémant,\nP4,Cuvée 1900,1900\nP5,Cuvée 75,2015\n",
            )],
            finds: &[],
        },
    ],
};

const SCHEMA: &str = "[tables.wines.fields]
id = { type = \"text\", key = true }
name = { type = \"text\" }
vintage = { type = \"integer\" }
[[check]]
rule = \"vintage-implausible\"
table = \"wines\"
field = \"vintage\"
with = { text = \"name\" }";
