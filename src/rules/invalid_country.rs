//! `invalid-country`: a country that no map shows.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::finding::{Expression, Finding, column, each_of_format, quoted, with_unread};
use super::{Docs, Reach, Rule, Sample};
use crate::model::{Format, Severity};
use crate::sql::literals;
use crate::store::{Call, Function};

pub const RULE: Rule = Rule {
    id: "invalid-country",
    title: "Invalid country",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Values of fields with format = \"country\" that are no French short name of a country, and texts that the mapping could not read; case, accents and hyphens do not count. A warning; an error where the field is a key, required or a reference. A suggestion is given for a two-letter code, and where exactly one country is one slip of the pen away.",
        matters: "Postal codes and telephone numbers are read by country, and duties and delivery depend on it.",
        example: "\"Frnace\" is no country; did you mean \"France\"?",
        fix: "Use the transform `country` in the mapping; correct single values here.",
    },
    arguments: &[],
    bind: |schema| each_of_format(schema, RULE.id, Format::Country),
    find: |scope| {
        scope.field()?;
        let value = column(&scope.check.field);
        let texts = format!("FROM {} AS t WHERE {value} IS NOT NULL", scope.rows());
        let judged = |finding: Finding, text: &str, texts: &str| {
            near(finding, text, texts)
                .message(format!("{} || ' is no country'", quoted(text)))
                .join(format!("LEFT JOIN near ON near.value = {text}"))
        };
        let finding =
            judged(Finding::of(scope), &value, &texts).join(format!("JOIN strangers ON strangers.value = {value}"));
        let finding = finding.sign(&Expression::of_row(format!("NOT {}({value})", IS_COUNTRY.name)));
        with_unread(scope, finding, judged)
    },
    samples: &[
        Sample {
            name: "a slip, a code and a town",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\ncountry = { type = \"text\", format = \"country\" }",
            tables: &[("people", "id,country\n1,Frnace\n2,DE\n3,Strasbourg\n")],
            finds: &[("1", Some("France")), ("2", Some("Allemagne")), ("3", None)],
        },
        Sample {
            name: "what the mapping could not read",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\ncountry = { type = \"text\", format = \"country\" }",
            tables: &[("people", "id,country,raw:country\nC1,,Frnace\nC2,,Wonderland\nC3,France,FR\n")],
            finds: &[("C1", Some("France")), ("C2", None)],
        },
        Sample {
            name: "countries however they are written, and none",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\ncountry = { type = \"text\", format = \"country\" }",
            tables: &[("people", "id,country\n1,France\n2,ETATS UNIS\n3,Côte d’Ivoire\n4,\n")],
            finds: &[],
        },
    ],
};

/// Adds the steps `strangers`, the texts that name no country, and `near`, with the country that each probably means, which
/// is suggested. `texts` says where they are, from `FROM` on, with a `WHERE`.
fn near(finding: Finding, text: &str, texts: &str) -> Finding {
    let names = literals(countries().map(|(_, name)| name));
    let codes = literals(countries().map(|(code, _)| code));
    let known = format!("SELECT unnest([{codes}]) AS code, unnest([{names}]) AS name");
    // Countries are few however many the rows, so everything happens on the distinct values.
    let strangers = format!(
        "SELECT DISTINCT {text} AS value {texts} AND {} NOT IN (SELECT {} FROM known)",
        letters(text),
        letters("name"),
    );
    let near = format!(
        "SELECT value, coalesce(min(name) FILTER (upper(trim(value)) = code),\n  \
         CASE WHEN count(*) = 1 THEN min(name) END) AS near\n\
         FROM strangers JOIN known ON upper(trim(value)) = code\n  \
         OR length(value) >= 4 AND abs(length(value) - length(name)) <= 1 AND damerau_levenshtein({}, {}) <= 1\nGROUP BY 1",
        letters("value"),
        letters("name"),
    );
    finding.step("known", known).step("strangers", strangers).step("near", near).suggestion("near.near")
}

/// Whether the text is the name of a country in the very letters.
pub const IS_COUNTRY: Function = Function {
    name: "tv_is_country",
    call: Call::Boolean(|text| {
        static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| countries().map(|(_, name)| name).collect());
        Some(NAMES.contains(text))
    }),
};

/// Two-letter code and French short name of every country, from the data of the transform `country`.
pub(super) fn countries() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("../transforms/countries.tsv").lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.filter_map(|line| {
        let mut parts = line.split('\t');
        let code = parts.next()?;
        Some((code, parts.nth(1)?))
    })
}

/// The letters of a name: no case, accents, spaces, hyphens or apostrophes.
pub(super) fn letters(sql: &str) -> String {
    format!("regexp_replace(lower(strip_accents({sql})), '[^a-z]', '', 'g')")
}
