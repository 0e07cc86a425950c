//! `concat`: several columns as one text.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "concat",
    summary: "Joins several columns into one text.",
    docs: "White space around the parts is removed; a blank column is left out together with its separator.",
    inputs: Inputs::Many,
    output: FieldType::Text,
    reads: None,
    arguments: &[Argument {
        name: "separator",
        help: "What stands between the parts; default a space.",
        required: false,
        takes: Takes::Text,
    }],
    examples: &[
        Example { arguments: "", inputs: &[Some("Jean"), Some("Dupont")], output: Some("Jean Dupont") },
        Example {
            arguments: "\"-\"",
            inputs: &[Some("RIES20"), Some("\u{a0}"), Some("Principal ")],
            output: Some("RIES20-Principal"),
        },
        Example { arguments: "\", \"", inputs: &[None, Some("Colmar")], output: Some("Colmar") },
        Example { arguments: "", inputs: &[None, Some(" ")], output: None },
    ],
    compile: |inputs, arguments| {
        let separator = arguments.optional_text("separator")?.unwrap_or(" ");
        let parts: Vec<_> = inputs.iter().map(|input| format!("nullif(tv_trim({input}), '')")).collect();
        Ok(format!("nullif(concat_ws({}, {}), '')", Literal(separator), parts.join(", ")))
    },
    functions: &[],
};
