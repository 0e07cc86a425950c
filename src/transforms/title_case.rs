//! `title_case`: capitals where French names have them.

use super::{Example, Inputs, Transform};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "title_case",
    summary: "Writes the words of a name with a capital, the rest small.",
    docs: "Each word begins with a capital, also after a hyphen and an apostrophe. Small stay `d'`, the particles de, et, \
           à, van, von, der, den between words, and the little words inside a hyphenated name (de, du, des, la, le, les, \
           sur, sous, en, et, au, aux, à, l', lès). The articles of family names have their capital: Jean de La Fontaine. \
           An abbreviation in capitals becomes a word (GFA becomes Gfa).",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("JEAN-PIERRE MÜLLER")], output: Some("Jean-Pierre Müller") },
        Example { arguments: "", inputs: &[Some("charles D'ARTAGNAN")], output: Some("Charles d'Artagnan") },
        Example { arguments: "", inputs: &[Some("SAINT-MAUR-DES-FOSSÉS")], output: Some("Saint-Maur-des-Fossés") },
        Example { arguments: "", inputs: &[Some("jean de LA fontaine")], output: Some("Jean de La Fontaine") },
        Example { arguments: "", inputs: &[Some("L'ISLE-ADAM")], output: Some("L'Isle-Adam") },
        Example { arguments: "", inputs: &[Some("VAL-D’ISÈRE")], output: Some("Val-d’Isère") },
        Example { arguments: "", inputs: &[Some("O'BRIEN'S")], output: Some("O'Brien's") },
        Example { arguments: "", inputs: &[Some("de gaulle")], output: Some("De Gaulle") },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("tv_title_case({})", inputs[0])),
    functions: &[Function { name: "tv_title_case", call: Call::One(|text| Some(title_case(text))) }],
};

/// Words that stay small when they stand after a space.
const PARTICLES: [&str; 7] = ["de", "et", "à", "van", "von", "der", "den"];
/// Words that stay small when they stand after a hyphen, or after a hyphen and before an apostrophe.
const LINKS: [&str; 15] =
    ["de", "du", "des", "la", "le", "les", "sur", "sous", "en", "et", "au", "aux", "à", "l", "lès"];

fn title_case(text: &str) -> String {
    let mut title = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !first.is_alphanumeric() {
            title.push(first);
            // At the very start a sign (a quote, a bracket) does not make the word after it an inner one.
            before = before.and(Some(first));
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let word = rest[..end].to_lowercase();
        rest = &rest[end..];
        let elided = rest.starts_with(['\'', '’']);
        let small = match before {
            _ if elided && word == "d" => true,
            Some(' ') => PARTICLES.contains(&word.as_str()) && !rest.is_empty(),
            // The s of Mac's is no word.
            Some('\'' | '’') => word.chars().count() == 1,
            Some('-') => LINKS.contains(&word.as_str()) && !rest.is_empty(),
            _ => false,
        };
        let mut letters = word.chars();
        match letters.next() {
            Some(letter) if !small => {
                title.extend(letter.to_uppercase());
                title.push_str(letters.as_str());
            }
            _ => title.push_str(&word),
        }
        before = Some('a');
    }
    title
}
