//! `coalesce`: the first column that holds something.

use super::{Example, Inputs, Transform};
use crate::model::FieldType;

pub const TRANSFORM: Transform = Transform {
    name: "coalesce",
    summary: "Takes the first of several columns that is not blank.",
    docs: "White space around the text is removed. Columns are looked at in the order in which they are written.",
    inputs: Inputs::Many,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example {
            arguments: "",
            inputs: &[Some("06 12 34 56 78"), Some("03 88 00 00 00")],
            output: Some("06 12 34 56 78"),
        },
        Example {
            arguments: "",
            inputs: &[None, Some("\u{a0}"), Some("03 88 00 00 00 ")],
            output: Some("03 88 00 00 00"),
        },
        Example { arguments: "", inputs: &[None, Some("")], output: None },
    ],
    compile: |inputs, _| {
        let parts: Vec<_> = inputs.iter().map(|input| format!("nullif(tv_trim({input}), '')")).collect();
        Ok(format!("coalesce({})", parts.join(", ")))
    },
    functions: &[],
};
