//! `invalid-postal-code`: a postal code that the country does not have.

use super::finding::{Finding, column, each_of_format, folded, quoted, with_unread};
use super::placeholder_value::unless_told;
use super::{Docs, Reach, Rule, Sample};
use crate::model::{Format, Severity};

pub const RULE: Rule = Rule {
    id: "invalid-postal-code",
    title: "Invalid postal code",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Values of fields with format = \"postal_code\" that do not have the form of the row's country (the table's field of format country; France where there is none or it is empty; nothing is said where it could not be read), and texts that the mapping could not read. French codes have five digits and begin with a department, 01 to 98; German, Italian and Spanish ones have five digits, Belgian, Swiss, Luxembourg and Austrian ones four; elsewhere 2 to 10 letters, digits, spaces and hyphens do. A warning; an error where the field is a key, required or a reference.",
        matters: "Parcels come back, and the customer is missing from every figure per region.",
        example: "\"1000\" is no postal code of France; 01000 is, the leading zero was lost.",
        fix: "Accept the suggestion for a lost leading zero; else look up the town. If the customer lives abroad, correct the country.",
    },
    arguments: &[],
    bind: |schema| each_of_format(schema, RULE.id, Format::PostalCode),
    find: |scope| {
        scope.field()?;
        let (is_known, country) = scope.country("France")?;
        let folded = folded(&country);
        let is_french = format!("{folded} = 'france'");
        let value = &column(&scope.check.field);
        let fits = format!(
            "CASE WHEN {is_french} THEN regexp_full_match({value}, '(0[1-9]|[1-8][0-9]|9[0-8])[0-9]{{3}}')\n       \
             WHEN {folded} IN ('allemagne', 'italie', 'espagne') THEN regexp_full_match({value}, '[0-9]{{5}}')\n       \
             WHEN {folded} IN ('belgique', 'suisse', 'luxembourg', 'autriche') THEN regexp_full_match({value}, '[0-9]{{4}}')\n       \
             ELSE regexp_full_match({value}, '[A-Za-z0-9][A-Za-z0-9 -]{{0,8}}[A-Za-z0-9]') END"
        );
        let tidied = format!("regexp_replace({value}, '[ .-]', '', 'g')");
        let remedy = format!(
            "CASE WHEN {is_french} AND regexp_full_match({tidied}, '[1-9][0-9]{{3}}') THEN '0' || {tidied}\n       \
             WHEN {is_french} AND regexp_full_match({tidied}, '(0[1-9]|[1-8][0-9]|9[0-8])[0-9]{{3}}') THEN {tidied} END"
        );
        let finding = Finding::of(scope)
            .message(format!(
                "{} || ' is no postal code of ' || {country} || if({is_french} AND length({tidied}) = 4, ': a leading zero may be lost', '')",
                quoted(value)
            ))
            .suggestion(remedy)
            .when(unless_told(scope, value, &fits)?)
            .when(is_known);
        with_unread(scope, finding, |finding, text, _| {
            finding.message(format!("{} || ' cannot be read as a postal code'", quoted(text)))
        })
    },
    samples: &[
        Sample {
            name: "lost zeros, spaces, departments that do not exist and a country that has other codes",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nzip = { type = \"text\", format = \"postal_code\" }\ncountry = { type = \"text\", format = \"country\" }",
            tables: &[(
                "people",
                "id,zip,country\n1,1000,France\n2,67 000,\n3,99123,France\n4,ABCDE,France\n5,67000,Suisse\n",
            )],
            finds: &[("1", Some("01000")), ("2", Some("67000")), ("3", None), ("4", None), ("5", None)],
        },
        Sample {
            name: "a country that nobody knows",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nzip = { type = \"text\", format = \"postal_code\" }\ncountry = { type = \"text\", format = \"country\" }",
            tables: &[("people", "id,zip,country,raw:country\n1,LS1 4XY,,Wonderland\n2,LS1 4XY,,\n")],
            finds: &[("2", None)],
        },
        Sample {
            name: "good codes of several countries, and none",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nzip = { type = \"text\", format = \"postal_code\" }\ncountry = { type = \"text\", format = \"country\" }",
            tables: &[(
                "people",
                "id,zip,country\n1,67000,France\n2,97400,France\n3,1003,Suisse\n4,SW1A 1AA,Royaume-Uni\n5,,France\n6,20250,\n",
            )],
            finds: &[],
        },
    ],
};
