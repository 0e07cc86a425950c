//! `mojibake`: letters that were decoded with the wrong encoding on their way.

use super::finding::{Finding, column, each_field, quoted};
use super::{Docs, Rule, Sample};
use crate::model::{FieldType, Severity};
use crate::sql::Literal;

pub const RULE: Rule = Rule {
    id: "mojibake",
    title: "Broken characters",
    severity: Severity::Warning,
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
        let repaired = pairs().fold(value.clone(), |text, (broken, meant)| {
            format!("replace({text}, {}, {})", Literal(&broken), Literal(&meant))
        });
        let sql = Finding::of(scope)
            .message(format!(
                "{} || if({lost}, ' has lost characters to a wrong encoding', ' was decoded with the wrong encoding')",
                quoted(&value)
            ))
            .suggestion(format!("if({lost}, NULL, nullif({repaired}, {value}))"))
            // Most text is plain ASCII, where bytes and characters are equally many; that is quickly seen.
            .when(format!("strlen({value}) <> length({value})"))
            .when(format!("({lost} OR {broken})"))
            .sql();
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

/// Every broken form and what was meant: the letters of Latin-1, the French ligatures and the usual punctuation.
fn pairs() -> impl Iterator<Item = (String, String)> {
    let letters = (0xa0..=0xff_u32).filter_map(char::from_u32);
    let others = "ŒœŠšŽžŸĀāĂăĄąĆćČčĎďĐđĒēĘęĚěŁłŃńŇňŐőŘřŚśŞşŢţŮůŰűŹźŻż€‚„…†‡‘’“”•–—™‹›".chars();
    // Longer forms first: "â€™" must not be cut into pieces by a shorter one.
    let mut pairs: Vec<(String, String)> =
        letters.chain(others).map(|meant| (misread(meant), meant.to_string())).collect();
    pairs.sort_by_key(|(broken, _)| std::cmp::Reverse(broken.chars().count()));
    // The no-break space of "Ã\u{a0}" (à) is often a plain one by now.
    pairs.into_iter().chain([("Ã ".to_owned(), "à ".to_owned())])
}

/// The character's UTF-8 bytes read as Windows-1252.
fn misread(meant: char) -> String {
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let mut bytes = [0; 4];
    let bytes = meant.encode_utf8(&mut bytes).bytes();
    bytes
        .map(|byte| match byte {
            0x80..=0x9f => UPPER.get(usize::from(byte - 0x80)).copied().unwrap_or('\u{fffd}'),
            other => char::from(other),
        })
        .collect()
}
