//! `prefix`: text in front.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "prefix",
    summary: "Puts a text in front.",
    docs: "What is absent or blank is absent afterwards: a key of nothing but the added text would be one for all.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[Argument { name: "text", help: "What to put in front.", required: true, takes: Takes::Text }],
    examples: &[
        Example { arguments: "\"isavigne-\"", inputs: &[Some("C12345")], output: Some("isavigne-C12345") },
        Example { arguments: "\"l'\"", inputs: &[Some("an")], output: Some("l'an") },
        Example { arguments: "\"isavigne-\"", inputs: &[None], output: None },
        Example { arguments: "\"isavigne-\"", inputs: &[Some("")], output: None },
        Example { arguments: "\"isavigne-\"", inputs: &[Some(" \u{a0}")], output: None },
    ],
    compile: |inputs, arguments| {
        let (text, input) = (Literal(arguments.text("text")?), &inputs[0]);
        Ok(format!("CASE WHEN tv_trim({input}) <> '' THEN {text} || {input} END"))
    },
    functions: &[],
};
