//! `first_word`: what stands before the first space; its neighbour is `rest`.

use super::text::{is_space, trimmed};
use super::{Example, Inputs, Transform};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "first_word",
    summary: "Takes the first word, e.g. the first name of a full name.",
    docs: "The first word ends at the first white space. `rest` takes what is behind it.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("Jean Dupont")], output: Some("Jean") },
        Example { arguments: "", inputs: &[Some(" Anne-Marie\u{a0}de La Tour")], output: Some("Anne-Marie") },
        Example { arguments: "", inputs: &[Some("Dupont")], output: Some("Dupont") },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("tv_first_word({})", inputs[0])),
    functions: &[Function {
        name: "tv_first_word",
        call: Call::One(|text| trimmed(text).split(is_space).next().map(str::to_owned)),
    }],
};
