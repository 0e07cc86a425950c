//! `untidy-text`: white space and capitals where nobody meant them.

use super::finding::{Finding, column, each_field, is_prose, quoted};
use super::usual::{Hinge, Tally, Usual};
use super::{Docs, Reach, Rule, Sample, Scope};
use crate::model::Severity;
use crate::store::{Call, Function};

pub const RULE: Rule = Rule {
    id: "untidy-text",
    title: "Untidy text",
    severity: Severity::Info,
    reach: Reach::Usual(|scope| Ok(usual(scope))),
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
        let sql = Finding::of(scope)
            .usual(scope, &usual(scope))
            .message(format!(
                "{} || CASE WHEN judged.tidied IS NULL THEN ' is in capitals, unlike most of the column'\n       \
                 WHEN {value} <> trim({value}) THEN ' has spaces at its ends' WHEN contains({value}, '  ') THEN ' has doubled spaces'\n       \
                 ELSE ' has white space or control characters that do not show' END",
                quoted(&value)
            ))
            .suggestion("if(judged.tidied IS NULL, judged.spelling, nullif(judged.tidied, ''))")
            .join(format!("JOIN judged ON judged.text = {value}"))
            .query();
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

/// The texts that are untidy: what they would be tidied, and how else a text in capitals is written in the column.
///
/// A column has fewer texts than rows, so every text is judged once, and the few that are untidy are looked up.
fn usual(scope: &Scope) -> Usual {
    let texts = Tally::new("texts", "text", &column(&scope.check.field), "true")
        .told("tidied", |text| format!("{}({text})", TIDIED.name))
        .told("shouts", |text| format!("{}({text})", SHOUTS.name));
    // Columns that are written in capitals throughout are left alone.
    let share = "SELECT sum(rows) FILTER (shouts) * 5 < sum(rows) AS is_small FROM texts";
    let untidy = "SELECT text, tidied FROM texts WHERE tidied IS NOT NULL OR shouts AND (SELECT is_small FROM share)";
    let usual = "SELECT untidy.text, min(texts.text) AS spelling FROM untidy JOIN texts ON lower(texts.text) = lower(untidy.text)\n\
                 WHERE untidy.tidied IS NULL AND texts.tidied IS NULL AND NOT texts.shouts GROUP BY 1 HAVING count(*) = 1";
    let judged =
        "SELECT untidy.text, untidy.tidied, usual.spelling FROM untidy LEFT JOIN usual ON usual.text = untidy.text";
    Usual::of(scope, "text", Hinge::Step("share"))
        .tally(texts)
        .step("share", share)
        .step("untidy", untidy)
        .step("usual", usual)
        .step("judged", judged)
}

/// The text with one plain space for every run of white space and of characters that do not show, and none at its ends;
/// NULL where it is so already.
pub const TIDIED: Function = Function {
    name: "tv_tidied",
    call: Call::One(|text| {
        if is_tidy(text) {
            return None;
        }
        let words: Vec<&str> = text.split(keeps_apart).filter(|word| !word.is_empty()).collect();
        Some(words.join(" "))
    }),
};

/// Whether the text has no small letter and four capitals or more in a row.
pub const SHOUTS: Function = Function {
    name: "tv_shouts",
    call: Call::Boolean(|text| {
        let is_small = |c: char| c.is_lowercase() && c.to_uppercase().len() == 1 && !c.to_uppercase().eq([c]);
        Some(!text.contains(is_small) && text.split(|c: char| !c.is_uppercase()).any(|run| run.chars().count() >= 4))
    }),
};

fn is_tidy(text: &str) -> bool {
    let mut after_space = true;
    for c in text.chars() {
        if c != ' ' && keeps_apart(c) || c == ' ' && after_space {
            return false;
        }
        after_space = c == ' ';
    }
    text.is_empty() || !after_space
}

/// White space of every kind, and what does not show.
fn keeps_apart(c: char) -> bool {
    match c {
        '!'..='~' => false,
        _ => {
            matches!(c, '\0'..=' ' | '\u{7f}' | '\u{a0}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}')
        }
    }
}
