//! `placeholder-value`: something typed only because the form wanted something.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::finding::{Finding, column, each_field, quoted};
use super::{Docs, Reach, Rule, Sample, Scope};
use crate::error::Result;
use crate::model::{FieldType, Severity};
use crate::sql::literals;
use crate::store::{Call, Function};

pub const RULE: Rule = Rule {
    id: "placeholder-value",
    title: "Placeholder",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Texts that stand for \"nothing\": N/A, -, ?, inconnu, néant, xxx, test, test@test, 000000, #N/A and the like. Fields with a list of allowed values are left to unknown-value.",
        matters: "It counts as filled in and means empty: a hundred customers in the town of \"inconnu\" look like a market.",
        example: "\"N/A\" stands for no value.",
        fix: "Empty the field here, or let the mapping do it for good with null_if.",
    },
    arguments: &[("also", "further texts that mean nothing, in lower case")],
    bind: |schema| {
        each_field(schema, RULE.id, |field| (field.kind == FieldType::Text && field.values.is_empty()).then_some(None))
    },
    find: |scope| {
        if !scope.is_fed(&scope.check.field) {
            return Ok(None);
        }
        let value = column(&scope.check.field);
        let mut stands_for_nothing = format!("{}({value})", STANDS_FOR_NOTHING.name);
        match scope.check.arguments.get("also") {
            None => {}
            Some(toml::Value::Array(also)) => {
                let also = literals(also.iter().filter_map(toml::Value::as_str));
                stands_for_nothing =
                    format!("({stands_for_nothing} OR list_contains([{also}]::VARCHAR[], lower(trim({value}))))");
            }
            Some(_) => return Err(scope.wrong("needs a list of texts for `also`")),
        }
        let mut finding = Finding::of(scope).message(format!("{} || ' stands for no value'", quoted(&value)));
        let field = scope.field()?;
        if field.key || field.references.is_some() {
            // A code is short where it stands for nothing, and long in ten million rows where it does not.
            finding = finding.when(format!("strlen({value}) <= 8"));
        }
        let sql = finding.when(stands_for_nothing).query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "nothing, in many words",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\ncity = { type = \"text\" }\nmail = { type = \"text\", format = \"email\" }",
            tables: &[("people", "id,city,mail\n1,N/A,jean@example.fr\n2,-,test@test\n3,Inconnu,\n4,NÉANT,\n5,xxx,\n")],
            finds: &[("1", None), ("2", None), ("2", None), ("3", None), ("4", None), ("5", None)],
        },
        Sample {
            name: "a word of one's own",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\ncity = { type = \"text\" }\n[[check]]\nrule = \"placeholder-value\"\ntable = \"people\"\nfield = \"city\"\nwith = { also = [\"partout\"] }",
            tables: &[("people", "id,city\n1,Partout\n")],
            finds: &[("1", None)],
        },
        Sample {
            name: "real values and absent ones",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\ncity = { type = \"text\" }",
            tables: &[("people", "id,city\n1,Strasbourg\n2,\n3,Y\n")],
            finds: &[],
        },
    ],
};

/// The condition that a value is not as it should be, `good`, and that this rule does not tell of it already: where it is an
/// error, it is told as one.
pub(super) fn unless_told(scope: &Scope, value: &str, good: &str) -> Result<String> {
    Ok(match scope.field()?.must_be_read() {
        true => format!("NOT ({good})"),
        false => format!("CASE WHEN {good} THEN false ELSE NOT {}({value}) END", STANDS_FOR_NOTHING.name),
    })
}

/// Whether the text is one of [`PLACEHOLDERS`], in whatever letters and with spaces around it.
pub const STANDS_FOR_NOTHING: Function = Function {
    name: "tv_stands_for_nothing",
    call: Call::Boolean(|text| {
        static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| PLACEHOLDERS.iter().copied().collect());
        static LONGEST: LazyLock<usize> = LazyLock::new(|| WORDS.iter().map(|word| word.len()).max().unwrap_or(0));
        let text = text.trim_matches(' ');
        if text.len() > *LONGEST {
            return Some(false);
        }
        let is_small = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        Some(if is_small { WORDS.contains(text) } else { WORDS.contains(text.to_lowercase().as_str()) })
    }),
};

/// What people and spreadsheets write for "nothing", in lower case.
const PLACEHOLDERS: &[&str] = &[
    "n/a",
    "na",
    "n.a.",
    "n/c",
    "nc",
    "n.c.",
    "n/d",
    "nd",
    "nr",
    "n/r",
    "-",
    "--",
    "---",
    "----",
    "_",
    "__",
    ".",
    "..",
    "...",
    "…",
    "/",
    "//",
    "?",
    "??",
    "???",
    "*",
    "**",
    "***",
    "x",
    "xx",
    "xxx",
    "xxxx",
    "xxxxx",
    "null",
    "<null>",
    "(null)",
    "none",
    "nan",
    "nil",
    "néant",
    "neant",
    "inconnu",
    "inconnue",
    "unknown",
    "vide",
    "aucun",
    "aucune",
    "non renseigné",
    "non renseigne",
    "non renseignée",
    "non communiqué",
    "non communique",
    "non défini",
    "non defini",
    "à compléter",
    "a completer",
    "à définir",
    "a definir",
    "à renseigner",
    "a renseigner",
    "tbd",
    "tba",
    "todo",
    "test",
    "test test",
    "test@test",
    "test@test.fr",
    "test@test.com",
    "a@a.fr",
    "a@a.com",
    "aa@aa.fr",
    "xx@xx.fr",
    "xxx@xxx.fr",
    "nomail@nomail.com",
    "noemail@noemail.com",
    "pasdemail@pasdemail.fr",
    "inconnu@inconnu.fr",
    "aaa",
    "aaaa",
    "zzz",
    "azerty",
    "qwerty",
    "asdf",
    "0",
    "00",
    "000",
    "0000",
    "00000",
    "000000",
    "0000000",
    "00000000",
    "0000000000",
    "99999",
    "999999",
    "9999999999",
    "123456789",
    "0123456789",
    "+33000000000",
    "+33123456789",
    "#n/a",
    "#ref!",
    "#value!",
    "#valeur!",
    "#name?",
    "#nom?",
    "#div/0!",
    "#num!",
    "#nombre!",
    "#null!",
];
