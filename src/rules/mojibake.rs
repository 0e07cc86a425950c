//! `mojibake`: letters that were decoded with the wrong encoding on their way.

use super::finding::{Finding, column, each_field, quoted};
use super::{Docs, Reach, Rule, Sample};
use crate::model::{FieldType, Severity};
use crate::store::{Call, Function};

pub const RULE: Rule = Rule {
    id: "mojibake",
    title: "Broken characters",
    severity: Severity::Warning,
    reach: Reach::Row,
    docs: Docs {
        finds: "Texts with UTF-8 that was read as Windows-1252 (Ã© for é, â€™ for ’), and texts with the replacement character �. The suggestion is the text put right; where letters were replaced they are gone and there is none.",
        matters: "DÃ©sirÃ©e does not open a letter that begins so, and is another person for every comparison.",
        example: "\"DÃ©sirÃ©e\" was decoded with the wrong encoding.",
        fix: "If a whole file is like this, load it again with the right encoding (`encoding` in the mapping). Single cells: accept the suggestion.",
    },
    arguments: &[],
    bind: |schema| {
        each_field(schema, RULE.id, |field| {
            (field.kind == FieldType::Text && field.format.is_none() && field.values.is_empty()).then_some(None)
        })
    },
    find: |scope| {
        scope.field()?;
        if !scope.is_fed(&scope.check.field) {
            return Ok(None);
        }
        let value = column(&scope.check.field);
        let lost = format!("contains({value}, '\u{fffd}')");
        let broken = format!("regexp_matches({value}, '{BROKEN}')");
        let repaired = format!("{}({value})", REPAIR.name);
        let sql = Finding::of(scope)
            .message(format!(
                "{} || if({lost}, ' has lost characters to a wrong encoding', ' was decoded with the wrong encoding')",
                quoted(&value)
            ))
            .suggestion(format!("if({lost}, NULL, nullif({repaired}, {value}))"))
            // Most text is plain ASCII, where bytes and characters are equally many; that is quickly seen.
            .when(format!("strlen({value}) <> length({value})"))
            .when(format!("({lost} OR {broken})"))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "letters, ligatures, apostrophes and the euro sign",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nname = { type = \"text\" }",
            tables: &[(
                "people",
                "id,name\n1,DÃ©sirÃ©e\n2,Câ€™est la fÃªte\n3,CÅ“ur Ã\u{a0} cÅ“ur\n4,MÃ¼ller\n5,Ã‰tienne\n6,10 â‚¬\n7,D\u{fffd}sir\u{fffd}e\n",
            )],
            finds: &[
                ("1", Some("Désirée")),
                ("2", Some("C’est la fête")),
                ("3", Some("Cœur à cœur")),
                ("4", Some("Müller")),
                ("5", Some("Étienne")),
                ("6", Some("10 €")),
                ("7", None),
            ],
        },
        Sample {
            name: "accents that are meant, capitals too",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nname = { type = \"text\" }",
            tables: &[("people", "id,name\n1,Désirée\n2,CHÂTEAU\n3,JOÃO\n4,L’été à Cœur\n5,\n6,Müller\n")],
            finds: &[],
        },
    ],
};

/// A lead byte of UTF-8 as Windows-1252 shows it, followed by a continuation byte as it shows that.
const BROKEN: &str = "[ÂÃÄÅ][\\x{0080}-\\x{00BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â[€‚][\\x{0080}-\\x{00BF}‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¬]|Ã \\b|Ã $";

/// Puts a text right. In SQL this would be a replacement for every letter there is, which takes longer to plan than to
/// run.
pub const REPAIR: Function = Function { name: "tv_repair_mojibake", call: Call::One(|text| Some(repair(text))) };

/// Wherever characters are the bytes of one character of UTF-8 as Windows-1252 shows them, that character.
fn repair(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut repaired = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let (meant, width) = misread(&chars[at..]).unwrap_or((c, 1));
        repaired.push(meant);
        at += width;
    }
    repaired
}

/// The character whose bytes the first characters show, and how many they are.
fn misread(chars: &[char]) -> Option<(char, usize)> {
    let width = match byte(*chars.first()?)? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    // The no-break space of "Ã\u{a0}" (à) is often a plain one by now.
    if chars.starts_with(&['Ã', ' ']) {
        return Some(('à', 1));
    }
    let bytes: Vec<u8> = chars.get(..width)?.iter().map(|c| byte(*c)).collect::<Option<_>>()?;
    std::str::from_utf8(&bytes).ok()?.chars().next().map(|meant| (meant, width))
}

/// The byte that Windows-1252 shows as this character.
fn byte(c: char) -> Option<u8> {
    let mut buffer = [0; 4];
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
    match bytes.as_ref() {
        [byte] if !unmappable => Some(*byte),
        _ => None,
    }
}
