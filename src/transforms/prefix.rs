//! `prefix`: text in front.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "prefix",
    summary: "Puts a text in front.",
    docs: "An absent value stays absent.",
    inputs: Inputs::One,
    output: FieldType::Text,
    fails: false,
    arguments: &[Argument { name: "text", help: "What to put in front.", required: true, takes: Takes::Text }],
    examples: &[
        Example { arguments: "\"isavigne-\"", inputs: &[Some("C12345")], output: Some("isavigne-C12345") },
        Example { arguments: "\"l'\"", inputs: &[Some("an")], output: Some("l'an") },
        Example { arguments: "\"isavigne-\"", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| Ok(format!("({} || {})", Literal(arguments.text("text")?), inputs[0])),
    functions: &[],
};
