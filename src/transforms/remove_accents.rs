//! `remove_accents`: plain letters.

use super::text::without_accents;
use super::{Example, Inputs, Transform};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "remove_accents",
    summary: "Writes accented letters without their accents.",
    docs: "The letters œ, æ and ß become oe, ae and ss; ø, ł and đ become o, l and d.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example {
            arguments: "",
            inputs: &[Some("Gewürztraminer Cuvée Éléonore")],
            output: Some("Gewurztraminer Cuvee Eleonore"),
        },
        Example { arguments: "", inputs: &[Some("Sacré-Cœur")], output: Some("Sacre-Coeur") },
        Example { arguments: "", inputs: &[Some("Garçon")], output: Some("Garcon") },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("tv_remove_accents({})", inputs[0])),
    functions: &[Function { name: "tv_remove_accents", call: Call::One(|text| Some(without_accents(text))) }],
};
