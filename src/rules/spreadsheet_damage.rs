//! `spreadsheet-damage`: codes that a spreadsheet took for numbers or dates.

use super::finding::{Finding, all_of, column, each_field, quoted};
use super::{Docs, Reach, Rule, Sample};
use crate::model::{Field, FieldType, Format, Severity};
use crate::sql::{Ident, Path};

/// The months as French and English spreadsheets shorten them.
macro_rules! months {
    () => {
        "(?i:janv|févr|mars|avr|mai|juin|juil|août|sept|oct|nov|déc|jan|feb|mar|apr|may|jun|jul|aug|sep|dec)"
    };
}

pub const RULE: Rule = Rule {
    id: "spreadsheet-damage",
    title: "Damaged by a spreadsheet",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Staged texts of keys, references, telephone numbers and postal codes that a spreadsheet has rewritten: 1,23E+12 for a long number, janv-05 for a code like 1-05, ##### for a column that was too narrow, and in key fields a shorter number where the column's codes begin with zeros, and French postal codes of four digits. The value shown is the text as it was read; the suggestion, for lost zeros only, is the value with its zeros. A cell that a decision has set is left in peace.",
        matters: "The digits of 1,23E+12 are gone for good, and a code without its zeros is another code.",
        example: "\"3,40E+09\" is a number that a spreadsheet has shortened.",
        fix: "Export again without opening the file in a spreadsheet, or format the column as text before saving.",
    },
    arguments: &[],
    bind: |schema| {
        each_field(schema, RULE.id, |field| {
            let is_code = field.key || field.references.is_some();
            (field.kind == FieldType::Text && (is_code || is_number(field))).then_some(None)
        })
    },
    find: |scope| {
        let field = scope.field()?;
        let (is_known, country) = scope.country("France")?;
        let in_france = format!("{is_known} AND {country} = 'France'");
        let value = column(&scope.check.field);
        let undecided = scope.undecided(std::iter::once(scope.check.field.as_str()));
        let mut queries = Vec::new();
        for origin in scope.origins {
            let (relation, all) = (scope.texts(origin), Path("staging", &origin.relation));
            for column in origin.columns_of(&scope.check.field).iter().map(|name| Ident(name)) {
                // The engine passes over blocks of texts whose first letters a pattern cannot match, and a hyphen is found
                // much faster than a month: two conditions cost a tenth of one pattern for all.
                let is_number = |prefix: &str| {
                    let text = format!("{prefix}{column}");
                    format!(
                        "(contains({text}, '+') OR starts_with({text}, '##')) AND regexp_full_match({text}, '{SHORTENED}|{NARROW}')"
                    )
                };
                let is_date = |prefix: &str| {
                    let text = format!("{prefix}{column}");
                    format!("strlen({text}) <= 12 AND contains({text}, '-') AND regexp_full_match({text}, '{DATED}')")
                };
                let damaged = format!(
                    "SELECT _row, {column} AS text FROM {relation}\n\
                     WHERE {}\n\
                     UNION ALL SELECT _row, {column} FROM {relation}\n\
                     WHERE {}",
                    is_number(""),
                    is_date(""),
                );
                queries.push(
                    Finding::of(scope)
                        .staged(origin, &damaged)
                        .staged_sign(scope, origin, |s| format!("{} OR {}", is_number(s), is_date(s)))
                        .value("s.text")
                        .when(undecided.as_str())
                        .message(format!(
                            "{} || CASE WHEN regexp_full_match(s.text, '{NARROW}') THEN ' is what a spreadsheet shows for a column that is too narrow'\n       \
                             WHEN regexp_full_match(s.text, '{SHORTENED}') THEN ' is a number that a spreadsheet has shortened'\n       \
                             ELSE ' is a code that a spreadsheet has taken for a date' END",
                            quoted("s.text")
                        ))
                        .query(),
                );
                if field.format == Some(Format::PostalCode) {
                    let is_short = |prefix: &str| {
                        let text = format!("{prefix}{column}");
                        format!("strlen({text}) = 4 AND regexp_full_match({text}, '[1-9][0-9]{{3}}')")
                    };
                    let short = format!("SELECT _row, {column} AS text FROM {relation} WHERE {}", is_short(""));
                    queries.push(
                        Finding::of(scope)
                            .staged(origin, &short)
                            .staged_sign(scope, origin, is_short)
                            .value("s.text")
                            .when(undecided.as_str())
                            .message(format!("{} || ' has lost its leading zero'", quoted("s.text")))
                            .suggestion("'0' || s.text")
                            .when(in_france.as_str())
                            .query(),
                    );
                }
                if field.key {
                    let width = format!(
                        "SELECT max(strlen({column})) FROM {all} WHERE starts_with({column}, '0') AND regexp_full_match({column}, '[0-9]+')"
                    );
                    let is_digits = |prefix: &str| format!("regexp_full_match({prefix}{column}, '[1-9][0-9]*')");
                    let short = format!(
                        "SELECT _row, {column} AS text, ({width}) AS width FROM {relation}\n\
                         WHERE strlen({column}) < ({width}) AND {}",
                        is_digits(""),
                    );
                    queries.push(
                        Finding::of(scope)
                            .staged(origin, &short)
                            .staged_sign(scope, origin, is_digits)
                            .value("s.text")
                            .when(undecided.as_str())
                            .message(format!(
                                "{} || ' has lost its leading zeros: the codes of the column have ' || s.width || ' digits'",
                                quoted("s.text")
                            ))
                            .suggestion(format!("replace({value}, s.text, lpad(s.text, CAST(s.width AS INTEGER), '0'))"))
                            .query(),
                    );
                }
            }
        }
        Ok(all_of(queries))
    },
    samples: &[
        Sample {
            name: "a shortened number, a date made of a code, a narrow column and lost zeros",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nphone = { type = \"text\", format = \"phone\" }\n[tables.sales.fields]\nline = { type = \"text\", key = true }\nwho = { type = \"text\", references = \"people.id\" }",
            tables: &[
                ("people", "id,phone,raw:phone\nx-00001,,\"3,40E+09\"\nx-00002,+33388830609,03 88 83 06 09\n"),
                (
                    "sales",
                    "line,raw:line,who,raw:who\nV-00012,00012,x-00001,00001\nV-7,7,x-janv-05,janv-05\nV-00009,00009,x-####,#####\n",
                ),
            ],
            finds: &[("V-00009", None), ("V-7", None), ("V-7", Some("V-00007")), ("x-00001", None)],
        },
        Sample {
            name: "a postal code of the Ain, and one of Switzerland",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nzip = { type = \"text\", format = \"postal_code\" }\ncountry = { type = \"text\", format = \"country\" }",
            tables: &[("people", "id,zip,country\na,1000,France\nb,1000,Suisse\n")],
            finds: &[("a", Some("01000"))],
        },
        Sample {
            name: "codes with letters, hyphens and months in them that are meant",
            schema: "[tables.wines.fields]\nid = { type = \"text\", key = true }",
            tables: &[("wines", "id\nRIESLING-2020-75CL\nE12\n123\nMAI-CUVEE\n")],
            finds: &[],
        },
    ],
};

/// Whether the rule looks at the field for what its values are, not for being a key.
fn is_number(field: &Field) -> bool {
    field.kind == FieldType::Text && matches!(field.format, Some(Format::Phone | Format::PostalCode))
}

/// Whether what is damaged in a field and therefore cannot be read needs no other finding than this rule's.
pub(super) fn tells_of(field: &Field) -> bool {
    is_number(field) && !field.must_be_read()
}

/// The condition that a spreadsheet has rewritten the text.
pub(super) fn is_damaged(text: &str) -> String {
    format!("regexp_full_match({text}, '{SHORTENED}|{NARROW}|{DATED}')")
}

/// A number in scientific notation.
const SHORTENED: &str = "[0-9]+([.,][0-9]+)?[eE]\\+[0-9]+";
/// What stands for a value that does not fit into its column.
const NARROW: &str = "##.*";
/// A day and month or a month and year as French and English spreadsheets write them.
const DATED: &str = concat!("[0-9]{1,2}-", months!(), "\\.?|", months!(), "\\.?-[0-9]{2,4}");
