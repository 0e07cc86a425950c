//! `default`: a value for rows without one.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "default",
    summary: "Puts a text where there is none.",
    docs: "White space alone counts as none. It never stands in for text that cannot be read: put it first, before the \
           transform that reads.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[Argument { name: "value", help: "The text.", required: true, takes: Takes::Text }],
    examples: &[
        Example { arguments: "\"France\"", inputs: &[None], output: Some("France") },
        Example { arguments: "\"France\"", inputs: &[Some("\u{a0}")], output: Some("France") },
        Example { arguments: "\"France\"", inputs: &[Some("Suisse")], output: Some("Suisse") },
        Example { arguments: "\"Côte d'Or\"", inputs: &[Some("")], output: Some("Côte d'Or") },
    ],
    compile: |inputs, arguments| {
        Ok(format!("CASE WHEN tv_trim({0}) <> '' THEN {0} ELSE {1} END", inputs[0], Literal(arguments.text("value")?)))
    },
    functions: &[],
};
