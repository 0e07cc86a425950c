//! `collapse_spaces`: one space between words, none at the ends.

use super::text::collapsed;
use super::{Example, Inputs, Transform};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "collapse_spaces",
    summary: "Makes every run of white space one space and removes it from both ends.",
    docs: "White space is what `trim` takes for it; a line break inside a cell becomes a space.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some(" 12,  rue\u{a0} du Vin ")], output: Some("12, rue du Vin") },
        Example { arguments: "", inputs: &[Some("Jean\u{9}Dupont")], output: Some("Jean Dupont") },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("tv_collapse_spaces({})", inputs[0])),
    functions: &[Function { name: "tv_collapse_spaces", call: Call::One(|text| Some(collapsed(text))) }],
};
