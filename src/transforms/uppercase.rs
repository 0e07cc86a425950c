//! `uppercase`: capital letters.

use super::{Example, Inputs, Transform};
use crate::model::FieldType;

pub const TRANSFORM: Transform = Transform {
    name: "uppercase",
    summary: "Writes all letters as capitals.",
    docs: "Accents stay: é becomes É. Add `remove_accents` for codes without them.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("c0000123")], output: Some("C0000123") },
        Example { arguments: "", inputs: &[Some("crémant-2020")], output: Some("CRÉMANT-2020") },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("upper({})", inputs[0])),
    functions: &[],
};
