//! `suffix`: text behind.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "suffix",
    summary: "Puts a text behind.",
    docs: "What is absent or blank is absent afterwards: a key of nothing but the added text would be one for all.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[Argument { name: "text", help: "What to put behind.", required: true, takes: Takes::Text }],
    examples: &[
        Example { arguments: "\"-75CL\"", inputs: &[Some("RIESLING-2020")], output: Some("RIESLING-2020-75CL") },
        Example { arguments: "\" °\"", inputs: &[Some("12,5")], output: Some("12,5 °") },
        Example { arguments: "\"-75CL\"", inputs: &[None], output: None },
        Example { arguments: "\"-75CL\"", inputs: &[Some("")], output: None },
        Example { arguments: "\"-75CL\"", inputs: &[Some(" \u{a0}")], output: None },
    ],
    compile: |inputs, arguments| {
        let (text, input) = (Literal(arguments.text("text")?), &inputs[0]);
        Ok(format!("CASE WHEN tv_trim({input}) <> '' THEN {input} || {text} END"))
    },
    functions: &[],
};
