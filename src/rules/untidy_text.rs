//! `untidy-text`: white space and capitals where nobody meant them.

use super::finding::{Finding, column, each_field, is_prose, quoted};
use super::{Docs, Rule, Sample};
use crate::model::Severity;
use crate::sql::Path;

pub const RULE: Rule = Rule {
    id: "untidy-text",
    title: "Untidy text",
    severity: Severity::Info,
    docs: Docs {
        finds: "Free text with white space at its ends, doubled or no-break spaces, tabs, line breaks or control characters, and words in capitals in a column that is mostly not written so. The suggestion is the tidied text; for capitals it is the spelling of the same word elsewhere in the column, where there is exactly one.",
        matters: "\"STRASBOURG\", \"Strasbourg \" and \"Strasbourg\" are three towns for whoever counts by town.",
        example: "\"Jean  Paul\" has doubled spaces.",
        fix: "Accept the suggestions, or let the mapping do it with trim and collapse_spaces.",
    },
    arguments: &[],
    bind: |schema| each_field(schema, RULE.id, |field| is_prose(field).then_some(None)),
    find: |scope| {
        scope.field()?;
        if !scope.is_fed(&scope.check.field) {
            return Ok(None);
        }
        let value = column(&scope.check.field);
        // A column has fewer texts than rows, so every text is judged once, and the few that are untidy are looked up.
        let texts = format!(
            "SELECT {value} AS text, count(*) AS rows FROM {} AS t WHERE {value} IS NOT NULL GROUP BY 1",
            Path("candidate", &scope.check.table)
        );
        let judged = format!(
            "SELECT *, (contains(text, '  ') OR starts_with(text, ' ') OR ends_with(text, ' ') OR regexp_matches(text, '{ODD}')) AS spaced,\n  \
             (text = upper(text) AND text <> lower(text) AND regexp_matches(text, '\\p{{Lu}}{{4}}')) AS shouts FROM texts"
        );
        // Columns that are written in capitals throughout are left alone.
        let untidy = "SELECT text, spaced FROM judged\n\
                      WHERE spaced OR shouts AND (SELECT sum(rows) FILTER (shouts) * 5 < sum(rows) FROM judged)";
        let usual = "SELECT untidy.text, min(judged.text) AS spelling FROM untidy\n\
                     JOIN judged ON NOT untidy.spaced AND NOT judged.shouts AND lower(judged.text) = lower(untidy.text)\n\
                     GROUP BY 1 HAVING count(*) = 1";
        let tidied = format!("trim(regexp_replace({value}, '{SPACES}+', ' ', 'g'))");
        let sql = Finding::of(scope)
            .step("texts", texts)
            .step("judged", judged)
            .step("untidy", untidy)
            .step("usual", usual)
            .message(format!(
                "{} || CASE WHEN NOT untidy.spaced THEN ' is in capitals, unlike most of the column'\n       \
                 WHEN {value} <> trim({value}) THEN ' has spaces at its ends' WHEN contains({value}, '  ') THEN ' has doubled spaces'\n       \
                 ELSE ' has white space or control characters that do not show' END",
                quoted(&value)
            ))
            .suggestion(format!("if(untidy.spaced, nullif(nullif({tidied}, {value}), ''), usual.spelling)"))
            .join(format!("JOIN untidy ON untidy.text = {value}"))
            .join(format!("LEFT JOIN usual ON usual.text = {value}"))
            .sql();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "spaces where there should be none, and more than one where there should be one",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\ncity = { type = \"text\" }",
            tables: &[(
                "people",
                "id,city\n1,\" Colmar\"\n2,Bad  Krozingen\n3,Saint\u{a0}Louis\n4,\"Kehl\t\"\n5,Strasbourg\n",
            )],
            finds: &[
                ("1", Some("Colmar")),
                ("2", Some("Bad Krozingen")),
                ("3", Some("Saint Louis")),
                ("4", Some("Kehl")),
            ],
        },
        Sample {
            name: "one shouts where the others speak",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\ncity = { type = \"text\" }",
            tables: &[(
                "people",
                "id,city\n1,Strasbourg\n2,STRASBOURG\n3,Colmar\n4,Kehl\n5,Obernai\n6,Barr\n7,Erstein\n8,Ostwald\n9,Lahr\n10,Thann\n11,GUEBWILLER\n12,Rust\n",
            )],
            finds: &[("2", Some("Strasbourg")), ("11", None)],
        },
        Sample {
            name: "tidy text, and a column that is in capitals throughout",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\ncity = { type = \"text\" }\nname = { type = \"text\" }",
            tables: &[("people", "id,city,name\n1,Strasbourg,DUPONT\n2,Bad Krozingen,MARTIN\n3,,KLEIN\n")],
            finds: &[],
        },
    ],
};

/// White space of every kind, and what does not show.
const SPACES: &str = "[\\s\\x{0B}\\x{00A0}\\x{2000}-\\x{200B}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}\\x00-\\x1F\\x7F]";
/// The same without the plain space.
const ODD: &str =
    "[\\t\\n\\r\\f\\x{0B}\\x{00A0}\\x{2000}-\\x{200B}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}\\x00-\\x1F\\x7F]";
