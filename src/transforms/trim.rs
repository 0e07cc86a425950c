//! `trim`: white space off both ends.

use super::text::trimmed;
use super::{Example, Inputs, Transform};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "trim",
    summary: "Removes white space from both ends.",
    docs: "White space is every Unicode space, the no-break spaces U+00A0 and U+202F and tabs included, and the marks of \
           no width (U+FEFF, U+200B, U+2060) that copying leaves behind.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("  Jean ")], output: Some("Jean") },
        Example { arguments: "", inputs: &[Some("\u{a0}Jean  Luc\u{202f}")], output: Some("Jean  Luc") },
        Example { arguments: "", inputs: &[Some("\u{9}É\u{9}")], output: Some("É") },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("tv_trim({})", inputs[0])),
    functions: &[Function { name: "tv_trim", call: Call::Part(trimmed) }],
};
