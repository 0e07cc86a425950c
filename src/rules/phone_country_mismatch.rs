//! `phone-country-mismatch`: a number without a country code that was read as one of another country than the row's.

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::LazyLock;

use rlibphonenumber::PHONE_NUMBER_UTIL;
use rlibphonenumber::enums::Region;

use super::finding::{Expression, Finding, all_of, column, each_of_format, quoted, staged_join};
use super::invalid_country::{countries, letters};
use super::{Docs, Reach, Rule, Sample};
use crate::model::{Format, Severity};
use crate::sql::literals;
use crate::store::{Call, Function};

pub const RULE: Rule = Rule {
    id: "phone-country-mismatch",
    title: "Telephone number read for another country",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Values of fields with format = \"phone\" that the source writes without a country code and that were read as numbers of another country than the row's (the table's field of format country). France and its overseas territories share their codes. Nothing is said of numbers that the source writes with their country code, and nothing where the row's country is missing or unknown, or no source feeds it.",
        matters: "020 7946 047 of London is another number in France, and somebody else answers there.",
        example: "\"020 7946 472\" was read as +33207946472 of France, the row says Royaume-Uni.",
        fix: "Give the transform `phone` the column with the country: columns = [\"Telephone\", \"Country\"]. Correct the country or the number where one of them is wrong.",
    },
    arguments: &[],
    bind: |schema| {
        let mut checks = each_of_format(schema, RULE.id, Format::Phone);
        checks.retain(|check| schema.tables.get(&check.table).is_some_and(|table| table.country().is_some()));
        checks.iter_mut().for_each(|check| check.severity = None);
        checks
    },
    find: |scope| {
        scope.field()?;
        let Some(field) = scope.table()?.country().filter(|country| scope.is_fed(country)) else { return Ok(None) };
        let (country, value) = (column(field), column(&scope.check.field));
        let dialled: Vec<(String, &str)> = dialled().collect();
        let known = format!(
            "SELECT string_split(unnest([{}]), ' ') AS codes, unnest([{}]) AS name",
            literals(dialled.iter().map(|(codes, _)| codes.as_str())),
            literals(dialled.iter().map(|(_, name)| *name)),
        );
        let named = format!("SELECT DISTINCT {country} AS country FROM {} AS t", scope.rows());
        let expected =
            format!("SELECT country, codes FROM ({named}) JOIN known ON {} = {}", letters("country"), letters("name"));
        let owners = format!(
            "SELECT unnest([{}]) AS code, unnest([{}]) AS name",
            literals(owners().iter().map(|(code, _)| code.as_str())),
            literals(owners().iter().map(|(_, name)| *name)),
        );
        // How numbers begin and in which country they are is little, however many the rows; being distinct, it is found out
        // before it meets the rows.
        let wrong = format!(
            "SELECT DISTINCT country, begins FROM (\n  \
             SELECT DISTINCT {country} AS country, substr({value}, 2, 3) AS begins FROM {} AS t WHERE starts_with({value}, '+')\n\
             ) JOIN expected USING (country)\n\
             WHERE NOT {}",
            scope.rows(),
            is_one_of("codes", "begins"),
        );
        // Of a country that is written in other letters only the query knows the codes.
        let codes = format!("string_split({}({country}), ' ')", DIALLED.name);
        let is_right = is_one_of(&codes, &format!("substr({value}, 2, 3)"));
        let sign = Expression::of_row(format!("{country} IS NOT NULL AND NOT coalesce({is_right}, false)"));
        let undecided = scope.undecided(std::iter::once(scope.check.field.as_str()));
        let queries = scope.origins.iter().filter_map(|origin| {
            let text = origin.text(&scope.check.field, "s.")?;
            let finding = Finding::of(scope)
                .step("known", known.as_str())
                .step("expected", expected.as_str())
                .step("wrong", wrong.as_str())
                .step("owners", owners.as_str())
                .join(format!("JOIN wrong ON wrong.country = {country} AND wrong.begins = substr({value}, 2, 3)"))
                .join(staged_join(scope, origin))
                .join(format!("LEFT JOIN owners ON starts_with({value}, '+' || owners.code)"))
                .message(format!(
                    "{} || ' was read as ' || {value} || ' of ' || coalesce(owners.name, 'another country')\n       \
                     || ', the row says ' || {country}",
                    quoted(&text)
                ))
                .when(format!("starts_with({value}, '+')"))
                .when(undecided.as_str())
                .when_joined(format!("NOT regexp_matches({text}, '^[^0-9+]*([+]|00)')"))
                .sign(&sign);
            Some(finding.query())
        });
        Ok(all_of(queries.collect()))
    },
    samples: &[
        Sample {
            name: "a number of London that was read as a French one",
            schema: SCHEMA,
            tables: &[("people", "id,phone,raw:phone,country\n1,+33207946472,020 7946 472,Royaume-Uni\n")],
            finds: &[("1", None)],
        },
        Sample {
            name: "numbers of the row's country, of France overseas, with a country code, of nowhere and none",
            schema: SCHEMA,
            tables: &[(
                "people",
                "id,phone,raw:phone,country\n1,+442079460472,020 7946 0472,Royaume-Uni\n2,+262692123456,0692123456,France\n3,+33612345678,0612345678,La Réunion\n4,+33612345678,0612345678,Wonderland\n5,+33612345678,0612345678,\n6,,,France\n7,+12125550123,2125550123,Canada\n8,+4315151634,+43 1 5151634,France\n9,+4315151634,0043 1 5151634,France\n",
            )],
            finds: &[],
        },
    ],
};

const SCHEMA: &str = "[tables.people.fields]\nid = { type = \"text\", key = true }\nphone = { type = \"text\", format = \"phone\" }\ncountry = { type = \"text\", format = \"country\" }";

/// The condition that a number begins with one of the codes, by its first three digits.
fn is_one_of(codes: &str, begins: &str) -> String {
    format!("list_has_any({codes}, [substr({begins}, 1, 1), substr({begins}, 1, 2), {begins}])")
}

/// France and the territories that share its way of dialling.
const FRENCH: [&str; 12] = ["FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF"];

/// What is dialled before the numbers of every country for which it is known, and the country's name.
fn dialled() -> impl Iterator<Item = (String, &'static str)> {
    countries().filter_map(|(code, name)| Some((codes(code)?, name)))
}

/// What is dialled before the numbers of the country that has this name in the very letters.
pub const DIALLED: Function = Function {
    name: "tv_dialled",
    call: Call::One(|country| {
        static CODES: LazyLock<HashMap<&str, String>> =
            LazyLock::new(|| dialled().map(|(codes, name)| (name, codes)).collect());
        CODES.get(country).cloned()
    }),
};

/// What is dialled before the numbers of a country, by its code of two letters; several with spaces between.
fn codes(country: &str) -> Option<String> {
    if !FRENCH.contains(&country) {
        return calling_code(country);
    }
    let mut codes: Vec<String> = FRENCH.iter().filter_map(|country| calling_code(country)).collect();
    codes.sort();
    codes.dedup();
    Some(codes.join(" "))
}

fn calling_code(country: &str) -> Option<String> {
    let region = Region::from_str(country).ok()?;
    Some(PHONE_NUMBER_UTIL.get_country_code_for_region(region)?.to_string())
}

/// Per country code, the country that it is known for.
fn owners() -> Vec<(String, &'static str)> {
    let is_main = |country: &str, code: &str| {
        let code = code.parse().ok().and_then(|code| PHONE_NUMBER_UTIL.get_region_for_country_code(code));
        code.is_some() && code == Region::from_str(country).ok()
    };
    let all = countries().filter_map(|(country, name)| Some((country, calling_code(country)?, name)));
    all.filter(|(country, code, _)| is_main(country, code)).map(|(_, code, name)| (code, name)).collect()
}
