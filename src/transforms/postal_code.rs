//! `postal_code`: postal codes without what is around them.

use super::text::trimmed;
use super::{Example, Inputs, Transform};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "postal_code",
    summary: "Tidies a postal code.",
    docs: "Removes spaces between digits and a country in front (F-67000, FR 67000), and writes letters as capitals. It does \
           not judge and does not guess: a code that lost its leading zero stays visible for the rule \
           `invalid-postal-code`.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("67 000")], output: Some("67000") },
        Example { arguments: "", inputs: &[Some(" F-67000\u{a0}")], output: Some("67000") },
        Example { arguments: "", inputs: &[Some("FR 67000")], output: Some("67000") },
        Example { arguments: "", inputs: &[Some("L-1234")], output: Some("1234") },
        Example { arguments: "", inputs: &[Some("sw1a 1aa")], output: Some("SW1A 1AA") },
        Example { arguments: "", inputs: &[Some("1000")], output: Some("1000") },
        Example { arguments: "", inputs: &[Some("Strasbourg")], output: Some("STRASBOURG") },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("tv_postal_code({})", inputs[0])),
    functions: &[Function { name: "tv_postal_code", call: Call::One(|text| Some(tidied(text))) }],
};

fn tidied(text: &str) -> String {
    let code = super::text::collapsed(text).to_uppercase();
    let letters = code.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(code.len());
    let behind = trimmed(&code[letters..]).trim_start_matches(['-', ' ']);
    let bare = if letters <= 2 && only_digits(behind) { behind } else { code.as_str() };
    if only_digits(bare) { bare.replace(' ', "") } else { bare.to_owned() }
}

fn only_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ')
}
