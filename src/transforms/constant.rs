//! `constant`: the same value in every row.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "constant",
    summary: "Gives every row the same text.",
    docs: "Needs no column; what a column holds is not looked at. It can only stand first.",
    inputs: Inputs::None,
    output: FieldType::Text,
    reads: None,
    arguments: &[Argument { name: "value", help: "The text.", required: true, takes: Takes::Text }],
    examples: &[
        Example { arguments: "\"boutique\"", inputs: &[], output: Some("boutique") },
        Example { arguments: "\"l'entrepôt\"", inputs: &[], output: Some("l'entrepôt") },
    ],
    compile: |_, arguments| Ok(Literal(arguments.text("value")?).to_string()),
    functions: &[],
};
