//! `boolean`: yes and no.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "boolean",
    summary: "Reads yes or no, in French or English.",
    docs: "True: oui, o, vrai, v, yes, y, true, t, 1, x, on. False: non, n, faux, f, no, false, 0, off. Compared without \
           regard to case and to white space at the ends; the arguments add words, or say the opposite of one. Anything else \
           is unreadable.",
    inputs: Inputs::One,
    output: FieldType::Boolean,
    reads: Some(READS),
    arguments: &[
        Argument { name: "true", help: "More words for true.", required: false, takes: Takes::Texts },
        Argument { name: "false", help: "More words for false.", required: false, takes: Takes::Texts },
    ],
    examples: &[
        Example { arguments: "", inputs: &[Some("Oui")], output: Some("true") },
        Example { arguments: "", inputs: &[Some(" N\u{a0}")], output: Some("false") },
        Example { arguments: "", inputs: &[Some("1")], output: Some("true") },
        Example { arguments: "", inputs: &[Some("VRAI")], output: Some("true") },
        Example { arguments: "", inputs: &[Some("x")], output: Some("true") },
        Example {
            arguments: "{ true = [\"abonné\"], false = [\"désabonné\"] }",
            inputs: &[Some("Désabonné")],
            output: Some("false"),
        },
        Example { arguments: "{ false = [\"x\"] }", inputs: &[Some("X")], output: Some("false") },
        Example { arguments: "", inputs: &[Some("peut-être")], output: None },
        Example { arguments: "", inputs: &[Some("2")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        let given = [(arguments.texts("true")?, true), (arguments.texts("false")?, false)];
        let given: Vec<(&str, bool)> =
            given.iter().flat_map(|(list, means)| list.iter().map(|word| (*word, *means))).collect();
        Ok(read(&given, &inputs[0]))
    },
    functions: &[],
};

/// What it reads, with some of the words for it.
pub(super) const READS: &str = "yes or no (oui/non, yes/no, true/false, 1/0)";

const TRUE: [&str; 11] = ["oui", "o", "vrai", "v", "yes", "y", "true", "t", "1", "x", "on"];
const FALSE: [&str; 8] = ["non", "n", "faux", "f", "no", "false", "0", "off"];

/// The expression that reads a text by the words that are `given` and by those that are known.
pub(super) fn read(given: &[(&str, bool)], input: &str) -> String {
    let mut words: Vec<(String, bool)> = Vec::new();
    let known = TRUE.iter().map(|word| (*word, true)).chain(FALSE.iter().map(|word| (*word, false)));
    // The words of the mapping come first, so that they can say the opposite of ours.
    for (word, means) in given.iter().copied().chain(known) {
        let word = word.trim().to_lowercase();
        if !words.iter().any(|(other, _)| *other == word) {
            words.push((word, means));
        }
    }
    let entries: Vec<_> = words.iter().map(|(word, means)| format!("{}: {means}", Literal(word))).collect();
    format!("MAP {{{}}}[lower(tv_trim({input}))]", entries.join(", "))
}

/// Whether the text is one of the words without the help of arguments.
pub(super) fn is_word(text: &str) -> bool {
    let is = |word: &&str| word.eq_ignore_ascii_case(text);
    TRUE.iter().chain(&FALSE).any(is)
}
