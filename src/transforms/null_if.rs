//! `null_if`: texts that mean nothing.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::literals;

pub const TRANSFORM: Transform = Transform {
    name: "null_if",
    summary: "Takes certain texts for no value.",
    docs: "Compared as a whole, without regard to case and to white space at the ends. Put it before a transform that reads \
           (a date, a number), so that \"N/A\" is an absent value there and not an unreadable one.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[Argument {
        name: "values",
        help: "The text, or a list of them.",
        required: true,
        takes: Takes::Texts,
    }],
    examples: &[
        Example { arguments: "[\"n/a\", \"-\"]", inputs: &[Some("N/A ")], output: None },
        Example { arguments: "[\"n/a\", \"-\"]", inputs: &[Some("-")], output: None },
        Example { arguments: "[\"n/a\", \"-\"]", inputs: &[Some("Jean-Luc")], output: Some("Jean-Luc") },
        Example { arguments: "\"inconnu\"", inputs: &[Some("Inconnu")], output: None },
        Example { arguments: "\"l'inconnu\"", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        let values = arguments.texts("values")?;
        if values.is_empty() {
            return Err(arguments.wrong("needs at least one text"));
        }
        let list = literals(values.iter().map(|value| value.trim().to_lowercase()));
        Ok(format!("CASE WHEN lower(tv_trim({0})) NOT IN ({list}) THEN {0} END", inputs[0]))
    },
    functions: &[],
};
