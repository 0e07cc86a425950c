//! `suffix`: text behind.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "suffix",
    summary: "Puts a text behind.",
    docs: "An absent value stays absent.",
    inputs: Inputs::One,
    output: FieldType::Text,
    fails: false,
    arguments: &[Argument { name: "text", help: "What to put behind.", required: true, takes: Takes::Text }],
    examples: &[
        Example { arguments: "\"-75CL\"", inputs: &[Some("RIESLING-2020")], output: Some("RIESLING-2020-75CL") },
        Example { arguments: "\" °\"", inputs: &[Some("12,5")], output: Some("12,5 °") },
        Example { arguments: "\"-75CL\"", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| Ok(format!("({} || {})", inputs[0], Literal(arguments.text("text")?))),
    functions: &[],
};
