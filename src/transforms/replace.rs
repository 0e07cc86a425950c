//! `replace`: one text for another.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "replace",
    summary: "Replaces a text by another wherever it occurs.",
    docs: "Written `{ replace = [\"from\", \"to\"] }` or with names. Compared as written, letter by letter. To replace whole \
           values use `map_values`.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[
        Argument {
            name: "from",
            help: "The text to look for, or the list of both texts.",
            required: true,
            takes: Takes::Text,
        },
        Argument { name: "to", help: "The text to put there; default nothing.", required: false, takes: Takes::Text },
    ],
    examples: &[
        Example {
            arguments: "[\"_\", \"-\"]",
            inputs: &[Some("RIESLING_2020_75CL")],
            output: Some("RIESLING-2020-75CL"),
        },
        Example {
            arguments: "{ from = \" (VIP)\" }",
            inputs: &[Some("Jean Dupont (VIP)")],
            output: Some("Jean Dupont"),
        },
        Example { arguments: "[\"'\", \"’\"]", inputs: &[Some("l'an")], output: Some("l’an") },
        Example { arguments: "[\"a\", \"b\"]", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        let (from, to) = match arguments.texts("from")?[..] {
            [from, to] => (from, to),
            [from] => (from, arguments.optional_text("to")?.unwrap_or("")),
            _ => return Err(arguments.wrong("needs two texts, like [\"from\", \"to\"]")),
        };
        if from.is_empty() {
            return Err(arguments.wrong("needs a text to look for"));
        }
        Ok(format!("replace({}, {}, {})", inputs[0], Literal(from), Literal(to)))
    },
    functions: &[],
};
