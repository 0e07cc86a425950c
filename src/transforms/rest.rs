//! `rest`: what stands behind the first space; its neighbour is `first_word`.

use super::text::{is_space, trimmed};
use super::{Example, Inputs, Transform};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "rest",
    summary: "Takes all but the first word, e.g. the family name of a full name.",
    docs: "A text of one word has no rest: the value is absent.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("Jean Dupont")], output: Some("Dupont") },
        Example { arguments: "", inputs: &[Some("Anne-Marie\u{a0} de La Tour ")], output: Some("de La Tour") },
        Example { arguments: "", inputs: &[Some("Dupont")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("tv_rest({})", inputs[0])),
    functions: &[Function {
        name: "tv_rest",
        call: Call::One(|text| trimmed(text).split_once(is_space).map(|(_, rest)| trimmed(rest).to_owned())),
    }],
};
