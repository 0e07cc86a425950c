//! `invalid-phone`: a number that cannot be dialled.

use super::finding::{Finding, column, each_of_format, quoted, with_unread};
use super::placeholder_value::unless_told;
use super::{Docs, Reach, Rule, Sample};
use crate::model::{Format, Severity};

pub const RULE: Rule = Rule {
    id: "invalid-phone",
    title: "Invalid telephone number",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Values of fields with format = \"phone\" that are no number in E.164 (a plus, the country code, 7 to 15 digits in all), French numbers that have not nine digits after +33, and numbers of one repeated digit, and texts that the mapping could not read. A warning; an error where the field is a key, required or a reference. A suggestion is given for French numbers written the national way.",
        matters: "Nobody can be reached under it, and text messages to it are paid for all the same.",
        example: "\"+3338883060\" is no telephone number: a French one has 9 digits after +33.",
        fix: "Use the transform `phone` in the mapping; correct single numbers here.",
    },
    arguments: &[],
    bind: |schema| each_of_format(schema, RULE.id, Format::Phone),
    find: |scope| {
        scope.field()?;
        let value = &column(&scope.check.field);
        let digits = format!("regexp_replace({value}, '[^0-9]', '', 'g')");
        let e164 = format!("regexp_full_match({value}, '\\+[1-9][0-9]{{6,14}}')");
        let french = format!("(NOT starts_with({value}, '+33') OR regexp_full_match({value}, '\\+33[1-9][0-9]{{8}}'))");
        let repeated = format!("replace(right({value}, 8), right({value}, 1), '') = ''");
        let national = format!(
            "CASE WHEN regexp_full_match({digits}, '0[1-9][0-9]{{8}}') THEN '+33' || substr({digits}, 2)\n       \
             WHEN regexp_full_match({digits}, '(00)?33[1-9][0-9]{{8}}') THEN '+' || regexp_replace({digits}, '^00', '')\n       \
             WHEN regexp_full_match({digits}, '(00)?330[1-9][0-9]{{8}}') THEN '+33' || right({digits}, 9) END"
        );
        let finding = Finding::of(scope)
            .message(format!(
                "{} || CASE WHEN NOT {e164} THEN ' is no telephone number in the international form'\n       \
                 WHEN NOT {french} THEN ' is no telephone number: a French one has 9 digits after +33'\n       \
                 ELSE ' repeats one digit and is no real telephone number' END",
                quoted(value)
            ))
            .suggestion(format!("nullif({national}, {value})"))
            .when(unless_told(scope, value, &format!("{e164} AND {french} AND NOT {repeated}"))?);
        let of_country = match scope.table()?.country().and_then(|country| scope.unread(country)) {
            Some(unread) => format!(" || if({unread}, ' as long as its country is unknown', '')"),
            None => String::new(),
        };
        with_unread(scope, finding, |finding, text, _| {
            finding.message(format!("{} || ' cannot be read as a telephone number'{of_country}", quoted(text)))
        })
    },
    samples: &[
        Sample {
            name: "national, too short, repeated and no number at all",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nphone = { type = \"text\", format = \"phone\" }",
            tables: &[(
                "people",
                "id,phone\n1,03 88 83 06 09\n2,+3338883060\n3,+33600000000\n4,ask Marie\n5,0033388830609\n6,+330388830609\n",
            )],
            finds: &[
                ("1", Some("+33388830609")),
                ("2", None),
                ("3", None),
                ("4", None),
                ("5", Some("+33388830609")),
                ("6", Some("+33388830609")),
            ],
        },
        Sample {
            name: "what the mapping could not read, but for what a spreadsheet made of it",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nphone = { type = \"text\", format = \"phone\" }",
            tables: &[("people", "id,phone,raw:phone\n1,,12\n2,+33388830609,03 88 83 06 09\n3,,\"4,4208E+11\"\n")],
            finds: &[("1", None)],
        },
        Sample {
            name: "French and German numbers, and none",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nphone = { type = \"text\", format = \"phone\" }",
            tables: &[("people", "id,phone\n1,+33388830609\n2,+4978112345\n3,\n")],
            finds: &[],
        },
    ],
};
