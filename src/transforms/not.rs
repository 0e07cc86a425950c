//! `not`: the opposite of yes and no.

use super::{Example, Inputs, Transform, boolean};
use crate::model::FieldType;

pub const TRANSFORM: Transform = Transform {
    name: "not",
    summary: "Says the opposite: yes becomes no, and no becomes yes.",
    docs: "For a column that says the opposite of the field, such as \"Opt-in\" for a field `email_opt_out`. It reads the words \
           that `boolean` knows; where the column has words of its own, let `boolean` read them first. An absent value stays \
           absent, anything else is unreadable.",
    inputs: Inputs::One,
    output: FieldType::Boolean,
    reads: Some(super::boolean::READS),
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("Oui")], output: Some("false") },
        Example { arguments: "", inputs: &[Some("false")], output: Some("true") },
        Example { arguments: "", inputs: &[Some("0")], output: Some("true") },
        Example { arguments: "", inputs: &[Some("peut-être")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("NOT {}", boolean::read(&[], &inputs[0]))),
    functions: &[],
};
