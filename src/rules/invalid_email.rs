//! `invalid-email`: an address that no message can reach.

use super::finding::{Finding, column, each_of_format, quoted, with_unread};
use super::placeholder_value::unless_told;
use super::{Docs, Reach, Rule, Sample};
use crate::model::{Format, Severity};
use crate::sql::{Literal, literals};

pub const RULE: Rule = Rule {
    id: "invalid-email",
    title: "Invalid e-mail address",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Values of fields with format = \"email\" that are no address, or whose domain is a known slip of a large provider's, and texts that the mapping could not read. A warning; an error where the field is a key, required or a reference. A suggestion is given where the slip has one remedy: \" at \" or (at) for @, doubled or missing dots and @, spaces, a comma for a dot, accents, gmial.com, gmailcom, .con.",
        matters: "A message to it bounces, and too many bounces harm the delivery of all others.",
        example: "\"jean.dupont at example.fr\" is no e-mail address.",
        fix: "Accept the suggestion, or ask the customer; empty the field if the address is lost.",
    },
    arguments: &[],
    bind: |schema| each_of_format(schema, RULE.id, Format::Email),
    find: |scope| {
        scope.field()?;
        let value = column(&scope.check.field);
        let finding = Finding::of(scope)
            .message(format!(
                "{} || if({}, ' has a slip in its domain', ' is no e-mail address')",
                quoted(&value),
                is_address(&value)
            ))
            .suggestion(repaired(&value))
            .when(unless_told(scope, &value, &format!("{} AND NOT {}", is_address(&value), is_slip(&value)))?);
        with_unread(scope, finding, |finding, text, _| {
            finding.message(format!("{} || ' is no e-mail address'", quoted(text))).suggestion(repaired(text))
        })
    },
    samples: &[
        Sample {
            name: "addresses with one remedy, and with none",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nmail = { type = \"text\", format = \"email\" }",
            tables: &[(
                "people",
                "id,mail\n1,jean at example.fr\n2,jean(at)example.fr\n3,\"jean@example,com\"\n4,jean dupont@example.fr\n5,jean@@example.fr\n6,jean@gmailcom\n7,jean@gmial.com\n8,jean@hotmial.fr\n9,jean@example.con\n10,rené@exämple.fr\n11,jean@example..fr\n12,jean.example.fr\n13,jean@example\n14,<jean@example.fr>;\n",
            )],
            finds: &[
                ("1", Some("jean@example.fr")),
                ("2", Some("jean@example.fr")),
                ("3", Some("jean@example.com")),
                ("4", None),
                ("5", Some("jean@example.fr")),
                ("6", Some("jean@gmail.com")),
                ("7", Some("jean@gmail.com")),
                ("8", Some("jean@hotmail.fr")),
                ("9", Some("jean@example.com")),
                ("10", Some("rene@example.fr")),
                ("11", Some("jean@example.fr")),
                ("12", None),
                ("13", None),
                ("14", Some("jean@example.fr")),
            ],
        },
        Sample {
            name: "good addresses, long endings and none",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nmail = { type = \"text\", format = \"email\" }",
            tables: &[(
                "people",
                "id,mail\n1,jean.dupont+vin@example.fr\n2,j@sub.domain.example.co.uk\n3,\n4,o'neil@domaine-klein.vin\n",
            )],
            finds: &[],
        },
    ],
};

/// Slips of the domains of large providers, and what was meant.
const SLIPS: &[(&str, &str)] = &[
    ("gmial.com", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("gmal.com", "gmail.com"),
    ("gmil.com", "gmail.com"),
    ("gmaill.com", "gmail.com"),
    ("gnail.com", "gmail.com"),
    ("gmail.co", "gmail.com"),
    ("gmail.cm", "gmail.com"),
    ("gmail.fr", "gmail.com"),
    ("hotmial.com", "hotmail.com"),
    ("hotmal.com", "hotmail.com"),
    ("hotmai.com", "hotmail.com"),
    ("hotmil.com", "hotmail.com"),
    ("hotmial.fr", "hotmail.fr"),
    ("hotmal.fr", "hotmail.fr"),
    ("hormail.fr", "hotmail.fr"),
    ("outlok.com", "outlook.com"),
    ("outlook.co", "outlook.com"),
    ("outlok.fr", "outlook.fr"),
    ("yaho.com", "yahoo.com"),
    ("yahooo.com", "yahoo.com"),
    ("yaho.fr", "yahoo.fr"),
    ("yahooo.fr", "yahoo.fr"),
    ("yhaoo.fr", "yahoo.fr"),
    ("ornage.fr", "orange.fr"),
    ("orage.fr", "orange.fr"),
    ("wanado.fr", "wanadoo.fr"),
    ("wandoo.fr", "wanadoo.fr"),
    ("wanadou.fr", "wanadoo.fr"),
    ("laposte.ner", "laposte.net"),
    ("lapost.net", "laposte.net"),
    ("iclud.com", "icloud.com"),
];

/// The condition that a text is an address `local@domain.tld` as mail servers take it (ASCII, dots only between parts).
pub(super) fn is_address(sql: &str) -> String {
    format!(
        "(regexp_full_match({sql}, '[A-Za-z0-9!#$%&''*+/=?^_`{{|}}~-]+(\\.[A-Za-z0-9!#$%&''*+/=?^_`{{|}}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{{2,}}') AND length({sql}) <= 254)"
    )
}

/// The address that was meant, where what is written leads to exactly one; `NULL` otherwise.
pub(super) fn repaired(sql: &str) -> String {
    // Each step heals one way of writing; what is not an address in the end is not suggested.
    let steps: &[(&str, &str)] = &[
        ("^\\s*(mailto:)?[<\"'']*\\s*", ""),
        ("[\\s.,;:>\"'']+$", ""),
        ("\\s*([(\\[{]\\s*(at|arobase|a)\\s*[)\\]}])\\s*|\\s+(at|arobase)\\s+", "@"),
        ("\\s*[(\\[{]\\s*(dot|point)\\s*[)\\]}]\\s*", "."),
        ("\\s*@[\\s@]*", "@"),
        ("\\s*[.,;]\\s*(com|fr|net|org|de|be|ch|eu)$", ".\\1"),
        ("\\.\\.+", "."),
        ("@\\.|\\.@", "@"),
        ("@(gmail|hotmail|yahoo|outlook|orange|wanadoo|free|sfr|laposte|live|icloud)(com|fr|net)$", "@\\1.\\2"),
    ];
    let mut text = format!("strip_accents({sql})");
    for (pattern, by) in steps {
        text = format!("regexp_replace({text}, '{pattern}', '{by}', 'gi')");
    }
    let certain = is_address("mended");
    format!(
        "list_extract(list_filter(list_transform([{text}], lambda text: {}),\n    \
         lambda mended: {certain} AND mended IS DISTINCT FROM {sql}), 1)",
        slip_mended("text")
    )
}

/// The condition that the domain is a known slip.
fn is_slip(sql: &str) -> String {
    format!(
        "(lower(split_part({sql}, '@', 2)) IN ({}) OR lower(right({sql}, 4)) = '.con')",
        literals(SLIPS.iter().map(|(slip, _)| *slip))
    )
}

/// The address with a known slip of its domain put right.
fn slip_mended(sql: &str) -> String {
    let whens: String =
        SLIPS.iter().map(|(slip, meant)| format!(" WHEN {} THEN {}", Literal(slip), Literal(meant))).collect();
    let domain = format!("regexp_replace(lower(split_part({sql}, '@', 2)), '\\.con$', '.com')");
    format!("if({}, split_part({sql}, '@', 1) || '@' || CASE {domain}{whens} ELSE {domain} END, {sql})", is_slip(sql))
}
