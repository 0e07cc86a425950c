//! `lowercase`: small letters.

use super::{Example, Inputs, Transform};
use crate::model::FieldType;

pub const TRANSFORM: Transform = Transform {
    name: "lowercase",
    summary: "Writes all letters small.",
    docs: "Accents stay. For e-mail addresses use `email`, which also removes what is around them.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("ROSÉ")], output: Some("rosé") },
        Example { arguments: "", inputs: &[Some("Œil-de-Perdrix")], output: Some("œil-de-perdrix") },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("lower({})", inputs[0])),
    functions: &[],
};
